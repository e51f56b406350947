"""crm.stagehistory.list."""

from __future__ import annotations

from tests.sandbox.bitrix24.fresh import DEAL, LEAD, FreshPortal


def test_leads_and_deals_have_their_own_columns_and_never_mix() -> None:
    portal = FreshPortal()
    portal.lead()
    portal.ask("crm.deal.add", {"fields": {"TITLE": "d"}})
    leads = portal.call("crm.stagehistory.list", {"entityTypeId": LEAD})
    assert leads.result["items"] == [
        {
            "ID": 1,
            "TYPE_ID": 1,
            "OWNER_ID": 1,
            "CREATED_TIME": "2026-01-20T13:00:00+03:00",
            "STATUS_SEMANTIC_ID": "P",
            "STATUS_ID": "NEW",
        }
    ]
    assert leads.total == 1
    deals = portal.ask("crm.stagehistory.list", {"entityTypeId": DEAL})["items"]
    assert [(row["STAGE_ID"], row["CATEGORY_ID"]) for row in deals] == [("NEW", 0)]


def test_filter_by_owners_time_and_kind_of_move() -> None:
    portal = FreshPortal()
    for _ in range(3):
        portal.lead()
    portal.wait(days=1)
    portal.ask("crm.lead.update", {"id": 2, "fields": {"STATUS_ID": "JUNK"}})

    def found(wanted: dict[str, object]) -> list[tuple[int, int]]:
        rows = portal.ask("crm.stagehistory.list", {"entityTypeId": LEAD, "filter": wanted})["items"]
        return [(row["OWNER_ID"], row["TYPE_ID"]) for row in rows]

    assert found({"@OWNER_ID": [2, 3]}) == [(2, 1), (3, 1), (2, 3)]
    assert found({">CREATED_TIME": "2026-01-20T20:00:00+03:00"}) == [(2, 3)]
    assert found({"TYPE_ID": 3}) == [(2, 3)]


def test_a_wrong_field_and_a_kind_without_stages_are_refused() -> None:
    portal = FreshPortal()
    wrong = portal.refusal("crm.stagehistory.list", {"entityTypeId": LEAD, "filter": {"STAGE_ID": "NEW"}})
    assert wrong.code == "INVALID_ARG_VALUE"
    assert portal.refusal("crm.stagehistory.list", {"entityTypeId": 3}).code == "ENTITY_TYPE_NOT_SUPPORTED"
