"""Messages to clients that rules asked for: kept, shown, let go by a person, and remembered once they left.

What stands here has reached no client. It leaves only when a person (or the playbook, where it says so) let it go, the
playbook is armed and so is the command; see `posting`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from b24kit.crm.refs import Ref
from b24kit.robots.decision import Action
from b24kit.robots.sql import Row
from b24kit.robots.store import Event, Store, from_stamp

_COUNTED = "cursor of letters"  # its row makes those who count wait for each other


class Release(StrEnum):
    """What became of a message so far."""

    WAITING = "waiting"  # nobody has let it go
    APPROVED = "approved"
    LEAVING = "leaving"  # counted, perhaps sent: what became of it is found by looking
    SENT = "sent"
    HANDED = "handed"  # this vendor cannot send it: somebody has a to-do with the text
    REFUSED = "refused"  # the portal would not send it
    DOUBT = "doubt"  # it may have left, and the portal shows no trace of it
    DROPPED = "dropped"


OVER = (Release.SENT, Release.HANDED, Release.DROPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; `values` are channel, subject, text and sender. `note` says what holds it up, as a code."""

    key: str
    card: Ref
    at: datetime
    values: dict[str, Any]
    state: Release = Release.WAITING
    note: str = ""

    @property
    def id(self) -> str:
        """What people call it on the command line."""
        return short_id(self.key)


def short_id(key: str) -> str:
    """Eight letters for a key.

    >>> short_id("letter/deal:5/welcome")
    '00dbd4c3'
    """
    return blake2b(key.encode(), digest_size=4, person=b"b24kit").hexdigest()


class Outbox:
    """The messages of one portal."""

    def __init__(self, store: Store, portal: str) -> None:
        self._store, self._portal = store, portal

    def keep(self, messages: Iterable[Action], now: datetime) -> None:
        """Remember messages, each key once; one whose words have changed waits for a new consent."""
        rows = [
            (self._portal, one.key, str(one.card), now.timestamp(), json.dumps(dict(one.values), ensure_ascii=False))
            for one in messages
        ]
        if not rows:
            return
        with self._store.base.transaction():
            for row in rows:
                changed = self._store.base.run(
                    "UPDATE outbox SET body = ?, at = ? WHERE portal = ? AND key = ? AND body <> ? AND sent IS NULL"
                    " AND NOT EXISTS (SELECT 1 FROM releases r WHERE r.portal = outbox.portal AND r.key = outbox.key"
                    " AND r.state IN (?, ?))",
                    (row[4], row[3], row[0], row[1], row[4], Release.LEAVING.value, Release.DOUBT.value),
                )
                if changed:
                    self._store.base.run("DELETE FROM releases WHERE portal = ? AND key = ?", row[:2])
            self._store.base.many(
                "INSERT INTO outbox (portal, key, card, at, body) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (portal, key) DO NOTHING",
                rows,
            )

    def waiting(self) -> list[Message]:
        """What was not sent, oldest first."""
        return self._messages("o.sent IS NULL", ())

    def of_cards(self, cards: Sequence[Ref]) -> list[Message]:
        """What was not sent of these cards."""
        found: list[Message] = []
        for at in range(0, len(cards), 500):
            part = [str(card) for card in cards[at : at + 500]]
            found += self._messages(f"o.sent IS NULL AND o.card IN ({', '.join('?' for _ in part)})", part)
        return found

    def named(self, ids: Collection[str]) -> list[Message]:
        """Unsent messages by what people call them; ids that name none are left out."""
        return [one for one in self.waiting() if one.id in ids]

    def approve(self, messages: Sequence[Message], now: datetime) -> int:
        """Let these go: they leave when the rules still want them and nothing speaks against it. How many."""
        fresh = [one for one in messages if one.state not in (Release.LEAVING, Release.APPROVED)]
        with self._store.base.transaction():
            self._mark([(one.key, Release.APPROVED, "") for one in fresh], now)
            self._store.put_inside(self._portal, [Event(one.card, "approved") for one in fresh], now)
        return len(fresh)

    def drop(self, messages: Sequence[Message], now: datetime) -> int:
        """These shall never leave. One that is leaving cannot be held back any more; how many could."""
        fresh = [one for one in messages if one.state is not Release.LEAVING]
        with self._store.base.transaction():
            self._mark([(one.key, Release.DROPPED, "") for one in fresh], now)
        return len(fresh)

    def withdraw(self, keys: Iterable[str]) -> None:
        """The rules want these no more (the client answered, the card went on): nobody has to decide about them."""
        gone = [(self._portal, key) for key in keys]
        with self._store.base.transaction():
            self._store.base.many("DELETE FROM outbox WHERE portal = ? AND key = ? AND sent IS NULL", gone)
            self._store.base.many("DELETE FROM releases WHERE portal = ? AND key = ?", gone)

    def reserve(self, key: str, client: str, now: datetime, *, day: datetime, per_day: int, every: timedelta) -> bool:
        """Count a letter before it leaves; False when the day (since `day`) or this client has had enough."""
        counted = ", ".join(repr(one.value) for one in (Release.LEAVING, Release.SENT, Release.DOUBT))
        tail = f"FROM releases WHERE portal = ? AND at > ? AND key <> ? AND state IN ({counted}) AND client <> ''"
        with self._store.base.transaction():
            self._store.set_cursor(self._portal, _COUNTED, now.isoformat())  # two workers never count at once
            today = self._store.base.rows(f"SELECT count(*) {tail}", (self._portal, day.timestamp(), key))[0][0]
            since = (now - every).timestamp()
            his = self._store.base.rows(f"SELECT count(*) {tail} AND client = ?", (self._portal, since, key, client))
            if int(today) >= per_day or int(his[0][0]):
                return False
            self._mark([(key, Release.LEAVING, "")], now, client)
            return True

    def mark(self, states: Mapping[str, tuple[Release, str]], now: datetime) -> None:
        """What became of these messages, with a code that says why."""
        if states:
            with self._store.base.transaction():
                self._mark([(key, state, note) for key, (state, note) in states.items()], now)

    def _mark(self, states: Iterable[tuple[str, Release, str]], now: datetime, client: str = "") -> None:
        at = now.timestamp()
        rows = list(states)
        self._store.base.many(
            "INSERT INTO releases (portal, key, state, at, client, note) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (portal, key) DO UPDATE SET state = excluded.state, at = excluded.at, note = excluded.note,"
            " client = CASE WHEN excluded.client = '' THEN releases.client ELSE excluded.client END",
            [(self._portal, key, state.value, at, client, note) for key, state, note in rows],
        )
        over = [(at, self._portal, key) for key, state, _ in rows if state in OVER]
        self._store.base.many("UPDATE outbox SET sent = ? WHERE portal = ? AND key = ?", over)

    def _messages(self, narrowed: str, values: Sequence[Any]) -> list[Message]:
        rows = self._store.base.rows(
            "SELECT o.key, o.card, o.at, o.body, r.state, r.note FROM outbox o LEFT JOIN releases r"
            f" ON r.portal = o.portal AND r.key = o.key WHERE o.portal = ? AND {narrowed} ORDER BY o.at, o.key",
            (self._portal, *values),
        )
        return [_message(row) for row in rows]


def _message(row: Row) -> Message:
    key, card, at, body, state, note = row
    return Message(
        key=key,
        card=Ref.parse(card),
        at=from_stamp(at),
        values=json.loads(body),
        state=Release(state or Release.WAITING),
        note=note or "",
    )
