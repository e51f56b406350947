"""How long a list of commands will take at a portal's limits: the promise that a person is given, simulated.

By hand: W seconds of one method's work on a fresh budget with n requests in flight take about
`window * (ceil(W / limit) - 1) + (W - limit * (ceil(W / limit) - 1)) / n`; the simulation knows the rest (the counter,
what is spent already, the margin that is kept).
"""

from __future__ import annotations

import heapq
from bisect import insort
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
    """Seconds until all of it is answered. Kinds of work go side by side: one that waits does not hold the others."""
    free = sorted(ahead.busy)[: ahead.lanes] + [0.0] * max(0, ahead.lanes - len(ahead.busy))
    heapq.heapify(free)
    spent = {name: _Spent(standing) for name, standing in ahead.standings.items()}
    level, at, last = ahead.level, 0.0, max(ahead.busy, default=0.0)
    queues = [deque(_pieces(kind)) for kind in work if kind.batches]
    while queues:
        start = heapq.heappop(free)
        level = max(0.0, level - ahead.leak * (start - at)) if start > at else level
        at = max(at, start)
        start += max(0.0, (level + queues[0][0].batches - ahead.full) / ahead.leak)
        moments = [_admitted(queue[0], start, spent, ahead.meter) for queue in queues]
        chosen = min(range(len(queues)), key=lambda place: moments[place])
        batch, start = queues[chosen].popleft(), moments[chosen]
        level += batch.batches
        for one in spent.values():
            one.forget(at)
        end = start + batch.seconds
        for name, cost in batch.costs.items():
            spent[name].count(end, cost, ahead.meter.window)
        heapq.heappush(free, end)
        last = max(last, end)
        queues = [queue for queue in queues if queue]
    return last


def _admitted(batch: Work, start: float, spent: Mapping[str, _Spent], meter: MethodTimeMeter) -> float:
    return max((spent[name].admit(start, cost, meter) for name, cost in batch.costs.items()), default=start)


def _pieces(kind: Work) -> list[Work]:
    """Batches one by one; of very many, several in a lane are one piece."""
    together = max(1, kind.batches // FINE)
    whole, rest = divmod(kind.batches, together)
    sizes = [together] * whole + ([rest] if rest else [])
    return [Work(s, kind.seconds * s, {name: cost * s for name, cost in kind.costs.items()}) for s in sizes]


class _Spent:
    """Running time of one name through simulated time."""

    def __init__(self, standing: Standing) -> None:
        self._entries = sorted(standing.spent)  # (moment it falls out, seconds)
        self._used = standing.used
        self._earliest = standing.wait  # nothing begins before a pause is over

    def admit(self, start: float, cost: float, meter: MethodTimeMeter) -> float:
        """The first moment from `start` on at which a request of this cost may begin."""
        start = max(start, self._earliest)
        allowed = meter.limit - meter.margin(cost)
        used = self._used
        for leaves, seconds in self._entries:
            if leaves > start and used + cost <= allowed:
                break
            used -= seconds
            start = max(start, leaves)
        return start

    def count(self, end: float, cost: float, window: float) -> None:
        """A request of this cost ends then; what fell out before it began was forgotten by the portal too."""
        insort(self._entries, (end + window, cost))
        self._used += cost

    def forget(self, before: float) -> None:
        """Nothing will begin before this moment any more."""
        while self._entries and self._entries[0][0] <= before:
            self._used -= self._entries.pop(0)[1]
