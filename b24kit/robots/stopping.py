"""A clock whose waits end when the service is told to stop: a portal that is away may be waited for many minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from b24kit.clock import Clock
from b24kit.errors import Stopped

SLICE = 2.0  # seconds of one wait: between two it is looked whether anybody still wants to wait


class StoppableClock:
    """Another clock; `sleep` raises Stopped as soon as `stopping` says so."""

    def __init__(self, clock: Clock, stopping: Callable[[], bool]) -> None:
        self._clock, self._stopping = clock, stopping

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait so long, in parts. Raises Stopped."""
        while seconds > 0:
            if self._stopping():
                raise Stopped("connection_closed")
            part = min(SLICE, seconds)
            self._clock.sleep(part)
            seconds -= part
