"""Calls find their card by a number; followers of a lead are told."""

from __future__ import annotations

from typing import Any

from tests.sandbox.amocrm.wire import LOST, Wire, address

RING: dict[str, Any] = {"direction": "inbound", "duration": 10, "source": "pbx", "phone": "8 (912) 000-11-22"}


def called(wire: Wire, **more: Any) -> Any:
    return wire.good("POST", "/calls", [RING | more])


def test_a_call_goes_to_the_only_open_lead_of_whoever_has_the_number(wire: Wire) -> None:
    (contact,) = wire.add("contacts", {"name": "c", "custom_fields_values": [address("PHONE", "+79120001122")]})
    (lead,) = wire.add("leads", {"name": "l", "_embedded": {"contacts": [{"id": contact}]}})
    answer = called(wire, call_status=4, call_result="ok", request_id="mine")
    (row,) = answer["_embedded"]["calls"]
    assert (answer["_total_items"], answer["errors"]) == (1, [])
    assert (row["entity_type"], row["entity_id"], row["request_id"]) == ("lead", lead, "mine")
    assert row["_embedded"]["entity"]["_links"]["self"]["href"].endswith(f"/api/v4/leads/{lead}")
    (note,) = wire.rows(f"/leads/{lead}/notes")
    assert (note["id"], note["note_type"]) == (row["id"], "call_in")
    assert note["params"] == {key: RING[key] for key in ("duration", "source", "phone")} | {
        "call_status": 4, "call_result": "ok",
    }  # fmt: skip
    wire.good("PATCH", f"/leads/{lead}", {"status_id": LOST})
    (row,) = called(wire, direction="outbound")["_embedded"]["calls"]
    assert (row["entity_type"], row["entity_id"]) == ("contact", contact)
    assert wire.rows(f"/contacts/{contact}/notes")[0]["note_type"] == "call_out"


def test_of_two_open_leads_none_is_chosen(wire: Wire) -> None:
    (contact,) = wire.add("contacts", {"name": "c", "custom_fields_values": [address("PHONE", "+79120001122")]})
    wire.add("leads", *({"_embedded": {"contacts": [{"id": contact}]}} for _ in range(2)))
    (row,) = called(wire)["_embedded"]["calls"]
    assert (row["entity_type"], row["entity_id"]) == ("contact", contact)


def test_a_number_that_nobody_has_adds_no_call(wire: Wire) -> None:
    answer = called(wire, phone="+70000000000")
    assert (answer["_total_items"], answer["_embedded"]["calls"], len(answer["errors"])) == (0, [], 1)
    assert answer["errors"][0]["request_id"] == "0"


def test_a_call_without_its_parts_is_refused(wire: Wire) -> None:
    assert wire.wrongs("POST", "/calls", [{"direction": "sideways", "call_status": 9}]) == [
        ("0", "duration", "FieldMissing"), ("0", "source", "FieldMissing"), ("0", "phone", "FieldMissing"),
        ("0", "direction", "NotSupportedChoice"), ("0", "call_status", "NotSupportedChoice"),
    ]  # fmt: skip


def test_whoever_is_responsible_follows_a_lead(wire: Wire) -> None:
    (lead,) = wire.add("leads", {"name": "a"})
    answer = wire.good("GET", f"/leads/{lead}/subscriptions")
    assert (answer["_total_items"], answer["_page"], answer["_page_count"]) == (1, 1, 1)
    assert answer["_embedded"]["subscriptions"] == [{"subscriber_id": 1, "type": "user"}]
    assert wire.call("GET", "/leads/99/subscriptions")[0] == 404
