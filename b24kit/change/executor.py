"""The only place that writes to a portal: by phase, in waves, every batch journalled before it leaves.

It starts from what the journal says, so that a first run and a resumed one are the same code. Operations left at
intended by a crash, or whose answer never came, are settled by looking; nothing is ever repeated blindly.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from b24kit.change.journal import Entry, Journal, State
from b24kit.change.operation import Operation, Phase, Reason, RemoveRecord
from b24kit.change.plan import Plan
from b24kit.change.recap import Ended, Recap, recap_of
from b24kit.change.removal import portions
from b24kit.change.settling import Settler, heard
from b24kit.change.verdict import Sending, looked_at, rebuilt, weigh
from b24kit.change.waves import Fate, Wave, chosen_clusters, in_cut, next_wave, phases
from b24kit.clock import Clock
from b24kit.crm.portal import Portal, Progress, Tell
from b24kit.crm.writes import Result, Settled, Write
from b24kit.errors import PortalError, Unsettled

ROUNDS = 3
# Asked right before cards are removed: those that must stay, and why.
Spare = Callable[[Sequence[RemoveRecord]], Mapping[str, Reason]]
# Puts the contents of files into a write that names them by their hashes; the journal keeps the names.
Attach = Callable[[Write], Write]
_HOPELESS = frozenset({State.REFUSED, State.FAILED, State.CONFLICT, State.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where a run ends in order: at a moment, after so many clusters, or when somebody asks (`stop`)."""

    until: datetime | None = None
    limit: int | None = None
    sample: int | None = None
    stop: Callable[[], bool] | None = None


class _Closing(BaseException):
    """Ends sending from inside the portal's call for the next batch; never leaves this module."""

    def __init__(self, ended: Ended) -> None:
        self.ended = ended


