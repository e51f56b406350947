"""Product rows of leads and deals."""

from __future__ import annotations

import pytest

from tests.sandbox.bitrix24.fresh import FreshPortal


@pytest.fixture
def portal() -> FreshPortal:
    fresh = FreshPortal()
    fresh.lead()
    return fresh


def test_the_amount_follows_the_rows_unless_it_is_manual(portal: FreshPortal) -> None:
    rows = [{"PRODUCT_NAME": "Курс", "PRICE": "1500.50", "QUANTITY": 2}]
    assert portal.ask("crm.lead.productrows.set", {"id": 1, "rows": rows}) is True
    assert portal.row("lead", 1)["OPPORTUNITY"] == "3001.00"
    manual = portal.lead(OPPORTUNITY=7, IS_MANUAL_OPPORTUNITY="Y")
    portal.ask("crm.lead.productrows.set", {"id": manual, "rows": rows})
    assert portal.row("lead", manual)["OPPORTUNITY"] == "7.00"


def test_a_classic_row_has_its_documented_keys_in_order(portal: FreshPortal) -> None:
    portal.ask("crm.lead.productrows.set", {"id": 1, "rows": [{"PRODUCT_NAME": "Курс", "PRICE": 10}]})
    row = portal.ask("crm.lead.productrows.get", {"id": 1})[0]
    keys = list(row)
    assert keys[:6] == ["ID", "OWNER_ID", "OWNER_TYPE", "PRODUCT_ID", "PRODUCT_NAME", "ORIGINAL_PRODUCT_NAME"]
    assert keys[-1] == "RESERVE_QUANTITY"
    assert (row["ID"], row["OWNER_ID"], row["OWNER_TYPE"], row["PRICE"]) == ("1", "1", "L", 10)
    assert (row["DISCOUNT_TYPE_ID"], row["DISCOUNT_RATE"], row["DISCOUNT_SUM"]) == (2, 0, 0)


def test_a_discount_by_amount_gives_its_rate(portal: FreshPortal) -> None:
    rows = [{"productName": "Курс", "price": 90, "discountTypeId": 1, "discountSum": 10}]
    params = {"ownerType": "L", "ownerId": 1, "productRows": rows}
    row = portal.ask("crm.item.productrow.set", params)["productRows"][0]
    assert (row["discountRate"], row["priceNetto"], row["id"]) == (10, 100, 1)


def test_a_set_with_one_bad_row_changes_nothing(portal: FreshPortal) -> None:
    portal.ask("crm.lead.productrows.set", {"id": 1, "rows": [{"PRODUCT_NAME": "Курс", "PRICE": 10}]})
    params = {"ownerType": "L", "ownerId": 1, "productRows": [{"productName": "x"}, {"price": 5}]}
    assert portal.refusal("crm.item.productrow.set", params).code == "INVALID_ARG_VALUE"
    assert len(portal.ask("crm.lead.productrows.get", {"id": 1})) == 1


def test_rows_one_by_one(portal: FreshPortal) -> None:
    fields = {"ownerType": "L", "ownerId": 1, "productName": "Курс", "price": 5}
    row = portal.ask("crm.item.productrow.add", {"fields": fields})["productRow"]
    portal.ask("crm.item.productrow.update", {"id": row["id"], "fields": {"price": 8}})
    assert portal.row("lead", 1)["OPPORTUNITY"] == "8.00"
    own = {"filter": {"=ownerType": "L", "=ownerId": 1}}
    assert [one["price"] for one in portal.ask("crm.item.productrow.list", own)["productRows"]] == [8]
    assert portal.ask("crm.item.productrow.delete", {"id": row["id"]}) is None
    assert portal.refusal("crm.item.productrow.get", {"id": row["id"]}).code == "NOT_FOUND"
    assert portal.ask("crm.item.productrow.getAvailableForPayment", {"ownerType": "L", "ownerId": 1}) == []
