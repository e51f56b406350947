"""What all processes of this machine must agree on about a portal's limits: one small SQLite file in the user's state.

Each decision is one short transaction under one lock, so a process killed with -9 leaves at most a booking behind,
which runs out by itself.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "pacing.sqlite3"

_TABLES = """
create table if not exists bucket (portal text primary key, level real not null, at real not null) without rowid;
create table if not exists spent (
    portal text not null, caller text not null, name text not null, since integer not null, seconds real not null,
    primary key (portal, caller, name, since)) without rowid;
create table if not exists paused (
    portal text not null, caller text not null, name text not null, until real not null,
    primary key (portal, caller, name)) without rowid;
create table if not exists paces (
    portal text not null, method text not null, seconds real not null, answered integer not null, at real not null,
    primary key (portal, method)) without rowid;
create table if not exists sent (line text not null, at real not null);
create index if not exists sent_by_line on sent (line, at);
"""


class Ledger:
    """The shared file, or a private one in memory when there is no folder for it."""

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.Lock()
        where = ":memory:"
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / FILE).touch(mode=0o600)
            where = str(folder / FILE)
        self._db = sqlite3.connect(where, timeout=30, isolation_level=None, check_same_thread=False)
        if self._db.execute("pragma journal_mode").fetchone()[0] != "wal":
            self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=normal")
        with self.turn() as db:
            for statement in _TABLES.split(";\n"):
                db.execute(statement)

    @contextmanager
    def turn(self) -> Iterator[sqlite3.Connection]:
        """One decision: nobody else, in no process, reads or writes until it is over. Undone when it raises."""
        with self._lock:
            try:
                self._db.execute("begin immediate")
                yield self._db
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:  # Ctrl-C may come between any two of these steps
                    self._db.execute("rollback")
                raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
