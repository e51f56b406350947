"""What robots remember between two looks at a portal: cards that are due, what was done, how far the sweep came.

One row a card joins inbox and wake-ups: `due` is the moment to look at it again, an event only brings it forward. A
worker holds a card by a lease with a number that grows; whoever lost the lease can write nothing any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from b24kit.crm.refs import Ref
from b24kit.robots.sql import Database, Row, open_database

_TABLES = (
    """CREATE TABLE IF NOT EXISTS cards (
        portal TEXT NOT NULL, card TEXT NOT NULL, due DOUBLE PRECISION, why TEXT NOT NULL DEFAULT '',
        version BIGINT NOT NULL DEFAULT 0, worker TEXT, until DOUBLE PRECISION, fence BIGINT NOT NULL DEFAULT 0,
        tries INTEGER NOT NULL DEFAULT 0, rounds INTEGER NOT NULL DEFAULT 0, seen DOUBLE PRECISION,
        PRIMARY KEY (portal, card))""",
    "CREATE INDEX IF NOT EXISTS cards_due ON cards (portal, due)",
    "CREATE INDEX IF NOT EXISTS cards_held ON cards (worker)",
    """CREATE TABLE IF NOT EXISTS inbox (
        portal TEXT NOT NULL, card TEXT NOT NULL, kind TEXT NOT NULL, first DOUBLE PRECISION NOT NULL,
        last DOUBLE PRECISION NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (portal, card, kind))""",
    """CREATE TABLE IF NOT EXISTS operations (
        portal TEXT NOT NULL, op TEXT NOT NULL, card TEXT NOT NULL, state TEXT NOT NULL, at DOUBLE PRECISION NOT NULL,
        worker TEXT, doubt DOUBLE PRECISION, body TEXT NOT NULL, new_id TEXT, seen TEXT, wrote TEXT, code TEXT,
        said TEXT, PRIMARY KEY (portal, op))""",
    "CREATE INDEX IF NOT EXISTS operations_of ON operations (portal, card)",
    """CREATE TABLE IF NOT EXISTS actions (
        portal TEXT NOT NULL, key TEXT NOT NULL, card TEXT NOT NULL, op TEXT NOT NULL,
        PRIMARY KEY (portal, key, op))""",
    "CREATE INDEX IF NOT EXISTS actions_of ON actions (portal, card)",
    """CREATE TABLE IF NOT EXISTS journal (
        seq {serial}, portal TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, worker TEXT NOT NULL, op TEXT NOT NULL,
        state TEXT NOT NULL, new_id TEXT, code TEXT NOT NULL, said TEXT NOT NULL, facts TEXT NOT NULL, seen TEXT,
        wrote TEXT)""",
    "CREATE INDEX IF NOT EXISTS journal_at ON journal (portal, at)",
    """CREATE TABLE IF NOT EXISTS cursors (
        portal TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (portal, name))""",
    """CREATE TABLE IF NOT EXISTS dead (
        portal TEXT NOT NULL, card TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, code TEXT NOT NULL, said TEXT NOT NULL,
        tries INTEGER NOT NULL, PRIMARY KEY (portal, card))""",
    """CREATE TABLE IF NOT EXISTS outbox (
        portal TEXT NOT NULL, key TEXT NOT NULL, card TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, body TEXT NOT NULL,
        sent DOUBLE PRECISION, PRIMARY KEY (portal, key))""",
    """CREATE TABLE IF NOT EXISTS releases (
        portal TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, at DOUBLE PRECISION NOT NULL,
        client TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '', PRIMARY KEY (portal, key))""",
    """CREATE TABLE IF NOT EXISTS payments (
        portal TEXT NOT NULL, id TEXT NOT NULL, card TEXT NOT NULL, number TEXT NOT NULL, body TEXT NOT NULL,
        heard DOUBLE PRECISION NOT NULL, due DOUBLE PRECISION, PRIMARY KEY (portal, id))""",
    "CREATE INDEX IF NOT EXISTS payments_of ON payments (portal, card)",
)


@dataclass(frozen=True, slots=True)
class Event:
    """A hint that something happened to a card: `added`, `changed`, `deleted`, `stirred`."""

    card: Ref
    kind: str = "changed"


@dataclass(frozen=True, slots=True)
class Held:
    """A card that this worker may work on until its lease ends."""

    card: Ref
    version: int
    fence: int
    tries: int
    rounds: int
    why: str
    due: datetime
    lost: datetime | None = None  # when an earlier holder, who never gave it back, lost it: he sent nothing afterwards


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A card that robots gave up on: why, and after how many tries."""

    card: Ref
    at: datetime
    code: str
    said: str
    tries: int


