"""The only place that writes to a portal: step by step, every batch journalled before it leaves.

It starts from what the journal says, so that a first run and a resumed one are the same code. Operations left at
intended by a crash, or whose answer never came, are settled by looking; nothing is ever repeated blindly.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from b24kit.change.books import Books
from b24kit.change.feeding import Attach, Feeding, Spare
from b24kit.change.journal import Entry, Journal
from b24kit.change.operation import Operation, Phase
from b24kit.change.order import Fate, Order, chosen_clusters, in_cut, steps
from b24kit.change.plan import Plan
from b24kit.change.recap import Ended, Recap, recap_of
from b24kit.change.settling import Settler
from b24kit.change.verdict import rebuilt
from b24kit.clock import Clock
from b24kit.crm.portal import Portal, Progress, Seen, Tell
from b24kit.crm.writes import Result
from b24kit.errors import PortalError, Unsettled


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
        self._books = Books(plan, journal)
        self._settler = Settler(portal, clock, self._books.note)
        unfinished = {one.cluster for one in plan.operations if not self._books.final(one.key)}
        finished = plan.clusters().keys() - unfinished
        self._cut = chosen_clusters(plan, finished, limit=self._bounds.limit, sample=self._bounds.sample)

    def execute(self, run_id: str = "", left_alone: Sequence[Entry] = ()) -> Recap:
        """Carry out what is not done yet; what could not be done stands in the recap, not in an exception.

        `left_alone` says which objects moved on before the start: they and their clusters are not touched. Errors that
        end the whole run (no rights any more, the portal is gone) pass through; the run can be resumed.
        """
        ended = None
        try:
            self.settle_open()
            self._leave_alone(left_alone)
            todo = list(steps(self._plan))
            for number, groups in enumerate(todo):
                self._carry_out(groups, [one for later in todo[number + 1 :] for group in later for one in group])
        except _Closing as closing:
            ended = closing.ended
        except KeyboardInterrupt:
            ended = Ended.INTERRUPTED
        finally:
            self._books.flush()
        if ended is not None:
            with contextlib.suppress(PortalError, Unsettled):  # a resume will look again
                self._settler.glance()  # what was in flight has been answered meanwhile
            self._books.flush()
        recap = recap_of(run_id, self._plan, self._books.last, ended)
        cut = self._cut is not None and recap.left and recap.ended is not Ended.INTERRUPTED
        return replace(recap, ended=Ended.STOPPED) if cut and not recap.failed else recap

    def settle_open(self) -> None:
        """Only find out what became of operations of unknown outcome, as an undo has to know it."""
        for entry in self._journal.sent():
            known = self._books.last.get(entry.key)
            if known is not None and known.state.open:
                write = rebuilt(self._plan.id, self._books.operations[entry.key], entry, self._books.ids)
                self._settler.owe_of_crash(entry.key, write, entry.at)
        self._settler.settle()
        self._books.flush()

    def _leave_alone(self, moved: Sequence[Entry]) -> None:
        for entry in moved:
            if not self._books.final(entry.key):
                self._books.note(entry)
        self._books.flush()

    def _carry_out(self, groups: Sequence[Sequence[Operation]], later: Sequence[Operation]) -> None:
        pending = [[one for one in group if self._wanted(one)] for group in groups]
        for phase in dict.fromkeys(group[0].phase for group in pending if group):
            if self._before_phase is not None:
                self._before_phase(phase)
        order = Order(pending, self._fate)
        if not order:
            return
        following = [one for one in later if self._wanted(one)]
        feeding = Feeding(
            self._plan.id,
            order,
            self._books,
            self._settler,
            self._clock,
            check=self._check_bounds,
            outside=self._left_out,
            later=following,
            spare=self._spare,
            attach=self._attach,
        )
        while order:
            events = self._portal.carry(feeding, self._progress())
            with contextlib.closing(cast("Generator[Result | Seen, None, None]", events)):
                for event in events:
                    feeding.hear(event)
            if self._settler.owing:
                feeding.settle()
            elif order:
                feeding.give_up_waiting()
        self._books.flush()

    def _wanted(self, operation: Operation) -> bool:
        done = self._books.final(operation.key) or operation.key in self._books.hopeless
        return not done and in_cut(operation, self._cut)

    def _left_out(self, key: str) -> bool:
        operation = self._books.operations.get(key)
        return operation is not None and not in_cut(operation, self._cut)

    def _fate(self, key: str) -> Fate:
        return Fate.DONE if self._books.final(key) else Fate.NEVER

    def _check_bounds(self) -> None:
        if self._bounds.stop is not None and self._bounds.stop():
            raise _Closing(Ended.INTERRUPTED)
        if self._bounds.until is not None and self._clock.now() >= self._bounds.until:
            raise _Closing(Ended.STOPPED)

    def _progress(self) -> Tell | None:
        tell = self._tell
        if tell is None:
            return None
        total = sum(1 for one in self._plan.operations if in_cut(one, self._cut))

        def overall(progress: Progress) -> None:
            tell(Progress(self._books.ended, total, progress.seconds_left))

        return overall
