"""How much a minute may bring: a cap on what comes from outside, whoever proves himself."""

from __future__ import annotations

from b24kit.clock import Clock


class Rate:
    """So many within a minute, counted from its first one."""

    def __init__(self, most: int, clock: Clock) -> None:
        self._most, self._clock = most, clock
        self._begun, self._count = -60.0, 0

    def allows(self, count: int) -> bool:
        """Count these, and tell whether they are within the cap."""
        now = self._clock.monotonic()
        if now - self._begun >= 60:
            self._begun, self._count = now, 0
        self._count += count
        return self._count <= self._most
