"""A card of ours goes first: what it meets is named, and it never stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from b24kit.change.canary import CanaryFirst
from b24kit.change.operation import CreateRecord, Phase, UpdateRecord
from b24kit.change.plan import Plan
from b24kit.change.recap import Ended
from b24kit.crm.portal import Trace
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change, Create, Delete, Write
from b24kit.errors import Refused
from tests.change.cases import WHY, company, plan_for, rollout
from tests.change.memory_portal import Fault, MemoryPortal, PowerCut, Robot, stage

LETTER = Trace("activity", "55", "Спасибо за обращение")


def with_canary(portal: MemoryPortal, folder: Path) -> object:
    return rollout(portal, folder, before_phase=CanaryFirst(portal, portal.clock)).apply(plan_for(portal))


def leads(portal: MemoryPortal) -> set[str]:
    return set(portal.rows[Kind.LEAD])


def test_a_quiet_portal_lets_the_run_go_on_and_the_canary_is_gone(tmp_path: Path) -> None:
    portal = company()
    before = leads(portal)
    plan = plan_for(portal)
    work = rollout(portal, tmp_path, before_phase=CanaryFirst(portal, portal.clock))
    recap = work.apply(plan)
    assert recap.ended is Ended.DONE and leads(portal) == before
    keys = [entry.key for entry in work.store.open(recap.run_id).journal.history() if entry.key.startswith("canary")]
    assert keys.index("canary-1-make") < keys.index("canary-1-saw-2") < keys.index("canary-1-remove")


def test_a_robot_on_a_target_stage_stops_the_run_before_the_first_card_moves(tmp_path: Path) -> None:
    portal = company()
    before = leads(portal)
    portal.robots.append(Robot("LINKED", LETTER))
    with pytest.raises(Refused, match="Спасибо за обращение"):
        with_canary(portal, tmp_path)
    assert leads(portal) == before
    assert {lead.stage for lead in portal.leads()} == {"MAIL"}


def test_the_run_goes_on_once_the_robots_are_known(tmp_path: Path) -> None:
    portal = company()
    portal.robots.append(Robot("LINKED", LETTER))
    with pytest.raises(Refused):
        with_canary(portal, tmp_path)
    work = rollout(portal, tmp_path)
    assert work.resume(work.store.list()[-1].id).ended is Ended.DONE


def test_the_canary_has_no_address_and_is_made_quietly(tmp_path: Path) -> None:
    portal = company()
    made: list[Create] = []

    def see(write: Write) -> Fault:
        if isinstance(write, Create) and write.kind is Kind.LEAD:
            made.append(write)
        return Fault.NONE

    portal.fault = see
    with_canary(portal, tmp_path)
    assert [(one.quiet, one.values["points"]) for one in made] == [(True, [])]


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.LATE])
def test_a_canary_whose_making_was_not_answered_is_found_or_given_up(tmp_path: Path, fault: Fault) -> None:
    portal = company()
    before = leads(portal)
    portal.fault = lambda write: fault if isinstance(write, Create) and write.kind is Kind.LEAD else Fault.NONE
    if fault is Fault.LOST_BEFORE:
        with pytest.raises(Refused, match=r"canary\.not_made"):
            with_canary(portal, tmp_path)
    else:
        with_canary(portal, tmp_path)
    assert leads(portal) == before


def test_a_refused_move_still_removes_the_canary(tmp_path: Path) -> None:
    portal = company()
    before = leads(portal)
    portal.fault = lambda write: (
        Fault.REFUSED if isinstance(write, Change) and write.ref.id not in before and write.ref.kind is Kind.LEAD
        else Fault.NONE
    )  # fmt: skip
    with pytest.raises(Refused, match=r"canary\.not_moved"):
        with_canary(portal, tmp_path)
    assert leads(portal) == before


@pytest.mark.parametrize("moment", ["after making", "before removing"])
def test_a_canary_left_by_a_crash_is_removed_by_the_next_flight(tmp_path: Path, moment: str) -> None:
    portal = company()
    before = leads(portal)

    def crash(write: Write) -> Fault:
        if isinstance(write, Create) and write.kind is Kind.LEAD and moment == "after making":
            portal._do(write)  # the portal has done it when the machine stops
            raise PowerCut
        if isinstance(write, Delete) and write.ref.kind is Kind.LEAD:
            raise PowerCut
        return Fault.NONE

    portal.fault = crash
    with pytest.raises(PowerCut):
        with_canary(portal, tmp_path)
    assert len(leads(portal)) == len(before) + 1
    portal.fault = lambda write: Fault.NONE
    work = rollout(portal, tmp_path, before_phase=CanaryFirst(portal, portal.clock))
    recap = work.resume(work.store.list()[-1].id)
    assert recap.ended is Ended.DONE and leads(portal) == before


def test_a_robot_that_moves_or_changes_the_card_is_named(tmp_path: Path) -> None:
    portal = company()

    def meddle(write: Write) -> Fault:
        if isinstance(write, Change) and write.values == {"stage": "LINKED"}:
            portal.late.append((portal.clock.monotonic() + 1, Change("robot", write.ref, {"owner": "9"})))
        return Fault.NONE

    portal.fault = meddle
    with pytest.raises(Refused, match="LINKED: owner"):
        with_canary(portal, tmp_path)
    assert Ref(Kind.LEAD, "1").id in leads(portal)


def test_a_robot_on_the_first_stage_is_met_although_cards_are_usually_made_there(tmp_path: Path) -> None:
    portal = company()
    portal.robots.append(Robot("NEW", LETTER))
    back = [
        UpdateRecord(
            key=f"l-{lead.id}",
            phase=Phase.CARDS,
            reason=WHY,
            ref=lead.ref,
            before={"stage": lead.stage},
            after={"stage": "NEW"},
        )
        for lead in portal.leads()
    ]
    work = rollout(portal, tmp_path, before_phase=CanaryFirst(portal, portal.clock))
    with pytest.raises(Refused, match="NEW: activity"):
        work.apply(plan_for(portal, back))


class Eager(MemoryPortal):
    """A portal on which something happens to every new deal although it was made quietly."""

    def traces(self, ref: Ref) -> list[Trace]:
        return [LETTER] if ref.kind is Kind.DEAL else super().traces(ref)


def with_a_deal(portal: MemoryPortal) -> Plan:
    portal.add(stage(50, "NEW", "Новая", ladder="deals:0"), stage(51, "TALK", "Переговоры", ladder="deals:0"))
    values = {"title": "Стенд", "pipeline": "0", "stage": "TALK"}
    deal = CreateRecord(key="deal-1", phase=Phase.DEALS, reason=WHY, kind=Kind.DEAL, values=values)
    return plan_for(portal, [deal])


def test_a_deal_of_ours_is_made_first_where_the_plan_makes_its_deals(tmp_path: Path) -> None:
    portal = company()
    places: list[object] = []

    def see(write: Write) -> Fault:
        if isinstance(write, Create):
            places.append((write.values.get("stage"), write.quiet))
        return Fault.NONE

    portal.fault = see
    plan = with_a_deal(portal)
    recap = rollout(portal, tmp_path, before_phase=CanaryFirst(portal, portal.clock)).apply(plan)
    assert recap.ended is Ended.DONE
    assert places == [("TALK", True)] * 2
    assert [deal.title for deal in portal.deals()] == ["Стенд"]


def test_what_a_quiet_deal_meets_stops_the_run_before_the_first_one(tmp_path: Path) -> None:
    portal = Eager(company().clock)
    portal.rows = company().rows
    plan = with_a_deal(portal)
    with pytest.raises(Refused, match="TALK: activity"):
        rollout(portal, tmp_path, before_phase=CanaryFirst(portal, portal.clock)).apply(plan)
    assert list(portal.deals()) == []
