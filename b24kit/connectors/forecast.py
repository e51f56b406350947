"""How long a list of commands will take at a portal's limits: the promise that a person is given, simulated.

By hand: W seconds of one method's work on a fresh budget with n requests in flight take about
`window * (ceil(W / limit) - 1) + (W - limit * (ceil(W / limit) - 1)) / n`; the simulation knows the rest (the counter,
what is spent already, the margin that is kept).
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from b24kit.connectors.running_time import MethodTimeMeter, Standing

FINE = 400  # batches that are simulated one by one; more are simulated in bigger pieces


@dataclass(frozen=True, slots=True)
class Work:
    """So many batches alike: seconds each takes, and what each counts by name."""

    batches: int
    seconds: float
    costs: Mapping[str, float]


@dataclass(slots=True)
class Ahead:
    """The state that a simulation starts from. `busy` are seconds until each request in flight is expected back."""

    lanes: int
    meter: MethodTimeMeter
    standings: Mapping[str, Standing]
    level: float = 0.0
    full: float = 47.0
    leak: float = 2.0
    busy: list[float] = field(default_factory=list)


def finish(work: list[Work], ahead: Ahead) -> float:
    """Seconds until all of it is answered."""
    free = sorted(ahead.busy)[: ahead.lanes] + [0.0] * max(0, ahead.lanes - len(ahead.busy))
    heapq.heapify(free)
    spent = {name: _Spent(standing) for name, standing in ahead.standings.items()}
    level, at, last = ahead.level, 0.0, max(ahead.busy, default=0.0)
    for batch in (piece for kind in work for piece in _pieces(kind)):
        start = heapq.heappop(free)
        level = max(0.0, level - ahead.leak * (start - at)) if start > at else level
        level, at = level + batch.batches, max(at, start)
        start += max(0.0, (level - ahead.full) / ahead.leak)
        for name, cost in batch.costs.items():
            start = spent[name].admit(start, cost, ahead.meter)
        end = start + batch.seconds
        for name, cost in batch.costs.items():
            spent[name].count(end, cost, ahead.meter.window)
        heapq.heappush(free, end)
        last = max(last, end)
    return last


def _pieces(kind: Work) -> list[Work]:
    """Batches one by one; of very many, several in a lane are one piece."""
    together = max(1, kind.batches // FINE)
    whole, rest = divmod(kind.batches, together)
    sizes = [together] * whole + ([rest] if rest else [])
    return [Work(s, kind.seconds * s, {name: cost * s for name, cost in kind.costs.items()}) for s in sizes]


class _Spent:
    """Running time of one name through simulated time."""

    def __init__(self, standing: Standing) -> None:
        self._entries = deque(sorted(standing.spent))
        self._used = standing.used
        self._earliest = standing.wait  # batches begin in order: none before the one admitted last

    def admit(self, start: float, cost: float, meter: MethodTimeMeter) -> float:
        """The first moment from `start` on at which a request of this cost may begin."""
        start = max(start, self._earliest)
        allowed = meter.limit - meter.margin(cost)
        while self._entries and (self._entries[0][0] <= start or self._used + cost > allowed):
            leaves, seconds = self._entries.popleft()
            self._used -= seconds
            start = max(start, leaves)
        self._earliest = start
        return start

    def count(self, end: float, cost: float, window: float) -> None:
        self._entries.append((end + window, cost))
        self._used += cost
