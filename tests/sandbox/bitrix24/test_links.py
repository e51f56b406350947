"""Links between cards."""

from __future__ import annotations

import pytest

from tests.sandbox.bitrix24.fresh import FreshPortal


@pytest.fixture
def portal() -> FreshPortal:
    fresh = FreshPortal()
    for number in range(1, 4):
        fresh.ask("crm.contact.add", {"fields": {"NAME": f"c{number}"}})
        fresh.ask("crm.company.add", {"fields": {"TITLE": f"f{number}"}})
    fresh.ask("crm.deal.add", {"fields": {"TITLE": "d"}})
    fresh.lead()
    return fresh


def test_rows_carry_numbers(portal: FreshPortal) -> None:
    assert portal.ask("crm.deal.contact.add", {"id": 1, "fields": {"CONTACT_ID": "2"}}) is True
    assert portal.ask("crm.deal.contact.items.get", {"id": 1}) == [
        {"CONTACT_ID": 2, "SORT": 10, "ROLE_ID": 0, "IS_PRIMARY": "Y"}
    ]


def test_a_second_link_stays_second_unless_it_is_made_primary(portal: FreshPortal) -> None:
    portal.ask("crm.lead.contact.add", {"id": 1, "fields": {"CONTACT_ID": 1}})
    portal.ask("crm.lead.contact.add", {"id": 1, "fields": {"CONTACT_ID": 2, "IS_PRIMARY": "N"}})
    assert portal.row("lead", 1)["CONTACT_ID"] == "1"
    portal.ask("crm.lead.contact.add", {"id": 1, "fields": {"CONTACT_ID": 3, "IS_PRIMARY": "Y"}})
    assert portal.row("lead", 1)["CONTACT_ID"] == "3"
    rows = portal.ask("crm.lead.contact.items.get", {"id": 1})
    assert [(row["CONTACT_ID"], row["IS_PRIMARY"]) for row in rows] == [(1, "N"), (2, "N"), (3, "Y")]


def test_set_replaces_the_whole_and_orders_by_sort(portal: FreshPortal) -> None:
    portal.ask("crm.lead.contact.add", {"id": 1, "fields": {"CONTACT_ID": 1}})
    items = [{"CONTACT_ID": 2, "SORT": "30"}, {"CONTACT_ID": 3, "SORT": 20, "IS_PRIMARY": "Y"}]
    assert portal.ask("crm.lead.contact.items.set", {"id": 1, "items": items}) is True
    rows = portal.ask("crm.lead.contact.items.get", {"id": 1})
    assert [(row["CONTACT_ID"], row["SORT"], row["IS_PRIMARY"]) for row in rows] == [(3, 20, "Y"), (2, 30, "N")]
    portal.ask("crm.lead.contact.delete", {"id": 1, "fields": {"CONTACT_ID": 3}})
    assert portal.row("lead", 1)["CONTACT_ID"] == "2"
    portal.ask("crm.lead.contact.items.delete", {"id": 1})
    assert portal.ask("crm.lead.contact.items.get", {"id": 1}) == []
    assert portal.row("lead", 1)["CONTACT_ID"] is None


def test_a_contact_may_belong_to_several_companies_seen_from_both_sides(portal: FreshPortal) -> None:
    items = [{"COMPANY_ID": 2}, {"COMPANY_ID": 1}, {"COMPANY_ID": 3}]
    portal.ask("crm.contact.company.items.set", {"id": 1, "items": items})
    assert portal.row("contact", 1)["COMPANY_ID"] == "2"
    for company in (1, 2, 3):
        rows = portal.ask("crm.company.contact.items.get", {"id": company})
        assert [row["CONTACT_ID"] for row in rows] == [1]
    portal.ask("crm.company.contact.items.set", {"id": 1, "items": [{"CONTACT_ID": 2}]})
    assert [row["COMPANY_ID"] for row in portal.ask("crm.contact.company.items.get", {"id": 1})] == [2, 3]
    assert portal.row("contact", 2)["COMPANY_ID"] == "1"


def test_unknown_cards_are_refused(portal: FreshPortal) -> None:
    assert portal.refusal("crm.lead.contact.add", {"id": 1, "fields": {"CONTACT_ID": 99}}).text == "Not found"
    assert portal.refusal("crm.lead.contact.items.get", {"id": 99}).text == "Not found"
    assert portal.refusal("crm.lead.contact.delete", {"id": 1, "fields": {"CONTACT_ID": 1}}).text == "Not found"


def test_a_company_takes_its_people_on_creation(portal: FreshPortal) -> None:
    company = portal.ask("crm.company.add", {"fields": {"TITLE": "new", "CONTACT_ID": [1, 3]}})
    rows = portal.ask("crm.company.contact.items.get", {"id": company})
    assert [row["CONTACT_ID"] for row in rows] == [1, 3]
