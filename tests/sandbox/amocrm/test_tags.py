"""Tags: dictionaries by kind of card, whole sets and incremental lists."""

from __future__ import annotations

from typing import Any

from tests.sandbox.amocrm.wire import Wire


def names(wire: Wire, lead: int) -> list[str]:
    return [tag["name"] for tag in wire.row(f"/leads/{lead}")["_embedded"]["tags"]]


def test_a_known_name_gives_its_id_and_each_kind_of_card_has_its_own(wire: Wire) -> None:
    (first,) = wire.good("POST", "/leads/tags", [{"name": "почта", "color": "EBEBEB"}])["_embedded"]["tags"]
    (again,) = wire.good("POST", "/leads/tags", [{"name": "почта", "request_id": "r"}])["_embedded"]["tags"]
    (other,) = wire.good("POST", "/contacts/tags", [{"name": "почта", "color": "EBEBEB"}])["_embedded"]["tags"]
    assert (again["id"], again["color"], again["request_id"]) == (first["id"], "EBEBEB", "r")
    assert other["id"] != first["id"] and other["color"] is None
    assert [row["name"] for row in wire.rows("/leads/tags", query="поч")] == ["почта"]
    assert wire.rows("/leads/tags", **{"filter[name]": "по"}) == []
    assert wire.wrongs("POST", "/leads/tags", [{"name": "x", "color": "123456"}]) == [
        ("0", "color", "NotSupportedChoice")
    ]


def test_the_embedded_set_replaces_and_wins_over_the_lists(wire: Wire) -> None:
    (lead,) = wire.add("leads", {"_embedded": {"tags": [{"name": "a"}, {"name": "b"}]}})
    wire.good("PATCH", f"/leads/{lead}", {"tags_to_add": [{"name": "c"}], "tags_to_delete": [{"name": "a"}]})
    assert names(wire, lead) == ["b", "c"]
    change: dict[str, Any] = {"_embedded": {"tags": [{"name": "z"}]}, "tags_to_add": [{"name": "y"}]}
    wire.good("PATCH", f"/leads/{lead}", change)
    assert names(wire, lead) == ["z"]
    wire.good("PATCH", f"/leads/{lead}", {"_embedded": {"tags": []}})
    assert names(wire, lead) == []


def test_null_in_place_of_the_set_does_nothing_or_clears_by_the_switch(wire: Wire) -> None:
    (lead,) = wire.add("leads", {"_embedded": {"tags": [{"name": "a"}]}})
    wire.good("PATCH", f"/leads/{lead}", {"_embedded": {"tags": None}})
    assert names(wire, lead) == ["a"]
    wire.box.control.settings(portal={"tags_null": "clear"})
    wire.good("PATCH", f"/leads/{lead}", {"_embedded": {"tags": None}})
    assert names(wire, lead) == []


def test_tags_come_and_go_in_the_journal(wire: Wire) -> None:
    (lead,) = wire.add("leads", {"_embedded": {"tags": [{"name": "a"}]}})
    wire.good("PATCH", f"/leads/{lead}", {"tags_to_delete": [{"name": "a"}]})
    rows = wire.rows("/events", **{"filter[type][]": ["entity_tag_added", "entity_tag_deleted"]})
    assert [(row["type"], row["value_after"], row["value_before"]) for row in rows] == [
        ("entity_tag_deleted", [], [{"tag": {"name": "a"}}]), ("entity_tag_added", [{"tag": {"name": "a"}}], []),
    ]  # fmt: skip
