"""crm.duplicate.*."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.sandbox.bitrix24 import cards
from tests.sandbox.bitrix24.fresh import CONTACT, LEAD, FreshPortal, mail


@pytest.fixture
def portal() -> FreshPortal:
    return FreshPortal()


def find(portal: FreshPortal, *values: Any, kind: str = "EMAIL", **more: str) -> Any:
    return portal.ask("crm.duplicate.findbycomm", {"type": kind, "values": list(values), **more})


def test_nothing_found_is_an_empty_list_and_found_are_numbers_by_type(portal: FreshPortal) -> None:
    assert find(portal, "ann@acme.example") == []
    portal.ask("crm.contact.add", {"fields": {"NAME": "Ann", "EMAIL": mail("Ann@acme.example")}})
    assert find(portal, "ann@ACME.example") == {"CONTACT": [1]}
    assert find(portal, "ann@acme.example", entity_type="LEAD") == []


def test_phones_match_in_any_spelling(portal: FreshPortal) -> None:
    portal.lead(PHONE=[{"VALUE": "8 (912) 345-67-89"}])
    assert find(portal, "+79123456789;12", kind="PHONE") == {"LEAD": [1]}


def test_twenty_leads_hide_every_contact(portal: FreshPortal) -> None:
    for number in range(25):
        cards.create(portal.portal, LEAD, {"TITLE": str(number), "EMAIL": mail("info@acme.example")}, 1)
    cards.create(portal.portal, CONTACT, {"NAME": "Ann", "EMAIL": mail("info@acme.example")}, 1)
    assert find(portal, "info@acme.example") == {"LEAD": list(range(1, 21))}
    assert find(portal, "info@acme.example", entity_type="CONTACT") == {"CONTACT": [1]}


def test_values_beyond_twenty_are_ignored(portal: FreshPortal) -> None:
    portal.lead(EMAIL=mail("last@acme.example"))
    others = [f"p{number}@acme.example" for number in range(20)]
    assert find(portal, *others, "last@acme.example") == []
    assert find(portal, *others[:10], *others[:10], None, "", "last@acme.example") == {"LEAD": [1]}


def test_refusals(portal: FreshPortal) -> None:
    assert portal.refusal("crm.duplicate.findbycomm").text == "Communication type is not defined"
    assert "is not supported" in portal.refusal("crm.duplicate.findbycomm", {"type": "WEB"}).text
    assert portal.refusal("crm.duplicate.findbycomm", {"type": "EMAIL"}).text == "Communication values is not defined"


def test_seven_extra_fields_of_the_portals_own_search(portal: FreshPortal) -> None:
    for name in ("TITLE", "NAME", "LAST_NAME", "POST", "ADDRESS", "UTM_TERM", "ORIGIN_ID"):
        made = portal.ask("crm.duplicate.volatileType.register", {"entityTypeId": LEAD, "fieldCode": name})
    more = {"entityTypeId": LEAD, "fieldCode": "COMMENTS"}
    assert portal.refusal("crm.duplicate.volatileType.register", more).code == "MAX_TYPES_COUNT_EXCEEDED"
    assert portal.ask("crm.duplicate.volatileType.unregister", made) is True
    assert len(portal.ask("crm.duplicate.volatileType.list")) == 6
