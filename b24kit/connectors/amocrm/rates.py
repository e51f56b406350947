"""amoCRM's two limits as one waiting line: requests a second of an integration, and of all integrations of an account.

Rests on the vendor's page "Recommendations" (7 a second) and Kommo's "Limitations" (50 an account). Passing them is
answered with 429, and abuse with a block of the whole account; nobody says when the vendor's second begins, so any
second of ours has no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from sqlite3 import Connection

from b24kit.clock import Clock
from b24kit.connectors.ledger import Ledger
from b24kit.connectors.pacing import LONGEST_AHEAD

INTEGRATION = 7
ACCOUNT = 50
# A second of ours is longer than theirs by what requests may be late on their way without two falling into one.
SECOND = 1.12
APART = 0.05  # seconds between two requests of ours: not all seven in one instant
PER_SECOND = INTEGRATION / SECOND
KEPT = 60.0  # seconds that a place is remembered after it has passed


class Rate:
    """Places for requests, booked in the ledger that all our processes of this machine share."""

    def __init__(self, ledger: Ledger, host: str, integration: str, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock
        self._lines: Sequence[tuple[str, int]] = ((f"{host} {integration}", INTEGRATION), (host, ACCOUNT))

    def take(self) -> float:
        """Wait for the next place; gives the seconds it took."""
        wait = self.book()
        self._clock.sleep(wait)
        return wait

    def book(self) -> float:
        """Book the next free place in both lines; gives the seconds until it comes."""
        now = self._now()
        with self._ledger.turn() as db:
            at = max(now, *(_next(db, line, limit, now) for line, limit in self._lines))
            for line, _ in self._lines:
                db.execute("delete from sent where line = ? and (at < ? or at > ?)", (line, now - KEPT, now + 2e3))
                db.execute("insert into sent values (?, ?)", (line, at))
        return at - now

    def hold(self, seconds: float) -> None:
        """The account said 429: nobody asks again before so many seconds, whatever we thought (others ask too)."""
        now = self._now()
        with self._ledger.turn() as db:
            line, limit = self._lines[0]
            db.executemany("insert into sent values (?, ?)", [(line, now + seconds - SECOND)] * limit)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _next(db: Connection, line: str, limit: int, now: float) -> float:
    """The first moment with a free place: a second after the request `limit` places before."""
    rows = db.execute("select at from sent where line = ? order by at desc limit ?", (line, limit)).fetchall()
    taken = [float(row[0]) for row in rows if row[0] - now <= LONGEST_AHEAD * 2]  # beyond: a clock that was set back
    if not taken:
        return now
    full = taken[-1] + SECOND if len(taken) == limit else now
    return max(full, taken[0] + APART)
