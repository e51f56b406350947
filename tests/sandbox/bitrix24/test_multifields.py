"""Phones and addresses through the classic methods."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.sandbox.bitrix24.multifields import search_key
from tests.sandbox.bitrix24.fresh import FreshPortal, mail


@pytest.fixture
def portal() -> FreshPortal:
    fresh = FreshPortal()
    fresh.lead(EMAIL=mail("a@acme.example", "b@acme.example"))
    return fresh


def values(portal: FreshPortal, kind: str = "EMAIL") -> list[tuple[str, str, str]]:
    return [(one["ID"], one["VALUE"], one["VALUE_TYPE"]) for one in portal.row("lead", 1).get(kind, [])]


def update(portal: FreshPortal, **fields: Any) -> None:
    portal.ask("crm.lead.update", {"id": 1, "fields": fields})


def test_sending_a_value_again_without_its_id_adds_it_again(portal: FreshPortal) -> None:
    update(portal, EMAIL=mail("a@acme.example"))
    assert [value for _, value, _ in values(portal)] == ["a@acme.example", "b@acme.example", "a@acme.example"]


def test_a_value_is_changed_by_its_id_and_the_rest_stays(portal: FreshPortal) -> None:
    update(portal, EMAIL=[{"ID": 1, "VALUE": "c@acme.example", "VALUE_TYPE": "HOME"}])
    assert values(portal) == [("1", "c@acme.example", "HOME"), ("2", "b@acme.example", "WORK")]
    assert portal.call("crm.lead.list", {"filter": {"EMAIL": "c@acme.example"}}).total == 1
    assert portal.call("crm.lead.list", {"filter": {"EMAIL": "a@acme.example"}}).total == 0


@pytest.mark.parametrize("entry", [{"ID": 1, "DELETE": "Y"}, {"ID": "1", "VALUE": ""}, {"ID": 1}])
def test_three_ways_to_delete_a_value(portal: FreshPortal, entry: dict[str, Any]) -> None:
    update(portal, EMAIL=[entry])
    assert [value for _, value, _ in values(portal)] == ["b@acme.example"]


def test_the_presence_marks_follow_the_values(portal: FreshPortal) -> None:
    assert (portal.row("lead", 1)["HAS_EMAIL"], portal.row("lead", 1)["HAS_PHONE"]) == ("Y", "N")
    update(portal, EMAIL=[{"ID": 1}, {"ID": 2}], PHONE=[{"VALUE": "+7 912 345-67-89", "TYPE": "MOBILE"}])
    row = portal.row("lead", 1)
    assert (row["HAS_EMAIL"], row["HAS_PHONE"]) == ("N", "Y")
    assert "EMAIL" not in row
    assert values(portal, "PHONE") == [("3", "+7 912 345-67-89", "MOBILE")]


def test_ids_are_shared_by_all_cards_and_another_cards_value_is_safe(portal: FreshPortal) -> None:
    other = portal.lead(EMAIL=mail("z@acme.example"))
    update(portal, EMAIL=[{"ID": 3, "VALUE": "stolen@acme.example"}])
    assert portal.row("lead", other)["EMAIL"][0] == {
        "ID": "3", "VALUE_TYPE": "WORK", "VALUE": "z@acme.example", "TYPE_ID": "EMAIL",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("phone", "key"),
    [
        ("+7 (912) 345-67-89", "PHONE:79123456789"),
        ("8 912 345 67 89", "PHONE:79123456789"),
        ("+79123456789;101", "PHONE:79123456789"),
        ("+7 912 345-67-89 доб. 5", "PHONE:79123456789"),
        ("345-67-89", "PHONE:3456789"),
    ],
)
def test_phones_are_found_by_digits_without_extension(phone: str, key: str) -> None:
    assert search_key("PHONE", phone) == key
