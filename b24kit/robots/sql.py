"""The two stores that robots can stand on: an SQLite file with durable commits, or Postgres by its URL.

Statements are written once, with `?` for values and only what both understand; each thread has a connection of its own.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from b24kit.errors import UsageError

Row = tuple[Any, ...]
_BUSY_SECONDS = 30.0
_TIDY_EVERY = 50  # transactions


class Database(Protocol):
    """A store with transactions that are durable when they end."""

    serial: str  # the type of a column that counts by itself
    errors: tuple[type[Exception], ...]  # what it raises when the disk is full or the server went away
    skipping: str  # what a SELECT adds to take rows that no other worker is taking

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]: ...

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Carry one statement out; how many rows it touched."""

    def many(self, statement: str, values: Iterable[Sequence[Any]]) -> None: ...

    def transaction(self) -> Any:
        """A context: all of it is kept, or nothing."""

    def script(self, statements: Iterable[str]) -> None: ...

    def hurry(self) -> None:
        """Somebody waits for the commits of this thread: housekeeping of the file is left to the other threads."""

    def close(self) -> None: ...


def open_database(place: str | Path) -> Database:
    """`postgresql://...` or the path of an SQLite file, which is made with mode 600 if it is not there."""
    if str(place).startswith(("postgres://", "postgresql://")):
        return Postgres(str(place))
    return SQLite(Path(place))


class SQLite:
    """One file; several processes may share it, one at a time writes."""

    serial = "INTEGER PRIMARY KEY AUTOINCREMENT"
    errors: tuple[type[Exception], ...] = (sqlite3.Error, OSError)
    skipping = ""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        self._path = path
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        # Threads of this process wait for each other here: SQLite's own waiting sleeps up to a tenth of a second.
        self._writing = threading.RLock()
        self._untidy = 0  # transactions since pages were written home

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._connection.execute(statement, values).fetchall()

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        with self._writing:
            return self._connection.execute(statement, values).rowcount

    def many(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        with self._writing:
            self._connection.executemany(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        connection = self._connection
        with self._writing:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            self._untidy += 1
        self._tidy(connection)

    def script(self, statements: Iterable[str]) -> None:
        with self.transaction():
            for statement in statements:
                self._connection.execute(statement)

    def hurry(self) -> None:
        self._local.hurries = True

    def _tidy(self, connection: sqlite3.Connection) -> None:
        """Write pages home from time to time. It waits for the disk twice, so nobody's commit must wait for it: it is
        done outside of the lock, and a passive checkpoint lets others write meanwhile."""
        if self._untidy >= _TIDY_EVERY and not getattr(self._local, "hurries", False) and not connection.in_transaction:
            self._untidy = 0
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
        self._local = threading.local()

    @property
    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self._path, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=False)
            found.execute("PRAGMA journal_mode = WAL")
            found.execute("PRAGMA synchronous = FULL")
            found.execute("PRAGMA wal_autocheckpoint = 0")  # see _tidy
            self._local.connection = found
            with self._lock:
                self._all.append(found)
        return found


class Postgres:
    """A server, for several workers on several machines. Needs the extra `postgres`."""

    serial = "BIGSERIAL PRIMARY KEY"
    skipping = " FOR UPDATE SKIP LOCKED"

    def __init__(self, url: str) -> None:
        if find_spec("psycopg") is None:
            raise UsageError("robots.no_postgres")
        driver = import_module("psycopg")
        self._connect: Any = driver.connect
        self.errors: tuple[type[Exception], ...] = (driver.Error, OSError)
        self._url = url
        self._local = threading.local()
        self._all: list[Any] = []
        self._lock = threading.Lock()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        return list(self._connection.execute(_marked(statement), values).fetchall())

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        return int(self._connection.execute(_marked(statement), values).rowcount)

    def many(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(_marked(statement), list(values))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._connection.transaction():
            yield

    def script(self, statements: Iterable[str]) -> None:
        with self.transaction():
            # Two workers that start together must not make the same table at once.
            self._connection.execute("SELECT pg_advisory_xact_lock(20240824)")
            for statement in statements:
                self._connection.execute(statement)

    def hurry(self) -> None:
        """A server keeps house in processes of its own."""

    def close(self) -> None:
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
        self._local = threading.local()

    @property
    def _connection(self) -> Any:
        found = getattr(self._local, "connection", None)
        if found is None or found.closed:
            found = self._connect(self._url, autocommit=True)
            self._local.connection = found
            with self._lock:
                self._all.append(found)
        return found


def _marked(statement: str) -> str:
    return statement.replace("?", "%s")
