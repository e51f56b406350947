"""Cuts commands into batches: to the vendor's size, to the 60 s of a request, and small where the speed is unknown.

Methods are kept apart, since each has a budget of its own, and mixed in a batch in the order in which they came.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import Protocol

from b24kit.connectors.commands import Command
from b24kit.connectors.speed import Speeds

PROBE_WRITES = 5  # commands of a method never seen: at 3.3 s an update, the vendor's own sample, 16 s
PROBE_READS = 25
RAMP = 2  # times as many as were answered so far
USED_OF_REQUEST = 0.75  # of the portal's 60 s: speeds vary
GUESS = 3.0  # seconds of a command never seen, until it was
WORTH = 0.6  # seconds that a smaller batch at the end must save
WORTH_IN_RUN = 5.0  # of a run of minutes
LOOK_AHEAD = 2000


class Source(Protocol):
    """Where commands come from while others are on their way."""

    @property
    def open(self) -> bool:
        """Whether answers may bring more commands."""

    def more(self) -> Sequence[Command]:
        """What came up since the last asking."""

    def rest(self) -> Sequence[Command]:
        """What was kept back to fill a command (a page of ids, an import), given when there is nothing better."""

    def ahead(self) -> Mapping[str, int] | None:
        """Items by method that will still come; None when nobody knows."""


class Listed:
    """A plain list of commands as a source; one without a length is read a little ahead."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self._step = len(commands) if isinstance(commands, Sequence) else LOOK_AHEAD
        self._source: Iterator[Command] = iter(commands)
        self._dry = False
        self.total = len(commands) if isinstance(commands, Sequence) else None

    @property
    def open(self) -> bool:
        return False

    def more(self) -> Sequence[Command]:
        if self._dry:
            return []
        new = list(islice(self._source, self._step))
        self._dry = self.total is not None or len(new) < self._step
        return new

    def rest(self) -> Sequence[Command]:
        return []

    def ahead(self) -> Mapping[str, int] | None:
        return {} if self._dry else None


class Waiting:
    """The commands not sent yet, each method in order."""

    def __init__(self, commands: Iterable[Command] = ()) -> None:
        self._queues: dict[str, deque[tuple[int, Command]]] = {}
        self._last, self._first = 0, 0
        self.extend(commands)

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def extend(self, commands: Iterable[Command]) -> None:
        """They come last."""
        for command in commands:
            self._last += 1
            self._queues.setdefault(command.method, deque()).append((self._last, command))

    def put_back(self, commands: Sequence[Command]) -> None:
        """They come first again."""
        for command in reversed(commands):
            self._first -= 1
            self._queues.setdefault(command.method, deque()).appendleft((self._first, command))

    def methods(self) -> set[str]:
        """Of which there are any."""
        return {method for method, queue in self._queues.items() if queue}

    def by_method(self) -> Counter[str]:
        """Items left by method."""
        counted: Counter[str] = Counter()
        for method, queue in self._queues.items():
            counted[method] = sum(command.items for _, command in queue)
        return +counted

    def waits(self, without: Collection[str] = ()) -> int:
        """How many commands wait, apart from those of some methods."""
        return sum(len(queue) for method, queue in self._queues.items() if method not in without)

    def choose(self, wanted: Callable[[Command], bool], first: Callable[[Command], bool]) -> list[Command]:
        """Take commands in order, those that are `first` before others; a method is left at its first unwanted one."""
        heads = [(not first(queue[0][1]), queue[0][0], method) for method, queue in self._queues.items() if queue]
        heapq.heapify(heads)
        taken: list[Command] = []
        while heads:
            _, _, method = heapq.heappop(heads)
            queue = self._queues[method]
            if not wanted(queue[0][1]):
                continue
            taken.append(queue.popleft()[1])
            if queue:
                heapq.heappush(heads, (not first(queue[0][1]), queue[0][0], method))
        return taken


@dataclass(frozen=True, slots=True)
class Cut:
    """What a batch is cut by: its size, seconds of a request, lanes open now and lanes the speeds were seen at.

    `left` is how many commands there are in all, when that is known and all may be sent; then lanes share the end.
    """

    size: int
    request_seconds: float
    lanes: int = 1
    seen_lanes: int = 1
    left: int | None = None
    worth: float = WORTH
    probe_writes: int = PROBE_WRITES
    without: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Commands for one request. `full`: no more would have been taken, however many there were."""

    commands: list[Command]
    full: bool


def next_batch(waiting: Waiting, speeds: Speeds, cut: Cut, alone: Callable[[Command], bool] | None = None) -> Batch:
    """Take the next batch (one command at least, if any may be taken); what travels `alone` takes none with it.

    With more requests in flight than ever measured each may become slower in proportion: reckon with that.
    """
    picker = _Picker(speeds, cut, _share(waiting, speeds, cut), alone)
    return Batch(waiting.choose(picker.wanted, picker.first), picker.full)


def unknown(commands: Sequence[Command], speeds: Speeds) -> set[str]:
    """Methods among these whose speed nobody has seen yet."""
    return {command.method for command in commands if not speeds.knows(command.method)}


class _Picker:
    def __init__(self, speeds: Speeds, cut: Cut, size: int, alone: Callable[[Command], bool] | None) -> None:
        self._speeds, self._cut, self._size, self._alone = speeds, cut, size, alone
        self._worse = max(1.0, cut.lanes / max(1, cut.seen_lanes))
        self._budget = cut.request_seconds * USED_OF_REQUEST
        self._spent, self._count = 0.0, 0
        self._seen: Counter[str] = Counter()
        self.full = False

    def first(self, command: Command) -> bool:
        """Looks free writes, and the sooner a speed is known the better."""
        return command.reads or not self._speeds.knows(command.method)

    def wanted(self, command: Command) -> bool:
        if self.full or command.method in self._cut.without:
            return False
        if self._alone is not None and self._alone(command):
            self.full = not self._count
            self._count += self.full
            return self.full
        known = self._speeds.knows(command.method)
        each = self._speeds.usual(command.method, 0.0) * command.items * self._worse if known else GUESS
        probe = PROBE_READS if command.reads else self._cut.probe_writes
        ramp = max(probe, RAMP * self._speeds.answered(command.method))
        if self._count and self._spent + each > self._budget:
            self.full = True
            return False
        if self._count and self._seen[command.method] + 1 > ramp:
            return False
        self._spent += each
        self._seen[command.method] += 1
        self._count += 1
        self.full = self._count >= self._size
        return True


def _share(waiting: Waiting, speeds: Speeds, cut: Cut) -> int:
    """The vendor's size, or less at the end when all lanes together are done sooner that way."""
    if not cut.left or cut.lanes < 2 or cut.left >= cut.lanes * cut.size:
        return cut.size
    items = waiting.by_method()
    if any(not speeds.knows(method) for method in items):
        return cut.size
    each = sum(speeds.usual(method, GUESS) * count for method, count in items.items()) / cut.left
    share = max(ceil(cut.left / cut.lanes), ceil(cut.worth / each) if each > 0 else cut.size)
    worth = (min(cut.size, cut.left) - share) * each >= cut.worth
    return min(cut.size, share) if worth else cut.size
