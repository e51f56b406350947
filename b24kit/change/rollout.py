"""A plan carried out from first check to last line: lock, guards, run folder, executor, recap; and the same resumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from b24kit.change.backup import Manifest, take_backup
from b24kit.change.canary import Canary
from b24kit.change.executor import Bounds, Executor
from b24kit.change.guard import Consent, check
from b24kit.change.journal import Entry
from b24kit.change.lock import writing
from b24kit.change.merging import MergeRecords
from b24kit.change.operation import Phase
from b24kit.change.plan import Plan
from b24kit.change.recap import Recap
from b24kit.change.removal import Filling, Sparing, kept_cards
from b24kit.change.runs import Run, RunStore
from b24kit.change.undo import used_meanwhile
from b24kit.clock import Clock
from b24kit.crm.portal import Portal, Tell
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import Refused

_SETTINGS = frozenset({Kind.STAGE, Kind.PIPELINE, Kind.SOURCE})
BeforePhase = Callable[[Phase, Run], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Where runs are kept, which portal they write to, and what was agreed. `locks` is shared by the whole machine.

    `before_phase` is called before the first write of each phase that has work; what it raises ends the run, which
    can be resumed.
    """

    portal: Portal
    store: RunStore
    locks: Path
    clock: Clock
    consent: Consent = field(default_factory=Consent)
    bounds: Bounds = field(default_factory=Bounds)
    tell: Tell | None = None
    before_phase: BeforePhase | None = None

    def apply(self, plan: Plan) -> Recap:
        """Carry out a plan, or go on with its unfinished run. Refused, PlanStale, NotAllowed before the first write."""
        begun = self.store.of_plan(plan.id)
        if begun is not None and begun.finished:
            raise Refused("guard.applied", plan=plan.id, run=begun.id)
        if begun is not None:
            return self.resume(begun.id)
        asked = self.clock.now()
        facts = self.portal.facts()
        skew = skew_seconds(facts.now, asked, self.clock.now())
        with writing(facts.id, self.locks, work=f"plan {plan.id}", now=self.clock.now(), cards=cards_of(plan)):
            begun = self.store.of_plan(plan.id)
            if begun is not None:  # somebody was quicker while this process looked round
                raise Refused("guard.applied", plan=plan.id, run=begun.id)
            drifted = check(plan, self.portal, facts, self.clock.now(), self.consent)
            if plan.undoes is not None:
                self._clear_away(plan.undoes)
            self.back_up(plan)
            run = self.store.start(plan, facts, self.clock.now(), skew)
            try:
                return self._execute(run, [*(moved.entry(self.clock.now()) for moved in drifted), *self._used(plan)])
            finally:
                run.close()

    def resume(self, run_id: str) -> Recap:
        """Go on with a run that crashed, was stopped or ended in part; what is done already is not done again."""
        run = self.store.open(run_id)
        try:
            if run.info.finished:
                raise Refused("guard.applied", plan=run.info.plan_id, run=run_id)
            undone = self.store.undoing(run_id)
            if undone:
                raise Refused("guard.undone", run=run_id, undo=undone[-1].id)
            return self._resume(run)
        finally:
            run.close()

    def _resume(self, run: Run) -> Recap:
        facts = self.portal.facts()
        with writing(facts.id, self.locks, work=f"run {run.id}", now=self.clock.now(), cards=cards_of(run.plan)):
            if facts.id == run.info.portal_id:  # else the guard says so
                Executor(run.plan, run.journal, self.portal, self.clock).settle_open()
            last = run.journal.last()
            open_keys = {one.key for one in run.plan.operations if one.key not in last or not last[one.key].state.final}
            drifted = check(
                run.plan,
                self.portal,
                facts,
                self.clock.now(),
                self.consent,
                pending=open_keys,
                touched=touched(run),
                ids={key: entry.new_id for key, entry in last.items() if entry.new_id},
            )
            self.back_up(run.plan)
            run.reopen()
            Canary(run, self.portal, self.clock).clear_away()
            left = [moved.entry(self.clock.now()) for moved in drifted]
            return self._execute(run, [*left, *self._used(run.plan)])

    def back_up(self, plan: Plan) -> Manifest | None:
        """Copy the cards that a plan removes and hash the copy again; None when it removes none.

        Only reads the portal, goes on where an earlier attempt ended, and is asked again by `apply`: nothing is
        removed without it. Refused when the copy does not agree with its hashes.
        """
        refs = kept_cards(plan)
        if not refs:
            return None
        backup = self.store.backups.make(plan.id)
        try:
            take_backup(backup, self.portal, refs, self.clock, self.tell)
            verified = backup.verify()
            if verified.flaws:
                some = ", ".join(f"{one.what} {one.id}" for one in verified.flaws[:3])
                raise Refused("backup.broken", file=backup.path.name, count=len(verified.flaws), some=some)
            return backup.manifest()
        finally:
            backup.close()

    def _used(self, plan: Plan) -> list[Entry]:
        """What the way back of a run may not remove any more, since people use it by now."""
        if plan.undoes is None:
            return []
        run = self.store.open(plan.undoes)
        try:
            return used_meanwhile(plan, run, self.portal, self.clock.now())
        finally:
            run.close()

    def _clear_away(self, run_id: str) -> None:
        """A canary that a crash left behind goes, whichever way the run is taken up again."""
        run = self.store.open(run_id)
        try:
            Canary(run, self.portal, self.clock).clear_away()
        finally:
            run.close()

    def _execute(self, run: Run, left_alone: Sequence[Entry]) -> Recap:
        hook = self.before_phase
        backup = self.store.backups.find(run.plan.id)
        try:
            recap = Executor(
                run.plan,
                run.journal,
                self.portal,
                self.clock,
                bounds=self.bounds,
                tell=self.tell,
                before_phase=None if hook is None else lambda phase: hook(phase, run),
                spare=None if backup is None else Sparing(backup, self.portal),
                attach=None if run.plan.undoes is None else Filling(self.store.backups),
            ).execute(run.id, left_alone)
        finally:
            if backup is not None:
                backup.close()
        run.end(self.clock.now(), recap.ended.value, recap.summary())
        return recap


def skew_seconds(told: datetime, asked: datetime, heard: datetime) -> float:
    """How far the portal's clock is ahead of ours: it told its time at some moment between `asked` and `heard`.

    A portal that is tired answers late, and that says nothing of its clock.
    """
    nearest = min(max(told, asked), heard)
    return (told - nearest).total_seconds()


def cards_of(plan: Plan) -> frozenset[Ref]:
    """The leads and deals that a plan is about to write."""
    found: set[Ref] = set()
    for operation in plan.operations:
        found |= set(operation.cards) if isinstance(operation, MergeRecords) else {operation.target}
    return frozenset(one for one in found if one.kind in (Kind.LEAD, Kind.DEAL) and not one.is_new)


def touched(run: Run) -> set[str]:
    """References of the settings that a run has changed, made or removed so far, or may have."""
    last = run.journal.last()
    found: set[str] = set()
    for operation in run.plan.operations:
        entry = last.get(operation.key)
        if entry is not None and operation.target.kind in _SETTINGS:
            ref = Ref(operation.target.kind, entry.new_id) if entry.new_id else operation.target
            found.add(str(ref))
    return found
