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
