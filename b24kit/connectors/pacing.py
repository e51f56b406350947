"""The vendor's request counter, kept in step by all processes of this machine, so that nobody is ever refused.

Rests on the vendor's page "REST API Limits": a counter per portal and source address goes up by one with each request
and leaks, by 2 a second (5 on Enterprise); above 50 (250) requests are refused with 503.
"""

from __future__ import annotations

from dataclasses import dataclass
from sqlite3 import Connection

from b24kit.clock import Clock
from b24kit.connectors.ledger import Ledger

LONGEST_AHEAD = 600.0  # a moment further in the future than this is a clock that was set back, not a booking


@dataclass(frozen=True, slots=True)
class Limits:
    """What this portal allows. `operating_limit` None: not known, to be learned; all times in seconds."""

    bucket: float = 50
    leak: float = 2.0
    operating_limit: float | None = None
    operating_window: float = 600.0
    baskets: int = 10
    ban_seconds: float = 300.0
    request_seconds: float = 60.0
    batch_size: int = 50


class LeakyBucket:
    """Our own count of the portal's counter. A process does not know its outside address: the key is the portal."""

    def __init__(self, ledger: Ledger, portal: str, clock: Clock, limits: Limits) -> None:
        self._ledger, self._portal, self._clock = ledger, portal, clock
        self.leak = limits.leak
        self.capacity = limits.bucket
        # The portal's counter falls in steps of a whole second, so it may stand one step above a smooth count; and one
        # place is left for somebody else behind the same address.
        self.full = max(1.0, limits.bucket - limits.leak - 1)

    def take(self) -> None:
        """Wait until one more request may leave."""
        self._clock.sleep(self.book())

    def book(self) -> float:
        """Book the next free place; gives the seconds until it comes."""
        now = self._clock.now().timestamp()
        with self._ledger.turn() as db:
            level = self._level(db, now) + 1
            self._store(db, level, now)
        return max(0.0, (level - self.full) / self.leak)

    def refused(self) -> None:
        """The portal said 503: its counter is full, whatever we thought (somebody else asks too)."""
        now = self._clock.now().timestamp()
        with self._ledger.turn() as db:
            self._store(db, max(self._level(db, now), self.capacity), now)

    def room(self) -> float:
        """How many requests may leave at once."""
        now = self._clock.now().timestamp()
        with self._ledger.turn() as db:
            return max(0.0, self.full - self._level(db, now))

    def _level(self, db: Connection, now: float) -> float:
        row = db.execute("select level, at from bucket where portal = ?", (self._portal,)).fetchone()
        if row is None or row[1] - now > LONGEST_AHEAD:
            return 0.0
        level, at = float(row[0]), float(row[1])
        return max(0.0, level - self.leak * max(0.0, now - at))

    def _store(self, db: Connection, level: float, now: float) -> None:
        db.execute("insert or replace into bucket values (?, ?, ?)", (self._portal, level, now))
