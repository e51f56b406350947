"""Robots on stages: they act on adds and updates, never on imports, and REST cannot see them."""

from __future__ import annotations

from typing import Any

from tests.sandbox.bitrix24.fresh import LEAD, FreshPortal, mail


def robot(action: str, stage: str = "IN_PROCESS", **more: Any) -> dict[str, Any]:
    return {"entity_type_id": LEAD, "stage": stage, "action": action, **more}


def move(portal: FreshPortal, lead: int, stage: str = "IN_PROCESS") -> None:
    portal.ask("crm.lead.update", {"id": lead, "fields": {"STATUS_ID": stage}})


def test_a_mail_robot_really_sends_when_there_is_an_address() -> None:
    portal = FreshPortal(robots=[robot("mail", subject="Спасибо")])
    move(portal, portal.lead())
    assert len(portal.portal.store["mail"]) == 0
    move(portal, portal.lead(EMAIL=mail("ann@acme.example")))
    assert [row["TO"] for _, row in portal.portal.store["mail"]] == ["ann@acme.example"]


def test_robots_act_on_entering_a_stage_only() -> None:
    portal = FreshPortal(robots=[robot("mail")])
    lead = portal.lead(EMAIL=mail("ann@acme.example"), STATUS_ID="IN_PROCESS")
    move(portal, lead)
    portal.ask("crm.lead.update", {"id": lead, "fields": {"TITLE": "B"}})
    assert len(portal.portal.store["mail"]) == 1
    portal.ask("crm.item.update", {"entityTypeId": LEAD, "id": lead, "fields": {"stageId": "NEW"}})
    portal.ask("crm.item.update", {"entityTypeId": LEAD, "id": lead, "fields": {"stageId": "IN_PROCESS"}})
    assert len(portal.portal.store["mail"]) == 2


def test_imports_are_silent() -> None:
    portal = FreshPortal(robots=[robot("mail")])
    data = [{"title": "x", "stageId": "IN_PROCESS", "EMAIL": mail("ann@acme.example")}]
    portal.ask("crm.item.batchImport", {"entityTypeId": LEAD, "data": data})
    portal.ask("crm.item.import", {"entityTypeId": LEAD, "fields": data[0]})
    assert len(portal.portal.store["mail"]) == 0
    assert len(portal.portal.store["lead"]) == 2


def test_every_kind_of_robot_leaves_its_trace() -> None:
    robots = [robot("todo", title="Позвонить"), robot("task", title="Дело"), robot("notify", message="!")]
    portal = FreshPortal(robots=[*robots, robot("workflow", template_id=7)])
    lead = portal.lead(ASSIGNED_BY_ID=2)
    move(portal, lead)
    store = portal.portal.store
    todo = store["activity"].rows[1]
    assert (todo["SUBJECT"], todo["OWNER"], todo["RESPONSIBLE_ID"]) == ("Позвонить", "1:1", 2)
    assert todo["DEADLINE"] == "2026-01-21T10:00:00+00:00"
    assert store["binding"].rows[1]["OWNER"] == "1:1"
    assert store["task"].rows[1]["UF_CRM_TASK"] == ["L_1"]
    assert (store["notification"].rows[1]["USER_ID"], store["workflow"].rows[1]["TEMPLATE_ID"]) == (2, 7)


def test_a_robot_may_move_the_card_on_and_a_ring_of_them_ends() -> None:
    portal = FreshPortal(robots=[robot("stage", to="PROCESSED"), robot("mail", "PROCESSED")])
    lead = portal.lead(EMAIL=mail("ann@acme.example"))
    move(portal, lead)
    assert portal.row("lead", lead)["STATUS_ID"] == "PROCESSED"
    assert len(portal.portal.store["mail"]) == 1
    ring = FreshPortal(robots=[robot("stage", to="PROCESSED"), robot("stage", "PROCESSED", to="IN_PROCESS")])
    move(ring, ring.lead())
    assert len(ring.portal.store["stagehistory"]) < 20
