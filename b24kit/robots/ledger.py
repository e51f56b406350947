"""What robots meant to do and did, operation by operation: the journal of the change engine, kept in the store.

An operation is written down before its pass begins, and its intention in the transaction that proves the lease of its
card once more; so a worker that lost its card can send nothing, and whoever takes the card next knows what is open.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from b24kit.change.journal import Entry, State
from b24kit.change.operation import Operation
from b24kit.change.planform import operation_body, operation_of
from b24kit.crm.refs import Ref
from b24kit.errors import Stopped
from b24kit.robots.sql import Row
from b24kit.robots.store import Held, Store, from_stamp

PLANNED = "planned"
_FINAL = (State.DONE.value, State.AS_WANTED.value)
_OPEN = (PLANNED, State.INTENDED.value, State.UNKNOWN.value, State.NOT_EXECUTED.value)
_COLUMNS = "op, card, state, at, worker, doubt, body, new_id, seen, wrote, code, said"
_PART = 500


class LeaseLost(Stopped):
    """Another worker has the card by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An operation of a card and what became of it so far. `doubt`: from then on it surely did not leave any more."""

    operation: Operation
    card: Ref
    state: str
    at: datetime
    worker: str | None
    doubt: datetime | None
    entry: Entry | None  # None while it is only planned

    @property
    def sent(self) -> bool:
        """Whether it may have left for the portal, and nobody knows what became of it."""
        return self.state in (State.INTENDED.value, State.UNKNOWN.value)


class Ledger:
    """All operations of one portal's robots."""

    def __init__(self, store: Store, portal: str) -> None:
        self._store, self._portal = store, portal

    def done(self, cards: Sequence[Ref]) -> dict[Ref, dict[str, datetime]]:
        """Keys of the actions that were carried out on these cards, all their operations, with the moment."""
        found: dict[Ref, dict[str, datetime]] = {card: {} for card in cards}
        undone: set[str] = set()
        for part in _parts(cards):
            rows = self._store.base.rows(
                "SELECT a.key, a.card, o.state, o.at FROM actions a"
                " JOIN operations o ON o.portal = a.portal AND o.op = a.op"
                f" WHERE a.portal = ? AND a.card IN ({_holes(part)}) ORDER BY o.at",
                (self._portal, *map(str, part)),
            )
            for key, card, state, at in rows:
                found[Ref.parse(card)][key] = from_stamp(at)
                if state not in _FINAL:
                    undone.add(key)
        return {card: {key: at for key, at in keys.items() if key not in undone} for card, keys in found.items()}

    def acted(self, keys: str) -> set[Ref]:
        """Cards with an action whose key is like this, `%` standing for anything."""
        found = "SELECT DISTINCT card FROM actions WHERE portal = ? AND key LIKE ?"
        return {Ref.parse(card) for (card,) in self._store.base.rows(found, (self._portal, keys))}

    def open(self, cards: Sequence[Ref]) -> list[Deed]:
        """Operations on these cards that were planned and not ended, oldest first."""
        found: list[Deed] = []
        for part in _parts(cards):
            rows = self._store.base.rows(
                f"SELECT {_COLUMNS} FROM operations WHERE portal = ? AND card IN ({_holes(part)})"
                f" AND state IN ({_holes(_OPEN)}) ORDER BY at, op",
                (self._portal, *map(str, part), *_OPEN),
            )
            found += map(_deed, rows)
        return found

    def plan(self, planned: Iterable[tuple[Operation, Ref, Collection[str]]], now: datetime) -> None:
        """Write down operations with their cards and the keys of the actions they carry out, in one transaction."""
        rows = list(planned)
        at = now.timestamp()
        with self._store.base.transaction():
            self._store.base.many(
                "INSERT INTO operations (portal, op, card, state, at, body) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (portal, op) DO UPDATE SET state = excluded.state, at = excluded.at,"
                " body = excluded.body, doubt = NULL",
                [(self._portal, op.key, str(card), PLANNED, at, _json(operation_body(op))) for op, card, _ in rows],
            )
            self._store.base.many(
                "INSERT INTO actions (portal, key, card, op) VALUES (?, ?, ?, ?) ON CONFLICT (portal, key, op)"
                " DO NOTHING",
                [(self._portal, key, str(card), op.key) for op, card, keys in rows for key in keys],
            )

    def drop(self, deeds: Iterable[Deed], now: datetime, code: str) -> None:
        """These operations will not be carried out any more."""
        ended = [
            Entry(key=one.operation.key, state=State.SKIPPED, at=now, code=code, facts={"card": str(one.card)})
            for one in deeds
        ]
        self.write(ended, "")

    def doubt(self, deeds: Iterable[tuple[Deed, datetime]]) -> None:
        """Remember since when these can surely not have left any more: from then on the time of late answers counts."""
        with self._store.base.transaction():
            self._store.base.many(
                "UPDATE operations SET doubt = ? WHERE portal = ? AND op = ? AND doubt IS NULL",
                [(since.timestamp(), self._portal, one.operation.key) for one, since in deeds],
            )

    def write(self, entries: Iterable[Entry], worker: str) -> None:
        """Add lines to the journal and bring the operations up to date, in one transaction."""
        with self._store.base.transaction():
            self._write(list(entries), worker)

    def for_run(self, worker: str, held: Mapping[Ref, Held], operations: Mapping[str, Ref], lease: timedelta) -> Writer:
        """The journal of one pass, as the change engine knows journals."""
        return Writer(self, worker, held, operations, lease)

    def history(self, since: datetime, until: datetime) -> Iterator[tuple[Entry, str]]:
        """Every line of a stretch of time with its worker, oldest first."""
        rows = self._store.base.rows(
            "SELECT op, state, at, new_id, code, said, facts, seen, wrote, worker FROM journal"
            " WHERE portal = ? AND at >= ? AND at < ? ORDER BY seq",
            (self._portal, since.timestamp(), until.timestamp()),
        )
        return ((_entry(*row[:9]), str(row[9])) for row in rows)

    def carried_out(self, *, since: datetime | None, card: Ref | None) -> Iterator[tuple[Operation, Ref, Entry, Entry]]:
        """Operations that were done since a moment (None: ever), on one card or all, in the order of their ends: each
        with its card, the last line that says what was sent, and the line of its end."""
        narrowed, values = ("", ()) if card is None else (" AND o.card = ?", (str(card),))
        rows = self._store.base.rows(
            "SELECT j.op, j.state, j.at, j.new_id, j.code, j.said, j.facts, j.seen, j.wrote, o.body, o.card"
            " FROM journal j JOIN operations o ON o.portal = j.portal AND o.op = j.op"
            f" WHERE j.portal = ? AND o.state = ?{narrowed} ORDER BY j.seq",
            (self._portal, State.DONE.value, *values),
        )
        sent: dict[str, Entry] = {}
        for row in rows:
            entry = _entry(*row[:9])
            if entry.state is State.INTENDED:
                sent[entry.key] = entry
            elif entry.state is State.DONE and entry.key in sent and (since is None or entry.at >= since):
                yield operation_of(json.loads(row[9])), Ref.parse(row[10]), sent.pop(entry.key), entry

    def state(self, key: str) -> tuple[str | None, str]:
        """How far an operation is, and the code that says why; None for one that was never planned."""
        rows = self._store.base.rows(
            "SELECT state, code FROM operations WHERE portal = ? AND op = ?", (self._portal, key)
        )
        return (str(rows[0][0]), str(rows[0][1] or "")) if rows else (None, "")

    def operation(self, key: str) -> Operation | None:
        rows = self._store.base.rows("SELECT body FROM operations WHERE portal = ? AND op = ?", (self._portal, key))
        return operation_of(json.loads(rows[0][0])) if rows else None

    def _write(self, entries: Sequence[Entry], worker: str) -> None:
        base = self._store.base
        base.many(
            "INSERT INTO journal (portal, at, worker, op, state, new_id, code, said, facts, seen, wrote)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (self._portal, one.at.timestamp(), worker, one.key, one.state.value, one.new_id, one.code, one.said,
                 _json(one.facts), _maybe(one.seen), _maybe(one.wrote))
                for one in entries
            ],
        )  # fmt: skip
        base.many(
            "UPDATE operations SET state = ?, at = ?, worker = ?, new_id = COALESCE(?, new_id), code = ?, said = ?,"
            " seen = COALESCE(?, seen), wrote = COALESCE(?, wrote) WHERE portal = ? AND op = ?",
            [
                (one.state.value, one.at.timestamp(), worker, one.new_id, one.code, one.said, _maybe(one.seen),
                 _maybe(one.wrote), self._portal, one.key)
                for one in entries
            ],
        )  # fmt: skip

    def _intend(
        self,
        entries: Sequence[Entry],
        worker: str,
        held: Mapping[Ref, Held],
        cards: Mapping[str, Ref],
        until: datetime,
    ) -> None:
        """Intentions are only written by whoever holds the cards; LeaseLost, and nothing is written, when not all."""
        with self._store.base.transaction():
            for card in sorted({cards[one.key] for one in entries if one.state is State.INTENDED}):
                ours = self._store.base.run(
                    "UPDATE cards SET until = ? WHERE portal = ? AND card = ? AND worker = ? AND fence = ?",
                    (until.timestamp(), self._portal, str(card), worker, held[card].fence),
                )
                if not ours:
                    raise LeaseLost("robots.lease_lost", card=str(card))
            self._write(entries, worker)


