"""Whole copies of the cards that a plan removes: one SQLite file a plan, every part hashed, files' contents included.

It is taken before the first write and can be gone on with after a crash; nothing is removed before it is complete and
verified. A run that is undone makes the cards again from it (`recreation`).
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from b24kit.clock import Clock
from b24kit.crm.dossier import Attachment, Dossier, Part, dossier_of, print_of, seal_of
from b24kit.crm.portal import PortalReads, Progress, Tell
from b24kit.crm.refs import Ref
from b24kit.errors import UsageError

FORMAT = "b24kit-backup/1"
_ROUND = 50
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cards (
    ref TEXT PRIMARY KEY, place INTEGER, taken_at TEXT NOT NULL, seal TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS parts (
    ref TEXT NOT NULL, part TEXT NOT NULL, id TEXT NOT NULL, print TEXT NOT NULL, PRIMARY KEY (ref, part, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, name TEXT NOT NULL, size INTEGER, sha TEXT);
CREATE TABLE IF NOT EXISTS contents (sha TEXT PRIMARY KEY, content BLOB NOT NULL);
"""
# What follows the card itself: no sign that somebody was here since the copy was taken.
_FOLLOWS = frozenset({Part.CARD, Part.LINKS, Part.MOVES, Part.UTM})


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the copy: its name, and the hash its content is kept under; None for one that could not be read."""

    name: str
    size: int | None
    sha: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a copy holds: items by part, files that could not be read, and parts that this access may not see."""

    cards: int
    parts: Mapping[str, int]
    bytes: int
    unread_files: tuple[str, ...] = ()
    unread_parts: tuple[str, ...] = ()

    def count(self, part: Part) -> int:
        return self.parts.get(part.value, 0)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in a copy that is not as it was written: a card, a part of it, a file."""

    what: str
    id: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was hashed again, and what does not agree."""

    cards: int
    items: int
    files: int
    flaws: tuple[Flaw, ...] = field(default=())


class Backup:
    """One copy, open. Every round of cards is durable when `add` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch(mode=0o600)
        self._base = sqlite3.connect(path, isolation_level=None, timeout=60)
        try:
            self._base.executescript(_TABLES)
            found = dict(self._base.execute("SELECT name, value FROM meta").fetchall())
        except sqlite3.DatabaseError as error:
            raise UsageError("backup.unreadable", file=path.name) from error
        if found.setdefault("format", FORMAT) != FORMAT:
            raise UsageError("backup.unreadable", file=path.name)
        self._base.execute("INSERT OR IGNORE INTO meta VALUES ('format', ?)", (FORMAT,))

    def close(self) -> None:
        self._base.close()

    def add(self, dossiers: Iterable[Dossier], at: datetime) -> None:
        """Keep these cards, instead of what was kept of them before."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            for dossier in dossiers:
                self._add(dossier, at)
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def keep(self, file: Attachment, content: bytes | None) -> None:
        """Keep a file's content, or that it cannot be read."""
        sha = None if content is None else hashlib.sha256(content).hexdigest()
        size = file.size if content is None else len(content)
        self._base.execute("BEGIN IMMEDIATE")
        if content is not None:
            self._base.execute("INSERT OR IGNORE INTO contents VALUES (?, ?)", (sha, content))
        self._base.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", (file.id, file.name, size, sha))
        self._base.execute("COMMIT")

    def refs(self) -> list[Ref]:
        """The cards of the copy, in the order they were taken."""
        return [Ref.parse(row[0]) for row in self._base.execute("SELECT ref FROM cards ORDER BY place")]

    def missing(self, refs: Iterable[Ref]) -> list[Ref]:
        """Cards that are not in the copy yet."""
        known = set(self.refs())
        return [ref for ref in dict.fromkeys(refs) if ref not in known]

    def wanting(self) -> Iterator[Attachment]:
        """Files of the copy that nobody has tried to fetch yet."""
        known = {row[0] for row in self._base.execute("SELECT id FROM files")}
        for ref in self.refs():
            dossier = self.dossier(ref)
            for file in dossier.files if dossier else ():
                if file.id not in known:
                    known.add(file.id)
                    yield file

    def dossier(self, ref: Ref) -> Dossier | None:
        """One card of the copy."""
        row = self._base.execute("SELECT body FROM cards WHERE ref = ?", (str(ref),)).fetchone()
        return None if row is None else dossier_of(json.loads(row[0]))

    def prints(self, ref: Ref) -> dict[tuple[str, str], str]:
        """The prints of a card's items by part and id."""
        rows = self._base.execute("SELECT part, id, print FROM parts WHERE ref = ?", (str(ref),))
        return {(part, item): seal for part, item, seal in rows}

    def all_prints(self) -> Iterator[tuple[str, str, str, str]]:
        """(card, part, id, print) of everything."""
        yield from self._base.execute("SELECT ref, part, id, print FROM parts ORDER BY ref, part, id")

    def file(self, file_id: str) -> Kept | None:
        row = self._base.execute("SELECT name, size, sha FROM files WHERE id = ?", (file_id,)).fetchone()
        return None if row is None else Kept(*row)

    def content(self, sha: str) -> bytes | None:
        """A file's content by its hash."""
        row = self._base.execute("SELECT content FROM contents WHERE sha = ?", (sha,)).fetchone()
        return None if row is None else bytes(row[0])

    def manifest(self) -> Manifest:
        """Counts of what is kept, and the names of what could not be."""
        parts = dict(self._base.execute("SELECT part, count(DISTINCT id) FROM parts GROUP BY part").fetchall())
        unread = self._base.execute("SELECT name, id FROM files WHERE sha IS NULL ORDER BY id")
        hidden = self._base.execute("SELECT DISTINCT value FROM cards, json_each(cards.body, '$.unread') ORDER BY 1")
        size = self._base.execute("SELECT coalesce(sum(length(content)), 0) FROM contents").fetchone()
        return Manifest(
            cards=self._base.execute("SELECT count(*) FROM cards").fetchone()[0],
            parts=parts,
            bytes=size[0],
            unread_files=tuple(name or f"#{found}" for name, found in unread),
            unread_parts=tuple(row[0] for row in hidden),
        )

    def verify(self) -> Verified:
        """Hash everything again, a card and a file at a time; what does not agree is named."""
        flaws: list[Flaw] = []
        items = 0
        for ref, seal in self._base.execute("SELECT ref, seal FROM cards ORDER BY place").fetchall():
            found, wrong = self._verified(ref, seal)
            items += found
            flaws += wrong
        files = 0
        for sha, content in self._base.execute("SELECT sha, content FROM contents"):
            files += 1
            if hashlib.sha256(content).hexdigest() != sha:
                flaws.append(Flaw("content", sha))
        lost = "SELECT id FROM files WHERE sha IS NOT NULL AND sha NOT IN (SELECT sha FROM contents)"
        flaws += [Flaw("file", row[0]) for row in self._base.execute(lost)]
        return Verified(len(self.refs()), items, files, tuple(flaws))

    def _verified(self, ref: str, seal: str) -> tuple[int, list[Flaw]]:
        """How many items of a card were looked at, and what is wrong with them."""
        body = json.loads(self._base.execute("SELECT body FROM cards WHERE ref = ?", (ref,)).fetchone()[0])
        if seal_of(body) != seal:
            return 0, [Flaw("card", ref)]
        now = {(part.value, item): print_of(part, values) for part, item, values in dossier_of(body).items()}
        kept = self.prints(Ref.parse(ref))
        wrong = [Flaw(part, f"{ref}/{item}") for part, item in now.keys() ^ kept.keys()]
        wrong += [Flaw(key[0], f"{ref}/{key[1]}") for key in now.keys() & kept.keys() if now[key] != kept[key]]
        return len(kept), wrong

    def _add(self, dossier: Dossier, at: datetime) -> None:
        body, ref = dossier.body(), str(dossier.ref)
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        self._base.execute(
            "INSERT OR REPLACE INTO cards VALUES (?, (SELECT coalesce(max(place), 0) + 1 FROM cards), ?, ?, ?)",
            (ref, at.isoformat(), seal_of(body), text),
        )
        self._base.execute("DELETE FROM parts WHERE ref = ?", (ref,))
        rows = {(ref, part.value, item): print_of(part, values) for part, item, values in dossier.items()}
        self._base.executemany("INSERT INTO parts VALUES (?, ?, ?, ?)", [(*key, seal) for key, seal in rows.items()])


