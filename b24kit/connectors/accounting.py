"""How a portal counts running time, learned from its answers: both behaviours in the field are understood.

*docs* (the vendor's page "REST API Limits"): the commands of a batch count under their own methods and `batch` itself
does not. *ban* (newer server modules): a batch counts as a whole under the name `batch`, at half weight, its commands
not at all. Whichever `operating` moves is believed; before one has moved, both are reckoned with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from threading import Lock
from typing import Literal

BATCH = "batch"
PUBLISHED_WEIGHT = 0.5  # of a second of a batch, in the published class of the rest module
FREE = 0.1  # seconds: a method's work within one request below this is not counted
ENOUGH = 4  # answers after which the weight seen is believed more than the published one


@dataclass(frozen=True, slots=True)
class Worked:
    """One command of an answered request: its method, pieces of work, seconds, and the portal's running total."""

    method: str
    items: int
    seconds: float
    operating: float | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The times of one answered request; `reset_in` is how far `operating_reset_at` lies ahead."""

    sent_as: str
    commands: Sequence[Worked]
    operating: float | None = None
    reset_in: float | None = None

    @property
    def work(self) -> float:
        return sum(command.seconds for command in self.commands)


class Accounting:
    """The model of one portal and what a piece of work costs in it; safe to share between threads."""

    def __init__(self) -> None:
        self.model: Literal["unknown", "docs", "ban"] = "unknown"
        self.weight = PUBLISHED_WEIGHT
        self._each: dict[str, float] = {}  # counted seconds of one item, by method
        self._reports: list[tuple[float, float]] = []  # ban: (the total shown, work answered before)
        self._answered_work = 0.0
        self._lock = Lock()

    def each(self, method: str, otherwise: float) -> float:
        """Counted seconds of one item of a method."""
        return self._each.get(method, otherwise)

    def expect(self, work: Iterable[tuple[str, float]], sent_as: str) -> dict[str, float]:
        """What a request will count, by name, out of the expected seconds of its methods."""
        by_method: dict[str, float] = defaultdict(float)
        for method, seconds in work:
            by_method[method] += seconds
        whole = sum(by_method.values())
        if sent_as != BATCH:
            return {sent_as: whole}
        under_batch = {BATCH: whole * self.weight}
        if self.model == "docs":
            return dict(by_method)
        return under_batch if self.model == "ban" else dict(by_method) | under_batch

    def take_in(self, answered: Answered) -> dict[str, float]:
        """Learn from an answer; gives what the request really counted, by name."""
        with self._lock:
            self._recognise(answered)
            if answered.operating is None and all(c.operating is None for c in answered.commands):
                return {}  # self-hosted without the limit: nothing is counted
            if answered.sent_as != BATCH:
                return _counted({answered.sent_as: answered.work})
            own = self._own_work(answered)
            if self.model == "docs":
                return _counted(own)
            if answered.operating is not None:
                self._weigh(answered.operating, answered.work)
            if self.model == "ban":
                return _counted({BATCH: answered.work * self.weight})
            return _counted(own | {BATCH: answered.work * self.weight})

    def totals(self, answered: Answered) -> dict[str, float]:
        """The running totals that the portal showed in an answer, by name."""
        shown: dict[str, float] = {}
        for command in answered.commands:
            if command.operating:
                shown[command.method] = max(shown.get(command.method, 0.0), command.operating)
        if answered.operating:
            shown[answered.sent_as] = answered.operating
        return shown

    def _recognise(self, answered: Answered) -> None:
        if answered.sent_as != BATCH or self.model == "docs":
            return
        if any(command.operating for command in answered.commands):
            self.model = "docs"
        elif answered.operating or _shown_as_free(answered.commands):
            self.model = "ban"

    def _own_work(self, answered: Answered) -> dict[str, float]:
        """Counted seconds by method: the usual step between running totals, which others' requests only disturb."""
        shown: dict[str, list[Worked]] = defaultdict(list)
        for command in answered.commands:
            shown[command.method].append(command)
        return {method: self._own(method, commands) for method, commands in shown.items()}

    def _own(self, method: str, commands: Sequence[Worked]) -> float:
        items = sum(command.items for command in commands)
        totals = [command.operating for command in commands if command.operating is not None]
        steps = [b - a for a, b in pairwise(totals) if b > a]
        if self.model == "docs" and len(steps) >= 3:
            each = median(steps) * len(commands) / items
            self._each[method] = each
            return each * items
        if self.model == "docs" and method in self._each:
            return self._each[method] * items
        return sum(command.seconds for command in commands)

    def _weigh(self, total: float, work: float) -> None:
        """Compare how the shown total grows with how the answered work grows; either may lag by a request."""
        self._reports.append((total, self._answered_work))
        self._answered_work += work
        (first, before), (last, until) = self._reports[0], self._reports[-1]
        if len(self._reports) > ENOUGH and last > first and until > before:
            self.weight = min(1.0, max(0.25, (last - first) / (until - before)))
        if last < first:  # baskets fell out, or a ban emptied them: begin anew
            self._reports, self._answered_work = [(total, 0.0)], work


def _shown_as_free(commands: Sequence[Worked]) -> bool:
    """Whether some method did work that *docs* would count and show at once, and shows a total of 0 all the same."""
    seconds: dict[str, float] = defaultdict(float)
    for command in commands:
        if command.operating is not None:
            seconds[command.method] += command.seconds
    return any(total >= 2 * FREE for total in seconds.values())


def _counted(seconds: Mapping[str, float]) -> dict[str, float]:
    """Without what is too little to be counted."""
    return {name: value for name, value in seconds.items() if value >= FREE}