class Executor:
    """Carries out one plan under one journal."""

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        portal: Portal,
        clock: Clock,
        *,
        bounds: Bounds | None = None,
        tell: Tell | None = None,
        before_phase: Callable[[Phase], None] | None = None,
        spare: Spare | None = None,
        attach: Attach | None = None,
    ) -> None:
        self._spare, self._attach = spare, attach
        self._plan, self._journal, self._portal, self._clock = plan, journal, portal, clock
        self._bounds, self._tell, self._before_phase = bounds or Bounds(), tell, before_phase
        self._operations = {operation.key: operation for operation in plan.operations}
        self._last = {key: entry for key, entry in journal.last().items() if key in self._operations}
        self._ids = {key: entry.new_id for key, entry in self._last.items() if entry.new_id is not None}
        # What an earlier attempt skipped or was refused is tried afresh: only this attempt's verdicts count.
        self._hopeless: set[str] = set()
        self._broken: dict[str, str] = {}  # cluster -> the operation that stopped it
        self._tries: Counter[str] = Counter()
        self._unwritten: list[Entry] = []
        self._settler = Settler(portal, clock, self._note)
        unfinished = {one.cluster for one in plan.operations if not self._final(one.key)}
        finished = plan.clusters().keys() - unfinished
        self._cut = chosen_clusters(plan, finished, limit=self._bounds.limit, sample=self._bounds.sample)

    def execute(self, run_id: str = "", left_alone: Sequence[Entry] = ()) -> Recap:
        """Carry out what is not done yet; what could not be done stands in the recap, not in an exception.

        `left_alone` says which objects moved on before the start: they and their clusters are not touched. Errors that
        end the whole run (no rights any more, the portal is gone) pass through; the run can be resumed.
        """
        ended = None
        try:
            self._settle_crash()
            self._leave_alone(left_alone)
            for phase, operations in phases(self._plan):
                self._carry_out(phase, operations)
        except _Closing as closing:
            ended = closing.ended
        except KeyboardInterrupt:
            ended = Ended.INTERRUPTED
        finally:
            self._flush()
        if ended is not None:
            with contextlib.suppress(PortalError, Unsettled):  # a resume will look again
                self._settler.glance()  # what was in flight has been answered meanwhile
            self._flush()
        recap = recap_of(run_id, self._plan, self._last, ended)
        cut = self._cut is not None and recap.left and recap.ended is not Ended.INTERRUPTED
        return replace(recap, ended=Ended.STOPPED) if cut and not recap.failed else recap

    def settle_open(self) -> None:
        """Only find out what became of operations of unknown outcome, as an undo has to know it."""
        self._settle_crash()
        self._flush()

    def _settle_crash(self) -> None:
        for entry in self._journal.sent():
            known = self._last.get(entry.key)
            if known is not None and known.state.open:
                write = rebuilt(self._plan.id, self._operations[entry.key], entry, self._ids)
                self._settler.owe_of_crash(entry.key, write, entry.at)
        self._settle()

    def _settle(self) -> list[Operation]:
        """Find out what became of unanswered writes; the operations that may be tried again."""
        absent = self._settler.settle()
        back = [self._operations[key] for key in absent if self._may_try_again(key)]
        self._flush()
        return [operation for operation in back if not self._last[operation.key].state.open]

    def _leave_alone(self, moved: Sequence[Entry]) -> None:
        for entry in moved:
            if not self._final(entry.key):
                self._note(entry)
        self._flush()

    def _carry_out(self, phase: Phase, operations: Sequence[Operation]) -> None:
        pending = [one for one in operations if self._wanted(one)]
        if pending and self._before_phase is not None:
            self._before_phase(phase)
        coming = {operation.key for operation in pending}
        while pending or self._settler.owing:
            wave = self._next_wave(pending, coming)
            pending = wave.rest
            if wave.ready:
                pending = self._send(wave.ready) + pending
            elif self._settler.owing:
                pending = self._settle() + pending
            elif pending:
                for operation in pending:  # they wait for each other
                    self._skip(operation, "change.skipped.needs", operation.key)
                pending = []
        self._flush()

    def _wanted(self, operation: Operation) -> bool:
        done = self._final(operation.key) or operation.key in self._hopeless
        return not done and in_cut(operation, self._cut)

    def _next_wave(self, pending: Sequence[Operation], coming: set[str]) -> Wave:
        def fate(key: str) -> Fate:
            if self._final(key):
                return Fate.DONE
            return Fate.WAITING if key in coming and key not in self._hopeless else Fate.NEVER

        whole = [operation for operation in pending if operation.cluster not in self._broken]
        for operation in pending:
            if operation.cluster in self._broken:
                self._skip(operation, "change.skipped.cluster", self._broken[operation.cluster])
        wave = next_wave(whole, fate)
        for operation, needed in wave.hopeless:
            outside = needed in self._operations and not in_cut(self._operations[needed], self._cut)
            if not outside:
                self._skip(operation, "change.skipped.needs", needed)
        return wave

    def _send(self, wave: Sequence[Operation]) -> list[Operation]:
        """Re-read the wave's objects and write what is still wanted; what was not executed comes back."""
        self._check_bounds()
        sendings: dict[str, tuple[Operation, Sending]] = {}
        present = self._portal.read(looked_at(wave, self._ids))
        spared = self._spared(wave)
        for operation in wave:
            if operation.key in spared:
                why, at = spared[operation.key], self._clock.now()
                self._note(Entry(key=operation.key, state=State.CONFLICT, at=at, code=why.code, facts=why.facts))
                continue
            verdict = weigh(self._plan.id, operation, present, self._ids)
            if isinstance(verdict, Sending):
                sendings[verdict.write.key] = (operation, verdict)
            else:
                at = self._clock.now()
                self._note(Entry(key=operation.key, state=verdict.state, at=at, code=verdict.code, facts=verdict.facts))
        self._flush()
        # A refusal or conflict just found may belong to a cluster-mate in this very wave.
        kept = {key: pair for key, pair in sendings.items() if pair[0].cluster not in self._broken}
        back = [operation for key, (operation, _) in sendings.items() if key not in kept]
        for part in portions(kept) if self._attach is not None else [kept] if kept else []:
            back += self._perform(part)
        return back

    def _spared(self, wave: Sequence[Operation]) -> Mapping[str, Reason]:
        removals = [one for one in wave if isinstance(one, RemoveRecord) and one.kept]
        return self._spare(removals) if self._spare is not None and removals else {}

    def _perform(self, sendings: dict[str, tuple[Operation, Sending]]) -> list[Operation]:
        def intend(batch: Sequence[Write]) -> None:
            self._check_bounds()
            now = self._clock.now()
            for write in batch:
                operation, sending = sendings[write.key]
                self._note(
                    Entry(key=operation.key, state=State.INTENDED, at=now, seen=sending.seen, wrote=sending.wrote)
                )
                self._settler.owe(operation.key, write, now)
            self._flush()

        back: list[Operation] = []
        writes = [sending.write for _, sending in sendings.values()]
        if self._attach is not None:
            writes = [self._attach(write) for write in writes]
        answers = self._portal.perform(writes, intend, self._progress(len(writes)))
        with contextlib.closing(cast("Generator[Result, None, None]", answers)):
            for result in answers:
                operation = sendings[result.key][0]
                now = self._clock.now()
                self._note(heard(operation.key, result, now))
                if result.settled is Settled.UNKNOWN:
                    self._settler.broke(result.key, now)
                else:
                    self._settler.paid(result.key)
                if result.settled is Settled.NOT_EXECUTED and self._may_try_again(operation.key):
                    back.append(operation)
        self._flush()
        return back

    def _may_try_again(self, key: str) -> bool:
        self._tries[key] += 1
        if self._tries[key] <= ROUNDS:
            return True
        self._settler.forget(key)
        self._note(Entry(key=key, state=State.FAILED, at=self._clock.now(), code="change.failed.unsettled"))
        return False

    def _skip(self, operation: Operation, code: str, because: str) -> None:
        facts = {"because": because}
        self._note(Entry(key=operation.key, state=State.SKIPPED, at=self._clock.now(), code=code, facts=facts))

    def _note(self, entry: Entry) -> None:
        """Remember an outcome; it is durable after the next flush."""
        self._unwritten.append(entry)
        self._last[entry.key] = entry
        if entry.new_id is not None:
            self._ids[entry.key] = entry.new_id
        if entry.state in _HOPELESS:
            self._hopeless.add(entry.key)
            cluster = self._operations[entry.key].cluster
            if cluster and entry.state is not State.SKIPPED:
                self._broken.setdefault(cluster, entry.key)

    def _flush(self) -> None:
        self._journal.append(self._unwritten)
        self._unwritten.clear()

    def _final(self, key: str) -> bool:
        entry = self._last.get(key)
        return entry is not None and entry.state.final

    def _check_bounds(self) -> None:
        if self._bounds.stop is not None and self._bounds.stop():
            raise _Closing(Ended.INTERRUPTED)
        if self._bounds.until is not None and self._clock.now() >= self._bounds.until:
            raise _Closing(Ended.STOPPED)

    def _progress(self, wave: int) -> Tell | None:
        tell = self._tell
        if tell is None:
            return None
        total = sum(1 for one in self._plan.operations if in_cut(one, self._cut))
        before = sum(1 for entry in self._last.values() if entry.state.final or entry.key in self._hopeless)

        def overall(progress: Progress) -> None:
            left = progress.seconds_left
            ahead = max(1, wave - progress.done)
            scaled = None if left is None else left * max(0, total - before - progress.done) / ahead
            tell(Progress(before + progress.done, total, scaled))

        return overall
