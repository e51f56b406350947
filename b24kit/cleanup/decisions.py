"""What people decided about doubtful clients, kept for ever by record ids: an append-only file in the client's folder.

It holds ids, fingerprints and who answered when, no names and no addresses. The newest entry of a key counts;
forgetting is an entry too. The portal keeps "not a duplicate" for one user only, so the team's answers are kept here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from b24kit.errors import UsageError
from b24kit.matching.verdicts import Contradiction, Judgement, Verdict, contradictions

_TABLES = """
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, portal TEXT NOT NULL, key TEXT NOT NULL, about TEXT NOT NULL,
    verdict TEXT NOT NULL, one TEXT NOT NULL, other TEXT NOT NULL, who TEXT NOT NULL, answered TEXT NOT NULL,
    kept TEXT NOT NULL, file TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS asked (
    number INTEGER PRIMARY KEY AUTOINCREMENT, portal TEXT NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS entries_last BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""
_FORGOTTEN = "forgotten"
Prints = Mapping[str, str]


class About(StrEnum):
    """What an answer is about."""

    QUESTION = "question"  # two sides
    MEMBER = "member"  # one member of a cluster (`one`) and the others (`other`)
    CLUSTER = "cluster"  # a whole cluster (`one`), looked at as one of a sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One answer. Sides are fingerprints by record (`lead:12`), in order: the first stands for the side."""

    key: str
    about: About
    verdict: Verdict
    one: Prints
    other: Prints = field(default_factory=dict)
    who: str = ""
    answered: str = ""  # ISO 8601 as the file says, '' where it does not
    file: str = ""
    where: str = ""  # the row of the file, for complaints; not kept

    @property
    def judgement(self) -> Judgement:
        """The answer as it is compared with others."""
        return Judgement(self.key, tuple(self.one), tuple(self.other), self.verdict, self.where or self.key)

    def says(self, other: Decision) -> bool:
        """Whether both say the same of the same cards in the same state."""
        mine = self.verdict, dict(self.one), dict(self.other)
        return mine == (other.verdict, dict(other.one), dict(other.other))


class DecisionStore:
    """The file of one client's folder; of its portals each sees its own."""

    def __init__(self, path: Path, portal: str) -> None:
        self._path = path
        self._portal = portal

    def decisions(self) -> list[Decision]:
        """What counts now, in the order it was decided."""
        newest: dict[str, tuple[str, ...]] = {}
        for row in self._rows("SELECT key, about, verdict, one, other, who, answered, file FROM entries"):
            newest.pop(row[0], None)
            newest[row[0]] = row
        return [_decision(row) for row in newest.values() if row[2] != _FORGOTTEN]

    def kept_since(self, moment: datetime) -> list[Decision]:
        """Of what counts now, that which was kept after a moment."""
        rows = self._rows("SELECT key, kept FROM entries")
        late = {key for key, kept in rows if datetime.fromisoformat(kept) > moment}
        return [one for one in self.decisions() if one.key in late]

    def keep(self, fresh: Sequence[Decision], now: datetime) -> list[Decision]:
        """Add what is new, all or nothing; those that say something new are given back.

        UsageError when the answers contradict each other or what was decided earlier: then nothing is kept.
        """
        there = {one.key: one for one in self.decisions()}
        named = {one.key for one in fresh}
        seen = {card: seal for one in fresh for side in (one.one, one.other) for card, seal in side.items()}
        earlier = [one for one in there.values() if one.key not in named and not _outdated(one, seen)]
        refuse([*fresh, *earlier])
        distinct = {one.key: one for one in fresh}
        added = [one for one in distinct.values() if (old := there.get(one.key)) is None or not old.says(one)]
        self._append(added, now)
        return added

    def forget(self, key: str, now: datetime) -> Decision:
        """Take back one decision; UsageError when there is none of this key."""
        found = next((one for one in self.decisions() if one.key == key), None)
        if found is None:
            raise UsageError("review.unknown_key", key=key)
        with closing(self._open()) as base, base:
            base.execute(*_insert(self._portal, found, now, _FORGOTTEN))
        return found

    def asked(self) -> frozenset[str]:
        """Keys of all questions that an earlier workbook held."""
        return frozenset(row[0] for row in self._rows("SELECT key FROM asked"))

    def remember_asked(self, keys: Iterable[str], now: datetime) -> None:
        """Note that a workbook with these questions was written."""
        rows = [(self._portal, key, now.isoformat()) for key in keys]
        with closing(self._open()) as base, base:
            base.executemany("INSERT INTO asked (portal, key, at) VALUES (?, ?, ?)", rows)

    def _append(self, added: Sequence[Decision], now: datetime) -> None:
        if added:
            with closing(self._open()) as base, base:
                for one in added:
                    base.execute(*_insert(self._portal, one, now, one.verdict.value))

    def _rows(self, query: str) -> Iterator[tuple[str, ...]]:
        if not self._path.exists():
            return
        with closing(self._open()) as base:
            yield from base.execute(f"{query} WHERE portal = ? ORDER BY number", (self._portal,)).fetchall()

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.touch(mode=0o600)
        base = sqlite3.connect(self._path, timeout=10)
        base.execute("PRAGMA synchronous = FULL")
        base.executescript(_TABLES)
        return base


def refuse(decisions: Sequence[Decision]) -> None:
    """UsageError that names the rows when the answers cannot all be true."""
    found = contradictions(one.judgement for one in decisions if one.about is not About.CLUSTER)
    if found:
        raise UsageError("review.contradiction", rows="; ".join(map(_told, found)), count=len(found))


def _outdated(one: Decision, seen: Mapping[str, str]) -> bool:
    """Whether a card of an earlier decision has been seen to have changed: it will be asked about anyway."""
    return any(seen.get(card, seal) != seal for side in (one.one, one.other) for card, seal in side.items())


def _told(found: Contradiction) -> str:
    return " + ".join(found.where)


def _insert(portal: str, one: Decision, now: datetime, verdict: str) -> tuple[str, tuple[str, ...]]:
    sides = json.dumps(dict(one.one)), json.dumps(dict(one.other))
    values = portal, one.key, one.about.value, verdict, *sides, one.who, one.answered, now.isoformat(), one.file
    columns = "portal, key, about, verdict, one, other, who, answered, kept, file"
    return f"INSERT INTO entries ({columns}) VALUES ({', '.join('?' * len(values))})", values


def _decision(row: Sequence[str]) -> Decision:
    key, about, verdict, one, other, who, answered, file = row
    return Decision(
        key=key,
        about=About(about),
        verdict=Verdict(verdict),
        one=json.loads(one),
        other=json.loads(other),
        who=who,
        answered=answered,
        file=file,
    )
