"""Leads, contacts and companies over the wire: what is answered, what closes and opens, what is refused whole."""

from __future__ import annotations

import pytest

from tests.sandbox.amocrm.wire import FIRST, LOST, WON, Wire

INCOMING = 9001


def test_nothing_is_told_by_no_bytes_at_all(wire: Wire) -> None:
    for path in ("/leads", "/contacts", "/companies", "/leads/5", "/tasks", "/leads/notes", "/leads/5?with=contacts"):
        assert wire.call("GET", path) == (204, None)


def test_a_creation_answers_ids_and_the_names_of_its_elements(wire: Wire) -> None:
    answer = wire.good("POST", "/leads", [{"name": "a", "request_id": "mine"}, {}])
    rows = answer["_embedded"]["leads"]
    assert [(row["request_id"], sorted(row)) for row in rows] == [
        ("mine", ["_links", "id", "request_id"]), ("1", ["_links", "id", "request_id"]),
    ]  # fmt: skip
    assert wire.row(f"/leads/{rows[1]['id']}")["name"] == f"Сделка #{rows[1]['id']}"


def test_a_change_answers_an_id_and_a_moment_as_object_or_in_an_envelope(wire: Wire) -> None:
    (lead,) = wire.add("leads", {"name": "a"})
    assert sorted(wire.good("PATCH", f"/leads/{lead}", {"name": "b"})) == ["_links", "id", "updated_at"]
    (row,) = wire.good("PATCH", "/leads", [{"id": lead, "price": 3}])["_embedded"]["leads"]
    assert sorted(row) == ["_links", "id", "updated_at"]
    (contact,) = wire.add("contacts", {"name": "c"})
    assert wire.good("PATCH", f"/contacts/{contact}", {"name": "d"})["name"] == "d"


def test_a_new_lead_stands_in_the_first_status_and_belongs_to_the_tokens_user(wire: Wire) -> None:
    (lead,) = wire.add("leads", {})
    row = wire.row(f"/leads/{lead}")
    assert (row["pipeline_id"], row["status_id"], row["responsible_user_id"]) == (1, FIRST, 1)
    assert (row["price"], row["custom_fields_values"], row["closed_at"], row["is_deleted"]) == (0, None, None, False)


def test_winning_and_losing_close_a_lead_and_another_status_opens_it(wire: Wire) -> None:
    (reason,) = [
        row["id"] for row in wire.good("POST", "/leads/loss_reasons", [{"name": "Дубль"}])["_embedded"]["loss_reasons"]
    ]
    (lead,) = wire.add("leads", {"name": "a"})
    wire.good("PATCH", f"/leads/{lead}", {"status_id": LOST, "loss_reason_id": reason})
    lost = wire.row(f"/leads/{lead}", **{"with": "loss_reason"})
    assert lost["closed_at"] is not None and lost["loss_reason_id"] == reason
    assert [one["name"] for one in lost["_embedded"]["loss_reason"]] == ["Дубль"]
    wire.good("PATCH", f"/leads/{lead}", {"status_id": FIRST})
    opened = wire.row(f"/leads/{lead}")
    assert (opened["closed_at"], opened["loss_reason_id"], opened["status_id"]) == (None, None, FIRST)
    wire.good("PATCH", f"/leads/{lead}", {"status_id": WON, "closed_at": 1_700_000_000})
    assert wire.row(f"/leads/{lead}")["closed_at"] == 1_700_000_000


def test_a_status_belongs_to_its_pipeline_and_the_incoming_one_is_no_place_to_write(wire: Wire) -> None:
    new = {"name": "P", "sort": 2, "is_main": False, "is_unsorted_on": True}
    new |= {"_embedded": {"statuses": [{"name": "A", "sort": 10}]}}
    (pipeline,) = wire.good("POST", "/leads/pipelines", [new])["_embedded"]["pipelines"]
    theirs = next(one["id"] for one in pipeline["_embedded"]["statuses"] if one["name"] == "A")
    (lead,) = wire.add("leads", {"name": "a"})
    assert wire.wrongs("PATCH", "/leads", [{"id": lead, "status_id": theirs}]) == [
        ("0", "status_id", "NotSupportedChoice")
    ]
    assert wire.wrongs("POST", "/leads", [{"status_id": INCOMING}]) == [("0", "status_id", "NotSupportedChoice")]
    wire.good("PATCH", f"/leads/{lead}", {"status_id": theirs, "pipeline_id": pipeline["id"]})
    assert wire.row(f"/leads/{lead}")["pipeline_id"] == pipeline["id"]
    wire.good("PATCH", f"/leads/{lead}", {"pipeline_id": 1})
    assert wire.row(f"/leads/{lead}")["status_id"] == FIRST


def test_one_wrong_element_refuses_the_whole_request(wire: Wire) -> None:
    (lead,) = wire.add("leads", {"name": "a"})
    items = [{"id": lead, "name": "b"}, {"id": 77, "name": "c", "request_id": "mine"}, {"name": "d"}]
    assert wire.wrongs("PATCH", "/leads", items) == [
        ("mine", "id", "NotSupportedChoice"), ("2", "id", "FieldMissing"),
    ]  # fmt: skip
    assert wire.row(f"/leads/{lead}")["name"] == "a"


