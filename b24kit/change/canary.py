"""Robots on a stage cannot be read, so a card of ours goes first: what happens to it would happen to every card.

The canary has no phone and no address, is made quietly, walks through the stages that cards will be moved into, and is
removed whatever happens; what it met is named. Its writes stand in the run's journal.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from b24kit.change.journal import Entry, Journal, State
from b24kit.change.operation import CreateRecord, Operation, Phase, UpdateRecord
from b24kit.change.plan import Plan
from b24kit.change.runs import Run
from b24kit.change.settling import LATE_SECONDS, heard
from b24kit.change.verdict import SYSTEM, write_key
from b24kit.clock import Clock
from b24kit.crm.pipeline import LEADS, Outcome, Stage, deals_ladder
from b24kit.crm.portal import Portal, Trace
from b24kit.crm.records import VOLATILE, same, values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change, Create, Delete, Result, Settled, Write
from b24kit.errors import Refused

FRESH = timedelta(hours=1)  # so long a clean look holds for a run that is taken up again
ROUNDS = 3  # so many times a write of ours is tried again
WAIT_SECONDS = 5.0  # robots without a delay of their own act within moments
_TITLE = "b24kit: проверка роботов, карточка удалится сама"
# Follows from standing on a stage; nobody's doing.
_FOLLOWS = VOLATILE | {"outcome", "extra"}
_SAW = re.compile(r"canary-\d+-saw-\d+")
_MADE = re.compile(r"canary-(\d+)-make")
_SAW = re.compile(r"canary-\d+-saw-\d+")


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a card met on a stage: things that appeared on it, and fields that changed by themselves."""

    ladder: str
    stage: str
    traces: tuple[Trace, ...]
    changed: tuple[str, ...]

    @property
    def clean(self) -> bool:
        return not self.traces and not self.changed

    def __str__(self) -> str:
        seen = [f"{trace.what} «{trace.title}»" if trace.title else trace.what for trace in self.traces]
        return f"{self.stage}: {', '.join([*seen, *self.changed])}"


