"""What a run did, in an append-only SQLite file that outlives `kill -9`: intended before a batch leaves, then its end.

The last entry of an operation is its state; earlier ones stay. An operation left at INTENDED is of unknown outcome.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL,
    new_id TEXT, code TEXT NOT NULL, said TEXT NOT NULL, facts TEXT NOT NULL, seen TEXT, wrote TEXT
);
CREATE INDEX IF NOT EXISTS entries_of ON entries (key, seq);
CREATE TRIGGER IF NOT EXISTS entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS entries_keep BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""
_COLUMNS = "key, state, at, new_id, code, said, facts, seen, wrote"


class State(StrEnum):
    """What became of an operation so far."""

    INTENDED = "intended"  # about to be sent, or sent and not heard of: unknown to whoever opens the journal next
    DONE = "done"
    AS_WANTED = "as_wanted"  # nothing to write, the portal was already so
    REFUSED = "refused"
    FAILED = "failed"  # nobody could tell what became of it, or the portal never got round to it
    UNKNOWN = "unknown"
    NOT_EXECUTED = "not_executed"
    SKIPPED = "skipped"
    CONFLICT = "conflict"  # somebody changed the object since the plan was made

    @property
    def final(self) -> bool:
        """Whether nothing more has to be done for it."""
        return self in (State.DONE, State.AS_WANTED)

    @property
    def open(self) -> bool:
        """Whether it may or may not have happened."""
        return self in (State.INTENDED, State.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal. `seen` is the target just before, `wrote` the values sent; both JSON values.

    `code` and `facts` say why it was skipped, refused or in conflict; `said` is the portal's own wording.
    """

    key: str
    state: State
    at: datetime
    new_id: str | None = None
    code: str = ""
    said: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, Any] | None = None
    wrote: Mapping[str, Any] | None = None


class Journal:
    """One run's file. Writing is durable when `append` returns."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = FULL")
        self._base.executescript(_TABLES)

    def close(self) -> None:
        self._base.close()

    def append(self, entries: Iterable[Entry]) -> None:
        """Add these entries in one transaction; nothing of it is kept when it does not end."""
        rows = [_row(entry) for entry in entries]
        if rows:
            with self._transaction():
                self._base.executemany(f"INSERT INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def last(self) -> dict[str, Entry]:
        """The last entry of every key, without `seen` and `wrote`."""
        rows = self._base.execute(
            "SELECT key, state, at, new_id, code, said, facts, NULL, NULL FROM entries"
            " WHERE seq IN (SELECT max(seq) FROM entries GROUP BY key) ORDER BY seq"
        )
        return {row[0]: _entry(row) for row in rows}

    def sent(self) -> Iterator[Entry]:
        """The last INTENDED entry of every key, in the order of sending: what was seen and written."""
        return (
            _entry(row)
            for row in self._base.execute(
                f"SELECT {_COLUMNS} FROM entries WHERE seq IN"
                " (SELECT max(seq) FROM entries WHERE state = ? GROUP BY key) ORDER BY seq",
                (State.INTENDED.value,),
            )
        )

    def history(self) -> Iterator[Entry]:
        """Every entry as it was written, oldest first."""
        return (_entry(row) for row in self._base.execute(f"SELECT {_COLUMNS} FROM entries ORDER BY seq"))

    def meta(self) -> dict[str, str]:
        return dict(self._base.execute("SELECT name, value FROM meta").fetchall())

    def set_meta(self, **values: str) -> None:
        """Write facts of the run as a whole."""
        with self._transaction():
            self._base.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", sorted(values.items()))

    def _transaction(self) -> _Transaction:
        return _Transaction(self._base)


class _Transaction:
    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base

    def __enter__(self) -> None:
        if self._base.in_transaction:  # Ctrl-C came between the last BEGIN and its end
            self._base.execute("ROLLBACK")
        self._base.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._base.execute("COMMIT" if kind is None else "ROLLBACK")


def _row(entry: Entry) -> tuple[str | None, ...]:
    return (
        entry.key,
        entry.state.value,
        entry.at.isoformat(),
        entry.new_id,
        entry.code,
        entry.said,
        _json(entry.facts),
        None if entry.seen is None else _json(entry.seen),
        None if entry.wrote is None else _json(entry.wrote),
    )


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, separators=(",", ":"))


def _entry(row: tuple[Any, ...]) -> Entry:
    key, state, at, new_id, code, said, facts, seen, wrote = row
    return Entry(
        key=key,
        state=State(state),
        at=datetime.fromisoformat(at),
        new_id=new_id,
        code=code,
        said=said,
        facts=json.loads(facts),
        seen=None if seen is None else json.loads(seen),
        wrote=None if wrote is None else json.loads(wrote),
    )
