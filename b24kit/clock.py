"""The only door to time: every `now`, every wait of b24kit goes through a Clock that the composition root hands in.

Tests use FakeClock; the demo and the benchmarks share the sandbox's own clock (`b24kit.sandbox.remote.RemoteClock`).
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What b24kit needs of time. `monotonic` and `sleep` are in seconds; `now` is aware, in UTC."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)


class FakeClock:
    """A clock that moves only when somebody sleeps or calls `advance`; safe to share between threads."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
        self._passed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        with self._lock:
            return self._passed

    def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._passed += seconds