class Canary:
    """One card of ours on its way through stages, under the journal of a run."""

    def __init__(self, run: Run, portal: Portal, clock: Clock, wait_seconds: float = WAIT_SECONDS) -> None:
        self._plan_id, self._portal, self._clock, self._wait = run.plan.id, portal, clock, wait_seconds
        self._journal: Journal = run.journal

    def fly(self, targets: Sequence[tuple[str, str]]) -> list[Sighting]:
        """Walk through (ladder, stage code) targets, one ladder after the other; what was met on each of them.

        Refused when the portal will not make or move the card; then it tells nothing, and nothing else was written.
        """
        stages = self._portal.stages()
        ladders = dict.fromkeys(ladder for ladder, _ in targets)
        found: list[Sighting] = []
        for ladder in ladders:
            codes = [code for where, code in targets if where == ladder]
            found += self._walk(ladder, codes, [stage for stage in stages if stage.ladder == ladder])
        return found

    def hatch(self, targets: Sequence[tuple[str, str]]) -> list[Sighting]:
        """Make a card of ours right on each (ladder, stage code), as a plan makes its own: what it met there.

        A quiet creation starts no robots (imports do not fire them), and this looks whether the portal keeps to it.
        """
        return [self._hatch(ladder, code) for ladder, code in targets]

    def clear_away(self) -> None:
        """Remove canaries that an earlier attempt of this run could not remove, or does not know it has made."""
        last = self._journal.last()
        for key, entry in last.items():
            match = _MADE.fullmatch(key)
            gone = match and last.get(f"canary-{match[1]}-remove")
            if match is None or (gone and gone.state is State.DONE):
                continue
            kind = Kind(entry.facts.get("kind", Kind.LEAD))
            record = entry.new_id
            if entry.state.open:
                write = Create(write_key(self._plan_id, key), kind, self._values(key, {}))
                record = self._look(write).new_id
            if record is not None:
                self._remove(int(match[1]), Ref(kind, record))

    def seen_clean(self, *, born: bool = False) -> set[tuple[str, str]]:
        """The (ladder, stage code) pairs on which this run has met nothing a short while ago, as moved or as `born`."""
        since = self._clock.now() - FRESH
        seen = (entry for key, entry in self._journal.last().items() if _SAW.fullmatch(key) and entry.at >= since)
        alike = (entry for entry in seen if bool(entry.facts.get("born")) is born)
        return {(entry.facts.get("ladder", ""), entry.facts["stage"]) for entry in alike if not entry.facts["met"]}

    def _hatch(self, ladder: str, code: str) -> Sighting:
        number = self._next_number()
        ref = self._make(number, ladder, code)
        try:
            self._clock.sleep(self._wait)
            record = self._portal.read([ref]).get(ref)
            stage = None if record is None else values_of(record)["stage"]
            changed = () if stage == code else ("gone",) if stage is None else ("stage",)
            found = Sighting(ladder, code, tuple(self._portal.traces(ref)), changed)
            self._saw(number, 1, found, born=True)
            return found
        finally:
            self._remove(number, ref)

    def _next_number(self) -> int:
        return 1 + sum(1 for key in self._journal.last() if _MADE.fullmatch(key))

    def _walk(self, ladder: str, codes: Sequence[str], stages: Sequence[Stage]) -> list[Sighting]:
        number = self._next_number()
        start, codes = _route(codes, [stage.code for stage in stages if stage.outcome is Outcome.OPEN])
        ref = self._make(number, ladder, start)
        try:
            return [self._visit(number, ref, ladder, code, step) for step, code in enumerate(codes, 1)]
        finally:
            self._remove(number, ref)

    def _make(self, number: int, ladder: str, stage: str) -> Ref:
        key, kind = f"canary-{number}-make", Kind.LEAD if ladder == LEADS else Kind.DEAL
        place: dict[str, Any] = {"stage": stage}
        if kind is Kind.DEAL:
            place["pipeline"] = ladder.removeprefix(deals_ladder(""))
        write = Create(write_key(self._plan_id, key), kind, self._values(key, place))
        result = self._do(key, write, {"kind": kind.value})
        if result.settled is not Settled.DONE or result.new_id is None:
            raise Refused("canary.not_made", said=result.said or result.code)
        return Ref(kind, result.new_id)

    def _visit(self, number: int, ref: Ref, ladder: str, code: str, step: int) -> Sighting:
        before = values_of(self._portal.read([ref])[ref])
        known = set(self._portal.traces(ref))
        key = f"canary-{number}-move-{step}"
        if before["stage"] != code:
            result = self._do(key, Change(write_key(self._plan_id, key), ref, {"stage": code}, before))
            if result.settled is not Settled.DONE:
                raise Refused("canary.not_moved", stage=code, said=result.said or result.code)
            self._clock.sleep(self._wait)
        record = self._portal.read([ref]).get(ref)
        now = {} if record is None else values_of(record)
        changed = tuple(name for name in now if name not in _FOLLOWS and not same(name, now[name], before.get(name)))
        if now.get("stage") == code:
            changed = tuple(name for name in changed if name != "stage")
        traces = tuple(trace for trace in self._portal.traces(ref) if trace not in known)
        found = Sighting(ladder, code, traces, changed if record is not None else ("gone",))
        self._saw(number, step, found)
        return found

    def _remove(self, number: int, ref: Ref) -> None:
        key = f"canary-{number}-remove"
        result = self._do(key, Delete(write_key(self._plan_id, key), ref))
        if result.settled is not Settled.DONE and ref in self._portal.read([ref]):
            raise Refused("canary.left_behind", ref=str(ref), said=result.said or result.code)

    def _values(self, key: str, place: dict[str, Any]) -> dict[str, Any]:
        origin = {"system": SYSTEM, "id": write_key(self._plan_id, key)}
        return {"title": _TITLE, "points": [], "origin": origin} | place

    def _do(self, key: str, write: Write, facts: dict[str, Any] | None = None) -> Result:
        """Write, and write again what surely was not executed: a portal that stumbles says nothing of its robots."""
        result = self._once(key, write, facts)
        for _ in range(ROUNDS):
            if result.settled is Settled.NOT_EXECUTED:
                result = self._once(key, write, facts)
        return result

    def _once(self, key: str, write: Write, facts: dict[str, Any] | None) -> Result:
        def intend(_batch: Sequence[Write]) -> None:
            self._journal.append([Entry(key=key, state=State.INTENDED, at=self._clock.now(), facts=facts or {})])

        answers = list(self._portal.perform([write], intend))
        result = answers[0] if answers else Result(write.key, Settled.UNKNOWN)
        if result.settled is Settled.UNKNOWN:
            self._clock.sleep(LATE_SECONDS)
            result = self._look(write)
        entry = heard(key, result, self._clock.now())
        self._journal.append([Entry(key=key, state=entry.state, at=entry.at, new_id=entry.new_id, code=entry.code,
                                    said=entry.said, facts=facts or {})])  # fmt: skip
        return result

    def _look(self, write: Write) -> Result:
        return self._portal.settle([write]).get(write.key) or Result(write.key, Settled.UNKNOWN)

    def _saw(self, number: int, step: int, found: Sighting, *, born: bool = False) -> None:
        facts = {"ladder": found.ladder, "stage": found.stage, "met": "" if found.clean else str(found)}
        self._note(f"canary-{number}-saw-{step}", facts | ({"born": True} if born else {}))

    def _note(self, key: str, facts: dict[str, Any]) -> None:
        self._journal.append([Entry(key=key, state=State.DONE, at=self._clock.now(), facts=facts)])


