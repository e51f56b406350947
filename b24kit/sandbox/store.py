"""What a fake portal remembers: tables of plain rows in memory, written through to SQLite when it has a file.

Rows are dictionaries of JSON values, kept sparse: a column that nobody set is absent, and the wire layer gives it
its default. Times are ISO 8601 strings in UTC, so that rows sort and dump as they are.
"""

from __future__ import annotations

import copy
import json
import sqlite3
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Table:
    """Rows of one kind in ascending order of id, with equality indexes over the columns named in `indexed`."""

    def __init__(self, name: str, indexed: Iterable[str] = ()) -> None:
        self.name = name
        self.rows: dict[int, Row] = {}
        self.last_id = 0
        self.dirty: set[int] = set()
        self._ids: list[int] = []
        self._index: dict[str, dict[Any, set[int]]] = {column: {} for column in indexed}

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, row: Row, row_id: int | None = None) -> int:
        """Store a new row and give its id; ids are never used twice, as on a real portal."""
        new_id = self.last_id + 1 if row_id is None else row_id
        if new_id in self.rows:
            raise ValueError(f"{self.name} {new_id} exists already")
        self.last_id = max(self.last_id, new_id)
        if not self._ids or new_id > self._ids[-1]:
            self._ids.append(new_id)
        else:
            insort(self._ids, new_id)
        self.rows[new_id] = row
        self._index_row(new_id, row)
        self.dirty.add(new_id)
        return new_id

    def get(self, row_id: int) -> Row | None:
        """The row itself, not a copy, or None."""
        return self.rows.get(row_id)

    def change(self, row_id: int, changes: Row) -> Row:
        """Write some columns of a row in place; None removes nothing, it is stored as null."""
        row = self.rows[row_id]
        for column in self._index.keys() & changes.keys():
            self._forget(column, row.get(column), row_id)
        row.update(changes)
        for column in self._index.keys() & changes.keys():
            self._index[column].setdefault(row.get(column), set()).add(row_id)
        self.dirty.add(row_id)
        return row

    def remove(self, row_id: int) -> Row:
        """Take a row out and give it; its id stays used."""
        row = self.rows.pop(row_id)
        del self._ids[bisect_left(self._ids, row_id)]
        for column in self._index:
            self._forget(column, row.get(column), row_id)
        self.dirty.add(row_id)
        return row

    def ids(self, above: int | None = None, below: int | None = None) -> list[int]:
        """Ids in ascending order, optionally strictly between two bounds."""
        start = 0 if above is None else bisect_right(self._ids, above)
        stop = len(self._ids) if below is None else bisect_left(self._ids, below)
        return self._ids[start:stop]

    def find(self, column: str, value: Any) -> list[int]:
        """Ids whose indexed column equals the value, ascending."""
        return sorted(self._index[column].get(value, ()))

    def holding(self, column: str, value: Any) -> Set[int]:
        """The same ids as a live view in no order, for who only asks whether an id is among them."""
        return self._index[column].get(value, frozenset())

    def is_indexed(self, column: str) -> bool:
        """Whether `find` can be asked for this column."""
        return column in self._index

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        return iter([(row_id, self.rows[row_id]) for row_id in self._ids])

    def _index_row(self, row_id: int, row: Row) -> None:
        for column, index in self._index.items():
            index.setdefault(row.get(column), set()).add(row_id)

    def _forget(self, column: str, value: Any, row_id: int) -> None:
        bucket = self._index[column].get(value)
        if bucket is not None:
            bucket.discard(row_id)
            if not bucket:
                del self._index[column][value]


