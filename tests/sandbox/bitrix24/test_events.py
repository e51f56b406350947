"""What a portal tells outside: to handlers, to webhooks made by hand, and into the offline queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.bitrix24.office import EXTENDED, Office, application, open_box
from tests.sandbox.receiver import Receiver


@pytest.fixture
def office() -> Iterator[Office]:
    with open_box() as box:
        box.control.settings(
            applications=[application(handler_url="https://app.example/back")], portal={"features": EXTENDED}
        )
        office = Office(box)
        office.enter()
        yield office


def names(receiver: Receiver, count: int) -> list[tuple[str, str]]:
    return sorted((post.form["event"], post.form["data"]["FIELDS"]["ID"]) for post in receiver.wait(count))


def test_a_handler_hears_of_leads_that_come_change_and_go(office: Office) -> None:
    with Receiver() as receiver:
        for event in ("ONCRMLEADADD", "onCrmLeadUpdate", "ONCRMLEADDELETE"):
            office.result("event.bind", event=event, handler=receiver.url)
        lead = office.by_webhook("crm.lead.add", fields={"TITLE": "x"})[1]["result"]
        office.by_webhook("crm.lead.update", id=lead, fields={"TITLE": "y"})
        office.by_webhook("crm.lead.delete", id=lead)
        told = names(receiver, 3)
        form = receiver.posts[0].form
    assert told == [(f"ONCRMLEAD{what}", str(lead)) for what in ("ADD", "DELETE", "UPDATE")]
    assert form["auth"]["application_token"]
    assert "refresh_token" not in form["auth"]
    # The token is the one of the person who acted, and it opens the portal.
    assert Office(office.box, form["auth"]).result("profile")["ID"] == "1"


def test_a_new_letter_is_an_activity_and_no_change_of_its_card(office: Office) -> None:
    lead = office.by_webhook("crm.lead.add", fields={"TITLE": "x"})[1]["result"]
    with Receiver() as receiver:
        for event in ("ONCRMLEADUPDATE", "ONCRMACTIVITYADD"):
            office.result("event.bind", event=event, handler=receiver.url)
        fields = {"OWNER_TYPE_ID": 1, "OWNER_ID": lead, "TYPE_ID": 2, "SUBJECT": "call", "DIRECTION": 1}
        fields |= {"COMMUNICATIONS": [{"VALUE": "+79990000000", "ENTITY_ID": lead, "ENTITY_TYPE_ID": 1}]}
        fields |= {"START_TIME": "2026-11-24T09:00:00+03:00", "RESPONSIBLE_ID": 1}
        status, body = office.by_webhook("crm.activity.add", fields=fields)
        assert status == 200, body
        assert names(receiver, 1) == [("ONCRMACTIVITYADD", str(body["result"]))]
        office.by_webhook("crm.lead.update", id=lead, fields={"TITLE": "z"})
        assert len(names(receiver, 2)) == 2


def test_a_message_that_is_refused_is_lost(office: Office) -> None:
    with Receiver(lambda _: 500) as receiver:
        office.result("event.bind", event="ONCRMLEADADD", handler=receiver.url)
        office.by_webhook("crm.lead.add", fields={"TITLE": "x"})
        receiver.wait(1)
        office.box.control.advance(24 * 3600)
        told = office.box.control.deliveries()
    assert len(told["attempts"]) == 1
    assert told["waiting"] == 0


def test_so_many_leave_at_one_time_and_no_more(office: Office) -> None:
    with Receiver(slow=0.02) as receiver:
        office.result("event.bind", event="ONCRMLEADADD", handler=receiver.url)
        data = [{"title": f"n{number}"} for number in range(20)]
        for _ in range(3):
            office.by_webhook("crm.item.batchImport", entityTypeId=1, data=data)
        receiver.wait(60)
        assert office.box.control.deliveries()["rule"]["at_once"] == 20
        assert receiver.most_at_once <= 20


def test_faults_lose_and_double_messages(office: Office) -> None:
    office.box.control.deliveries(faults=[{"kind": "lost", "numbers": [1]}, {"kind": "twice", "numbers": [2]}])
    with Receiver() as receiver:
        office.result("event.bind", event="ONCRMLEADADD", handler=receiver.url)
        leads = [office.by_webhook("crm.lead.add", fields={"TITLE": "x"})[1]["result"] for _ in range(3)]
        told = [lead for _, lead in names(receiver, 3)]
    assert sorted(told) == sorted([str(leads[1]), str(leads[1]), str(leads[2])])


def test_an_outgoing_webhook_made_by_hand_needs_no_application() -> None:
    with open_box() as box, Receiver() as receiver:
        box.control.settings(outgoing_webhooks=[{"url": receiver.url, "events": ["ONCRMDEALADD"], "token": "t" * 32}])
        deal = Office(box).by_webhook("crm.deal.add", fields={"TITLE": "x"})[1]["result"]
        form = receiver.wait(1)[0].form
    assert form["data"]["FIELDS"]["ID"] == str(deal)
    assert form["auth"].keys() == {
        "domain", "client_endpoint", "server_endpoint", "member_id", "application_token",
    }  # fmt: skip
    assert form["auth"]["application_token"] == "t" * 32


def test_bindings_are_listed_refused_twice_and_taken_back(office: Office) -> None:
    bound = {"event": "ONCRMLEADADD", "handler": "https://app.example/h"}
    office.result("event.bind", **bound)
    assert "Unable to set event handler" in office.ask("event.bind", **bound)[1]["error_description"]
    assert (
        office.ask("event.bind", event="ONNOTHING", handler="https://a.example")[1]["error"] == "ERROR_EVENT_NOT_FOUND"
    )
    assert office.result("event.get") == [{**bound, "auth_type": "0", "offline": 0}]
    assert office.result("event.unbind", **bound) == {"count": 1}
    assert office.result("event.unbind", **bound) == {"count": 0}


def queue(office: Office, **params: Any) -> list[str]:
    return [row["EVENT_DATA"]["FIELDS"]["ID"] for row in office.result("event.offline.get", **params)["events"]]


def test_the_offline_queue_keeps_one_row_an_object_and_event(office: Office) -> None:
    office.result("event.bind", event="ONCRMLEADUPDATE", event_type="offline")
    lead = office.by_webhook("crm.lead.add", fields={"TITLE": "x"})[1]["result"]
    for title in "abc":
        office.by_webhook("crm.lead.update", id=lead, fields={"TITLE": title})
    assert len(office.result("event.offline.list")) == 1
    assert queue(office) == [str(lead)]
    assert queue(office) == []


def test_reserved_rows_are_hidden_until_they_are_cleared_or_failed(office: Office) -> None:
    office.result("event.bind", event="ONCRMLEADADD", event_type="offline")
    for _ in range(3):
        office.by_webhook("crm.lead.add", fields={"TITLE": "x"})
    taken = office.result("event.offline.get", clear=0, limit=2)
    assert len(taken["events"]) == 2
    assert len(queue(office, clear=0)) == 1
    first, second = (row["MESSAGE_ID"] for row in taken["events"])
    office.result("event.offline.error", process_id=taken["process_id"], message_id=[first])
    office.result("event.offline.clear", process_id=taken["process_id"], message_id=[second])
    assert queue(office) == []
    assert len(queue(office, error=1)) == 1


def test_a_write_of_the_same_connector_is_not_queued(office: Office) -> None:
    office.result("event.bind", event="ONCRMLEADADD", event_type="offline", auth_connector="b24kit")
    office.result("crm.lead.add", fields={"TITLE": "ours"}, auth_connector="b24kit")
    theirs = office.result("crm.lead.add", fields={"TITLE": "theirs"})
    assert queue(office, auth_connector="b24kit") == [str(theirs)]


def test_confirmation_and_connectors_want_their_plan(office: Office) -> None:
    office.box.control.settings(portal={"features": []})
    assert office.ask("event.offline.get", clear=0)[0] == 403
    bound = {"event": "ONCRMLEADADD", "event_type": "offline"}
    assert office.ask("event.bind", **bound, auth_connector="b24kit")[0] == 403
    assert office.result("event.bind", **bound) is True


def test_a_ping_tells_that_rows_wait(office: Office) -> None:
    with Receiver() as receiver:
        office.result("event.bind", event="ONCRMLEADADD", event_type="offline")
        office.result("event.bind", event="ONOFFLINEEVENT", handler=receiver.url)
        office.by_webhook("crm.lead.add", fields={"TITLE": "x"})
        assert receiver.wait(1)[0].form["event"] == "ONOFFLINEEVENT"
