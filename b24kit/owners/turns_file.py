"""Turns kept in a SQLite file: what several workers and later runs share.

One transaction deals one card (BEGIN IMMEDIATE), so two workers never see the same free turn. Personal data stays
out: clients are kept as hashes.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from b24kit.owners.turns import Ask, Round, Seat, Turn, Why, after, choose, room

_TABLES = """
CREATE TABLE IF NOT EXISTS dealt (
    queue TEXT NOT NULL, card TEXT NOT NULL, user TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (queue, card));
CREATE INDEX IF NOT EXISTS dealt_by_user ON dealt (user, at);
CREATE TABLE IF NOT EXISTS client (
    queue TEXT NOT NULL, client TEXT NOT NULL, user TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (queue, client));
CREATE TABLE IF NOT EXISTS round (
    queue TEXT NOT NULL, user TEXT NOT NULL, start TEXT NOT NULL, PRIMARY KEY (queue, user));
"""
_NOW = ""  # the queue's own place in `round`; no user has an empty id


class TurnsFile:
    """A dealer whose memory is a file; one object a thread, any number of processes."""

    def __init__(self, path: Path, timeout: float = 30.0) -> None:
        self._link = sqlite3.connect(path, timeout=timeout, isolation_level=None)
        self._link.execute("PRAGMA journal_mode=WAL")
        self._link.execute("PRAGMA synchronous=FULL")
        self._link.executescript(_TABLES)

    def close(self) -> None:
        self._link.close()

    def take(self, ask: Ask) -> Turn | None:
        """The person for this card, remembered; None when every seat is full or there is none."""
        with self._transaction():
            found = self._decide(ask)
            if found is None:
                return None
            seat, why = found
            if why is Why.TURN:
                self._pass_on(ask.queue, seat)
            if why is not Why.AGAIN:
                self._remember(ask, seat.user)
            return Turn(seat.user, why)

    def _decide(self, ask: Ask) -> tuple[Seat, Why] | None:
        seats = {seat.user: seat for seat in ask.seats}
        row = self._link.execute("SELECT user FROM dealt WHERE queue=? AND card=?", (ask.queue, ask.card)).fetchone()
        if row is not None and row[0] in seats:
            return seats[row[0]], Why.AGAIN
        free = {seat.user: seat for seat in ask.seats if room(seat, self._pending(ask, seat.user))}
        for client in ask.clients:
            user = self._bound(ask, client)
            if user in free:
                return free[user], Why.STICKY
        seat = choose(free.values(), self._round(ask.queue))
        return None if seat is None else (seat, Why.TURN)

    def _bound(self, ask: Ask, client: str) -> str | None:
        row = self._link.execute(
            "SELECT user, at FROM client WHERE queue=? AND client=?", (ask.queue, _hidden(client))
        ).fetchone()
        if row is None or (ask.sticky_since is not None and row[1] < _stamp(ask.sticky_since)):
            return None
        return str(row[0])

    def _pending(self, ask: Ask, user: str) -> int:
        if ask.counted is None:
            return 0
        counted = (user, _stamp(ask.counted))
        found: int = self._link.execute("SELECT count(*) FROM dealt WHERE user=? AND at>=?", counted).fetchone()[0]
        return found

    def _round(self, queue: str) -> Round:
        rows = self._link.execute("SELECT user, start FROM round WHERE queue=?", (queue,))
        starts = {user: Fraction(start) for user, start in rows}
        now = starts.pop(_NOW, Fraction(0))
        return Round(starts, now)

    def _pass_on(self, queue: str, seat: Seat) -> None:
        passed = after(seat, self._round(queue))
        rows = ((queue, seat.user, str(passed.starts[seat.user])), (queue, _NOW, str(passed.now)))
        self._link.executemany("INSERT OR REPLACE INTO round VALUES (?, ?, ?)", rows)

    def _remember(self, ask: Ask, user: str) -> None:
        at = _stamp(ask.at)
        self._link.execute("INSERT OR REPLACE INTO dealt VALUES (?, ?, ?, ?)", (ask.queue, ask.card, user, at))
        rows = [(ask.queue, _hidden(client), user, at) for client in ask.clients]
        self._link.executemany("INSERT OR REPLACE INTO client VALUES (?, ?, ?, ?)", rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._link.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._link.execute("ROLLBACK")
            raise
        self._link.execute("COMMIT")


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _hidden(client: str) -> str:
    return hashlib.sha256(client.encode()).hexdigest()
