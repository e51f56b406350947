"""The vendor's own Python SDK, unmodified, works with the sandbox as with a portal: cards, stages, lists, batches."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from b24pysdk import BitrixWebhook, Client
from b24pysdk.errors import BitrixAPIBadRequest, BitrixAPIError

from b24kit.sandbox.server import Sandbox

pytestmark = pytest.mark.clients

LEAD, DEAL, CONTACT, COMPANY = 1, 2, 3, 4
ITEMS = {"lead": LEAD, "deal": DEAL, "contact": CONTACT, "company": COMPANY}
CARDS: dict[str, dict[str, Any]] = {  # fields to add; the last one is changed later
    "lead": {"STATUS_ID": "NEW", "NAME": "Анна", "TITLE": "Заявка с сайта"},
    "deal": {"STAGE_ID": "NEW", "OPPORTUNITY": 1500.5, "TITLE": "Обучение охране труда"},
    "contact": {"NAME": "Анна", "LAST_NAME": "Орлова"},
    "company": {"COMPANY_TYPE": "CUSTOMER", "TITLE": "ООО «Ромашка» & дочки"},
}


@pytest.fixture
def client(portal: Sandbox, ca_file: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK's client of the portal; requests takes the authority from the environment."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))
    address = urlsplit(portal.webhook_url)
    return Client(BitrixWebhook(domain=address.netloc, webhook_token=address.path.removeprefix("/rest/")))


def add_leads(client: Any, count: int) -> list[int]:
    """So many leads by batches of the SDK."""
    adds = [client.crm.lead.add({"TITLE": f"Письмо {number}"}) for number in range(count)]
    added = client.call_batches(adds).result
    assert not added.result_error
    return sorted(map(int, added.result.values() if isinstance(added.result, dict) else added.result))


@pytest.mark.parametrize("kind", CARDS)
def test_a_card_lives_from_add_to_delete(client: Any, kind: str) -> None:
    cards, fields, changed = getattr(client.crm, kind), CARDS[kind], list(CARDS[kind])[-1]
    card_id = cards.add(fields).result
    assert isinstance(card_id, int)
    assert cards.get(card_id).result["ID"] == str(card_id)
    assert cards.get(card_id).result[changed] == fields[changed]
    assert cards.update(card_id, {changed: "Другое имя"}).result is True
    listed = cards.list(filter={f"={changed}": "Другое имя"}, select=["ID", changed]).response
    assert (listed.result, listed.total) == ([{"ID": str(card_id), changed: "Другое имя"}], 1)
    assert cards.delete(card_id).result is True
    with pytest.raises(BitrixAPIBadRequest, match="Not found"):
        cards.get(card_id).call()


@pytest.mark.parametrize("kind", CARDS)
def test_the_fields_of_cards_are_described(client: Any, kind: str) -> None:
    described = getattr(client.crm, kind).fields().value
    assert described["ID"].type == "integer"
    assert described["ID"].is_read_only
    item = client.crm.item.fields(ITEMS[kind]).value
    assert item["id"].type == "integer"
    assert item["assignedById"].type == "user"


@pytest.mark.parametrize("kind", ITEMS)
def test_an_item_lives_from_add_to_delete(client: Any, kind: str) -> None:
    type_id, items = ITEMS[kind], client.crm.item
    name = "name" if kind == "contact" else "title"
    item = items.add(type_id, {name: "Первое"}).result["item"]
    assert isinstance(item["id"], int)
    assert items.update(type_id, item["id"], {name: "Второе"}).result["item"][name] == "Второе"
    assert items.get(type_id, item["id"]).result["item"][name] == "Второе"
    assert [row["id"] for row in items.list(type_id, filter={name: "Второе"}).result["items"]] == [item["id"]]
    assert items.delete(type_id, item["id"]).result == []
    with pytest.raises(BitrixAPIError, match="Element not found"):
        items.get(type_id, item["id"]).call()


def test_addresses_of_a_card_are_added_changed_and_deleted_one_by_one(client: Any) -> None:
    emails = [{"VALUE": "anna@firm.example", "VALUE_TYPE": "WORK"}, {"VALUE": "a@home.example", "VALUE_TYPE": "HOME"}]
    lead = client.crm.lead.add({"TITLE": "Письмо", "EMAIL": emails, "PHONE": [{"VALUE": "+74951234567"}]}).result
    first, second = client.crm.lead.get(lead).result["EMAIL"]
    assert (first["VALUE"], first["VALUE_TYPE"], first["TYPE_ID"]) == ("anna@firm.example", "WORK", "EMAIL")
    change = [{"ID": first["ID"], "VALUE": "orlova@firm.example"}, {"ID": second["ID"], "DELETE": "Y"}]
    client.crm.lead.update(lead, {"EMAIL": change}).call()
    kept = client.crm.lead.list(filter={"EMAIL": "orlova@firm.example"}, select=["ID", "EMAIL", "HAS_PHONE"]).result
    assert [(row["ID"], row["HAS_PHONE"], [mail["VALUE"] for mail in row["EMAIL"]]) for row in kept] == [
        (str(lead), "Y", ["orlova@firm.example"])
    ]


def test_both_bulk_readers_bring_every_lead_once(client: Any) -> None:
    ids = add_leads(client, 130)
    leads = client.crm.lead.list(select=["ID", "TITLE"])
    assert [int(row["ID"]) for row in leads.as_list().result] == ids
    assert [int(row["ID"]) for row in leads.as_list_fast().result] == ids
    assert [int(row["ID"]) for row in leads.as_list_fast(descending=True).result] == ids[::-1]
    assert [int(row["ID"]) for row in leads.as_list(limit=70).result] == ids[:70]
    wanted = client.crm.lead.list(filter={"@ID": ids[10:90]})
    assert [int(row["ID"]) for row in wanted.as_list_fast().result] == ids[10:90]


def test_the_chain_of_the_fast_reader_passes_its_first_batch(client: Any) -> None:
    # One page, then a batch of pages each of which filters by the last id of the one before: $result over 50 commands.
    ids = add_leads(client, 2700)
    assert [int(row["ID"]) for row in client.crm.lead.list(select=["ID"]).as_list_fast().result] == ids


def test_items_are_read_in_bulk_by_both_readers(client: Any) -> None:
    ids = add_leads(client, 120)
    items = client.crm.item.list(LEAD, select=["id", "title"])
    assert [row["id"] for row in items.as_list().result] == ids
    assert [row["id"] for row in items.as_list_fast().result] == ids


def test_a_batch_answers_each_command_under_its_key(client: Any) -> None:
    lead = client.crm.lead.add({"TITLE": "Письмо"})
    told = client.call_batch({"new": lead, "none": client.crm.lead.get(404), "page": client.crm.lead.list()}).result
    assert set(told.result) == {"new", "page"}
    assert told.result["page"][0]["TITLE"] == "Письмо"
    assert told.result_total == {"page": 1}
    assert told.result_error["none"]["error_description"] == "Not found"
    assert set(told.result_time) == {"new", "page"}


def test_a_batch_of_a_sequence_is_answered_by_lists(client: Any) -> None:
    told = client.call_batch([client.crm.lead.add({"TITLE": str(number)}) for number in range(3)]).result
    assert isinstance(told.result, list)
    assert (len(told.result), told.result_error) == (3, [])


def test_a_halted_batch_stops_at_the_first_refusal(client: Any) -> None:
    leads = client.crm.lead
    told = client.call_batch([leads.add({}), leads.get(404), leads.add({})], halt=True).result
    assert (len(told.result), len(leads.list().result)) == (1, 1)
    assert next(iter(told.result_error.values()))["error_description"] == "Not found"


def test_a_command_of_a_batch_uses_the_answer_of_another(client: Any) -> None:
    told = client.call_batch(
        {
            "contact": client.crm.contact.add({"NAME": "Анна"}),
            "deal": client.crm.deal.add({"TITLE": "Обучение", "CONTACT_ID": "$result[contact]"}),
            "check": client.crm.deal.list(filter={"CONTACT_ID": "$result[contact]"}, select=["ID", "CONTACT_ID"]),
        }
    ).result
    assert told.result["check"] == [{"ID": str(told.result["deal"]), "CONTACT_ID": str(told.result["contact"])}]


def test_the_sdk_keeps_to_fifty_commands_itself(client: Any) -> None:
    with pytest.raises(ValueError, match="Maximum batch size is 50"):
        client.call_batch([client.crm.lead.get(1)] * 51).call()


def test_a_stage_of_leads_lives_from_add_to_delete(client: Any) -> None:
    stages = client.crm.status
    fields = {"ENTITY_ID": "STATUS", "STATUS_ID": "UC_MAIL", "NAME": "E-mail", "SORT": 25, "SEMANTICS": "P"}
    stage = stages.add(fields).result
    assert stages.update(stage, {"NAME": "Письмо клиента"}).result is True
    assert stages.get(stage).result["NAME"] == "Письмо клиента"
    found = stages.list(filter={"ENTITY_ID": "STATUS"}, order={"SORT": "ASC"}).result
    assert "UC_MAIL" in [row["STATUS_ID"] for row in found]
    assert "Письмо клиента" in [row["NAME"] for row in stages.entity.items("STATUS").result]
    lead = client.crm.lead.add({"TITLE": "Письмо", "STATUS_ID": "UC_MAIL"}).result
    with pytest.raises(BitrixAPIBadRequest):
        stages.delete(stage).call()  # a stage that holds cards
    client.crm.lead.update(lead, {"STATUS_ID": "NEW"}).call()
    assert stages.delete(stage).result is True
    history = client.crm.stagehistory.list(LEAD, order={"ID": "ASC"}).as_list().result
    assert [row["STATUS_ID"] for row in history if row["OWNER_ID"] == lead] == ["UC_MAIL", "NEW"]


def test_system_stages_stay(client: Any) -> None:
    new = client.crm.status.list(filter={"ENTITY_ID": "STATUS", "STATUS_ID": "NEW"}).result[0]
    with pytest.raises(BitrixAPIBadRequest):
        client.crm.status.delete(int(new["ID"])).call()
    assert client.crm.status.fields().value["ENTITY_ID"].is_required
    assert "STATUS" in [row["ID"] for row in client.crm.status.entity.types().result]


def test_a_pipeline_of_deals_brings_its_stages_and_takes_deals(client: Any) -> None:
    pipelines = client.crm.category
    made = pipelines.add({"name": "Выставки", "sort": 300}, DEAL).result["category"]
    assert pipelines.get(made["id"], DEAL).result["category"]["name"] == "Выставки"
    assert pipelines.update(made["id"], {"name": "Стенды"}, DEAL).result["category"]["name"] == "Стенды"
    assert [row["name"] for row in pipelines.list(DEAL).result["categories"] if row["id"] == made["id"]] == ["Стенды"]
    stages = client.crm.status.list(filter={"ENTITY_ID": f"DEAL_STAGE_{made['id']}"}).result
    assert f"C{made['id']}:NEW" in [row["STATUS_ID"] for row in stages]
    deal = client.crm.item.add(DEAL, {"title": "Стенд"}).result["item"]["id"]
    moved = client.crm.item.update(DEAL, deal, {"categoryId": made["id"]}).result["item"]
    assert moved["stageId"] == f"C{made['id']}:NEW"
    with pytest.raises(BitrixAPIError, match="Стенды"):
        pipelines.delete(made["id"], DEAL).call()  # deals stand in it
    client.crm.deal.delete(deal).call()
    pipelines.delete(made["id"], DEAL).call()
    assert made["id"] not in [row["id"] for row in pipelines.list(DEAL).result["categories"]]
    assert pipelines.fields(DEAL).value["name"].type == "string"


def test_clients_of_one_address_are_found_and_merged(client: Any) -> None:
    mail = [{"VALUE": "anna@firm.example", "VALUE_TYPE": "WORK"}]
    lead = client.crm.lead.add({"TITLE": "Письмо", "EMAIL": mail}).result
    contacts = [client.crm.contact.add({"NAME": "Анна", "EMAIL": mail}).result for _ in range(2)]
    find = client.crm.duplicate.findbycomm
    found = find("EMAIL", ["anna@firm.example"]).result
    assert (found["LEAD"], found["CONTACT"]) == ([lead], contacts)
    assert find("EMAIL", ["anna@firm.example"], entity_type="CONTACT").result == {"CONTACT": contacts}
    assert find("EMAIL", ["nobody@firm.example"]).result == []
    merged = client.crm.entity.merge_batch({"entityTypeId": CONTACT, "entityIds": contacts}).result
    assert (merged["STATUS"], merged["ENTITY_IDS"]) == ("SUCCESS", contacts[1:])
    assert len(client.crm.contact.list().result) == 1


def test_a_letter_is_bound_to_a_contact_and_moved(client: Any) -> None:
    lead, contact = client.crm.lead.add({"TITLE": "Письмо"}).result, client.crm.contact.add({"NAME": "Анна"}).result
    letter = {
        "OWNER_TYPE_ID": LEAD, "OWNER_ID": lead, "TYPE_ID": 4, "DIRECTION": 1, "SUBJECT": "Смета", "COMPLETED": "Y",
        "RESPONSIBLE_ID": 1, "COMMUNICATIONS": [{"TYPE": "EMAIL", "VALUE": "anna@firm.example"}],
    }  # fmt: skip
    activities, bindings = client.crm.activity, client.crm.activity.binding
    activity = activities.add(letter).result
    assert activities.get(activity).result["SUBJECT"] == "Смета"
    assert bindings.add(activity, CONTACT, contact).result is True
    pairs = {(row["entityTypeId"], row["entityId"]) for row in bindings.list(activity).result}
    assert pairs == {(LEAD, lead), (CONTACT, contact)}
    found = activities.list(filter={"BINDINGS": [{"OWNER_TYPE_ID": CONTACT, "OWNER_ID": contact}]}).result
    assert [row["ID"] for row in found] == [str(activity)]
    with pytest.raises(BitrixAPIError):
        bindings.add(activity, CONTACT, contact).call()  # twice
    other = client.crm.contact.add({"NAME": "Ольга"}).result
    assert bindings.move(activity, CONTACT, contact, CONTACT, other).result is True
    assert bindings.delete(activity, LEAD, lead).result is True
    assert activities.get(activity).result["OWNER_ID"] == str(other)  # the owner goes over to the binding left
    assert activities.update(activity, {"SUBJECT": "Новая смета"}).result is True
    assert [row["SUBJECT"] for row in activities.list().as_list_fast().result] == ["Новая смета"]
    assert activities.delete(activity).result is True


def test_todos_comments_and_tasks_hang_on_a_card(client: Any, portal: Sandbox) -> None:
    lead = client.crm.lead.add({"TITLE": "Письмо"}).result
    todo = client.crm.activity.todo.add(LEAD, lead, datetime(2030, 1, 15, 12, tzinfo=UTC), title="Позвонить")
    with pytest.raises(TypeError, match="not JSON serializable"):
        todo.call()  # the SDK 1.3.2 asks for a datetime and cannot write one into JSON
    told = client.call_batch({"todo": todo}).result  # as a query of a batch it becomes text
    assert told.result["todo"]["id"] > 0
    open_ones = client.crm.activity.list(filter={"OWNER_TYPE_ID": LEAD, "OWNER_ID": lead, "COMPLETED": "N"}).result
    assert [row["PROVIDER_ID"] for row in open_ones] == ["CRM_TODO"]
    comments = client.crm.timeline.comment
    comment = comments.add({"ENTITY_ID": lead, "ENTITY_TYPE": "lead", "COMMENT": "Дубль"}).result
    rows = comments.list({"ENTITY_ID": lead, "ENTITY_TYPE": "lead"}).result
    assert [(row["ID"], row["COMMENT"]) for row in rows] == [(str(comment), "Дубль")]
    assert comments.delete(comment).result is None
    task = client.tasks.task.add({"TITLE": "Смета", "RESPONSIBLE_ID": 1, "UF_CRM_TASK": [f"L_{lead}"]}).result["task"]
    assert client.tasks.task.get(int(task["id"])).result["task"]["title"] == "Смета"
    assert client.im.notify.system.add(1, "Готово").result > 0
    assert portal.control.mails() == []


def test_cards_are_linked(client: Any) -> None:
    company, contact = client.crm.company.add({"TITLE": "Ромашка"}).result, client.crm.contact.add({"NAME": "А"}).result
    assert client.crm.contact.company.add(contact, {"COMPANY_ID": company}).result is True
    links = client.crm.contact.company.items.get(contact).result
    assert [(row["COMPANY_ID"], row["IS_PRIMARY"]) for row in links] == [(company, "Y")]
    assert client.crm.contact.get(contact).result["COMPANY_ID"] == str(company)
    assert client.crm.contact.company.delete(contact, {"COMPANY_ID": company}).result is True
    deal = client.crm.deal.add({"TITLE": "Обучение", "CONTACT_ID": contact}).result
    assert [row["CONTACT_ID"] for row in client.crm.deal.contact.items.get(deal).result] == [contact]


def test_an_own_field_is_declared_and_filled(client: Any) -> None:
    fields = client.crm.lead.userfield
    field = fields.add({"FIELD_NAME": "SEMINAR", "USER_TYPE_ID": "string", "LABEL": "Семинар"}).result
    assert fields.get(field).result["FIELD_NAME"] == "UF_CRM_SEMINAR"
    lead = client.crm.lead.add({"TITLE": "Письмо", "UF_CRM_SEMINAR": "Охрана труда"}).result
    assert client.crm.lead.get(lead).result["UF_CRM_SEMINAR"] == "Охрана труда"
    assert [row["ID"] for row in client.crm.lead.list(filter={"UF_CRM_SEMINAR": "Охрана труда"}).result] == [str(lead)]
    assert [row["FIELD_NAME"] for row in fields.list().result] == ["UF_CRM_SEMINAR"]
    assert fields.delete(field).result is True


def test_people_and_departments(client: Any, portal: Sandbox) -> None:
    assert client.profile().result["ADMIN"] is True
    assert client.user.current().result["ID"] == "1"
    assert client.user.admin().result is True
    assert [row["ID"] for row in client.user.get(filter={"ACTIVE": True}).as_list().result] == ["1"]
    assert "EMAIL" in client.user.fields().result
    team = client.department.add("Семинары", 1, uf_head=1).result
    assert [row["NAME"] for row in client.department.get(bitrix_id=team).result] == ["Семинары"]
    assert len(client.department.get().as_list().result) == 2


def test_service_methods_answer_in_the_types_the_sdk_expects(client: Any) -> None:
    assert "crm" in client.scope().result
    assert client.method.get("crm.lead.add").value.is_existing
    assert not client.method.get("crm.lead.bake").value.is_existing
    assert client.server.time().value.tzinfo is not None
    assert client.crm.settings.mode.get().result == 1
    time = client.crm.lead.list().time
    assert time.finish >= time.start
    assert time.operating is None  # limits are off, as on a self-hosted portal


def test_answers_tell_the_running_time_where_it_is_counted(client: Any, portal: Sandbox) -> None:
    portal.control.settings(operating={"model": "docs"}, work={"crm.lead.list": 0.25})
    client.crm.lead.list().call()
    time = client.crm.lead.list().time
    assert time.operating == pytest.approx(0.5)
    assert time.operating_reset_at > time.date_finish
