"""What a portal was like when it was read: the before-image of everything, in one SQLite file, named by its content.

Features read records from it instead of the portal, so planning is pure; two snapshots tell what has changed.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from b24kit.change.prints import decode_facts, encode_facts, settings_hash
from b24kit.clock import Clock
from b24kit.crm.activity import Activity
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.incoming import Incoming
from b24kit.crm.pipeline import Gate, LossReason, Pipeline, Source, Stage
from b24kit.crm.portal import PortalFacts, PortalReads, Tell, Where
from b24kit.crm.records import VOLATILE, Record, fingerprint, record_from, ref_of, same, values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.user import Team, User
from b24kit.errors import UsageError

FORMAT = "b24kit-snapshot/1"
_CHUNK = 500
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE records (
    kind TEXT NOT NULL, rank INTEGER NOT NULL, id TEXT NOT NULL, print TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, rank, id)
) WITHOUT ROWID;
CREATE TABLE bodies (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
"""
_OPEN_LEADS = "SELECT id FROM records WHERE kind = 'lead' AND json_extract(body, '$.outcome') = 'open'"
_LETTERS = """
SELECT id, substr(json_extract(body, '$.card'), 6) FROM records
WHERE kind = 'activity' AND json_extract(body, '$.card') LIKE 'lead:%'
 AND json_extract(body, '$.channel') = 'email' AND json_extract(body, '$.direction') != 'out' ORDER BY rank, id
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs; `field` is empty when the whole record appeared (before None) or is gone (after None)."""

    ref: Ref
    field: str
    before: Any
    after: Any


