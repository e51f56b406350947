"""Turns of `owners` kept in the robots' store, so that workers on several machines deal out one queue.

One transaction deals one card. Clients are kept as hashes: the store is no second address book.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from fractions import Fraction

from b24kit.owners.turns import Ask, Round, Seat, Turn, Why, after, choose, room
from b24kit.robots.store import Store

_TABLES = (
    """CREATE TABLE IF NOT EXISTS dealt (
        portal TEXT NOT NULL, queue TEXT NOT NULL, card TEXT NOT NULL, person TEXT NOT NULL,
        at DOUBLE PRECISION NOT NULL, PRIMARY KEY (portal, queue, card))""",
    "CREATE INDEX IF NOT EXISTS dealt_to ON dealt (portal, person, at)",
    """CREATE TABLE IF NOT EXISTS dealt_client (
        portal TEXT NOT NULL, queue TEXT NOT NULL, client TEXT NOT NULL, person TEXT NOT NULL,
        at DOUBLE PRECISION NOT NULL, PRIMARY KEY (portal, queue, client))""",
    """CREATE TABLE IF NOT EXISTS turn_round (
        portal TEXT NOT NULL, queue TEXT NOT NULL, person TEXT NOT NULL, start TEXT NOT NULL,
        PRIMARY KEY (portal, queue, person))""",
)
_NOW = ""  # the queue's own place; no user has an empty id


class StoredTurns:
    """Implements `owners.turns.Turns` for one portal."""

    def __init__(self, store: Store, portal: str) -> None:
        self._base, self._portal = store.base, portal
        self._base.script(_TABLES)

    def take(self, ask: Ask) -> Turn | None:
        """The person for this card, remembered; None when every seat is full or there is none."""
        with self._base.transaction():
            # The queue's own row is the lock: whoever writes it first deals first (in SQLite the transaction is it).
            self._base.run(
                "INSERT INTO turn_round VALUES (?, ?, ?, '0') ON CONFLICT (portal, queue, person)"
                " DO UPDATE SET start = turn_round.start",
                (self._portal, ask.queue, _NOW),
            )
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
        row = self._base.rows(
            "SELECT person FROM dealt WHERE portal = ? AND queue = ? AND card = ?",
            (self._portal, ask.queue, ask.card),
        )
        if row and row[0][0] in seats:
            return seats[row[0][0]], Why.AGAIN
        free = {seat.user: seat for seat in ask.seats if room(seat, self._pending(ask, seat.user))}
        for client in ask.clients:
            user = self._bound(ask, client)
            if user in free:
                return free[user], Why.STICKY
        seat = choose(free.values(), self._round(ask.queue))
        return None if seat is None else (seat, Why.TURN)

    def _bound(self, ask: Ask, client: str) -> str | None:
        since = ask.sticky_since.timestamp() if ask.sticky_since is not None else 0.0
        row = self._base.rows(
            "SELECT person FROM dealt_client WHERE portal = ? AND queue = ? AND client = ? AND at >= ?",
            (self._portal, ask.queue, _hidden(client), since),
        )
        return str(row[0][0]) if row else None

    def _pending(self, ask: Ask, user: str) -> int:
        if ask.counted is None:
            return 0
        rows = self._base.rows(
            "SELECT count(*) FROM dealt WHERE portal = ? AND person = ? AND at >= ?",
            (self._portal, user, ask.counted.timestamp()),
        )
        return int(rows[0][0])

    def _round(self, queue: str) -> Round:
        rows = self._base.rows(
            "SELECT person, start FROM turn_round WHERE portal = ? AND queue = ?", (self._portal, queue)
        )
        starts = {str(person): Fraction(start) for person, start in rows}
        return Round(starts, starts.pop(_NOW, Fraction(0)))

    def _pass_on(self, queue: str, seat: Seat) -> None:
        passed = after(seat, self._round(queue))
        rows = ((seat.user, str(passed.starts[seat.user])), (_NOW, str(passed.now)))
        self._base.many(
            "INSERT INTO turn_round VALUES (?, ?, ?, ?) ON CONFLICT (portal, queue, person)"
            " DO UPDATE SET start = excluded.start",
            [(self._portal, queue, person, start) for person, start in rows],
        )

    def _remember(self, ask: Ask, user: str) -> None:
        at = _stamp(ask.at)
        self._base.run(
            "INSERT INTO dealt VALUES (?, ?, ?, ?, ?) ON CONFLICT (portal, queue, card)"
            " DO UPDATE SET person = excluded.person, at = excluded.at",
            (self._portal, ask.queue, ask.card, user, at),
        )
        self._base.many(
            "INSERT INTO dealt_client VALUES (?, ?, ?, ?, ?) ON CONFLICT (portal, queue, client)"
            " DO UPDATE SET person = excluded.person, at = excluded.at",
            [(self._portal, ask.queue, _hidden(client), user, at) for client in ask.clients],
        )


def _stamp(at: datetime) -> float:
    return at.timestamp()


def _hidden(client: str) -> str:
    return hashlib.sha256(client.encode()).hexdigest()