@pytest.mark.parametrize(
    ("item", "path", "code"),
    [
        ({"name": 5}, "name", "InvalidType"),
        ({"price": "5"}, "price", "InvalidType"),
        ({"created_at": "2024-01-01"}, "created_at", "InvalidType"),
        ({"responsible_user_id": 99}, "responsible_user_id", "NotSupportedChoice"),
        ({"created_by": 99}, "created_by", "NotSupportedChoice"),
        ({"pipeline_id": 99}, "pipeline_id", "NotSupportedChoice"),
        ({"loss_reason_id": 99}, "loss_reason_id", "NotSupportedChoice"),
        ({"titel": "x"}, "titel", "FieldNotExpected"),
        ({"_embedded": {"contacts": [{"id": 99}]}}, "_embedded.contacts.0.id", "NotSupportedChoice"),
        ({"_embedded": {"tags": [{"id": 99}]}}, "_embedded.tags.0.id", "NotSupportedChoice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_lead_is_refused_for(wire: Wire, item: dict[str, object], path: str, code: str) -> None:
    assert wire.wrongs("POST", "/leads", [item]) == [("0", path, code)]
    assert wire.rows("/leads") == []


def test_a_robot_may_be_the_author(wire: Wire) -> None:
    (lead,) = wire.add("leads", {"created_by": 0})
    assert wire.row(f"/leads/{lead}")["created_by"] == 0


def test_more_than_250_elements_and_an_empty_body_are_refused(wire: Wire) -> None:
    status, body = wire.call("POST", "/leads", [{}] * 251)
    assert (status, body["detail"]) == (422, "Limit 250 per page")
    status, body = wire.call("POST", "/leads", [])
    assert (status, body["detail"], body["status"]) == (400, "Request data can not be empty", 400)
    assert wire.call("POST", "/leads", {"name": "an object"})[0] == 400


def test_contacts_stand_inside_only_when_asked_for_and_companies_and_tags_always(wire: Wire) -> None:
    (company,), contacts = (
        wire.add("companies", {"name": "Ромашка"}),
        wire.add("contacts", {"name": "a"}, {"name": "b"}),
    )
    inside = {"contacts": [{"id": contacts[0]}, {"id": contacts[1], "is_main": True}], "companies": [{"id": company}]}
    (lead,) = wire.add("leads", {"_embedded": inside | {"tags": [{"name": "x"}]}})
    (plain,), (asked,) = wire.rows("/leads"), wire.rows("/leads", **{"with": "contacts"})
    assert sorted(plain["_embedded"]) == ["companies", "tags"]
    assert [(one["id"], one["is_main"]) for one in asked["_embedded"]["contacts"]] == [
        (contacts[0], False), (contacts[1], True),
    ]  # fmt: skip
    assert [one["id"] for one in wire.row(f"/companies/{company}", **{"with": "leads"})["_embedded"]["leads"]] == [lead]


def test_a_contact_is_named_by_its_parts_unless_it_has_a_name(wire: Wire) -> None:
    ids = wire.add("contacts", {"first_name": "Анна", "last_name": "Орлова"}, {"name": "Компания"})
    assert [row["name"] for row in wire.rows("/contacts", **{"order[id]": "asc"})] == ["Анна Орлова", "Компания"]
    wire.good("PATCH", f"/contacts/{ids[0]}", {"last_name": "Соколова"})
    assert wire.row(f"/contacts/{ids[0]}")["name"] == "Анна Соколова"


def test_a_card_read_and_sent_back_whole_is_refused_for_what_may_not_be_written(wire: Wire) -> None:
    (field,) = wire.add("leads/custom_fields", {"name": "Текст", "type": "text"})
    wire.add("leads", {"custom_fields_values": [{"field_id": field, "values": [{"value": "x"}]}]})
    (lead,) = wire.rows("/leads")
    lead.pop("is_price_modified_by_robot", None)
    assert wire.call("PATCH", "/leads", [lead])[0] == 200
    lead["custom_fields_values"][0]["values"][0]["enum_code"] = None
    assert wire.wrongs("PATCH", "/leads", [lead]) == [
        ("0", "custom_fields_values.0.values.0.enum_code", "FieldNotExpected")
    ]


def test_what_is_in_the_bin_is_read_only_when_asked_for(wire: Wire) -> None:
    ids = wire.add("leads", {"name": "a"}, {"name": "b"})
    wire.box.site.portal.store["leads"].change(ids[0], {"state": "deleted"})
    assert [row["id"] for row in wire.rows("/leads")] == [ids[1]]
    assert wire.call("GET", f"/leads/{ids[0]}") == (204, None)
    (binned,) = wire.rows("/leads", **{"with": "only_deleted"})
    assert sorted(binned) == ["_links", "account_id", "id", "is_deleted", "updated_at", "updated_by"]
    assert binned["is_deleted"] is True
    assert wire.wrongs("PATCH", "/leads", [{"id": ids[0], "name": "c"}]) == [("0", "id", "NotSupportedChoice")]


def test_a_change_to_the_same_values_is_a_change_all_the_same(wire: Wire) -> None:
    (lead,) = wire.add("leads", {"name": "a", "price": 5})
    before = wire.row(f"/leads/{lead}")["updated_at"]
    wire.box.control.advance(60)
    wire.good("PATCH", f"/leads/{lead}", {"name": "a", "price": 5})
    after = wire.row(f"/leads/{lead}")
    assert after["updated_at"] >= before + 60 and after["created_at"] <= before
