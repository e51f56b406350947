"""The journal: what a change leaves behind, in which words, and how it is asked for."""

from __future__ import annotations

from tests.sandbox.amocrm.wire import FIRST, LOST, Wire


def test_a_change_of_status_owner_price_and_name_is_told_with_both_values(wire: Wire) -> None:
    wire.good("POST", "/users", [{"name": "Пётр", "email": "p@p.example", "password": "x"}])
    (lead,) = wire.add("leads", {"name": "a"})
    wire.good("PATCH", f"/leads/{lead}", {"status_id": LOST, "responsible_user_id": 2, "price": 5, "name": "b"})
    rows = {row["type"]: row for row in wire.rows("/events")}
    assert rows.keys() == {
        "lead_added", "lead_status_changed", "entity_responsible_changed", "sale_field_changed", "name_field_changed",
    }  # fmt: skip
    moved = rows["lead_status_changed"]
    assert moved["value_before"] == [{"lead_status": {"id": FIRST, "pipeline_id": 1}}]
    assert moved["value_after"] == [{"lead_status": {"id": LOST, "pipeline_id": 1}}]
    assert rows["entity_responsible_changed"]["value_after"] == [{"responsible_user": {"id": 2}}]
    assert (moved["entity_type"], moved["entity_id"], moved["_embedded"]["entity"]["id"]) == ("lead", lead, lead)
    assert isinstance(moved["id"], str) and wire.row(f"/events/{moved['id']}")["type"] == "lead_status_changed"


def test_a_changed_field_is_told_by_its_number_and_found_by_the_common_word(wire: Wire) -> None:
    (field,) = wire.add("leads/custom_fields", {"name": "t", "type": "text"})
    (lead,) = wire.add("leads", {})
    wire.good("PATCH", f"/leads/{lead}", {"custom_fields_values": [{"field_id": field, "values": [{"value": "x"}]}]})
    (row,) = wire.rows("/events", **{"filter[type]": "custom_field_value_changed"})
    assert row["type"] == f"custom_field_{field}_value_changed"
    told = {"field_id": field, "field_type": 1, "enum_id": None, "text": "x"}
    assert row["value_after"] == [{"custom_field_value": told}]


def test_events_are_newest_first_and_at_most_a_hundred_a_page(wire: Wire) -> None:
    ids = wire.add("leads", *({} for _ in range(120)))
    rows = wire.rows("/events", limit=250)
    assert len(rows) == 100 and rows[0]["entity_id"] == ids[-1]


def test_filters_take_lists_and_commas(wire: Wire) -> None:
    leads = wire.add("leads", {"name": "a"}, {"name": "b"})
    wire.good("PATCH", f"/leads/{leads[0]}", {"status_id": LOST})
    wire.add("contacts", {"name": "c"})

    def count(**query: object) -> int:
        return len(wire.rows("/events", **query))

    assert count(**{"filter[type]": "lead_added,contact_added"}) == 3
    assert count(**{"filter[entity]": "lead", "filter[entity_id][]": [leads[0]]}) == 2
    key = "filter[value_after][leads_statuses][0]"
    assert count(**{f"{key}[pipeline_id]": 1, f"{key}[status_id]": LOST}) == 1
    assert count(**{"filter[created_by][]": [5]}) == 0
    assert wire.call("GET", "/events", **{"filter[entity_id][]": list(range(11))})[0] == 400


def test_kinds_of_events_are_listed(wire: Wire) -> None:
    rows = wire.rows("/events/types", language_code="en")
    assert {"lead_added", "lead_status_changed"} <= {row["key"] for row in rows}
    assert wire.call("GET", "/events/none-such")[0] == 404


