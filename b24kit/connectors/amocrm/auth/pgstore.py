"""A pair of tokens in Postgres, for robots that run on several machines: one renewal at a time across all of them.

psycopg is asked for only when an address of a database is given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from b24kit.connectors.amocrm.auth.pair import Pair, pair_from
from b24kit.errors import UsageError

_TABLE = "create table if not exists b24kit_tokens (name text primary key, pair jsonb not null)"
_READ = "select pair from b24kit_tokens where name = %s"
_WRITE = "insert into b24kit_tokens values (%s, %s) on conflict (name) do update set pair = excluded.pair"


class PostgresStore:
    """One row for each account and integration; the lock is an advisory one of the database's session."""

    def __init__(self, url: str, name: str) -> None:
        if find_spec("psycopg") is None:
            raise UsageError("amo_no_psycopg")
        self._url, self._name = url, name
        self._key = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
        with self._session() as session:
            session.execute(_TABLE)

    def load(self) -> Pair | None:
        """The pair as it stands in the database now; None before the first."""
        with self._session() as session:
            row = session.execute(_READ, (self._name,)).fetchone()
        if row is None:
            return None
        return pair_from(row[0] if isinstance(row[0], dict) else json.loads(row[0]))

    def save(self, pair: Pair) -> None:
        """Committed, with the database's own guarantee, when this returns."""
        with self._session() as session:
            session.execute("set synchronous_commit to on")
            session.execute(_WRITE, (self._name, json.dumps(pair.as_data())))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One renewal at a time; a machine that dies lets go when its connection ends."""
        with self._session() as session:
            session.execute("select pg_advisory_lock(%s)", (self._key,))
            try:
                yield
            finally:
                session.execute("select pg_advisory_unlock(%s)", (self._key,))

    def _session(self) -> Any:
        return import_module("psycopg").connect(self._url, autocommit=True)