class Backups:
    """The copies of one project: one file a plan, beside the runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, plan_id: str) -> Path:
        """Where the copy of a plan's cards stands, or will."""
        if not re.fullmatch(r"[\w-]+", plan_id):
            raise UsageError("plan.unreadable", why="id")
        return self.folder / f"{plan_id}.sqlite"

    def make(self, plan_id: str) -> Backup:
        """The copy of a plan's cards, begun if there is none."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Backup(self.path(plan_id))

    def find(self, plan_id: str) -> Backup | None:
        """The copy of a plan's cards, None when there is none."""
        path = self.path(plan_id)
        return Backup(path) if path.is_file() else None

    def content(self, sha: str) -> bytes | None:
        """A file's content out of any copy that holds it."""
        for path in sorted(self.folder.glob("*.sqlite")):
            backup = Backup(path)
            try:
                content = backup.content(sha)
            finally:
                backup.close()
            if content is not None:
                return content
        return None


def take_backup(
    backup: Backup, portal: PortalReads, refs: Sequence[Ref], clock: Clock, tell: Tell | None = None
) -> None:
    """Copy the cards that are not in the copy yet, then the files nobody has tried to fetch; those gone are no more."""
    missing = backup.missing(refs)
    done = len(refs) - len(missing)
    round_: list[Dossier] = []
    for dossier in portal.dossiers(missing):
        round_.append(dossier)
        if len(round_) == _ROUND:
            backup.add(round_, clock.now())
            done += len(round_)
            round_ = []
            if tell is not None:
                tell(Progress(done, len(refs)))
    backup.add(round_, clock.now())
    for file, content in portal.contents(list(backup.wanting())):
        backup.keep(file, content)


def came_since(backup: Backup, portal: PortalReads, refs: Sequence[Ref]) -> dict[Ref, list[str]]:
    """Cards on which something appeared or was changed since the copy was taken, and of which parts.

    Asked right before a removal: it would take those with it, and no copy holds them.
    """
    found: dict[Ref, list[str]] = {}
    for dossier in portal.dossiers(refs):
        known = backup.prints(dossier.ref)
        parts = {
            part.value
            for part, item, values in dossier.items()
            if part not in _FOLLOWS and known.get((part.value, item)) != print_of(part, values)
        }
        if parts:
            found[dossier.ref] = sorted(parts)
    return found
