"""crm.item.import and crm.item.batchImport."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bitrix24.fresh import COMPANY, CONTACT, LEAD, SELLER, FreshPortal, mail


@pytest.fixture
def portal() -> FreshPortal:
    return FreshPortal()


def refused(portal: FreshPortal, user: int = 1, **fields: Any) -> str:
    fault = portal.refusal("crm.item.import", {"entityTypeId": LEAD, "fields": {"title": "x", **fields}}, user=user)
    assert fault.code == "CRM_FIELD_ERROR_VALUE_NOT_VALID"
    return fault.text


def test_one_card_comes_back_as_its_id_alone(portal: FreshPortal) -> None:
    fields = {"name": "Ann", "EMAIL": mail("ann@acme.example"), "originId": "op-1", "leadId": 5}
    assert portal.ask("crm.item.import", {"entityTypeId": CONTACT, "fields": fields}) == {"item": {"id": 1}}
    row = portal.row("contact", 1)
    assert (row["HAS_EMAIL"], row["ORIGIN_ID"], row["LEAD_ID"]) == ("Y", "op-1", "5")


def test_a_batch_answers_by_position_with_an_error_in_the_place_of_each_refusal(portal: FreshPortal) -> None:
    data = [{"title": "A"}, {}, {"title": "B"}]
    answer = portal.call("crm.item.batchImport", {"entityTypeId": COMPANY, "data": data})
    assert answer.result["items"] == [
        {"item": {"id": 1}},
        {"error": "CRM_FIELD_ERROR_REQUIRED", "error_description": 'Поле "Название" обязательно для заполнения'},
        {"item": {"id": 2}},
    ]
    assert answer.items == 3


def test_twenty_cards_a_call_at_most(portal: FreshPortal) -> None:
    twenty = {"entityTypeId": CONTACT, "data": [{"name": "A"}] * 20}
    assert len(portal.ask("crm.item.batchImport", twenty)["items"]) == 20
    more = portal.refusal("crm.item.batchImport", {"entityTypeId": CONTACT, "data": [{"name": "A"}] * 21})
    assert more.code == "MAX_IMPORT_BATCH_SIZE_EXCEEDED"
    assert len(portal.portal.store["contact"]) == 20


def test_an_administrator_gives_history_back(portal: FreshPortal) -> None:
    fields = {
        "title": "x", "createdTime": "2020-05-01T12:00:00+03:00", "movedTime": "2020-05-02T12:00:00+03:00",
        "updatedTime": "2020-05-03T12:00:00+03:00", "createdBy": SELLER, "updatedBy": SELLER, "movedBy": SELLER,
    }  # fmt: skip
    portal.ask("crm.item.import", {"entityTypeId": LEAD, "fields": fields})
    row = portal.row("lead", 1)
    assert (row["DATE_CREATE"], row["MOVED_TIME"], row["DATE_MODIFY"]) == (
        "2020-05-01T12:00:00+03:00", "2020-05-02T12:00:00+03:00", "2020-05-03T12:00:00+03:00",
    )  # fmt: skip
    assert row["CREATED_BY_ID"] == row["MODIFY_BY_ID"] == row["MOVED_BY_ID"] == str(SELLER)


def test_nobody_else_may(portal: FreshPortal) -> None:
    assert "createdTime" in refused(portal, user=SELLER, createdTime="2020-05-01T12:00:00+03:00")


def test_creation_dates_must_ascend(portal: FreshPortal) -> None:
    portal.lead()
    assert "createdTime" in refused(portal, createdTime="2020-05-01T12:00:00+03:00")
    portal.wait(days=1)
    fields = {"title": "x", "createdTime": "2026-01-20T13:00:01+03:00"}
    assert portal.ask("crm.item.import", {"entityTypeId": LEAD, "fields": fields}) == {"item": {"id": 2}}


def test_times_lie_between_creation_and_now(portal: FreshPortal) -> None:
    assert "createdTime" in refused(portal, createdTime="2027-01-01")
    assert "updatedTime" in refused(portal, createdTime="2020-05-01", updatedTime="2020-04-01")
    assert "updatedTime" in refused(portal, updatedTime="2027-01-01")
    assert "movedTime" in refused(portal, createdTime="2020-05-01", updatedTime="2020-05-03", movedTime="2020-05-04")
