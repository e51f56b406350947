"""Which decisions hold on a portal as it is now: cards that went away are dropped, cards that changed are asked again.

A stale "different people" still keeps the two apart until somebody answers anew: that can harm nobody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from b24kit.change.operation import BindLetter, Operation, Reason, UnbindLetter
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.decisions import About, Decision
from b24kit.cleanup.precision import Precision, precision
from b24kit.cleanup.spec import ProtectSpec
from b24kit.crm.cards import Company, Contact, Lead
from b24kit.crm.pipeline import Outcome
from b24kit.crm.records import comparable, values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.matching.verdicts import Verdict
from b24kit.owners.staff import Staff

_SHOWN = ("name", "points", "company_title")  # what tells whose a card is; stages and owners move all the time
_KEYS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides that somebody decided about, by the cards that are still there; the first stands for its side."""

    key: str
    one: tuple[Ref, ...]
    other: tuple[Ref, ...]
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class InForce:
    """`same` join, `apart` never join; `protected` cards are never written. Keys of what does not count any more."""

    same: tuple[Pair, ...] = ()
    apart: tuple[Pair, ...] = ()
    protected: frozenset[Ref] = frozenset()
    stale: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    wrong: tuple[frozenset[Ref], ...] = ()  # clusters that somebody called wrong
    looked_at: Precision = field(default=Precision(0, 0))

    def notes(self) -> list[Reason]:
        """What a plan tells of the decisions behind it."""
        found: list[Reason] = []
        if self.same or self.apart:
            found.append(Reason("clean.note.decided", {"same": len(self.same), "apart": len(self.apart)}))
        if self.protected:
            found.append(Reason("clean.note.protected", {"count": len(self.protected)}))
        for name, keys in (("decisions_stale", self.stale), ("decisions_gone", self.gone)):
            if keys:
                shown = ", ".join(keys[:_KEYS_SHOWN]) + (", …" if len(keys) > _KEYS_SHOWN else "")
                found.append(Reason(f"clean.note.{name}", {"count": len(keys), "keys": shown}))
        if self.looked_at.looked_at:
            found.append(Reason("clean.note.precision", precision_facts(self.looked_at)))
        return found


def precision_facts(found: Precision) -> dict[str, int]:
    """A precision as facts of a sentence, per cent rounded down."""
    return {"right": found.right, "looked_at": found.looked_at, "percent": int(100 * found.at_least)}


def in_force(snapshot: Snapshot, decisions: Iterable[Decision], protect: ProtectSpec | None = None) -> InForce:
    """The decisions that hold on these cards, and the cards that the playbook itself protects."""
    given = list(decisions)
    same: list[Pair] = []
    apart: list[Pair] = []
    protected: set[Ref] = set()
    wrong: list[frozenset[Ref]] = []
    stale: list[str] = []
    gone: list[str] = []
    for one in given:
        if one.verdict in (Verdict.UNSURE, Verdict.RIGHT):
            continue
        if one.verdict is Verdict.WRONG:
            wrong.append(frozenset(_side(snapshot, one.one)[0]))
            continue
        if one.verdict is Verdict.PROTECT:
            kept = {Ref.parse(name) for name in (*one.one, *(one.other if one.about is About.QUESTION else ()))}
            protected |= {ref for ref in kept if snapshot.values(ref) is not None}
            continue
        pair = _pair(snapshot, one)
        if not pair.one or not pair.other:
            gone.append(one.key)
            continue
        if not pair.fresh:
            stale.append(one.key)
        if one.verdict is not Verdict.SAME:
            apart.append(pair)
        elif pair.fresh:
            same.append(pair)
    if protect is not None:
        protected |= _by_playbook(snapshot, protect)
    return InForce(
        tuple(same),
        tuple(apart),
        frozenset(protected),
        tuple(stale),
        tuple(gone),
        tuple(one for one in wrong if len(one) > 1),
        precision(given),
    )


def overtaken(operations: Sequence[Operation], decisions: Iterable[Decision]) -> list[str]:
    """Keys of the decisions about cards that these operations touch: a plan made before them must be made anew."""
    touched = {str(one.target) for one in operations}
    touched |= {str(one.card) for one in operations if isinstance(one, BindLetter | UnbindLetter)}
    idle = (Verdict.UNSURE, Verdict.RIGHT)
    told = (one for one in decisions if one.verdict not in idle)
    return [one.key for one in told if not touched.isdisjoint((*one.one, *one.other))]


def print_of(record: object) -> str:
    """A short fingerprint of what tells whose card it is: its name, its addresses and numbers, the firm it names."""
    values = values_of(record)  # type: ignore[arg-type]
    kept = {name: comparable(name, values.get(name)) for name in _SHOWN}
    if isinstance(record, Company):
        kept["title"] = record.title
    text = json.dumps(kept, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _pair(snapshot: Snapshot, decision: Decision) -> Pair:
    one, one_fresh = _side(snapshot, decision.one)
    other, other_fresh = _side(snapshot, decision.other)
    return Pair(decision.key, one, other, one_fresh and other_fresh)


def _side(snapshot: Snapshot, prints: Mapping[str, str]) -> tuple[tuple[Ref, ...], bool]:
    """The cards of a side that are still there, and whether all of them are as they were.

    A lead that was closed since stands for the client that it was tied to.
    """
    found: dict[Ref, None] = {}
    fresh = True
    for name, seal in prints.items():
        ref = Ref.parse(name)
        record = snapshot.get(ref)
        if record is None:
            continue
        found[ref] = None
        fresh = fresh and print_of(record) == seal
        if isinstance(record, Lead) and record.outcome is not Outcome.OPEN and record.contact:
            found[Ref(Kind.CONTACT, record.contact)] = None
    return tuple(found), fresh


def _by_playbook(snapshot: Snapshot, protect: ProtectSpec) -> set[Ref]:
    """Cards named one by one, those of certain owners, and those with certain values of a field."""
    found = {ref for text in protect.cards if snapshot.values(ref := Ref.parse(text)) is not None}
    if not protect.owners and not protect.fields:
        return found
    staff = Staff.of(snapshot.users(), snapshot.teams())
    owners = {staff.person(who).id for who in protect.owners}
    for kind in (Kind.LEAD, Kind.CONTACT, Kind.COMPANY, Kind.DEAL):
        for record in snapshot.records(kind):
            assert isinstance(record, Lead | Contact | Company) or kind is Kind.DEAL
            if _is_protected(record, owners, protect.fields):
                found.add(Ref(kind, record.id))
    return found


def _is_protected(record: object, owners: set[str], fields: Mapping[str, tuple[str, ...]]) -> bool:
    if getattr(record, "owner", None) in owners:
        return True
    extra: Mapping[str, object] = getattr(record, "extra", {})
    for name, wanted in fields.items():
        value = extra.get(name, getattr(record, name, None))
        held = {str(one).strip().casefold() for one in (value if isinstance(value, list | tuple) else [value])}
        if not held.isdisjoint(text.strip().casefold() for text in wanted):
            return True
    return False
