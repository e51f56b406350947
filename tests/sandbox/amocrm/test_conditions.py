"""Lists of cards: pages, orders, filters and the search; what the account does not know it ignores."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.amocrm.wire import FIRST, LOST, Wire, address


def ids(wire: Wire, path: str, **query: Any) -> list[int]:
    return [row["id"] for row in wire.rows(path, **query)]


def test_pages_are_linked_to_the_last_one_and_tell_no_total(wire: Wire) -> None:
    leads = wire.add("leads", *({"name": str(number)} for number in range(5)))
    first = wire.good("GET", "/leads", limit=2, page=1, **{"order[id]": "asc"})
    assert first["_page"] == 1 and "_total_items" not in first and sorted(first["_links"]) == ["next", "self"]
    assert first["_embedded"]["leads"][0]["_links"]["self"]["href"].endswith(f"/leads/{leads[0]}?page=1&limit=2")
    last = wire.good("GET", "/leads", limit=2, page=3, **{"order[id]": "asc"})
    assert sorted(last["_links"]) == ["first", "prev", "self"]
    assert wire.call("GET", "/leads", limit=2, page=4) == (204, None)
    follow = wire.client.get(first["_links"]["next"]["href"]).json()
    assert [row["id"] for row in follow["_embedded"]["leads"]] == leads[2:4]


def test_a_page_is_at_most_250_rows_and_50_unless_asked(wire: Wire) -> None:
    for _ in range(3):
        wire.add("leads", *({} for _ in range(100)))
    assert len(ids(wire, "/leads", limit=500)) == 250
    assert len(ids(wire, "/leads")) == 50


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"filter[id]": 2}, [2]),
        ({"filter[id][]": [1, 3]}, [1, 3]),
        ({"filter[id][0]": 1, "filter[id][1]": 2}, [1, 2]),
        ({"filter[name]": "b"}, [2]),
        ({"filter[price][from]": 10, "filter[price][to]": 20}, [1, 2]),
        ({"filter[statuses][0][pipeline_id]": 1, "filter[statuses][0][status_id]": LOST}, [3]),
        ({"filter[statuses][0][pipeline_id]": "", "filter[statuses][0][status_id]": LOST}, [3]),
        ({"filter[statuses][0][pipeline_id]": "", "filter[statuses][0][status_id]": FIRST}, []),
        ({"filter[pipeline_id]": 2}, []),
        ({"filter[responsible_user_id]": 1}, [1, 2, 3]),
        ({"filter[closed_at][from]": 1}, [3]),
        ({"filter[updated_at][from]": 1_700_000_100}, [3]),
        ({"filter[updated_at][to]": 1_700_000_001}, [1]),
        ({"filter[nmae]": "b"}, [1, 2, 3]),
        ({"filtre[id]": 2}, [1, 2, 3]),
    ],
    ids=lambda value: "&".join(f"{key}={one}" for key, one in value.items()) if isinstance(value, dict) else "",
)
def test_filters_of_leads(wire: Wire, query: dict[str, Any], expected: list[int]) -> None:
    wire.add(
        "leads",
        {"name": "a", "price": 10, "updated_at": 1_700_000_001},
        {"name": "b", "price": 20, "updated_at": 1_700_000_002},
        {"name": "c", "price": 30, "status_id": LOST},
    )
    assert ids(wire, "/leads", **query, **{"order[id]": "asc"}) == expected


def test_an_account_without_filters_gives_everything(wire: Wire) -> None:
    leads = wire.add("leads", {"name": "a"}, {"name": "b"})
    wire.box.control.settings(portal={"is_api_filter_enabled": False})
    assert ids(wire, "/leads", **{"filter[id]": leads[0], "order[id]": "asc"}) == leads
    assert wire.row("/account", **{"with": "is_api_filter_enabled"})["is_api_filter_enabled"] is False


def test_custom_fields_are_filtered_by_value_enum_and_range(wire: Wire) -> None:
    enums = [{"value": "Сайт"}, {"value": "Почта"}]
    fields = [
        {"name": "t", "type": "text"},
        {"name": "s", "type": "select", "enums": enums},
        {"name": "n", "type": "numeric"},
    ]
    text, choice, number = (
        row["id"] for row in wire.good("POST", "/leads/custom_fields", fields)["_embedded"]["custom_fields"]
    )
    site, mail = (one["id"] for one in wire.row(f"/leads/custom_fields/{choice}")["enums"])

    def lead(word: str, enum: int, value: int) -> dict[str, Any]:
        values = ((text, {"value": word}), (choice, {"enum_id": enum}), (number, {"value": str(value)}))
        return {"custom_fields_values": [{"field_id": key, "values": [one]} for key, one in values]}

    first, second = wire.add("leads", lead("x", site, 5), lead("y", mail, 50))
    key = "filter[custom_fields_values]"
    assert ids(wire, "/leads", **{f"{key}[{text}]": "y"}) == [second]
    assert ids(wire, "/leads", **{f"{key}[{choice}][]": [site]}) == [first]
    assert ids(wire, "/leads", **{f"{key}[{number}][from]": 10}) == [second]
    assert len(ids(wire, "/leads", **{f"{key}[9999]": "y"})) == 2


@pytest.mark.parametrize(
    ("entity", "order", "expected"),
    [
        ("leads", {"order[id]": "desc"}, [3, 2, 1]),
        ("leads", {"order[updated_at]": "asc"}, [2, 3, 1]),
        ("leads", {"order[created_at]": "desc"}, [1, 3, 2]),
        ("leads", {"order[price]": "desc"}, [2, 3, 1]),
        ("leads", {"order[id]": "sideways"}, [1, 2, 3]),
        ("leads", {}, [2, 3, 1]),
        ("contacts", {"order[name]": "asc"}, [3, 2, 1]),
        ("contacts", {"order[created_at]": "desc"}, [2, 3, 1]),
    ],
    ids=lambda value: str(value) if not isinstance(value, list) else "",
)
def test_orders_that_work_and_the_default_for_all_others(
    wire: Wire, entity: str, order: dict[str, str], expected: list[int]
) -> None:
    moments = (1_700_000_003, 1_700_000_001, 1_700_000_002)
    wire.add(
        entity, *({"name": name, "created_at": at, "updated_at": at} for name, at in zip("cba", moments, strict=True))
    )
    assert ids(wire, f"/{entity}", **order) == expected


@pytest.mark.parametrize("query", ["orlova", "ANNA@Romashka", "9123456", "+7 912 345", "Орлова"])
def test_the_search_looks_at_names_addresses_and_parts_of_phones(wire: Wire, query: str) -> None:
    addresses = [address("EMAIL", "anna@romashka.example"), address("PHONE", "+7 (912) 345-67-89", "MOB")]
    (anna, _) = wire.add(
        "contacts", {"name": "Анна Орлова (Orlova)", "custom_fields_values": addresses}, {"name": "Пётр"}
    )
    (lead, _) = wire.add("leads", {"_embedded": {"contacts": [{"id": anna}]}}, {"name": "Другая"})
    assert ids(wire, "/contacts", query=query) == [anna]
    assert ids(wire, "/leads", query=query) == [lead]
