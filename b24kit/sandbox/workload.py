"""How long the fake portal works on a command, and how many commands it works on at once.

The profile is given by the caller (measured or invented); the workers are a fixed number that all requests share, so
that a client with too much in flight only makes everybody wait, as on a live portal.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.clock import PortalClock

# Last words of methods that only read; what a batch does is said by its commands. Everything else counts as a write,
# for faults that hit only writes and for the order of work and effect.
_READING = """
    list get fields types items search current findbycomm profile scope methods time info mode getlist getfields admin
    instances events ownertype activitytype activitystatus activitypriority activitydirection activitynotifytype
    batch addresstype contenttype getorderownertypes countries name isactionallowed counters statuslist status
"""
READ_WORDS = frozenset(_READING.split())
LISTED_PARAMETERS = ("data", "entityids", "ids", "items")  # where calls with many pieces of work carry them


def is_write(method: str) -> bool:
    """Whether a method (any case) changes the portal, judged by its last word: `crm.lead.update` does.

    A route is judged by its verb: `PATCH /leads` does, `GET /leads` does not.
    """
    verb, space, _ = method.partition(" ")
    if space:
        return verb.lower() != "get"
    return method.lower().rsplit(".", 1)[-1] not in READ_WORDS


class WorkProfile:
    """Seconds of work by method. Keys, the most exact one wins: `crm.lead.update`, `*.update`, `*`.

    Where methods are routes: `PATCH /leads`, `PATCH *`, `*`; with `/item` on top for each element of a write and for
    each row of a read.

    Besides them: `count` on top of a list that counted its rows, and `crm.item.batchImport/item` (or `*/item`) on top
    for each piece of a call that carries a list of them.
    """

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._seconds = {name.lower(): float(value) for name, value in seconds.items()}
        self._known: dict[str, tuple[float, float]] = {}
        self.count = self._seconds.get("count", 0.0)

    def seconds(self, method: str, params: Mapping[str, Any]) -> float:
        """Work of one call of a method (lower case), not counting rows."""
        if method not in self._known:
            self._known[method] = (self._find(method, ""), self._find(method, "/item"))
        once, each = self._known[method]
        return once + each * pieces(params) if each else once

    def rows(self, method: str, count: int) -> float:
        """Work of one read whose cost grows with the rows it gives."""
        once, each = self._known.setdefault(method, (self._find(method, ""), self._find(method, "/item")))
        return once + each * count

    def _find(self, method: str, suffix: str) -> float:
        verb, space, _ = method.partition(" ")
        words = method.split(".")
        names = [
            method,
            *([f"{verb} *"] if space else ()),
            *("*." + ".".join(words[i:]) for i in range(1, len(words))),
            "*",
        ]
        return next((self._seconds[name + suffix] for name in names if name + suffix in self._seconds), 0.0)


def pieces(params: Mapping[str, Any]) -> int:
    """How many pieces of work a call carries: contacts to import, records to merge; 1 when it carries no list."""
    for name, value in params.items():
        if str(name).lower() == "params" and isinstance(value, Mapping):
            return pieces(value)
        if str(name).lower() in LISTED_PARAMETERS and isinstance(value, list | dict):
            return max(1, len(value))
    return 1


class Workers:
    """A fixed number of workers handed out in the order of asking; `None` means that nobody ever waits.

    Times are the plan's, not the event loop's: a worker freed at portal second 3.2 starts the next command at 3.2 even
    if the loop came to it later, so that the machine's own slowness does not add up.
    """

    def __init__(self, clock: PortalClock, count: int | None) -> None:
        self._clock, self.count = clock, count
        self._free = [0.0] * (count or 0)
        self._queue: deque[asyncio.Future[float | None]] = deque()

    async def take(self, ready: float, deadline: float | None) -> float | None:
        """Get a worker for a command ready at a portal second: when its work starts, or None past the deadline."""
        if self.count is None:
            return ready
        if self._free:
            return max(ready, heapq.heappop(self._free))
        asked: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()
        self._queue.append(asked)
        freed = await self._clock.wait(asked, deadline, None)
        return None if freed is None else max(ready, freed)

    def give_back(self, freed: float) -> None:
        """The worker is free at this portal second: the one who waits longest gets it."""
        if self.count is None:
            return
        while self._queue:
            if self._clock.wake(self._queue.popleft(), freed):
                return
        heapq.heappush(self._free, freed)

    def waiting(self) -> int:
        """Commands that wait for a worker now."""
        return sum(1 for asked in self._queue if not asked.done())
