"""What stops a run before its first write, each with its exit code; and nothing is written then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from b24kit.change.executor import Bounds
from b24kit.change.guard import Consent
from b24kit.change.operation import CreateRecord, Phase, RemoveRecord, UpdateRecord
from b24kit.change.plan import HandStep, Plan
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import B24kitError, NotAllowed, PlanStale, Refused
from tests.change.cases import DAY, WHY, company, operations, plan_for, rollout
from tests.change.memory_portal import MemoryPortal, stage


def refused(portal: MemoryPortal, plan: Plan, folder: Path, consent: Consent | None = None) -> B24kitError:
    with pytest.raises(B24kitError) as caught:
        rollout(portal, folder, consent=consent or Consent()).apply(plan)
    assert not portal.calls, "something was written"
    assert not list((folder / "runs").glob("2*")), "a refused plan leaves no run"
    return caught.value


def moves(portal: MemoryPortal) -> list[UpdateRecord]:
    return [
        UpdateRecord(
            key=f"l-{lead.id}",
            phase=Phase.CARDS,
            reason=WHY,
            cluster=f"c-{lead.id}",
            ref=lead.ref,
            before={"stage": lead.stage},
            after={"stage": "JUNK"},
        )
        for lead in portal.leads()
    ]


def test_another_portal(tmp_path: Path) -> None:
    portal = company()
    plan = plan_for(portal)
    portal.portal_id = "other.test"
    error = refused(portal, plan, tmp_path)
    assert (error.code, error.exit_code) == ("guard.other_portal", 5)


def test_an_expired_plan(tmp_path: Path) -> None:
    portal = company()
    plan = plan_for(portal)
    portal.clock.advance(DAY.total_seconds())
    error = refused(portal, plan, tmp_path)
    assert (error.code, error.exit_code) == ("guard.expired", 4)


def rename(portal: MemoryPortal) -> None:
    portal.rows[Kind.STAGE]["9"]["name"] = "Мусор"


def make(portal: MemoryPortal) -> None:
    portal.add(stage(20, "NEWEST", "Новейшая"))


def remove(portal: MemoryPortal) -> None:
    del portal.rows[Kind.STAGE]["9"]


@pytest.mark.parametrize(("meddle", "named"), [(rename, "Мусор"), (make, "Новейшая"), (remove, "stage:9")])
def test_stages_that_moved_on_are_named(tmp_path: Path, meddle: Callable[[MemoryPortal], None], named: str) -> None:
    portal = company()
    plan = plan_for(portal)
    meddle(portal)
    error = refused(portal, plan, tmp_path)
    assert (type(error), error.code, error.exit_code) == (PlanStale, "guard.settings_moved", 4)
    assert named in str(error.facts["moved"])


def test_many_changed_cards_make_a_plan_stale_and_tell_who_changed_them(tmp_path: Path) -> None:
    portal = company(20)
    plan = plan_for(portal)
    for number in range(1, 7):
        portal.edit(Ref(Kind.LEAD, str(number)), by="9", owner="8")
    error = refused(portal, plan, tmp_path)
    assert (error.code, error.exit_code) == ("guard.cards_moved", 4)
    assert (error.facts["count"], error.facts["by"]) == (6, "9")


def test_a_few_changed_cards_are_left_alone_with_their_whole_clusters(tmp_path: Path) -> None:
    portal = company(20)
    plan = plan_for(portal)
    portal.edit(Ref(Kind.LEAD, "4"), by="9", owner="8")
    recap = rollout(portal, tmp_path).apply(plan)
    assert recap.conflict == 1
    assert {lead.id for lead in portal.leads() if lead.stage == "MAIL"} == {"3", "4", "5"}
    assert len(list(portal.contacts())) == 1 + 6, "no contact is made for a cluster that is left alone"


def test_a_portal_without_leads(tmp_path: Path) -> None:
    portal = company()
    plan = plan_for(portal)
    portal.leads_on = False
    error = refused(portal, plan, tmp_path)
    assert (type(error), error.code, error.exit_code) == (Refused, "guard.no_leads", 5)


def test_missing_rights_and_scopes(tmp_path: Path) -> None:
    portal = company()
    plan = plan_for(portal)
    portal.admin = False
    error = refused(portal, plan, tmp_path)
    assert (type(error), error.code, error.exit_code) == (NotAllowed, "guard.not_admin", 5)
    portal.admin, portal.missing = True, frozenset({"crm"})
    assert refused(portal, plan, tmp_path).code == "guard.no_scope"


def test_tasks_need_their_scope_and_cards_do_not(tmp_path: Path) -> None:
    portal = company()
    portal.missing = frozenset({"task"})
    task = CreateRecord(
        key="t", phase=Phase.NOTES, reason=WHY, kind=Kind.TASK, values={"card": "lead:1", "title": "Позвонить"}
    )
    error = refused(portal, plan_for(portal, [task]), tmp_path)
    assert (error.code, error.facts["scopes"]) == ("guard.no_scope", "task")
    assert rollout(portal, tmp_path).apply(plan_for(portal)).exit_code == 0


def test_too_many_changes(tmp_path: Path) -> None:
    portal = company()
    error = refused(portal, plan_for(portal), tmp_path, Consent(max_changes=10))
    assert (error.code, error.exit_code, error.facts["changes"]) == ("guard.too_many", 5, 22)


def removal(portal: MemoryPortal) -> RemoveRecord:
    lead = next(portal.leads())
    return RemoveRecord(key="r", phase=Phase.RETIRE, reason=WHY, cluster="c", ref=lead.ref, before=values_of(lead))


@pytest.mark.parametrize("phrase", ["", "да", "удалить 2", "delete"])
def test_what_is_final_needs_its_typed_phrase(tmp_path: Path, phrase: str) -> None:
    portal = company()
    error = refused(portal, plan_for(portal, [removal(portal)]), tmp_path, Consent(phrase=phrase))
    assert (error.code, error.exit_code, error.facts["count"]) == ("guard.final", 5, 1)


@pytest.mark.parametrize("phrase", ["удалить 1", "  Delete   1 ", "УДАЛИТЬ\u00a01"])
def test_the_typed_phrase_is_enough_in_either_language(tmp_path: Path, phrase: str) -> None:
    portal = company()
    work = rollout(portal, tmp_path, consent=Consent(phrase=phrase))
    assert work.apply(plan_for(portal, [removal(portal)])).changed == 1


def test_an_unanswered_blocking_step_stops_more_than_twenty_moves(tmp_path: Path) -> None:
    portal = company(21)
    step = HandStep(key="robots", code="step.robots", blocking=True)
    plan = plan_for(portal, moves(portal), steps=[step])
    error = refused(portal, plan, tmp_path)
    assert (error.code, error.exit_code, error.facts["steps"]) == ("guard.hand_step", 5, "robots")
    answered = Consent(answers={"robots": "none"})
    assert rollout(portal, tmp_path, consent=answered).apply(plan).moved == 21


def test_twenty_moves_may_go_without_an_answer(tmp_path: Path) -> None:
    portal = company(20)
    step = HandStep(key="robots", code="step.robots", blocking=True)
    assert rollout(portal, tmp_path).apply(plan_for(portal, moves(portal), steps=[step])).moved == 20


def test_a_resumed_run_may_be_past_its_day_but_never_on_another_portal(tmp_path: Path) -> None:
    portal = company()
    recap = rollout(portal, tmp_path, bounds=Bounds(limit=1)).apply(plan_for(portal))
    portal.clock.advance(2 * DAY.total_seconds())
    portal.portal_id = "other.test"
    with pytest.raises(Refused, match=r"guard\.other_portal"):
        rollout(portal, tmp_path).resume(recap.run_id)
    portal.portal_id = "memory.test"
    assert rollout(portal, tmp_path).resume(recap.run_id).exit_code == 0


def test_stages_that_people_changed_between_two_parts_of_a_run_stop_the_second(tmp_path: Path) -> None:
    portal = company()
    recap = rollout(portal, tmp_path, bounds=Bounds(limit=1)).apply(plan_for(portal))
    rename(portal)
    with pytest.raises(PlanStale, match="Мусор"):
        rollout(portal, tmp_path).resume(recap.run_id)


def test_two_plans_over_one_state_the_second_is_stale(tmp_path: Path) -> None:
    portal = company()
    first, second = plan_for(portal), plan_for(portal, operations(portal)[:1])
    work = rollout(portal, tmp_path)
    work.apply(first)
    with pytest.raises(PlanStale):
        work.apply(second)


def test_an_open_tap_stops_a_larger_clean_up_and_an_answer_lets_it_go(tmp_path: Path) -> None:
    portal = company(21)
    tap = HandStep(key="tap-mailboxes", code="step.tap_mailboxes", check="tap", facts={"per_day": 5}, blocking=True)
    plan = plan_for(portal, moves(portal), steps=[tap])
    error = refused(portal, plan, tmp_path)
    assert (error.code, error.exit_code, error.facts["per_day"]) == ("guard.tap_open", 5, 5)
    closed = Consent(answers={"tap-mailboxes": "closed"})
    assert rollout(portal, tmp_path, consent=closed).apply(plan).moved == 21


def test_removed_cards_count_like_moved_ones_where_a_step_is_open(tmp_path: Path) -> None:
    portal = company(21)
    gone = [
        RemoveRecord(key=f"r-{lead.id}", phase=Phase.RETIRE, reason=WHY, ref=lead.ref, before=values_of(lead))
        for lead in portal.leads()
    ]
    step = HandStep(key="robots", code="step.robots", blocking=True)
    error = refused(portal, plan_for(portal, gone, steps=[step]), tmp_path, Consent(phrase="delete 21"))
    assert error.code == "guard.hand_step"
