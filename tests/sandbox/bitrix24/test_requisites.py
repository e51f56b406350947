"""Requisites and addresses."""

from __future__ import annotations

import pytest

from tests.sandbox.bitrix24.fresh import FreshPortal


@pytest.fixture
def portal() -> FreshPortal:
    fresh = FreshPortal()
    fresh.ask("crm.company.add", {"fields": {"TITLE": "Acme"}})
    fields = {"ENTITY_TYPE_ID": 4, "ENTITY_ID": 1, "PRESET_ID": 1, "NAME": "Реквизиты", "RQ_INN": "7700000000"}
    fresh.ask("crm.requisite.add", {"fields": fields})
    return fresh


def test_rows_are_texts_and_can_be_filtered(portal: FreshPortal) -> None:
    answer = portal.call("crm.requisite.list", {"filter": {"ENTITY_TYPE_ID": 4, "RQ_INN": "7700000000"}})
    assert answer.total == 1
    assert (answer.result[0]["ID"], answer.result[0]["ENTITY_ID"], answer.result[0]["SORT"]) == ("1", "1", "500")
    assert portal.ask("crm.requisite.list", {"select": ["ID", "RQ_INN"]}) == [{"ID": "1", "RQ_INN": "7700000000"}]


def test_the_owner_must_be_a_client_that_exists(portal: FreshPortal) -> None:
    wrong = {"ENTITY_TYPE_ID": 1, "ENTITY_ID": 1, "PRESET_ID": 1}
    assert portal.refusal("crm.requisite.add", {"fields": wrong}).text == "ENTITY_TYPE_ID is not defined or invalid."
    missing = wrong | {"ENTITY_TYPE_ID": 4, "ENTITY_ID": 9}
    assert portal.refusal("crm.requisite.add", {"fields": missing}).text == "ENTITY_ID is not defined or invalid."


def test_a_deleted_requisite_is_not_found_with_an_empty_code_and_its_addresses_go_too(portal: FreshPortal) -> None:
    key = {"TYPE_ID": 1, "ENTITY_TYPE_ID": 8, "ENTITY_ID": 1}
    assert portal.ask("crm.address.add", {"fields": {**key, "CITY": "Тюмень"}}) is True
    assert portal.ask("crm.address.list")[0]["CITY"] == "Тюмень"
    assert portal.ask("crm.requisite.delete", {"id": 1}) is True
    refused = portal.refusal("crm.requisite.get", {"id": 1})
    assert (refused.code, refused.text.endswith("is not found")) == ("", True)
    assert portal.ask("crm.address.list") == []


def test_an_address_is_named_by_type_and_owner(portal: FreshPortal) -> None:
    key = {"TYPE_ID": 1, "ENTITY_TYPE_ID": 8, "ENTITY_ID": 1}
    assert portal.refusal("crm.address.update", {"fields": key}).text == "TypeAddress not found"
    portal.ask("crm.address.add", {"fields": {**key, "CITY": "Тюмень"}})
    portal.ask("crm.address.update", {"fields": {**key, "CITY": "Омск"}})
    assert [row["CITY"] for row in portal.ask("crm.address.list", {"filter": {"ENTITY_ID": 1}})] == ["Омск"]
