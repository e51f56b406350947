"""A small adaptive number of requests in flight: threads carry them, the caller's thread hands out and takes in.

A writer with one request at a time stands at many times the floor, one without a bound hurts the people who work on the
portal. So the number grows while answers stay as quick as the best seen, and shrinks when they become slow or refused.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from typing import Generic, TypeVar

T = TypeVar("T")
L = TypeVar("L")

QUICK = 1.25  # times the best time seen that still counts as quick: one more may be sent
SLOW = 1.6  # times the best time seen from which on fewer are sent; between the two nothing changes
AIM = 1.4  # where between the two a smaller number should come out
SMOOTHING = 0.5
LISTEN = 1.0  # seconds of real time between looks for an interrupt while waiting


class Lanes:
    """How many requests may be in flight. Only the caller's thread speaks to it."""

    def __init__(self, maximum: int) -> None:
        self.maximum = max(1, maximum)
        self.allowed = max(1, self.maximum // 2)
        self.seen = 1  # the most that were in flight when an answer came
        self.round = 0  # counts decisions to send fewer; a request remembers the round in which it left
        self._slowdown = 1.0

    @property
    def hoped(self) -> int:
        """How many there will be, as far as one can tell: the maximum, unless answers became slow."""
        return self.maximum if self._slowdown <= QUICK else self.allowed

    def answered(self, in_flight: int, slowdown: float, sent_in_round: int) -> None:
        """An answer came; while it was on its way so many were in flight, and it took `slowdown` times the best time.

        Answers to what left before the last decision say nothing about that decision.
        """
        self.seen = max(self.seen, in_flight)
        if sent_in_round < self.round:
            return
        self._slowdown += SMOOTHING * (slowdown - self._slowdown)
        if self._slowdown <= QUICK and in_flight >= self.allowed:
            self.allowed = min(self.maximum, self.allowed + 1)
        elif self._slowdown > SLOW:
            # With n in flight and answers s times slower, n / s of them are being worked on.
            self._send_fewer(int(in_flight * AIM / self._slowdown) + 1)

    def refused(self, sent_in_round: int) -> None:
        """The portal refused or broke: half as many, and grow again."""
        if sent_in_round >= self.round:
            self._send_fewer(self.allowed // 2)

    def _send_fewer(self, number: int) -> None:
        if number < self.allowed:
            self.allowed = max(1, number)
            self.round += 1
            self._slowdown = AIM


class Flight(Generic[L, T]):
    """Requests on their way, each with a label of the caller's."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._landed: queue.SimpleQueue[tuple[L, Future[T]]] = queue.SimpleQueue()
        self._sent: set[Future[T]] = set()
        self.labels: list[L] = []

    @property
    def count(self) -> int:
        return len(self.labels)

    def send(self, label: L, work: Callable[[], T]) -> None:
        """Start `work` in a thread."""
        self.labels.append(label)
        future = self._pool.submit(work)
        self._sent.add(future)
        future.add_done_callback(lambda done: self._landed.put((label, done)))

    def land(self) -> tuple[L, T]:
        """The next one that came back, waiting for it; raises what `work` raised."""
        while True:
            try:
                label, future = self._landed.get(timeout=LISTEN)
            except queue.Empty:
                continue
            self.labels = [other for other in self.labels if other is not label]
            self._sent.discard(future)
            return label, future.result()

    def drain(self) -> None:
        """Wait for all that are on their way and drop what they bring.

        It rests on the futures alone: an interrupt may have come while `send` or `land` was between two of its steps.
        """
        while wait(self._sent, timeout=LISTEN).not_done:
            continue
        self._sent.clear()
        self.labels.clear()