def test_a_field_of_many_values_is_told_with_all_of_them_and_an_emptied_one_with_none(wire: Wire) -> None:
    phones = [{"value": "+79990000001", "enum_code": "WORK"}, {"value": "+79990000002", "enum_code": "MOB"}]
    (contact,) = wire.add("contacts", {"name": "c"})
    for values in (phones, None):
        wire.good(
            "PATCH", f"/contacts/{contact}", {"custom_fields_values": [{"field_code": "PHONE", "values": values}]}
        )
    emptied, filled = wire.rows("/events", **{"filter[type]": "custom_field_value_changed"})
    told = [one["custom_field_value"]["text"] for one in filled["value_after"]]
    assert told == ["+79990000001", "+79990000002"] and filled["value_before"] == []
    assert emptied["value_before"] == filled["value_after"] and emptied["value_after"] == []
    assert {one["custom_field_value"]["field_type"] for one in filled["value_after"]} == {8}


def test_a_new_card_is_told_with_the_number_of_a_note_and_a_new_task_with_nothing(wire: Wire) -> None:
    (lead,) = wire.add("leads", {"name": "a"})
    wire.add("tasks", {"text": "t", "complete_till": 1_800_000_000, "entity_id": lead, "entity_type": "leads"})
    task, added = wire.rows("/events")
    assert (task["type"], task["value_after"], task["value_before"]) == ("task_added", [], [])
    assert isinstance(added["value_after"][0]["note"]["id"], int) and added["value_before"] == []


def test_a_single_moment_means_from_then_on(wire: Wire) -> None:
    wire.add("leads", {"name": "old"})
    wire.box.control.advance(100)
    (lead,) = wire.add("leads", {"name": "new"})
    wire.box.control.advance(100)
    now = wire.box.site.portal.unix()
    assert [row["entity_id"] for row in wire.rows("/events", **{"filter[created_at]": now - 150})] == [lead]
    for path, body in (("leads/notes", {"entity_id": lead, "note_type": "common", "params": {"text": "x"}}),
                       ("tasks", {"text": "t", "complete_till": now})):  # fmt: skip
        wire.add(path, body)
        assert len(wire.rows(f"/{path}", **{"filter[updated_at]": now - 10})) == 1
        assert wire.rows(f"/{path}", **{"filter[updated_at]": now + 10}) == []


def test_names_come_when_they_are_asked_for_by_kind(wire: Wire) -> None:
    wire.add("contacts", {"name": "Анна"})
    (row,) = wire.rows("/events", **{"with": "contact_name,lead_name"})
    assert row["_embedded"]["entity"]["name"] == "Анна"
    (row,) = wire.rows("/events", **{"with": "lead_name"})
    assert "name" not in row["_embedded"]["entity"]


def test_values_are_asked_for_exactly_or_by_their_enum(wire: Wire) -> None:
    (field,) = wire.add("leads/custom_fields", {"name": "s", "type": "select", "enums": [{"value": "A"}]})
    enum = wire.row(f"/leads/custom_fields/{field}")["enums"][0]["id"]
    (lead,) = wire.add("leads", {"price": 1})
    wire.good("PATCH", f"/leads/{lead}", {"price": 155})
    wire.good("PATCH", f"/leads/{lead}", {"custom_fields_values": [{"field_id": field, "values": [{"enum_id": enum}]}]})

    def count(**query: object) -> int:
        return len(wire.rows("/events", **query))

    sales = {"filter[type]": "sale_field_changed"}
    assert [count(**sales, **{"filter[value_after][value]": value}) for value in (155, 1)] == [1, 0]
    changed = {"filter[type]": f"custom_field_{field}_value_changed"}
    found = [count(**changed, **{"filter[value_after][custom_field_values]": f"{one},7"}) for one in (enum, enum + 1)]
    assert found == [1, 0]


def test_kinds_have_names_in_the_language_that_is_asked_for(wire: Wire) -> None:
    names = {row["key"]: row["lang"] for row in wire.rows("/events/types")}
    assert names["lead_added"] == "Новая сделка" and len(names) == 60
    assert {row["key"]: row["type"] for row in wire.rows("/events/types")}["lead_deleted"] == 7
