"""What is Bitrix24's own behind the Portal protocol: robots, import, modes, scopes, and what it must never do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.fieldnames import check_filter
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.connectors.pacing import Limits
from b24kit.connectors.tap import Tap
from b24kit.crm.activity import Channel
from b24kit.crm.portal import Portal, Progress, Where
from b24kit.crm.records import comparable, values_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Bind, Change, Create, Result, Settled, Write
from b24kit.errors import NotAllowed, UsageError
from b24kit.sandbox.remote import RemoteClock
from b24kit.sandbox.server import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed={"kind": "company", "leads": 40, "seed": 7}, clock="moved", grace=0.001) as box:
        yield box
        assert not box.control.mails()


@pytest.fixture
def portal(sandbox: Sandbox) -> Iterator[Portal]:
    opened = connect(sandbox)
    yield opened
    opened.close()


def connect(sandbox: Sandbox, **options: Any) -> Portal:
    return open_portal(Webhook.parse(sandbox.webhook_url), RemoteClock(sandbox.control), **options)


def do(portal: Portal, *writes: Write) -> dict[str, Result]:
    return {result.key: result for result in portal.perform(writes, lambda batch: None)}


def contact(key: str) -> Create:
    return Create(key, Kind.CONTACT, {"name": {"first": key}})


def calls(sandbox: Sandbox, method: str) -> list[dict[str, Any]]:
    return [call for call in sandbox.control.calls() if call["method"].lower() == method.lower()]


def test_the_portal_is_named_by_its_host_and_never_by_its_secret(sandbox: Sandbox, portal: Portal) -> None:
    facts = portal.facts()
    assert facts.id == f"{sandbox.host}:{sandbox.port}"
    assert sandbox.site.doors.webhooks[0].code not in repr((portal, facts))
    assert facts.access == "webhook" and facts.utc_offset_minutes == 180


def test_missing_scopes_are_told_and_the_rest_of_the_facts_stands(sandbox: Sandbox) -> None:
    sandbox.control.settings(webhooks=[{"user_id": 1, "code": "narrow0000000000", "scopes": ["task"]}])
    narrow = open_portal(Webhook.parse(f"{sandbox.url}/rest/1/narrow0000000000/"), RemoteClock(sandbox.control))
    facts = narrow.facts()
    narrow.close()
    assert facts.missing_scopes == {"crm", "user", "department"}
    assert facts.scopes == {"task"} and facts.user_name


def test_a_portal_in_simple_mode_has_no_leads(sandbox: Sandbox, portal: Portal) -> None:
    sandbox.control.settings(portal={"crm_mode": 2})
    assert not portal.facts().leads_on


def test_a_wrong_secret_is_a_named_error(sandbox: Sandbox) -> None:
    wrong = open_portal(Webhook.parse(f"{sandbox.url}/rest/1/wrongwrongwrong1/"), RemoteClock(sandbox.control))
    with pytest.raises(NotAllowed) as caught:
        wrong.facts()
    wrong.close()
    assert "wrongwrongwrong1" not in str(caught.value)


def test_the_facts_take_few_requests(sandbox: Sandbox, portal: Portal) -> None:
    portal.facts()
    sandbox.control.forget_metrics()
    portal.facts()
    assert len(sandbox.control.requests()) == 1


def test_quiet_creation_starts_no_robots_and_the_other_way_does(sandbox: Sandbox, portal: Portal) -> None:
    robot = {"entity_type_id": 1, "stage": "NEW", "action": "todo", "title": "Позвонить"}
    sandbox.control.settings(portal={"robots": [robot]})
    lead = {"title": "L", "stage": "NEW"}
    quiet = do(portal, Create("q", Kind.LEAD, lead))["q"].new_id
    loud = do(portal, Create("l", Kind.LEAD, lead, quiet=False))["l"].new_id
    assert portal.traces(Ref(Kind.LEAD, str(quiet))) == []
    assert [trace.what for trace in portal.traces(Ref(Kind.LEAD, str(loud)))] == ["activity"]


def test_one_bad_contact_of_an_import_is_refused_alone(sandbox: Sandbox, portal: Portal) -> None:
    nameless = Create("b", Kind.CONTACT, {"owner": "1"})
    results = do(portal, contact("a"), nameless, contact("c"))
    settled = {key: result.settled for key, result in results.items()}
    assert settled == {"a": Settled.DONE, "b": Settled.REFUSED, "c": Settled.DONE}
    assert results["b"].code == "CRM_FIELD_ERROR_REQUIRED"


def test_a_new_contact_remembers_the_lead_it_was_made_of(portal: Portal) -> None:
    lead = next(iter(portal.leads()))
    for quiet in (True, False):
        made = do(portal, Create("c", Kind.CONTACT, {"name": {"first": "Ann"}, "lead": lead.id}, quiet=quiet))["c"]
        card = Ref(Kind.CONTACT, str(made.new_id))
        assert values_of(portal.read([card])[card])["extra"]["LEAD_ID"] == lead.id


def test_user_fields_are_written_and_read_under_their_own_names(sandbox: Sandbox, portal: Portal) -> None:
    field = {"card_kind": "contact", "code": "UF_CRM_B24KIT_NOTE", "label": "Note", "type": "string"}
    do(portal, Create("f", Kind.FIELD, field))
    made = do(portal, Create("c", Kind.CONTACT, {"name": {"first": "A"}, "extra": {"UF_CRM_B24KIT_NOTE": "x"}}))["c"]
    card = Ref(Kind.CONTACT, str(made.new_id))
    values = values_of(portal.read([card])[card])
    assert values["extra"]["UF_CRM_B24KIT_NOTE"] == "x"
    do(portal, Change("d", card, {"extra": {"UF_CRM_B24KIT_NOTE": None}}, values))
    assert "UF_CRM_B24KIT_NOTE" not in values_of(portal.read([card])[card])["extra"]


def test_a_lists_filter_narrows_by_known_names_only(sandbox: Sandbox, portal: Portal) -> None:
    sandbox.control.log_calls()
    list(portal.leads(Where(open_only=True, stages=("NEW",))))
    keys = {key for call in calls(sandbox, "crm.lead.list") for key in call["params"].get("filter", {})}
    assert {"STATUS_SEMANTIC_ID", "@STATUS_ID"} <= keys
    client = RestClient(
        Webhook.parse(sandbox.webhook_url), clock=RemoteClock(sandbox.control), check_filter=check_filter
    )
    sandbox.control.forget_metrics()
    with pytest.raises(UsageError):
        client.rows("crm.lead.list", {"filter": {"STATUS_IDD": "NEW"}})
    assert sandbox.control.requests() == []
    client.close()


def test_a_thing_without_a_record_of_its_own_is_not_read(portal: Portal) -> None:
    with pytest.raises(UsageError):
        portal.read([Ref(Kind.NOTICE, "1")])


def test_what_this_access_may_not_see_is_left_out_of_the_traces(sandbox: Sandbox, portal: Portal) -> None:
    lead = next(iter(portal.leads())).ref
    comment = Create("c", Kind.COMMENT, {"card": str(lead), "text": "x"})
    do(portal, comment)
    sandbox.control.settings(webhooks=[{"user_id": 1, "code": "narrow0000000000", "scopes": ["crm"]}])
    narrow = open_portal(Webhook.parse(f"{sandbox.url}/rest/1/narrow0000000000/"), RemoteClock(sandbox.control))
    assert {trace.what for trace in narrow.traces(lead)} <= {"activity", "comment"}
    assert "comment" in {trace.what for trace in narrow.traces(lead)}
    narrow.close()


def test_only_the_webhooks_own_user_is_known_to_be_an_administrator(portal: Portal) -> None:
    told = {user.id: user.admin for user in portal.users()}
    assert told.pop("1") is True
    assert set(told.values()) == {None}


def test_a_contact_gets_its_lead_and_a_new_address_in_one_call(portal: Portal) -> None:
    lead, client = next(iter(portal.leads())), next(iter(portal.contacts()))
    before = values_of(client)
    added = {"kind": "email", "value": "added@x.example", "use": "home", "id": None}
    do(portal, Change("c", client.ref, {"lead": lead.id, "points": [*before["points"][1:], added]}, before))
    after = values_of(portal.read([client.ref])[client.ref])
    assert after["extra"]["LEAD_ID"] == lead.id
    assert comparable("points", after["points"]) == comparable("points", [*before["points"][1:], added])


def test_binding_a_letter_leaves_its_owner_in_place(sandbox: Sandbox, portal: Portal) -> None:
    letter = next(iter(portal.activities(on=Kind.LEAD, channel=Channel.EMAIL)))
    client = next(iter(portal.contacts()))
    do(portal, Bind("b", letter.ref, client.ref))
    again = next(found for found in portal.activities(on=Kind.LEAD) if found.id == letter.id)
    assert again.card == letter.card


def test_two_notices_with_one_tag_are_one(sandbox: Sandbox, portal: Portal) -> None:
    notice = Create("n", Kind.NOTICE, {"user": "1", "text": "Готово", "tag": "b24kit|run1"})
    do(portal, notice)
    do(portal, notice)
    assert len(sandbox.control.dump(["notification"])["tables"]["notification"]) == 1


def test_the_recorder_writes_calls_without_the_secret(sandbox: Sandbox, tmp_path: Path) -> None:
    tapped = connect(sandbox, tap=Tap(tmp_path / "calls.jsonl"))
    tapped.facts()
    do(tapped, Create("c", Kind.CONTACT, {"name": {"first": "Ann"}}))
    tapped.close()
    text = (tmp_path / "calls.jsonl").read_text(encoding="utf-8")
    assert "crm.item.batchImport" in text
    assert Webhook.parse(sandbox.webhook_url).secret not in text


@pytest.mark.parametrize("kind", CARDS)
def test_a_restored_card_is_the_one_that_was_removed(portal: Portal, kind: Kind) -> None:
    lists: dict[Kind, Any] = {
        Kind.LEAD: portal.leads,
        Kind.CONTACT: portal.contacts,
        Kind.COMPANY: portal.companies,
        Kind.DEAL: portal.deals,
    }
    cards = list(lists[kind]())
    writes = [Create(card.id, kind, values_of(card)) for card in cards]
    made = {key: Ref(kind, str(result.new_id)) for key, result in do(portal, *writes).items()}
    stored = portal.read(made.values())
    stamps = {"created", "created_by", "changed", "changed_by", "moved", "last_activity"}
    for card in cards:
        before, after = values_of(card), values_of(stored[made[card.id]])
        for name in before.keys() - stamps:
            assert comparable(name, after[name]) == comparable(name, before[name]), (kind, name)


def test_a_long_wait_for_running_time_is_told_and_can_be_ended_by_the_caller(sandbox: Sandbox) -> None:
    sandbox.control.settings(work={"*.update": 0.05}, operating={"model": "docs", "window": 60, "limit": 3})
    portal = connect(sandbox, limits=Limits(operating_limit=3, operating_window=60))
    lead = next(iter(portal.leads()))
    told: list[Progress] = []

    class Enough(Exception):
        pass

    def tell(progress: Progress) -> None:
        told.append(progress)
        if len(told) > 3 and progress.done == told[-2].done == told[-3].done:
            raise Enough

    writes = [Change(f"{turn}", lead.ref, {"title": f"{turn}"}, values_of(lead)) for turn in range(300)]
    results: list[Result] = []
    with pytest.raises(Enough):
        results.extend(portal.perform(writes, lambda batch: None, tell))
    portal.close()
    assert 0 < len(results) < 300 and {result.settled for result in results} == {Settled.DONE}
