"""crm.category.* and crm.dealcategory.*."""

from __future__ import annotations

import pytest

from tests.sandbox.bitrix24.fresh import SELLER, FreshPortal

DEALS = {"entityTypeId": 2}


@pytest.fixture
def portal() -> FreshPortal:
    return FreshPortal()


def test_the_general_pipeline_is_always_there_and_numbers_are_numbers(portal: FreshPortal) -> None:
    answer = portal.call("crm.category.list", DEALS)
    assert answer.result == {
        "categories": [{"id": 0, "name": "Общая", "sort": 300, "entityTypeId": 2, "isDefault": "Y"}]
    }
    assert answer.total == 1


def test_a_new_pipeline_has_its_stages_at_once(portal: FreshPortal) -> None:
    fields = {"name": "B2B", "sort": 200, "isDefault": "Y"}
    made = portal.ask("crm.category.add", {**DEALS, "fields": fields})["category"]
    assert made == {
        "id": 1, "name": "B2B", "sort": 200, "entityTypeId": 2, "isDefault": "N", "originId": "", "originatorId": "",
    }  # fmt: skip
    stages = portal.ask("crm.dealcategory.stage.list", {"id": 1})
    assert [row["STATUS_ID"] for row in stages][:2] == ["C1:NEW", "C1:PREPARATION"]
    assert portal.ask("crm.dealcategory.status", {"id": 1}) == "DEAL_STAGE_1"
    assert [row["id"] for row in portal.ask("crm.category.list", DEALS)["categories"]] == [1, 0]


def test_leads_have_no_pipelines(portal: FreshPortal) -> None:
    assert portal.refusal("crm.category.list", {"entityTypeId": 1}).code == "ENTITY_TYPE_NOT_SUPPORTED"
    assert portal.refusal("crm.category.list", {"entityTypeId": 999}).code == "NOT_FOUND"


def test_a_pipeline_needs_a_name_and_an_administrator(portal: FreshPortal) -> None:
    unnamed = portal.refusal("crm.category.add", {**DEALS, "fields": {"name": " "}})
    assert (unnamed.code, unnamed.text) == (0, "Field 'NAME' is required")
    denied = portal.refusal("crm.category.add", {**DEALS, "fields": {"name": "x"}}, user=SELLER)
    assert denied.code == "ACCESS_DENIED"


def test_a_negative_sort_becomes_zero(portal: FreshPortal) -> None:
    portal.ask("crm.category.add", {**DEALS, "fields": {"name": "x"}})
    changed = portal.ask("crm.category.update", {**DEALS, "id": 1, "fields": {"sort": -5, "name": "y"}})["category"]
    assert (changed["sort"], changed["name"]) == (0, "y")


def test_a_pipeline_with_deals_and_the_general_one_cannot_go(portal: FreshPortal) -> None:
    portal.ask("crm.category.add", {**DEALS, "fields": {"name": "B2B"}})
    deal = portal.ask("crm.deal.add", {"fields": {"CATEGORY_ID": 1}})
    held = portal.refusal("crm.category.delete", {**DEALS, "id": 1})
    assert (held.code, held.text) == (0, "Deals related to the funnel B2B found")
    general = portal.refusal("crm.category.delete", {**DEALS, "id": 0})
    assert (general.code, general.text) == (0, "Default deal category cannot be deleted")
    portal.ask("crm.deal.delete", {"id": deal})
    assert portal.ask("crm.category.delete", {**DEALS, "id": 1}) is None
    assert portal.refusal("crm.category.get", {**DEALS, "id": 1}).code == "NOT_FOUND"
    assert portal.ask("crm.status.list", {"filter": {"ENTITY_ID": "DEAL_STAGE_1"}}) == []


def test_the_old_family_still_answers_in_texts(portal: FreshPortal) -> None:
    assert portal.ask("crm.dealcategory.default.get") == {"ID": 0, "NAME": "Общая"}
    assert portal.ask("crm.dealcategory.default.set", {"name": "Продажи"}) is True
    assert portal.ask("crm.dealcategory.default.get")["NAME"] == "Продажи"
    made = portal.ask("crm.dealcategory.add", {"fields": {"NAME": "B2B", "SORT": 20}})
    listed = portal.call("crm.dealcategory.list")
    assert (made, listed.total, listed.result[0]["ID"], listed.result[0]["SORT"]) == (1, 1, "1", "20")
    assert portal.ask("crm.dealcategory.delete", {"id": made}) is True
