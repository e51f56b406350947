"""Carrying out a plan: unknown outcomes, conflicts, windows and cuts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from b24kit.change.executor import Bounds
from b24kit.change.operation import BindLetter, CreateRecord, Phase, UpdateRecord
from b24kit.change.recap import Ended
from b24kit.crm.portal import Progress
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change, Create, Write
from b24kit.errors import Refused
from tests.change.cases import WHY, company, operations, plan_for, rollout, take_back
from tests.change.memory_portal import Fault, MemoryPortal


def made_twice(portal: MemoryPortal) -> bool:
    addresses = [contact.emails for contact in portal.contacts()]
    return len(addresses) != len(set(addresses))


def test_a_plan_is_carried_out_whole(tmp_path: Path) -> None:
    portal = company()
    recap = rollout(portal, tmp_path).apply(plan_for(portal))
    assert recap.line() == "ok=0 changed=14 moved=8 skipped=0 conflict=0 failed=0 left=0"
    assert recap.ended is Ended.DONE and recap.exit_code == 0
    assert [one.code for one in portal.stages()] == ["NEW", "CONVERTED", "JUNK", "LINKED"]
    assert {lead.stage for lead in portal.leads()} == {"CONVERTED", "LINKED"}
    assert all(lead.contact for lead in portal.leads())


def test_a_second_plan_over_the_result_has_nothing_to_do(tmp_path: Path) -> None:
    portal = company()
    rollout(portal, tmp_path).apply(plan_for(portal))
    twice = [one for one in operations(portal) if isinstance(one, UpdateRecord) and one.ref.kind is Kind.STAGE]
    recap = rollout(portal, tmp_path).apply(plan_for(portal, twice))
    assert recap.line() == "ok=1 changed=0 moved=0 skipped=0 conflict=0 failed=0 left=0"


def test_new_cards_carry_the_plan_and_the_operation_as_their_origin(tmp_path: Path) -> None:
    portal = company()
    plan = plan_for(portal)
    rollout(portal, tmp_path).apply(plan)
    origins = {contact.origin.id for contact in portal.contacts() if contact.origin}
    assert origins == {f"{plan.id}.c-{client}-contact" for client in range(3)}


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.LATE, Fault.NOT_EXECUTED])
def test_an_unknown_outcome_is_settled_and_nothing_is_doubled(tmp_path: Path, fault: Fault) -> None:
    portal = company()
    struck: set[str] = set()

    def once(write: Write) -> Fault:
        if write.key in struck:
            return Fault.NONE
        struck.add(write.key)
        return fault

    portal.fault = once
    recap = rollout(portal, tmp_path).apply(plan_for(portal))
    assert (recap.changed, recap.moved, recap.failed, recap.left) == (14, 8, 0, 0)
    assert len(list(portal.contacts())) == 4 and not made_twice(portal)


def test_absence_is_believed_only_a_minute_after_sending(tmp_path: Path) -> None:
    portal = company()
    struck: list[str] = []

    def late(write: Write) -> Fault:
        if isinstance(write, Create) and write.kind is Kind.CONTACT and not struck:
            struck.append(write.key)
            return Fault.LATE
        return Fault.NONE

    portal.fault = late
    plan = plan_for(portal)
    begun = portal.clock.monotonic()
    rollout(portal, tmp_path).apply(plan)
    assert 60 <= portal.clock.monotonic() - begun < 61
    assert portal.calls.count(struck[0]) == 1


def test_what_nobody_can_settle_ends_as_failed_after_three_rounds(tmp_path: Path) -> None:
    portal = company()
    portal.fault = lambda write: Fault.LOST_BEFORE if write.key.endswith("c-1-contact") else Fault.NONE
    recap = rollout(portal, tmp_path).apply(plan_for(portal))
    assert recap.ended is Ended.PARTLY and recap.exit_code == 3
    failed = next(one for one in recap.undone if one.state == "failed")
    assert (failed.key, failed.code) == ("c-1-contact", "change.failed.unsettled")


def test_a_refusal_stops_its_cluster_and_no_other(tmp_path: Path) -> None:
    portal = company()
    portal.fault = lambda write: Fault.REFUSED if write.key.endswith("c-1-contact") else Fault.NONE
    recap = rollout(portal, tmp_path).apply(plan_for(portal))
    assert recap.exit_code == 3
    said = {one.key: (one.code, one.said) for one in recap.undone}
    assert said["c-1-contact"] == ("NO", "Нельзя.")
    assert said["l-3"][0] == "change.skipped.cluster"
    assert said["s-mail"][0] == "change.skipped.needs"
    assert {lead.id for lead in portal.leads() if lead.stage == "MAIL"} == {"3", "4", "5"}


def test_a_partly_done_run_is_completed_by_a_resume(tmp_path: Path) -> None:
    portal = company()
    portal.fault = lambda write: Fault.REFUSED if write.key.endswith("c-1-contact") else Fault.NONE
    work = rollout(portal, tmp_path)
    recap = work.apply(plan_for(portal))
    portal.fault = lambda write: Fault.NONE
    again = work.resume(recap.run_id)
    assert again.line() == "ok=0 changed=14 moved=8 skipped=0 conflict=0 failed=0 left=0"
    assert not made_twice(portal)


def test_a_card_changed_in_the_middle_of_a_run_is_left_alone_with_its_cluster(tmp_path: Path) -> None:
    portal = company()

    def meddle(write: Write) -> Fault:
        if write.key.endswith("c-0-contact"):
            portal.edit(Ref(Kind.LEAD, "7"), by="9", owner="9")
        return Fault.NONE

    portal.fault = meddle
    recap = rollout(portal, tmp_path).apply(plan_for(portal))
    assert recap.conflict == 1 and recap.failed == 0
    conflict = next(one for one in recap.undone if one.state == "conflict")
    assert (conflict.key, conflict.facts) == ("l-7", {"fields": ["owner"], "by": "9"})
    assert next(lead for lead in portal.leads() if lead.id == "7").stage == "MAIL"


def test_a_card_that_somebody_already_put_where_we_want_it_is_no_conflict(tmp_path: Path) -> None:
    portal = company()
    lead = Ref(Kind.LEAD, "1")
    move = UpdateRecord(
        key="l-1",
        phase=Phase.CARDS,
        reason=WHY,
        cluster="c",
        ref=lead,
        before={"stage": "MAIL", "owner": "5"},
        after={"stage": "JUNK", "owner": "6"},
    )
    plan = plan_for(portal, [move])
    portal.edit(lead, stage="JUNK")
    recap = rollout(portal, tmp_path).apply(plan)
    assert (recap.moved, recap.conflict) == (1, 0)
    portal.edit(lead, stage="JUNK")
    assert rollout(portal, tmp_path).apply(plan_for(portal, [move])).ok == 1


def test_a_letter_already_bound_is_not_bound_again_so_that_an_undo_leaves_it(tmp_path: Path) -> None:
    portal = company()
    anna, letter = Ref(Kind.CONTACT, "1"), Ref(Kind.ACTIVITY, "101")
    portal.rows[Kind.ACTIVITY]["101"]["bindings"].append(str(anna))
    bind = BindLetter(key="b-1", phase=Phase.LINKS, reason=WHY, activity=letter, card=anna)
    assert rollout(portal, tmp_path).apply(plan_for(portal, [bind])).line().startswith("ok=1 changed=0")


def test_the_run_window_ends_a_run_in_order_and_a_resume_completes_it(tmp_path: Path) -> None:
    portal = company()
    plan = plan_for(portal)
    closing = portal.clock.now() + timedelta(minutes=3)

    def slow(write: Write) -> Fault:
        portal.clock.advance(20)
        return Fault.NONE

    portal.fault = slow
    recap = rollout(portal, tmp_path, bounds=Bounds(until=closing)).apply(plan)
    assert recap.ended is Ended.STOPPED and recap.exit_code == 6 and recap.left > 0
    assert portal.clock.now() < closing + timedelta(minutes=4)
    again = rollout(portal, tmp_path).resume(recap.run_id)
    assert again.ended is Ended.DONE and not made_twice(portal)


@pytest.mark.parametrize(("cut", "clusters"), [(Bounds(limit=1), 1), (Bounds(sample=2), 2)])
def test_a_cut_takes_whole_clusters_and_leaves_the_old_stage_standing(
    tmp_path: Path, cut: Bounds, clusters: int
) -> None:
    portal = company()
    recap = rollout(portal, tmp_path, bounds=cut).apply(plan_for(portal))
    assert recap.ended is Ended.STOPPED and recap.failed == 0
    closed = {int(lead.id) // 3 for lead in portal.leads() if lead.stage != "MAIL"}
    standing = {int(lead.id) // 3 for lead in portal.leads() if lead.stage == "MAIL"}
    assert len(closed) == clusters and not closed & standing
    assert "MAIL" in {one.code for one in portal.stages()}
    assert rollout(portal, tmp_path).resume(recap.run_id).ended is Ended.DONE


def test_an_interrupted_run_keeps_its_books_and_can_be_resumed(tmp_path: Path) -> None:
    portal = company()

    def break_off(write: Write) -> Fault:
        if isinstance(write, Change) and write.ref == Ref(Kind.LEAD, "4"):
            portal.fault = lambda write: Fault.NONE
            raise KeyboardInterrupt
        return Fault.NONE

    portal.fault = break_off
    recap = rollout(portal, tmp_path).apply(plan_for(portal))
    assert recap.ended is Ended.INTERRUPTED and recap.exit_code == 130
    again = rollout(portal, tmp_path).resume(recap.run_id)
    assert again.ended is Ended.DONE and not made_twice(portal)


def test_somebody_asking_to_stop_is_heard_before_the_next_batch(tmp_path: Path) -> None:
    portal = company()
    asked: list[str] = []

    def note(write: Write) -> Fault:
        asked.append(write.key)
        return Fault.NONE

    portal.fault = note
    recap = rollout(portal, tmp_path, bounds=Bounds(stop=lambda: len(asked) >= 6)).apply(plan_for(portal))
    assert recap.ended is Ended.INTERRUPTED
    assert recap.changed + recap.moved == len(asked)  # answers in flight were not lost


def test_progress_tells_of_the_whole_run(tmp_path: Path) -> None:
    portal = company()
    told: list[Progress] = []
    rollout(portal, tmp_path, tell=told.append).apply(plan_for(portal))
    assert [one.done for one in told] == sorted(one.done for one in told)
    assert told[-1] == Progress(22, 22, None)


def test_two_operations_on_one_card_go_one_after_the_other(tmp_path: Path) -> None:
    portal = company()

    def change(key: str, **after: Any) -> UpdateRecord:
        before: dict[str, Any] = {"stage": "MAIL", "owner": "5"}
        return UpdateRecord(
            key=key,
            phase=Phase.CARDS,
            reason=WHY,
            ref=Ref(Kind.LEAD, "1"),
            before={name: before[name] for name in after},
            after=after,
        )

    recap = rollout(portal, tmp_path).apply(plan_for(portal, [change("a", owner="6"), change("b", stage="JUNK")]))
    assert (recap.changed, recap.moved) == (1, 1)


def test_a_title_that_reads_like_a_reference_is_taken_as_words(tmp_path: Path) -> None:
    portal = company()
    values = {"title": "new:заявка", "comment": "contact:new:7", "points": [], "owner": "5"}
    create = CreateRecord(key="k", phase=Phase.CONTACTS, reason=WHY, kind=Kind.CONTACT, values=values)
    assert rollout(portal, tmp_path).apply(plan_for(portal, [create])).changed == 1
    assert list(portal.contacts())[-1].title == "new:заявка"


def test_an_applied_plan_is_not_applied_again(tmp_path: Path) -> None:
    portal = company()
    plan = plan_for(portal)
    work = rollout(portal, tmp_path)
    work.apply(plan)
    with pytest.raises(Refused, match=r"guard\.applied"):
        work.apply(plan)


def test_a_run_that_was_taken_back_is_not_resumed(tmp_path: Path) -> None:
    portal = company()
    work = rollout(portal, tmp_path, bounds=Bounds(limit=1))
    recap = work.apply(plan_for(portal))
    take_back(portal, rollout(portal, tmp_path), recap.run_id)
    with pytest.raises(Refused, match=r"guard\.undone"):
        work.resume(recap.run_id)
