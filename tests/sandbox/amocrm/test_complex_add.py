"""A lead with contact and company in one call, and the account's duplicate control."""

from __future__ import annotations

from typing import Any

from tests.sandbox.amocrm.wire import LOST, Wire, address


def form(mail: str, **lead: Any) -> dict[str, Any]:
    contact = {"first_name": "Анна", "custom_fields_values": [address("EMAIL", mail)]}
    return {"name": "Заявка", **lead, "_embedded": {"contacts": [contact], "companies": [{"name": "Ромашка"}]}}


def send(wire: Wire, *items: dict[str, Any]) -> list[dict[str, Any]]:
    answer = wire.good("POST", "/leads/complex", list(items))
    assert isinstance(answer, list), "a bare array, not an envelope"
    return answer


def test_the_answer_is_a_bare_array_and_all_three_are_tied(wire: Wire) -> None:
    (made,) = send(wire, form("a@b.example", request_id="r1"))
    assert (made["request_id"], made["merged"]) == (["r1"], False)
    lead = wire.row(f"/leads/{made['id']}", **{"with": "contacts"})
    assert [one["id"] for one in lead["_embedded"]["contacts"]] == [made["contact_id"]]
    contact = wire.row(f"/contacts/{made['contact_id']}")
    assert [one["id"] for one in contact["_embedded"]["companies"]] == [made["company_id"]]


def test_a_known_contact_is_named_by_its_id(wire: Wire) -> None:
    (contact,) = wire.add("contacts", {"name": "Анна"})
    (made,) = send(wire, {"_embedded": {"contacts": [{"id": contact}]}})
    assert (made["contact_id"], made["company_id"], len(wire.rows("/contacts"))) == (contact, None, 1)


def test_without_duplicate_control_nothing_is_merged(wire: Wire) -> None:
    send(wire, form("a@b.example"))
    (again,) = send(wire, form("a@b.example"))
    assert again["merged"] is False and len(wire.rows("/leads")) == 2


def test_duplicate_control_finds_an_open_lead_by_its_main_contacts_address(wire: Wire) -> None:
    wire.box.control.settings(portal={"duplicate_control": {"keys": ["EMAIL"]}})
    (first,) = send(wire, form("a@b.example"))
    merged, other, same = send(wire, form("A@b.example", price=7), form("c@d.example"), form("c@d.example"))
    assert (merged["id"], merged["merged"], merged["contact_id"]) == (first["id"], True, first["contact_id"])
    assert wire.row(f"/leads/{first['id']}")["price"] == 7
    assert (other["merged"], same["merged"]) == (False, False), "duplicates inside one request are not seen"
    wire.good("PATCH", f"/leads/{first['id']}", {"status_id": LOST})
    assert send(wire, form("a@b.example"))[0]["merged"] is False


def test_metadata_makes_an_incoming_lead_with_a_hidden_contact(wire: Wire) -> None:
    item = form("a@b.example", status_id=9003)
    item["_embedded"]["metadata"] = {
        "category": "forms",
        "form_id": 1,
        "form_name": "f",
        "form_page": "p",
        "ip": "1.1.1.1",
    }
    (made,) = send(wire, item)
    assert wire.row(f"/leads/{made['id']}")["status_id"] == 9001
    assert wire.rows("/contacts") == []
    assert [row["category"] for row in wire.rows("/leads/unsorted")] == ["forms"]


def test_a_wrong_part_refuses_everything_with_its_path(wire: Wire) -> None:
    item = form("a@b.example")
    item["_embedded"]["contacts"][0]["custom_fields_values"][0]["field_code"] = "FAX"
    assert wire.wrongs("POST", "/leads/complex", [form("x@y.example"), item]) == [
        ("1", "_embedded.contacts.0.custom_fields_values.0.field_code", "NotSupportedChoice")
    ]
    assert wire.rows("/leads") == wire.rows("/contacts") == []
    assert wire.call("POST", "/leads/complex", [form("a@b.example")] * 51)[0] == 422
    two = {"_embedded": {"contacts": [{"name": "a"}, {"name": "b"}]}}
    assert wire.wrongs("POST", "/leads/complex", [two]) == [("0", "_embedded.contacts", "TooMany")]


def test_of_more_than_three_duplicates_none_is_taken(wire: Wire) -> None:
    for _ in range(4):
        send(wire, form("a@b.example"))
    wire.box.control.settings(portal={"duplicate_control": {"keys": ["EMAIL"]}})
    assert send(wire, form("a@b.example"))[0]["merged"] is False
    assert len(wire.rows("/leads")) == 5