class Store:
    """The memory of robots on one database; `portal` is the portal's id in every call."""

    def __init__(self, place: str | Path | Database) -> None:
        self.base = open_database(place) if isinstance(place, str | Path) else place
        self.base.script(statement.format(serial=self.base.serial) for statement in _TABLES)

    def close(self) -> None:
        self.base.close()

    # -- events and wake-ups

    def put(self, portal: str, events: Iterable[Event], now: datetime) -> int:
        """Store events, one row a card and kind while they wait; durable when this returns. How many there were."""
        with self.base.transaction():
            return self.put_inside(portal, events, now)

    def put_inside(self, portal: str, events: Iterable[Event], now: datetime) -> int:
        """As `put`, inside a transaction of the caller."""
        at = now.timestamp()
        # Always in one order: two workers that store the same cards must not wait for each other.
        found = sorted({(str(event.card), str(event.kind)) for event in events})
        self.base.many(
            "INSERT INTO inbox (portal, card, kind, first, last, times) VALUES (?, ?, ?, ?, ?, 1)"
            " ON CONFLICT (portal, card, kind) DO UPDATE SET last = excluded.last, times = inbox.times + 1",
            [(portal, card, kind, at, at) for card, kind in found],
        )
        self.base.many(
            "INSERT INTO cards (portal, card, due, why, version) VALUES (?, ?, ?, ?, 1)"
            " ON CONFLICT (portal, card) DO UPDATE SET version = cards.version + 1, why = excluded.why,"
            " due = CASE WHEN cards.due IS NULL OR cards.due > excluded.due THEN excluded.due ELSE cards.due END",
            [(portal, card, at, kind) for card, kind in found],
        )
        return len(found)

    def wake(self, portal: str, cards: Iterable[tuple[Ref, datetime, str]]) -> None:
        """Look at these cards at these moments, or earlier when they are due earlier."""
        rows = [(portal, str(card), at.timestamp(), why) for card, at, why in cards]
        with self.base.transaction():
            self.base.many(
                "INSERT INTO cards (portal, card, due, why) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (portal, card) DO UPDATE SET"
                " due = CASE WHEN cards.due IS NULL OR cards.due > excluded.due THEN excluded.due ELSE cards.due END",
                rows,
            )

    # -- leases

    def take(self, portal: str, worker: str, now: datetime, *, limit: int, lease: timedelta) -> list[Held]:
        """Up to `limit` due cards that nobody holds, those due longest first; held until `lease` is over."""
        at, until = now.timestamp(), (now + lease).timestamp()
        with self.base.transaction():
            rows = self.base.rows(
                "SELECT card, version, fence, tries, rounds, why, due, until FROM cards WHERE portal = ? AND due <= ?"
                f" AND (until IS NULL OR until <= ?) ORDER BY due, card LIMIT ?{self.base.skipping}",
                (portal, at, at, limit),
            )
            self.base.many(
                "UPDATE cards SET worker = ?, until = ?, fence = fence + 1 WHERE portal = ? AND card = ?",
                [(worker, until, portal, row[0]) for row in rows],
            )
        return [_held(row) for row in rows]

    def renew(self, worker: str, now: datetime, lease: timedelta) -> None:
        """The worker lives: its leases go on."""
        self.base.run("UPDATE cards SET until = ? WHERE worker = ?", ((now + lease).timestamp(), worker))

    def free(self, name: str, now: datetime) -> int:
        """A process of workers called `name/...` is known to be dead: its cards may be taken at once. How many."""
        rows = self.base.rows("SELECT DISTINCT worker FROM cards WHERE until > ?", (now.timestamp(),))
        theirs = sorted(str(row[0]) for row in rows if str(row[0]).rpartition("/")[0] == name)
        return sum(
            self.base.run(
                "UPDATE cards SET until = ? WHERE worker = ? AND until > ?", (now.timestamp(), worker, now.timestamp())
            )
            for worker in theirs
        )

    def still_held(self, portal: str, worker: str, held: Collection[Held]) -> set[Ref]:
        """Which of these cards are still ours."""
        rows = self.base.rows("SELECT card, fence FROM cards WHERE portal = ? AND worker = ?", (portal, worker))
        fences = {str(card): int(fence) for card, fence in rows}
        return {one.card for one in held if fences.get(str(one.card)) == one.fence}

    def settle(
        self, portal: str, worker: str, done: Sequence[tuple[Held, datetime | None, str, datetime | None, bool]]
    ) -> None:
        """Give cards back: when to look again (None: when something happens), why, when the card had changed last, and
        whether something was done to it. An event that came meanwhile leaves the card due."""
        with self.base.transaction():
            for held, wake, why, seen, acted in done:
                ours = (portal, str(held.card), worker, held.fence)
                self.base.run(
                    "DELETE FROM inbox WHERE portal = ? AND card = ? AND EXISTS (SELECT 1 FROM cards WHERE"
                    " cards.portal = inbox.portal AND cards.card = inbox.card AND worker = ? AND fence = ?"
                    " AND version = ?)",
                    (*ours, held.version),
                )
                self.base.run(
                    "UPDATE cards SET worker = NULL, until = NULL, tries = 0, rounds = ?, seen = ?,"
                    " why = CASE WHEN version = ? THEN ? ELSE why END,"
                    " due = CASE WHEN version = ? THEN ? ELSE due END"
                    " WHERE portal = ? AND card = ? AND worker = ? AND fence = ?",
                    (
                        held.rounds + 1 if acted else 0,
                        None if seen is None else seen.timestamp(),
                        held.version,
                        why,
                        held.version,
                        None if wake is None else wake.timestamp(),
                        *ours,
                    ),
                )
                # Worked on without an error: it is given up no more.
                self.base.run("DELETE FROM dead WHERE portal = ? AND card = ?", ours[:2])

    def forget(self, portal: str, worker: str, held: Iterable[Held]) -> None:
        """Cards that are no longer there."""
        with self.base.transaction():
            for one in held:
                gone = self.base.run(
                    "DELETE FROM cards WHERE portal = ? AND card = ? AND worker = ? AND fence = ?",
                    (portal, str(one.card), worker, one.fence),
                )
                if gone:
                    self.base.run("DELETE FROM inbox WHERE portal = ? AND card = ?", (portal, str(one.card)))

    def put_off(
        self, portal: str, worker: str, held: Iterable[Held], until: datetime, why: str, *, counts: bool = True
    ) -> None:
        """Give cards back to be tried again at a moment; `counts`: this was a failed try."""
        with self.base.transaction():
            self.base.many(
                "UPDATE cards SET worker = NULL, until = NULL, due = ?, why = ?, tries = tries + ?"
                " WHERE portal = ? AND card = ? AND worker = ? AND fence = ?",
                [(until.timestamp(), why, int(counts), portal, str(one.card), worker, one.fence) for one in held],
            )

    # -- dead letters

    def bury(self, portal: str, worker: str, held: Held, now: datetime, code: str, said: str) -> None:
        """Give a card up: it waits for a person, or for its next event."""
        with self.base.transaction():
            ours = (portal, str(held.card), worker, held.fence)
            if self.base.run(
                "UPDATE cards SET worker = NULL, until = NULL, due = NULL, tries = 0, rounds = 0, why = 'dead'"
                " WHERE portal = ? AND card = ? AND worker = ? AND fence = ?",
                ours,
            ):
                self.base.run("DELETE FROM inbox WHERE portal = ? AND card = ?", ours[:2])
                self.base.run(
                    "INSERT INTO dead VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (portal, card) DO UPDATE SET"
                    " at = excluded.at, code = excluded.code, said = excluded.said, tries = excluded.tries",
                    (*ours[:2], now.timestamp(), code, said, held.tries + 1),
                )

    def dead(self, portal: str) -> list[DeadLetter]:
        """Cards that were given up, oldest first."""
        rows = self.base.rows(
            "SELECT card, at, code, said, tries FROM dead WHERE portal = ? ORDER BY at, card", (portal,)
        )
        return [DeadLetter(Ref.parse(row[0]), from_stamp(row[1]), row[2], row[3], int(row[4])) for row in rows]

    def retry(self, portal: str, cards: Collection[Ref] | None, now: datetime) -> int:
        """Try given-up cards once more, all of them when none is named; how many."""
        chosen = [one for one in self.dead(portal) if cards is None or one.card in cards]
        with self.base.transaction():
            for one in chosen:
                self.base.run("DELETE FROM dead WHERE portal = ? AND card = ?", (portal, str(one.card)))
            self.put_inside(portal, [Event(one.card, "retry") for one in chosen], now)
        return len(chosen)

    # -- the sweep

    def cursor(self, portal: str, name: str) -> str | None:
        rows = self.base.rows("SELECT value FROM cursors WHERE portal = ? AND name = ?", (portal, name))
        return str(rows[0][0]) if rows else None

    def set_cursor(self, portal: str, name: str, value: str) -> None:
        self.base.run(
            "INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT (portal, name) DO UPDATE SET value = excluded.value",
            (portal, name, value),
        )

    def seen(self, portal: str, cards: Sequence[Ref]) -> dict[Ref, datetime]:
        """When these cards had changed last as we looked at them; those never looked at are left out."""
        found: dict[Ref, datetime] = {}
        for at in range(0, len(cards), 500):
            part = [str(card) for card in cards[at : at + 500]]
            holes = ", ".join("?" for _ in part)
            rows = self.base.rows(
                f"SELECT card, seen FROM cards WHERE portal = ? AND seen IS NOT NULL AND card IN ({holes})",
                (portal, *part),
            )
            found |= {Ref.parse(card): from_stamp(seen) for card, seen in rows}
        return found

    def known(self, portal: str, above: str, limit: int) -> list[Ref]:
        """Cards that are kept here, in the order of their names, after one of them."""
        rows = self.base.rows(
            "SELECT card FROM cards WHERE portal = ? AND card > ? ORDER BY card LIMIT ?", (portal, above, limit)
        )
        return [Ref.parse(row[0]) for row in rows]

    # -- counts

    def counts(self, portal: str, now: datetime) -> dict[str, float]:
        """How many cards are due, wait, are held, were given up; and how long the oldest due one waits, in seconds."""
        at = now.timestamp()
        due, oldest = self.base.rows(
            "SELECT count(*), min(due) FROM cards WHERE portal = ? AND due <= ?", (portal, at)
        )[0]
        return {
            "due": due,
            "waiting": self._count("cards WHERE portal = ? AND due > ?", portal, at),
            "held": self._count("cards WHERE portal = ? AND worker IS NOT NULL AND until > ?", portal, at),
            "events": self._count("inbox WHERE portal = ?", portal),
            "dead": self._count("dead WHERE portal = ?", portal),
            "unsent": self._count("outbox WHERE portal = ? AND sent IS NULL", portal),
            "lag": max(0.0, at - oldest) if oldest is not None else 0.0,
        }

    def fresh(self, portal: str, now: datetime) -> int:
        """Due cards that nothing was done to yet; those that are only looked at once more are left out."""
        return self._count("cards WHERE portal = ? AND due <= ? AND rounds = 0", portal, now.timestamp())

    def other_workers(self, portal: str, worker: str, now: datetime) -> int:
        """How many workers beside this one hold cards just now."""
        held = "SELECT count(DISTINCT worker) FROM cards WHERE portal = ? AND until > ? AND worker <> ?"
        return int(self.base.rows(held, (portal, now.timestamp(), worker))[0][0])

    def _count(self, tail: str, *values: object) -> int:
        return int(self.base.rows(f"SELECT count(*) FROM {tail}", values)[0][0])


def from_stamp(seconds: float) -> datetime:
    """A moment as it is stored."""
    return datetime.fromtimestamp(float(seconds), UTC)


def _held(row: Row) -> Held:
    card, version, fence, tries, rounds, why, due, until = row
    lost = None if until is None else from_stamp(until)
    return Held(Ref.parse(card), int(version), int(fence) + 1, int(tries), int(rounds), str(why), from_stamp(due), lost)