def _route(targets: Sequence[str], working: Sequence[str]) -> tuple[str, list[str]]:
    """Where the canary begins and the order of its stages: robots of a stage fire on who comes, not on who is there.

    >>> _route(["NEW", "WON"], ["NEW"])
    ('NEW', ['WON', 'NEW'])
    """
    start = next((code for code in working if code not in targets), working[0])
    return start, [*(code for code in targets if code != start), *(code for code in targets if code == start)]


def targets_of(plan: Plan, stages: Sequence[Stage]) -> list[tuple[str, str]]:
    """The stages that a plan moves cards into, as (ladder, code), in the order of the ladders."""
    moved = {
        (one.ref.kind, one.after["stage"]) for one in plan.operations if isinstance(one, UpdateRecord) and one.moves
    }
    return [
        (stage.ladder, stage.code)
        for stage in stages
        if (Kind.LEAD if stage.ladder == LEADS else Kind.DEAL, stage.code) in moved
    ]


def births(operations: Iterable[Operation]) -> dict[tuple[str, str], int]:
    """How many new deals are made on which stage, by (ladder, stage code), in the operations' order."""
    found: Counter[tuple[str, str]] = Counter()
    for one in operations:
        if isinstance(one, CreateRecord) and one.kind is Kind.DEAL and one.values.get("stage"):
            found[deals_ladder(str(one.values.get("pipeline") or "0")), str(one.values["stage"])] += 1
    return dict(found)


@dataclass(frozen=True, slots=True)
class CanaryFirst:
    """For `Rollout.before_phase`: before the first card moves or the first deal is made, the canary flies; robots met
    on the way end the run.

    Stages are made by then; the run can be resumed once a person has looked at the robots that were named.
    """

    portal: Portal
    clock: Clock
    wait_seconds: float = WAIT_SECONDS

    def __call__(self, phase: Phase, run: Run) -> None:
        canary = Canary(run, self.portal, self.clock, self.wait_seconds)
        # What was met a short while ago is not asked again: a run in short windows must come to its cards.
        if phase is Phase.DEALS and run.plan.undoes is None:
            known = canary.seen_clean(born=True)
            seen = canary.hatch([place for place in births(run.plan.operations) if place not in known])
        elif phase is Phase.CARDS:
            known = canary.seen_clean()
            seen = canary.fly([one for one in targets_of(run.plan, self.portal.stages()) if one not in known])
        else:
            return
        met = [found for found in seen if not found.clean]
        if met:
            raise Refused("canary.robots", met="; ".join(str(found) for found in met), run=run.id)