class Writer:
    """The journal of a pass: what `change.journal.Journal` is to a run on disk."""

    def __init__(
        self, ledger: Ledger, worker: str, held: Mapping[Ref, Held], operations: Mapping[str, Ref], lease: timedelta
    ) -> None:
        self._ledger, self._worker, self._held, self._cards, self._lease = ledger, worker, held, operations, lease
        self.written: list[Entry] = []

    def append(self, entries: Iterable[Entry]) -> None:
        """Durable when it returns; LeaseLost when an intention is about a card that is not ours any more."""
        found = list(entries)
        if found:
            until = max(one.at for one in found) + self._lease
            self._ledger._intend(found, self._worker, self._held, self._cards, until)
            self.written += found

    def last(self) -> dict[str, Entry]:
        """Nothing of before: what was open was settled when the cards were taken."""
        return {one.key: one for one in self.written}

    def sent(self) -> Iterator[Entry]:
        return iter([one for one in self.written if one.state is State.INTENDED])


def _deed(row: Row) -> Deed:
    op, card, state, at, worker, doubt, body, new_id, seen, wrote, code, said = row
    entry = None
    if state != PLANNED:
        entry = _entry(op, state, at, new_id, code, said, None, seen, wrote)
    return Deed(
        operation=operation_of(json.loads(body)),
        card=Ref.parse(card),
        state=state,
        at=from_stamp(at),
        worker=worker,
        doubt=None if doubt is None else from_stamp(doubt),
        entry=entry,
    )


def _entry(
    op: str, state: str, at: float, new_id: Any, code: Any, said: Any, facts: Any, seen: Any, wrote: Any
) -> Entry:
    return Entry(
        key=op,
        state=State(state),
        at=from_stamp(at),
        new_id=new_id,
        code=code or "",
        said=said or "",
        facts=json.loads(facts) if facts else {},
        seen=json.loads(seen) if seen else None,
        wrote=json.loads(wrote) if wrote else None,
    )


def _parts(cards: Sequence[Ref]) -> Iterator[Sequence[Ref]]:
    return (cards[at : at + _PART] for at in range(0, len(cards), _PART))


def _holes(values: Collection[Any]) -> str:
    return ", ".join("?" for _ in values)


def _maybe(values: Mapping[str, Any] | None) -> str | None:
    return None if values is None else _json(values)


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, separators=(",", ":"))
