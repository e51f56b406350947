"""The vendor's running-time limit per method, kept as a record of our own that all processes of this machine share.

Rests on the vendor's page "REST API Limits": the work of a method is summed for each webhook over ten baskets (480 s in
600 s in the page's example), and a method above its limit is refused with 429 until baskets fall out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Connection

from b24kit.clock import Clock
from b24kit.connectors.ledger import Ledger
from b24kit.connectors.pacing import LONGEST_AHEAD, Limits

ASSUMED_LIMIT = 480.0  # the example of the vendor's page; the real one is the portal's own setting
FINER = 6  # our slots are finer than the portal's baskets: what leaves our record has left the portal's before
TICK = 0.001  # the shortest wait worth asking for: a clock may not tell less time apart
NOISE = 0.05  # seconds: a smaller difference to the portal's sum is rounding


@dataclass(slots=True)
class Booking:
    """Running time set aside for a request that is on its way, by the name it counts under; settled only once."""

    costs: Mapping[str, float]
    since: int
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts under one name now: seconds and when they fall out, oldest first; `wait` while it is paused."""

    spent: Sequence[tuple[float, float]]  # (seconds from now until it falls out, seconds counted)
    wait: float = 0.0

    @property
    def used(self) -> float:
        return sum(seconds for _, seconds in self.spent)


class MethodTimeMeter:
    """Seconds of work by name (a method, or `batch` where the portal counts whole batches) of one webhook."""

    def __init__(self, ledger: Ledger, portal: str, caller: str, clock: Clock, limits: Limits) -> None:
        self._ledger, self._clock = ledger, clock
        self._who = (portal, caller)
        self.given = limits.operating_limit is not None
        self.limit = limits.operating_limit if limits.operating_limit is not None else ASSUMED_LIMIT
        self.window = limits.operating_window
        self._baskets = limits.baskets
        self._slot = self.window / (limits.baskets * FINER)

    def book(self, costs: Mapping[str, float]) -> Booking | float:
        """Set the costs of a request aside, or say after how many seconds to ask again."""
        booked = self.book_or_waits(costs)
        return booked if isinstance(booked, Booking) else max(booked.values())

    def book_or_waits(self, costs: Mapping[str, float]) -> Booking | dict[str, float]:
        """Set the costs of a request aside, or say which names have to wait, and how many seconds each."""
        now = self._now()
        with self._ledger.turn() as db:
            waits = {name: self.room_after(self._standing(db, name, now), cost) for name, cost in costs.items()}
            if any(wait > 0 for wait in waits.values()):
                return {name: max(wait, TICK) for name, wait in waits.items() if wait > 0}
            since = self._since(now)
            for name, cost in costs.items():
                self._add(db, name, since, cost)
        return Booking(costs, since)

    def settle(self, booking: Booking, actual: Mapping[str, float]) -> None:
        """The request came back: its real work instead of what was set aside, counted where the portal counts it."""
        now = self._now()
        with self._ledger.turn() as db:
            for name, cost in booking.costs.items() if not booking.settled else ():
                self._add(db, name, booking.since, -cost)
            for name, seconds in actual.items():
                self._add(db, name, self._since(now), seconds)
        booking.settled = True

    def raise_to(self, name: str, total: float) -> None:
        """The portal says more than we know of (another program on the same webhook): believe it."""
        now = self._now()
        with self._ledger.turn() as db:
            missing = total - self._standing(db, name, now).used
            if missing > NOISE:
                self._add(db, name, self._since(now), missing)

    def pause(self, name: str, seconds: float) -> None:
        """The portal refused this name: nobody asks again before."""
        until = self._now() + seconds
        with self._ledger.turn() as db:
            db.execute("insert or replace into paused values (?, ?, ?, ?)", (*self._who, name, until))

    def forget(self, name: str) -> None:
        """After a ban the portal's baskets are empty, and so is our record."""
        with self._ledger.turn() as db:
            db.execute("delete from spent where (portal, caller, name) = (?, ?, ?)", (*self._who, name))

    def learn(self, *, limit: float | None = None, window: float | None = None) -> None:
        """Take in what the portal's answers showed, unless the profile gives the limit."""
        if self.given:
            return
        if limit is not None and limit > 0:
            self.limit = min(self.limit, limit)
        if window is not None and window > 0:
            self.window = window
            self._slot = window / (self._baskets * FINER)

    def standing(self, name: str) -> Standing:
        """What counts under a name now."""
        now = self._now()
        with self._ledger.turn() as db:
            return self._standing(db, name, now)

    def room_after(self, standing: Standing, cost: float) -> float:
        """Seconds until a request of this cost may start: the sum must stay a batch below the limit."""
        wait, used = standing.wait, standing.used
        allowed = self.limit - self.margin(cost)
        for leaves, seconds in standing.spent:
            if used + cost <= allowed or used <= NOISE:
                break
            used -= seconds
            wait = max(wait, leaves)
        return wait

    def margin(self, cost: float) -> float:
        """What is left free below the limit: one more request of this cost on top of the one that asks."""
        return min(cost, self.limit / 10)

    def _standing(self, db: Connection, name: str, now: float) -> Standing:
        key = (*self._who, name)
        ago = int((now - self.window - self._slot) * 1000)
        db.execute("delete from spent where (portal, caller, name) = (?, ?, ?) and since < ?", (*key, ago))
        rows = db.execute(
            "select since, seconds from spent where (portal, caller, name) = (?, ?, ?) order by since", key
        ).fetchall()
        spent = [(since / 1000 + self._slot + self.window - now, seconds) for since, seconds in rows if seconds > 0]
        ahead = [leaves for leaves, _ in spent if leaves > self.window + LONGEST_AHEAD]
        return Standing([] if ahead else [(max(0.0, leaves), s) for leaves, s in spent], self._paused(db, key, now))

    def _paused(self, db: Connection, key: tuple[str, str, str], now: float) -> float:
        row = db.execute("select until from paused where (portal, caller, name) = (?, ?, ?)", key).fetchone()
        if row is None or row[0] - now > 2 * LONGEST_AHEAD:
            return 0.0
        return max(0.0, float(row[0]) - now)

    def _since(self, now: float) -> int:
        """The beginning of the present slot, in milliseconds: processes with other windows read it as well."""
        return int(int(now / self._slot) * self._slot * 1000)

    def _add(self, db: Connection, name: str, since: int, seconds: float) -> None:
        db.execute(
            "insert into spent values (?, ?, ?, ?, ?) on conflict do update set seconds = seconds + excluded.seconds",
            (*self._who, name, since, seconds),
        )

    def _now(self) -> float:
        return self._clock.now().timestamp()
