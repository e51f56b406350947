"""A machine that stops at any point of a run: the resumed run ends as an undisturbed one, with nothing doubled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b24kit.change.journal import Entry, Journal
from b24kit.change.recap import Ended
from b24kit.change.snapshot import Difference, compare
from b24kit.change.undo import undo_plan
from b24kit.crm.refs import Kind
from b24kit.crm.writes import Write
from tests.change.cases import company, photograph, plan_for, rollout
from tests.change.memory_portal import Fault, MemoryPortal, PowerCut

STRIKES = [Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.LATE, Fault.NOT_EXECUTED]


class Bomb:
    """Counts every point where the machine may stop, and stops it for good at the one chosen."""

    def __init__(self, at: int | None) -> None:
        self.at, self.steps = at, 0

    def __call__(self) -> None:
        self.steps += 1
        if self.at is not None and self.steps >= self.at:
            raise PowerCut


def fused(monkeypatch: pytest.MonkeyPatch, portal: MemoryPortal, bomb: Bomb) -> None:
    """The bomb may go off in the portal, and before and after every transaction of the journal."""
    plain = Journal.append

    def append(self: Journal, entries: Any) -> None:
        rows: list[Entry] = list(entries)
        if rows:
            bomb()
        plain(self, rows)
        if rows:
            bomb()

    portal.step = bomb
    monkeypatch.setattr(Journal, "append", append)


def crash(portal: MemoryPortal, folder: Path, at: int | None = None) -> int:
    """Apply with the machine stopping at step `at`, then go on with a well one; the steps that were made till then."""
    plan = plan_for(portal)
    bomb = Bomb(at)
    stopped = False
    with pytest.MonkeyPatch.context() as patch:
        fused(patch, portal, bomb)
        try:
            rollout(portal, folder).apply(plan)
        except PowerCut:
            stopped = True
    portal.step = lambda: None
    if stopped:
        recap = rollout(portal, folder).apply(plan)
        assert recap.ended is Ended.DONE and recap.conflict == 0, recap
    return bomb.steps


def outcome(portal: MemoryPortal) -> MemoryPortal:
    """The end state with contacts known by their address instead of an id, since a crash may shift the numbering."""
    names = {contact.id: contact.emails[0] for contact in portal.contacts()}
    for lead in portal.rows[Kind.LEAD].values():
        lead["contact"] = names[lead["contact"]]
    for letter in portal.rows[Kind.ACTIVITY].values():
        found = [ref.partition(":") for ref in letter["bindings"]]
        letter["bindings"] = sorted(f"{kind}:{names[key] if kind == 'contact' else key}" for kind, _, key in found)
    return portal


def facts_of(portal: MemoryPortal) -> dict[str, Any]:
    people = outcome(portal)
    return {
        "leads": {key: (row["stage"], row["owner"], row["contact"]) for key, row in people.rows[Kind.LEAD].items()},
        "letters": {key: row["bindings"] for key, row in people.rows[Kind.ACTIVITY].items()},
        "contacts": sorted((one.emails, str(one.name), one.owner) for one in people.contacts()),
        "stages": [(one.code, one.name, one.sort) for one in people.stages()],
    }


def test_a_crash_at_every_possible_point_changes_nothing_in_the_end(tmp_path: Path) -> None:
    calm = company(5)
    steps = crash(calm, tmp_path / "calm")
    wanted = facts_of(calm)
    assert steps > 40
    for at in range(1, steps + 1):
        portal = company(5)
        crash(portal, tmp_path / f"at{at}", at)
        assert facts_of(portal) == wanted, f"after a crash at step {at}"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    leads=st.integers(1, 12),
    at=st.one_of(st.none(), st.integers(1, 120)),
    faults=st.lists(
        st.sampled_from([Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.LATE, Fault.NOT_EXECUTED]), max_size=12
    ),
    stride=st.integers(1, 5),
    too_fast=st.integers(0, 4),
)
def test_crashes_lost_answers_and_refusals_for_speed_together_double_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    leads: int,
    at: int | None,
    faults: list[Fault],
    stride: int,
    too_fast: int,
) -> None:
    calm, portal = company(leads), company(leads)
    crash(calm, tmp_path_factory.mktemp("calm"))
    seen: set[str] = set()

    def strike(write: Write) -> Fault:
        fresh = write.key not in seen
        seen.add(write.key)
        return faults.pop() if fresh and faults and len(seen) % stride == 0 else Fault.NONE

    asked: set[str] = set()

    def refused(write: Write) -> bool:
        fresh = write.key not in asked
        asked.add(write.key)
        return bool(too_fast) and fresh and len(asked) % too_fast == 0

    portal.fault, portal.too_fast = strike, refused
    crash(portal, tmp_path_factory.mktemp("run"), at)
    assert facts_of(portal) == facts_of(calm)


def restored(differences: list[Difference]) -> bool:
    return all(one.ref.kind is Kind.STAGE and one.field == "" for one in differences)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(leads=st.integers(1, 10), at=st.integers(1, 150))
def test_apply_then_undo_leaves_the_snapshot_equal_wherever_it_crashed(
    tmp_path_factory: pytest.TempPathFactory, leads: int, at: int
) -> None:
    portal = company(leads)
    before = photograph(portal)
    folder = tmp_path_factory.mktemp("run")
    crash(portal, folder, at)
    work = rollout(portal, folder)
    run = work.store.open(work.store.list()[-1].id)
    plan = undo_plan(run, portal, work.store, portal.clock)
    assert not plan.left
    work.apply(plan)
    assert restored(compare(before, photograph(portal)))
    assert [one.code for one in portal.stages()] == ["NEW", "MAIL", "CONVERTED", "JUNK"]
