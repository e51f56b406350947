"""What hangs on the cards a plan touches, before its first write and afterwards, by number and by hash: nothing lost?

Both lists stand in one SQLite file beside the runs, and SQL compares them, so that memory does not grow with them.
"""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from b24kit.change.backup import Backup
from b24kit.change.intake import Intake, standing_on
from b24kit.change.merging import MergeRecords
from b24kit.change.operation import BindLetter, CreateRecord, RemoveRecord, UnbindLetter, UpdateRecord
from b24kit.change.plan import Plan
from b24kit.crm.dossier import Dossier, Part, print_of
from b24kit.crm.portal import BELONGINGS, DOSSIER, PortalReads
from b24kit.crm.refs import CARDS, Kind, Ref

CONSENT = "consent"  # refusals: a part of their own, since they must stand on the client
_CHUNK = 500
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS before (
    card TEXT NOT NULL, part TEXT NOT NULL, id TEXT NOT NULL, print TEXT NOT NULL, PRIMARY KEY (card, part, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS after (
    card TEXT NOT NULL, part TEXT NOT NULL, id TEXT NOT NULL, print TEXT NOT NULL, PRIMARY KEY (card, part, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS after_of ON after (part, id);
CREATE TABLE IF NOT EXISTS copied (
    card TEXT NOT NULL, part TEXT NOT NULL, id TEXT NOT NULL, print TEXT NOT NULL, PRIMARY KEY (card, part, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS taken_away (card TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS elsewhere (part TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (part, id)) WITHOUT ROWID;
"""
# Where each thing is now: with another card (the client), on its own, in the copy, or nowhere.
_FATES = """
SELECT b.card, b.part, b.id,
  CASE
    WHEN EXISTS (SELECT 1 FROM after a WHERE a.part = b.part AND a.id = b.id AND a.card != b.card) THEN 'travelled'
    WHEN EXISTS (SELECT 1 FROM after a WHERE a.part = b.part AND a.id = b.id AND a.card = b.card AND a.print = b.print)
      THEN 'kept'
    WHEN EXISTS (SELECT 1 FROM after a WHERE a.part = b.part AND a.id = b.id AND a.card = b.card) THEN 'altered'
    WHEN EXISTS (SELECT 1 FROM elsewhere e WHERE e.part = b.part AND e.id = b.id) THEN 'travelled'
    WHEN EXISTS (SELECT 1 FROM copied c WHERE c.card = b.card AND c.part = b.part AND c.id = b.id
                 AND c.print = b.print) THEN 'in_backup'
    WHEN EXISTS (SELECT 1 FROM taken_away t WHERE t.card = b.card) THEN 'altered'
    ELSE 'missing'
  END AS fate
FROM before b
"""
_KINDS = {
    **dict.fromkeys((Part.LETTERS, Part.CALLS, Part.TODOS, Part.MARKS), Kind.ACTIVITY),
    Part.COMMENTS: Kind.COMMENT,
    Part.TASKS: Kind.TASK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one part: how many items there were, and where they are now."""

    part: str
    items: int
    kept: int = 0
    travelled: int = 0
    in_backup: int = 0
    altered: int = 0
    missing: int = 0
    digest_before: str = ""
    digest_after: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is neither on a card nor in the copy."""

    card: str
    part: str
    id: str


class Inventory:
    """The two lists of one plan."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        self._base = sqlite3.connect(path, isolation_level=None, timeout=60)
        self._base.executescript(_TABLES)

    def close(self) -> None:
        self._base.close()

    @property
    def taken(self) -> bool:
        """Whether the list of before is whole."""
        return self._base.execute("SELECT 1 FROM meta WHERE name = 'before'").fetchone() is not None

    def take_before(self, portal: PortalReads, plan: Plan, consent: Collection[str] = ()) -> None:
        """List what hangs on every card the plan touches; once, before its first write."""
        if not self.taken:
            self._take("before", portal.belongings(sorted(touched_cards(plan)), going_cards(plan)), consent)
            self._base.execute("INSERT OR REPLACE INTO meta VALUES ('before', 'whole')")

    def take_after(
        self,
        portal: PortalReads,
        plan: Plan,
        new_ids: Mapping[str, str],
        consent: Collection[str] = (),
        taken_away: Collection[str] = (),
    ) -> None:
        """List again, with the clients that the plan made; then look for what is on none of these cards.

        `taken_away` are cards that people removed while the run went on: what hung there is theirs to answer for.
        """
        creations = [one for one in plan.operations if isinstance(one, CreateRecord) and one.kind in CARDS]
        made = {Ref(one.kind, new_ids[one.key]) for one in creations if one.key in new_ids}
        self._base.executescript("DELETE FROM after; DELETE FROM elsewhere; DELETE FROM taken_away;")
        self._take("after", portal.belongings(sorted(touched_cards(plan) | made), going_cards(plan)), consent)
        self._find_elsewhere(portal)
        self._note_relinked(plan)
        self._base.executemany("INSERT OR IGNORE INTO taken_away VALUES (?)", [(card,) for card in taken_away])

    def take_copy(self, backup: Backup | None) -> None:
        """What stands in the copy of the removed cards."""
        self._base.execute("DELETE FROM copied")
        if backup is not None:
            self._insert("copied", backup.all_prints())
            # A refusal stands in the card's own fields, which the copy holds whole.
            self._base.execute(
                "INSERT OR REPLACE INTO copied SELECT * FROM before WHERE part = ?"
                " AND card IN (SELECT card FROM copied WHERE part = 'card')",
                (CONSENT,),
            )

    def fates(self, clients: Mapping[str, str]) -> list[Fate]:
        """Part by part: how many there were and where they are; `clients` are the cards that leads became, by lead."""
        parts = [*(part.value for part in Part if part is not Part.CARD), CONSENT]
        found = [self._fate(part, clients) for part in parts]
        return [one for one in found if one.items]

    def missing(self, limit: int = 20) -> list[Missing]:
        """Some of what is lost, by number."""
        rows = self._base.execute(
            f"SELECT card, part, id FROM ({_FATES}) WHERE fate = 'missing' AND part NOT IN ('card', ?) LIMIT ?",
            (CONSENT, limit),
        )
        return [Missing(*row) for row in rows]

    def _fate(self, part: str, clients: Mapping[str, str]) -> Fate:
        rows = self._base.execute(
            f"SELECT fate, count(*) FROM (SELECT DISTINCT part, id, fate FROM ({_FATES}) WHERE part = ?) GROUP BY fate",
            (part,),
        )
        counts = dict(rows.fetchall()) if part != CONSENT else self._refusals(clients)
        before, after = self._digest("before", part), self._digest("after", part)
        return Fate(part=part, items=sum(counts.values()), digest_before=before, digest_after=after, **counts)

    def _refusals(self, clients: Mapping[str, str]) -> dict[str, int]:
        """A refusal on a lead has to stand on its client too."""
        counts: dict[str, int] = {}
        rows = self._base.execute("SELECT card, id, print FROM before WHERE part = ?", (CONSENT,)).fetchall()
        for card, name, value in rows:
            client = clients.get(card)
            if client is not None:
                fate = "travelled" if self._stands("after", client, name, value) else "missing"
            elif self._stands("after", card, name, value):
                fate = "kept"
            else:
                fate = "in_backup" if self._stands("copied", card, name, value) else "missing"
            counts[fate] = counts.get(fate, 0) + 1
        return counts

    def _stands(self, table: str, card: str, name: str, value: str) -> bool:
        asked = f"SELECT 1 FROM {table} WHERE card = ? AND part = ? AND id = ? AND print = ?"
        return self._base.execute(asked, (card, CONSENT, name, value)).fetchone() is not None

    def _digest(self, table: str, part: str) -> str:
        """One hash of all items of a part: equal before and after when nothing changed at all."""
        seal = hashlib.sha256()
        asked = f"SELECT DISTINCT id, print FROM {table} WHERE part = ? ORDER BY id, print"
        for row in self._base.execute(asked, (part,)):
            seal.update("\x1f".join(row).encode())
        return seal.hexdigest()[:16]

    def _take(self, table: str, dossiers: Iterable[Dossier], consent: Collection[str]) -> None:
        rows = (row for dossier in dossiers for row in _rows(dossier, consent))
        self._insert(table, rows)

    def _insert(self, table: str, rows: Iterable[tuple[str, str, str, str]]) -> None:
        walk = iter(rows)
        while part := list(itertools.islice(walk, _CHUNK)):
            self._base.execute("BEGIN")
            self._base.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?, ?, ?, ?)", part)
            self._base.execute("COMMIT")

    def _find_elsewhere(self, portal: PortalReads) -> None:
        """Things that are on none of the cards looked at may live on another one; a file lives with its letter."""
        rows = self._base.execute(
            "SELECT DISTINCT b.part, b.id FROM before b"
            " WHERE NOT EXISTS (SELECT 1 FROM after a WHERE a.part = b.part AND a.id = b.id)"
        ).fetchall()
        asked = {Ref(_KINDS[Part(part)], item): part for part, item in rows if part in {p.value for p in _KINDS}}
        there = portal.surviving(asked) if asked else set()
        found = [(asked[ref], ref.id) for ref in there]
        self._base.executemany("INSERT OR REPLACE INTO elsewhere VALUES (?, ?)", found)

    def _note_relinked(self, plan: Plan) -> None:
        """A link that the plan itself led to another contact is no loss while the former one is still there."""
        moved = [
            (Part.LINKS.value, f"{one.ref}>contact:{one.before['contact']}", f"contact:{one.before['contact']}")
            for one in plan.operations
            if isinstance(one, UpdateRecord) and one.after.get("contact") and one.before.get("contact")
        ]
        self._base.executemany(
            "INSERT OR REPLACE INTO elsewhere SELECT ?1, ?2 WHERE EXISTS"
            " (SELECT 1 FROM after WHERE card = ?3 AND part = 'card')",
            moved,
        )
        # An incoming lead and its fresh contact go to the bin together, as the plan says: that tie holds nothing.
        tied = [(Part.LINKS.value, str(standing_on(one))) for one in plan.operations if isinstance(one, Intake)]
        self._base.executemany(
            "INSERT OR REPLACE INTO elsewhere SELECT part, id FROM before WHERE part = ? AND card = ?", tied
        )


def touched_cards(plan: Plan) -> set[Ref]:
    """The existing cards that a plan writes, removes or hangs letters on."""
    found: set[Ref] = set()
    for one in plan.operations:
        if isinstance(one, UpdateRecord | RemoveRecord):
            found.add(one.ref)
        elif isinstance(one, MergeRecords):
            found.update(one.cards)
        elif isinstance(one, BindLetter | UnbindLetter):
            found.add(one.card)
        elif isinstance(one, Intake) and one.before.get("lead"):
            found.add(standing_on(one))
    return {ref for ref in found if ref.kind in CARDS and not ref.is_new}


def going_cards(plan: Plan) -> frozenset[Ref]:
    """The cards that a plan removes or merges: everything that hangs on them is in question."""
    merges = [one for one in plan.operations if isinstance(one, MergeRecords)]
    removed = {one.ref for one in plan.operations if isinstance(one, RemoveRecord)}
    return frozenset(removed.union(*(one.cards for one in merges)))


def counted_cards(plan: Plan) -> dict[str, int]:
    """How many cards the proof reads, before and after together: by how (`DOSSIER` or `BELONGINGS`)."""
    touched, going = touched_cards(plan), going_cards(plan) & touched_cards(plan)
    made = sum(isinstance(one, CreateRecord) and one.kind in CARDS for one in plan.operations)
    stay = sum(isinstance(one, MergeRecords) for one in plan.operations)  # what is removed or swallowed is read once
    found = {DOSSIER: len(going) + stay, BELONGINGS: 2 * (len(touched) - len(going)) + made}
    return {name: count for name, count in found.items() if count}


def _rows(dossier: Dossier, consent: Collection[str]) -> Iterator[tuple[str, str, str, str]]:
    card = str(dossier.ref)
    for part, item, values in dossier.items():
        yield card, part.value, item, print_of(part, values)
    extra = dossier.card.get("extra") or {}
    for name in consent:
        if extra.get(name) not in (None, "", "N", "0", False):
            yield card, CONSENT, name, str(extra[name])
