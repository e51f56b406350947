"""Cuts commands into batches: to the vendor's size, to the 60 s of a request, and small where the speed is unknown."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil

from b24kit.connectors.commands import Command
from b24kit.connectors.speed import Speeds

PROBE_WRITES = 5  # commands of a method never seen: at 3.3 s an update, the vendor's own sample, 16 s
PROBE_READS = 25
RAMP = 2  # times as many as were answered so far
USED_OF_REQUEST = 0.75  # of the portal's 60 s: speeds vary
GUESS = 3.0  # seconds of a command never seen, until it was
WORTH = 0.6  # seconds that a smaller batch at the end must save
LOOK_AHEAD = 2000


class Waiting:
    """The commands not sent yet, in order; a source without a length is read a little ahead."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self.total = len(commands) if isinstance(commands, Sequence) else None
        self._source: Iterator[Command] = iter(commands)
        self._ready: deque[Command] = deque()
        self._dry = False
        self._fill()

    def __bool__(self) -> bool:
        self._fill()
        return bool(self._ready)

    def peek(self, count: int) -> list[Command]:
        """The next few, without taking them."""
        self._fill()
        return list(islice(self._ready, count))

    def take(self, count: int) -> list[Command]:
        return [self._ready.popleft() for _ in range(count)]

    def put_back(self, commands: Sequence[Command]) -> None:
        """They come first again."""
        self._ready.extendleft(reversed(commands))

    def left(self) -> int | None:
        """How many are left, if that is known."""
        return len(self._ready) if self._dry else None

    def by_method(self) -> Counter[str]:
        """Items left by method, as far as they were read."""
        counted: Counter[str] = Counter()
        for command in self._ready:
            counted[command.method] += command.items
        return counted

    def _fill(self) -> None:
        wanted = LOOK_AHEAD if self.total is None else self.total
        while not self._dry and len(self._ready) < wanted:
            new = list(islice(self._source, wanted))
            self._ready.extend(new)
            self._dry = len(new) < wanted or self.total is not None


@dataclass(frozen=True, slots=True)
class Cut:
    """What a batch is cut by: its size, seconds of a request, lanes open now and lanes the speeds were seen at."""

    size: int
    request_seconds: float
    lanes: int = 1
    seen_lanes: int = 1
    spread: bool = True
    probe: int = PROBE_WRITES


def batch_length(waiting: Waiting, speeds: Speeds, cut: Cut) -> int:
    """How many of the waiting commands the next batch may hold (at least 1).

    With more requests in flight than ever measured each may become slower in proportion: reckon with that.
    """
    worse = max(1.0, cut.lanes / max(1, cut.seen_lanes))
    budget = cut.request_seconds * USED_OF_REQUEST
    spent, count = 0.0, 0
    seen: Counter[str] = Counter()
    for command in waiting.peek(_share(waiting, speeds, cut)):
        seen[command.method] += 1
        known = speeds.knows(command.method)
        spent += speeds.usual(command.method, 0.0) * command.items * worse if known else GUESS
        ramp = max(cut.probe, RAMP * speeds.answered(command.method))
        if count and (spent > budget or seen[command.method] > ramp):
            break
        count += 1
    return max(1, count)


def unknown(commands: Sequence[Command], speeds: Speeds) -> set[str]:
    """Methods among these whose speed nobody has seen yet."""
    return {command.method for command in commands if not speeds.knows(command.method)}


def _share(waiting: Waiting, speeds: Speeds, cut: Cut) -> int:
    """The vendor's size, or less at the end when all lanes together are done sooner that way."""
    left = waiting.left()
    if left is None or not cut.spread or cut.lanes < 2 or left >= cut.lanes * cut.size:
        return cut.size
    ahead = waiting.peek(cut.size)
    if unknown(ahead, speeds):
        return cut.size
    each = speeds.seconds(ahead, GUESS) / max(1, len(ahead))
    share = max(ceil(left / cut.lanes), ceil(WORTH / each) if each > 0 else cut.size)
    worth = (min(cut.size, left) - share) * each >= WORTH
    return min(cut.size, share) if worth else cut.size