class Store:
    """All tables of one fake portal. `commit` makes what changed since the last one durable, when there is a file."""

    def __init__(self, tables: Iterable[Table], path: Path | None = None) -> None:
        self.tables = {table.name: table for table in tables}
        self.facts: dict[str, Any] = {}
        self._aside: dict[str, Any] = {}
        self._written: dict[str, str] = {}  # facts as they stand in the file, so that only changed ones are written
        self._disk = None if path is None else self._open(path)
        if self._disk is not None:
            self._load(self._disk)

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def commit(self) -> None:
        """Write changed rows and facts to the file; in memory there is nothing to do but to forget the marks."""
        if self._disk is not None:
            with self._disk:
                for table in self.tables.values():
                    if table.dirty:
                        self._write(self._disk, table)
                self._write_facts(self._disk)
        for table in self.tables.values():
            table.dirty.clear()

    def changed(self) -> bool:
        """Whether any row was written since the last commit."""
        return any(table.dirty for table in self.tables.values())

    def set_aside(self, name: str, value: Any) -> None:
        """Keep something large and seldom changed beside the tables; it is no part of a dump and written at once."""
        self._aside[name] = value
        if self._disk is not None:
            with self._disk:
                self._disk.execute("REPLACE INTO aside VALUES (?, ?)", (name, json.dumps(value)))

    def aside(self, name: str) -> Any:
        """What was set aside under this name, or None."""
        if name not in self._aside and self._disk is not None:
            found = self._disk.execute("SELECT body FROM aside WHERE name = ?", (name,)).fetchone()
            self._aside[name] = json.loads(found[0]) if found else None
        return self._aside.get(name)

    def close(self) -> None:
        """Commit and let the file go; in memory the rows stay readable."""
        self.commit()
        if self._disk is not None:
            self._disk.close()
            self._disk = None

    def reset(self) -> None:
        """Forget everything, ids included."""
        for table in self.tables.values():
            fresh = Table(table.name, table._index)
            table.__dict__.update(fresh.__dict__)
        self.facts.clear()
        self._written.clear()
        self._aside.clear()
        if self._disk is not None:
            with self._disk:
                for kind in ("row", "last", "fact", "aside"):
                    self._disk.execute(f"DELETE FROM {kind}")

    def dump(self, names: Iterable[str] | None = None) -> dict[str, Any]:
        """A deep copy of the whole state, or of some tables, comparable with another dump."""
        wanted = self.tables if names is None else {name: self.tables[name] for name in names}
        state = {name: {str(i): row for i, row in table} for name, table in wanted.items()}
        return copy.deepcopy({"tables": state, "facts": self.facts})

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        disk = sqlite3.connect(path, check_same_thread=False)
        disk.execute("PRAGMA journal_mode=WAL")
        disk.execute("PRAGMA synchronous=NORMAL")
        disk.execute("CREATE TABLE IF NOT EXISTS row (kind TEXT, id INTEGER, body TEXT, PRIMARY KEY (kind, id))")
        disk.execute("CREATE TABLE IF NOT EXISTS last (kind TEXT PRIMARY KEY, id INTEGER)")
        disk.execute("CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, body TEXT)")
        disk.execute("CREATE TABLE IF NOT EXISTS aside (name TEXT PRIMARY KEY, body TEXT)")
        return disk

    def _load(self, disk: sqlite3.Connection) -> None:
        for kind, row_id, body in disk.execute("SELECT kind, id, body FROM row ORDER BY kind, id"):
            if kind not in self.tables:
                raise ValueError(f"the file holds another vendor's portal: this one has no table {kind!r}")
            self.tables[kind].add(json.loads(body), row_id)
        for kind, row_id in disk.execute("SELECT kind, id FROM last"):
            self.tables[kind].last_id = max(self.tables[kind].last_id, row_id)
        for name, body in disk.execute("SELECT name, body FROM fact"):
            self.facts[name] = json.loads(body)
            self._written[name] = body
        for table in self.tables.values():
            table.dirty.clear()

    def _write_facts(self, disk: sqlite3.Connection) -> None:
        for name in self._written.keys() - self.facts.keys():
            disk.execute("DELETE FROM fact WHERE name = ?", (name,))
            del self._written[name]
        for name, fact in self.facts.items():
            body = json.dumps(fact)
            if self._written.get(name) != body:
                disk.execute("REPLACE INTO fact VALUES (?, ?)", (name, body))
                self._written[name] = body

    @staticmethod
    def _write(disk: sqlite3.Connection, table: Table) -> None:
        kept = [(table.name, i, json.dumps(table.rows[i])) for i in table.dirty if i in table.rows]
        gone = [(table.name, i) for i in table.dirty if i not in table.rows]
        disk.executemany("REPLACE INTO row VALUES (?, ?, ?)", kept)
        disk.executemany("DELETE FROM row WHERE kind = ? AND id = ?", gone)
        disk.execute("REPLACE INTO last VALUES (?, ?)", (table.name, table.last_id))
