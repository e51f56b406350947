"""fast_bitrix24, unmodified, works with the sandbox as with a portal; its own faults are noted where they show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from b24kit.sandbox.server import Sandbox
from tests.clients.fast_process import FastBitrix, Raised

pytestmark = pytest.mark.clients

LEAD, DEAL, CONTACT = 1, 2, 3
CARDS: dict[str, dict[str, Any]] = {
    "lead": {"NAME": "Анна", "TITLE": "Заявка с сайта"},
    "deal": {"OPPORTUNITY": 1500.5, "TITLE": "Обучение охране труда"},
    "contact": {"NAME": "Анна", "LAST_NAME": "Орлова"},
    "company": {"COMPANY_TYPE": "CUSTOMER", "TITLE": "ООО «Ромашка» & дочки"},
}


@pytest.fixture(scope="module")
def process(served: Sandbox) -> Iterator[FastBitrix]:
    assert served.options.ca_file is not None
    with FastBitrix(served.options.ca_file) as running:
        yield running


@pytest.fixture
def client(process: FastBitrix, portal: Sandbox) -> FastBitrix:
    process.webhook = portal.webhook_url
    return process


def add_leads(client: FastBitrix, count: int) -> list[int]:
    made = client.call("crm.lead.add", [{"fields": {"TITLE": f"Письмо {number}"}} for number in range(count)])
    return sorted(made)


def refused(client: FastBitrix, name: str, *args: Any) -> Raised:
    """What the client raises on this call."""
    with pytest.raises(Raised) as told:
        getattr(client, name)(*args)
    return told.value


@pytest.mark.parametrize("kind", CARDS)
def test_a_card_lives_from_add_to_delete(client: FastBitrix, kind: str) -> None:
    method, fields, changed = f"crm.{kind}", CARDS[kind], list(CARDS[kind])[-1]
    card_id = client.call(f"{method}.add", {"fields": fields})
    assert isinstance(card_id, int)
    card = client.get_by_ID(f"{method}.get", [card_id])
    # 1.8.14 gives the card itself when one id is asked for, and a map by id when there are more.
    assert (card["ID"], card[changed]) == (str(card_id), fields[changed])
    assert client.call(f"{method}.update", {"id": card_id, "fields": {changed: "Другое имя"}}) is True
    listed = client.get_all(f"{method}.list", {"filter": {f"={changed}": "Другое имя"}, "select": ["ID", changed]})
    assert listed == [{"ID": str(card_id), changed: "Другое имя"}]
    assert client.call(f"{method}.delete", {"id": card_id}) is True
    gone = refused(client, "get_by_ID", f"{method}.get", [card_id])
    assert (gone.kind, "Not found" in gone.text) == ("ErrorInServerResponseException", True)


def test_the_bulk_reader_brings_every_lead_once(client: FastBitrix, portal: Sandbox) -> None:
    ids = add_leads(client, 270)
    before = portal.control.metrics()["requests"]
    rows = client.get_all("crm.lead.list", {"select": ["ID", "TITLE"]})
    # The rows go through a set on their way, so their order is chance.
    assert sorted(int(row["ID"]) for row in rows) == ids
    assert portal.control.metrics()["requests"] - before == 2  # the first page, and one batch of the others
    assert client.warnings == []


def test_items_are_read_in_bulk(client: FastBitrix) -> None:
    ids = add_leads(client, 120)
    rows = client.get_all("crm.item.list", {"entityTypeId": LEAD, "select": ["id", "title"]})
    assert sorted(row["id"] for row in rows) == ids


def test_many_cards_are_read_by_their_ids(client: FastBitrix) -> None:
    ids = add_leads(client, 60)
    rows = client.get_by_ID("crm.lead.get", ids)
    assert {int(key): row["ID"] for key, row in rows.items()} == {lead: str(lead) for lead in ids}


def test_a_list_and_then_each_card(client: FastBitrix) -> None:
    ids = add_leads(client, 55)
    cards = client.list_and_get("crm.lead")
    assert sorted(map(int, cards)) == ids
    # Batches go side by side, so the titles are not in the order of the ids.
    assert {card["TITLE"] for card in cards.values()} == {f"Письмо {number}" for number in range(55)}


def test_many_calls_keep_the_order_of_their_arguments(client: FastBitrix) -> None:
    ids = add_leads(client, 75)
    updates = [{"id": lead, "fields": {"TITLE": f"Номер {lead}"}} for lead in ids]
    assert client.call("crm.lead.update", updates) == [True] * 75
    rows = client.get_all("crm.lead.list", {"select": ["ID", "TITLE"]})
    assert {row["TITLE"] for row in rows} == {f"Номер {lead}" for lead in ids}
    assert client.call("crm.lead.delete", [{"id": lead} for lead in ids]) == [True] * 75
    assert client.get_all("crm.lead.list") == []


def test_addresses_of_a_card_pass_through_the_text_of_a_batch(client: FastBitrix) -> None:
    emails = [{"VALUE": "anna+1@firm.example", "VALUE_TYPE": "WORK"}, {"VALUE": "a&b=c@home.example"}]
    lead = client.call("crm.lead.add", {"fields": {"TITLE": "Смета: 100% + НДС", "EMAIL": emails}})
    card = client.get_by_ID("crm.lead.get", [lead])
    assert card["TITLE"] == "Смета: 100% + НДС"
    assert [mail["VALUE"] for mail in card["EMAIL"]] == ["anna+1@firm.example", "a&b=c@home.example"]
    gone = {"ID": card["EMAIL"][1]["ID"], "DELETE": "Y"}
    client.call("crm.lead.update", {"id": lead, "fields": {"EMAIL": [gone]}})
    found = client.get_all("crm.lead.list", {"filter": {"EMAIL": "anna+1@firm.example"}, "select": ["ID", "EMAIL"]})
    assert [[mail["VALUE"] for mail in row["EMAIL"]] for row in found] == [["anna+1@firm.example"]]


def test_nothing_becomes_a_word_in_a_batch_and_stays_nothing_in_a_raw_call(client: FastBitrix) -> None:
    # `call` writes every value into a batch command with str(): None arrives at the portal as the word.
    lead = client.call("crm.lead.add", {"fields": {"TITLE": "Письмо", "COMMENTS": None}})
    assert client.get_by_ID("crm.lead.get", [lead])["COMMENTS"] == "None"
    answer = client.call("crm.lead.update", {"id": lead, "fields": {"COMMENTS": None}}, raw=True)
    assert answer["result"] is True
    assert not client.get_by_ID("crm.lead.get", [lead])["COMMENTS"]


def test_a_batch_of_ones_own_uses_references(client: FastBitrix) -> None:
    commands = {
        "contact": "crm.contact.add?fields[NAME]=Анна",
        "deal": "crm.deal.add?fields[TITLE]=Обучение&fields[CONTACT_ID]=$result[contact]",
        "check": "crm.deal.list?filter[CONTACT_ID]=$result[contact]&select[]=ID&select[]=CONTACT_ID",
    }
    told = client.call_batch({"halt": 0, "cmd": commands})
    assert told["check"] == [{"ID": str(told["deal"]), "CONTACT_ID": str(told["contact"])}]


def test_one_refused_command_hides_the_answers_of_all_the_others(client: FastBitrix, portal: Sandbox) -> None:
    ids = add_leads(client, 3)
    updates = [{"id": lead, "fields": {"TITLE": "Новое"}} for lead in (ids[0], 404, ids[2])]
    told = refused(client, "call", "crm.lead.update", updates)
    assert told.kind == "ErrorInServerResponseException"
    assert told.text.count("Not found") == 1
    # The other two were done: only the exception does not say so.
    titles = [row["TITLE"] for row in client.get_all("crm.lead.list")]
    assert titles == ["Новое", "Письмо 1", "Новое"]


def test_a_stage_of_leads_lives_from_add_to_delete(client: FastBitrix) -> None:
    fields = {"ENTITY_ID": "STATUS", "STATUS_ID": "UC_MAIL", "NAME": "E-mail", "SORT": 25, "SEMANTICS": "P"}
    stage = client.call("crm.status.add", {"fields": fields})
    client.call("crm.status.update", {"id": stage, "fields": {"NAME": "Письмо клиента"}})
    stages = client.get_all("crm.status.list", {"filter": {"ENTITY_ID": "STATUS"}})
    assert {row["STATUS_ID"]: row["NAME"] for row in stages}["UC_MAIL"] == "Письмо клиента"
    lead = client.call("crm.lead.add", {"fields": {"TITLE": "Письмо", "STATUS_ID": "UC_MAIL"}})
    assert refused(client, "call", "crm.status.delete", {"id": stage}).kind == "ErrorInServerResponseException"
    client.call("crm.lead.update", {"id": lead, "fields": {"STATUS_ID": "NEW"}})
    assert client.call("crm.status.delete", {"id": stage}) is True
    rows = client.get_all("crm.stagehistory.list", {"entityTypeId": LEAD, "filter": {"OWNER_ID": lead}})
    assert sorted(row["STATUS_ID"] for row in rows) == ["NEW", "UC_MAIL"]


def test_pipelines_duplicates_and_letters(client: FastBitrix) -> None:
    # Of an answer with one key the client gives what stands under it: {"category": {...}} comes as the category.
    made = client.call("crm.category.add", {"entityTypeId": DEAL, "fields": {"name": "Выставки"}})
    assert "Выставки" in [row["name"] for row in client.get_all("crm.category.list", {"entityTypeId": DEAL})]
    mail = [{"VALUE": "anna@firm.example", "VALUE_TYPE": "WORK"}]
    contact = client.call("crm.contact.add", {"fields": {"NAME": "Анна", "EMAIL": mail}})
    deal = {"TITLE": "Стенд", "CATEGORY_ID": made["id"], "CONTACT_ID": contact}
    client.call("crm.deal.add", {"fields": deal})
    assert [row["STAGE_ID"] for row in client.get_all("crm.deal.list")] == [f"C{made['id']}:NEW"]
    wanted = {"type": "EMAIL", "values": ["anna@firm.example"]}
    assert client.call("crm.duplicate.findbycomm", wanted, raw=True)["result"] == {"CONTACT": [contact]}
    assert client.call("crm.duplicate.findbycomm", wanted) == contact  # unwrapped until the kind of card is gone
    lead = client.call("crm.lead.add", {"fields": {"TITLE": "Письмо"}})
    letter = {
        "OWNER_TYPE_ID": LEAD, "OWNER_ID": lead, "TYPE_ID": 4, "DIRECTION": 1, "SUBJECT": "Смета", "COMPLETED": "Y",
        "RESPONSIBLE_ID": 1, "COMMUNICATIONS": [{"TYPE": "EMAIL", "VALUE": "anna@firm.example"}],
    }  # fmt: skip
    activity = client.call("crm.activity.add", {"fields": letter})
    binding = {"activityId": activity, "entityTypeId": CONTACT, "entityId": contact}
    assert client.call("crm.activity.binding.add", binding) is True
    pairs = client.get_all("crm.activity.binding.list", {"activityId": activity})
    assert sorted((row["entityTypeId"], row["entityId"]) for row in pairs) == [(LEAD, lead), (CONTACT, contact)]


def test_people_and_departments(client: FastBitrix) -> None:
    assert [row["ID"] for row in client.get_all("user.get")] == ["1"]
    assert [row["NAME"] for row in client.get_all("department.get")] == ["Моя компания"]
    fields = client.get_all("crm.lead.fields")
    assert fields["TITLE"]["type"] == "string"


@pytest.mark.parametrize(
    ("secret", "method", "status"),
    [("wrong0secret0000", "crm.lead.list", 401), ("", "crm.lead.bake", 404), ("", "event.get", 403)],
    ids=["wrong secret", "unknown method", "application's method"],
)
def test_a_refused_request_is_a_response_error_with_its_status(
    client: FastBitrix, secret: str, method: str, status: int
) -> None:
    if secret:
        client.webhook = client.webhook.rstrip("/").rpartition("/")[0] + f"/{secret}/"
    told = refused(client, "get_all", method)
    assert (told.kind, told.status) == ("ClientResponseError", status)


def test_a_missing_scope_is_a_response_error(client: FastBitrix, portal: Sandbox) -> None:
    portal.control.settings(webhooks=[{"user_id": 1, "scopes": ["user"]}])
    client.webhook = portal.webhook_url
    told = refused(client, "get_all", "crm.lead.list")
    assert (told.kind, told.status) == ("ClientResponseError", 401)
    in_batch = refused(client, "call", "crm.lead.add", {"fields": {}})
    assert (in_batch.kind, "insufficient_scope" in in_batch.text) == ("ErrorInServerResponseException", True)


def test_a_busy_portal_is_asked_again(client: FastBitrix, portal: Sandbox) -> None:
    portal.control.faults({"kind": "busy", "count": 2})
    assert client.get_all("crm.lead.list") == []
    assert portal.control.metrics()["statuses"] == {"503": 2, "200": 1}


def test_simultaneous_refusals_of_the_request_counter_exhaust_all_attempts_at_once(
    client: FastBitrix, portal: Sandbox
) -> None:
    portal.control.settings(bucket={"capacity": 1, "leak": 0})
    # Failures of all tasks are counted in one number, so eleven at one moment are taken for eleven attempts of one.
    with pytest.raises(Raised) as told:
        client.together(*([("get_all", ["profile"])] * 13))
    assert (told.value.kind, told.value.cause) == ("RuntimeError", "ServerError")
    assert portal.control.metrics()["refused_503"] >= 11


def test_one_call_at_a_time_keeps_below_the_request_counter(client: FastBitrix, portal: Sandbox) -> None:
    portal.control.settings(bucket={"capacity": 13, "leak": 0})
    assert len(client.together(*([("get_all", ["crm.lead.list"])] * 13), slow=1)) == 13
    assert portal.control.metrics()["max_in_flight"] <= 2


def test_the_running_time_limit_stops_the_client_and_loses_what_was_left(client: FastBitrix, portal: Sandbox) -> None:
    ids = add_leads(client, 8)
    portal.control.settings(operating={"window": 60, "limit": 0.5}, work={"crm.lead.update": 0.2})
    told = refused(client, "call", "crm.lead.update", [{"id": lead, "fields": {"TITLE": "Новое"}} for lead in ids])
    assert (told.kind, told.text.count("'OPERATION_TIME_LIMIT'")) == ("ErrorInServerResponseException", 5)
    assert refused(client, "call", "crm.lead.update", {"id": ids[0], "fields": {}}).kind == told.kind
    portal.control.settings(work={"crm.lead.list": 0.6})
    client.get_all("crm.lead.list")
    single = refused(client, "get_all", "crm.lead.list")
    assert (single.kind, single.status) == ("ClientResponseError", 429)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "time_limit"}, "ClientResponseError"),
        ({"kind": "html", "status": 403}, "ClientResponseError"),
        ({"kind": "truncated"}, "JSONDecodeError"),
        # An empty body decodes to None, which the client then takes for an answer.
        ({"kind": "empty"}, "TypeError"),
    ],
    ids=lambda value: str(value.get("kind")) if isinstance(value, dict) else "",
)
def test_faults_that_are_not_tried_again(client: FastBitrix, portal: Sandbox, fault: dict[str, Any], kind: str) -> None:
    portal.control.faults(fault)
    assert refused(client, "get_all", "crm.lead.list").kind == kind


@pytest.mark.parametrize("kind", ["internal", "html", "cut_before"])
def test_faults_that_are_tried_again(client: FastBitrix, portal: Sandbox, kind: str) -> None:
    portal.control.faults({"kind": kind, "count": 2})
    assert client.get_all("crm.lead.list") == []


def test_a_write_cut_after_the_work_is_sent_and_done_again(client: FastBitrix, portal: Sandbox) -> None:
    portal.control.faults({"kind": "cut_after", "count": 1})
    client.call("crm.lead.add", {"fields": {"TITLE": "Письмо"}})
    # Whatever the method is, a broken connection is tried again: here a card too many.
    assert [row["TITLE"] for row in client.get_all("crm.lead.list")] == ["Письмо", "Письмо"]