class Snapshot:
    """A portal as it was read. Iterators come in id order and hold one record at a time."""

    def __init__(self, base: sqlite3.Connection, facts: PortalFacts, taken_at: datetime) -> None:
        self._base = base
        self.facts = facts
        self.taken_at = taken_at
        self.id = _content_id(base)
        # Snapshots of earlier versions have no bodies.
        named = base.execute("SELECT 1 FROM sqlite_master WHERE name = 'bodies'").fetchone()
        self._has_bodies = named is not None

    @classmethod
    def open(cls, path: Path) -> Snapshot:
        """A snapshot taken earlier; UsageError when there is none or it is of another format."""
        if not path.is_file():
            raise UsageError("snapshot.absent", file=path.name)
        base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            meta = dict(base.execute("SELECT name, value FROM meta").fetchall())
        except sqlite3.DatabaseError as error:
            raise UsageError("snapshot.unreadable", file=path.name) from error
        if meta.get("format") != FORMAT:
            raise UsageError("snapshot.unreadable", file=path.name)
        return cls(base, decode_facts(json.loads(meta["facts"])), datetime.fromisoformat(meta["taken_at"]))

    @classmethod
    def of(
        cls, records: Iterable[Record], facts: PortalFacts, taken_at: datetime, texts: Mapping[str, str] | None = None
    ) -> Snapshot:
        """A snapshot in memory of these records and bodies: how pure functions over snapshots are tested."""
        base = sqlite3.connect(":memory:", isolation_level=None)
        base.executescript(_TABLES)
        _store(base, records)
        base.executemany("INSERT INTO bodies VALUES (?, ?)", (texts or {}).items())
        return cls(base, facts, taken_at)

    @property
    def portal_id(self) -> str:
        return self.facts.id

    def close(self) -> None:
        self._base.close()

    def stages(self, ladder: str | None = None) -> list[Stage]:
        """Stages of one ladder or of all, each ladder in its order."""
        found = [cast(Stage, record) for record in self.records(Kind.STAGE)]
        kept = [stage for stage in found if ladder is None or stage.ladder == ladder]
        return sorted(kept, key=lambda stage: (stage.ladder, stage.sort, _rank(stage.id)))

    def pipelines(self) -> list[Pipeline]:
        return [cast(Pipeline, record) for record in self.records(Kind.PIPELINE)]

    def sources(self) -> list[Source]:
        return [cast(Source, record) for record in self.records(Kind.SOURCE)]

    def gates(self) -> list[Gate]:
        return [cast(Gate, record) for record in self.records(Kind.GATE)]

    def loss_reasons(self) -> list[LossReason]:
        found = [cast(LossReason, record) for record in self.records(Kind.LOSS_REASON)]
        return sorted(found, key=lambda reason: (reason.sort, _rank(reason.id)))

    def incoming(self) -> list[Incoming]:
        """Incoming leads that nobody had taken in, oldest first."""
        found = [cast(Incoming, record) for record in self.records(Kind.INCOMING)]
        return sorted(found, key=lambda one: (one.created.timestamp() if one.created else 0.0, one.id))

    def users(self) -> list[User]:
        return [cast(User, record) for record in self.records(Kind.USER)]

    def teams(self) -> list[Team]:
        return [cast(Team, record) for record in self.records(Kind.TEAM)]

    def leads(self) -> Iterator[Lead]:
        return (cast(Lead, record) for record in self.records(Kind.LEAD))

    def contacts(self) -> Iterator[Contact]:
        return (cast(Contact, record) for record in self.records(Kind.CONTACT))

    def companies(self) -> Iterator[Company]:
        return (cast(Company, record) for record in self.records(Kind.COMPANY))

    def deals(self) -> Iterator[Deal]:
        return (cast(Deal, record) for record in self.records(Kind.DEAL))

    def activities(self, on: Kind | None = None) -> Iterator[Activity]:
        """Activities by ascending id, optionally only those owned by one kind of card."""
        found = (cast(Activity, record) for record in self.records(Kind.ACTIVITY))
        return (activity for activity in found if on is None or activity.card.kind is on)

    def body(self, activity: str) -> str | None:
        """The body of an open lead's letter as it was shortened; None when it was not read."""
        if not self._has_bodies:
            return None
        row = self._base.execute("SELECT text FROM bodies WHERE id = ?", (activity,)).fetchone()
        return None if row is None else str(row[0])

    def records(self, kind: Kind) -> Iterator[Record]:
        """Every record of a kind in id order."""
        rows = self._base.execute("SELECT id, body FROM records WHERE kind = ? ORDER BY rank, id", (kind.value,))
        return (record_from(kind, row[0], json.loads(row[1])) for row in rows)

    def get(self, ref: Ref) -> Record | None:
        """The record as it was read, None when it was not."""
        values = self.values(ref)
        return None if values is None else record_from(ref.kind, ref.id, values)

    def values(self, ref: Ref) -> dict[str, Any] | None:
        """The record's JSON values: what an operation's before-image is made of."""
        row = self._base.execute(
            "SELECT body FROM records WHERE kind = ? AND rank = ? AND id = ?", (ref.kind.value, _rank(ref.id), ref.id)
        ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def count(self, kind: Kind) -> int:
        row = self._base.execute("SELECT count(*) FROM records WHERE kind = ?", (kind.value,)).fetchone()
        return int(row[0])

    def prints(self, *kinds: Kind) -> dict[str, str]:
        """Fingerprints by reference (`stage:12`), of these kinds or of everything."""
        rows = self._base.execute("SELECT kind, id, print FROM records ORDER BY kind, rank, id")
        wanted = {kind.value for kind in kinds}
        return {f"{kind}:{record}": seal for kind, record, seal in rows if not wanted or kind in wanted}

    def settings_hash(self) -> str:
        """One hash of every stage, pipeline and source."""
        return settings_hash(self.prints(Kind.STAGE, Kind.PIPELINE, Kind.SOURCE))

    def read_through(self) -> dict[str, str]:
        """The last id read of each kind: what has a larger one came later."""
        rows = self._base.execute("SELECT kind, max(rank) FROM records GROUP BY kind").fetchall()
        return {kind: str(rank) for kind, rank in rows}


def take_snapshot(
    portal: PortalReads,
    path: Path,
    *,
    want: Collection[Kind],
    clock: Clock,
    tell: Tell | None = None,
    narrow: Mapping[Kind, Where] | None = None,
    activities_on: Kind | None = None,
    shorten: Callable[[str], str] | None = None,
) -> Snapshot:
    """Read a portal into a new file, row by row, and open it; the file appears only when it is whole.

    Stages, pipelines and sources are always read. `narrow` cuts kinds of cards, `activities_on` takes the activities
    of one kind of card only. `shorten` asks for the bodies of open leads' incoming letters too and cuts each before it
    is kept; they stand apart from the records, so that nothing is compared by them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    base = sqlite3.connect(part, isolation_level=None)
    try:
        base.execute("PRAGMA synchronous = NORMAL")
        base.executescript(_TABLES)
        facts = portal.facts()
        for records in _streams(portal, set(want), tell, narrow or {}, activities_on):
            _store(base, records)
        if shorten is not None:
            _store_bodies(base, portal, shorten)
        meta = [("format", FORMAT), ("facts", json.dumps(encode_facts(facts), ensure_ascii=False))]
        meta.append(("taken_at", clock.now().isoformat()))
        base.executemany("INSERT INTO meta VALUES (?, ?)", meta)
    finally:
        base.close()
    part.replace(path)
    return Snapshot.open(path)


def compare(
    before: Snapshot, after: Snapshot, refs: Collection[Ref] | None = None, ignore: Collection[str] = VOLATILE
) -> list[Difference]:
    """Every field that differs between two snapshots, by reference; `refs` narrows the look, `ignore` leaves out."""
    old, new = before.prints(), after.prints()
    asked = {str(ref) for ref in refs} if refs is not None else None
    trusted = set(ignore) >= VOLATILE  # fingerprints leave out exactly the volatile fields
    found: list[Difference] = []
    for name in sorted(old.keys() | new.keys()):
        if (asked is not None and name not in asked) or (trusted and old.get(name) == new.get(name)):
            continue
        ref = Ref.parse(name)
        found += _differences(ref, before.values(ref), after.values(ref), ignore)
    return found


def _differences(
    ref: Ref, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, ignore: Collection[str]
) -> list[Difference]:
    if old is None or new is None:
        return [Difference(ref, "", old, new)]
    names = [name for name in [*old, *(n for n in new if n not in old)] if name not in ignore]
    return [
        Difference(ref, name, old.get(name), new.get(name))
        for name in names
        if not same(name, old.get(name), new.get(name))
    ]


def _streams(
    portal: PortalReads, want: set[Kind], tell: Tell | None, narrow: Mapping[Kind, Where], activities_on: Kind | None
) -> Iterator[Iterable[Record]]:
    yield portal.stages()
    yield portal.pipelines()
    yield portal.sources()
    if portal.capabilities.native_gates:
        yield portal.gates()
    if portal.capabilities.loss_reasons:
        yield portal.loss_reasons()
    if Kind.USER in want:
        yield portal.users()
    if Kind.TEAM in want:
        yield portal.teams()
    if Kind.COMPANY in want:
        yield portal.companies(narrow.get(Kind.COMPANY), tell)
    if Kind.CONTACT in want:
        yield portal.contacts(narrow.get(Kind.CONTACT), tell)
    if Kind.DEAL in want:
        yield portal.deals(narrow.get(Kind.DEAL), tell)
    if Kind.LEAD in want:
        yield portal.leads(narrow.get(Kind.LEAD), tell)
    if Kind.INCOMING in want:
        yield portal.incoming(remarks=True)
    if Kind.ACTIVITY in want:
        yield portal.activities(on=activities_on)


def _store(base: sqlite3.Connection, records: Iterable[Record]) -> None:
    rows: list[tuple[str, int, str, str, str]] = []
    for record in records:
        ref, values = ref_of(record), values_of(record)
        body = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        rows.append((ref.kind.value, _rank(ref.id), ref.id, fingerprint(values), body))
        if len(rows) == _CHUNK:
            _insert(base, rows)
            rows = []
    _insert(base, rows)


def _store_bodies(base: sqlite3.Connection, portal: PortalReads, shorten: Callable[[str], str]) -> None:
    """Bodies of the incoming letters that hang on open leads: the only ones that anything is decided by."""
    still_open = {row[0] for row in base.execute(_OPEN_LEADS)}
    wanted = [Ref(Kind.ACTIVITY, letter) for letter, lead in base.execute(_LETTERS) if lead in still_open]
    base.execute("BEGIN")
    for ref, body in portal.texts(wanted):
        base.execute("INSERT OR REPLACE INTO bodies VALUES (?, ?)", (ref.id, shorten(body)))
    base.execute("COMMIT")


def _insert(base: sqlite3.Connection, rows: list[tuple[str, int, str, str, str]]) -> None:
    # A row that a living portal gave twice is kept as it was last seen.
    base.execute("BEGIN")
    base.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)", rows)
    base.execute("COMMIT")


def _rank(record_id: str) -> int:
    return int(record_id) if record_id.isdecimal() and len(record_id) < 19 else 0


def _content_id(base: sqlite3.Connection) -> str:
    seal = hashlib.sha256()
    for row in base.execute("SELECT kind, id, print FROM records ORDER BY kind, rank, id"):
        seal.update("\x1f".join(row).encode())
        seal.update(b"\n")
    return seal.hexdigest()[:16]
