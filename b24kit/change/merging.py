"""One client's cards into one: the operation, what speaks against it just before it is done, and its way back.

Values that differ are made equal by updates that go before it, so the portal never has to ask a person which one
counts. Way back: each swallowed card is made again from its before-image and everything that is known to have hung on
it is hung back; its number, its dates and its timeline stay lost, and are said so before the start.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from b24kit.change.operation import (
    BindLetter,
    CreateRecord,
    NoWayBack,
    Operation,
    Phase,
    Reason,
    UnbindLetter,
    UpdateRecord,
    making_phase,
)
from b24kit.crm.activity import Activity
from b24kit.crm.portal import Capabilities, PortalReads
from b24kit.crm.records import VOLATILE, Record, comparable, ref_of, values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Merge, Write

# What cards may say differently and be merged all the same: stamps, marks of a source, what the vendor unites itself.
UNITED = frozenset({"points", "companies"})
_STAMPS = VOLATILE | frozenset({"created", "created_by", "origin"})
_OWN = _STAMPS | frozenset({"title", "extra"})
_LINK = {Kind.CONTACT: "contact", Kind.COMPANY: "company"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRecords(Operation):
    """Let `survivor` swallow `losers`. `before` holds every card as it was planned on, by reference.

    `links` names by card what is known to hang on it (leads, deals, contacts, letters), so that it can be hung back.
    Seam: a card is made again from its before-image alone; a full dossier of it would bring back its timeline too.
    """

    symbol: ClassVar[str] = "-"

    survivor: Ref
    losers: tuple[Ref, ...]
    before: Mapping[str, Mapping[str, Any]]
    links: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ignores: tuple[str, ...] = ()  # the vendor's own fields that a merge does not look at

    def __post_init__(self) -> None:
        missing = [str(ref) for ref in self.cards if str(ref) not in self.before]
        if missing or not self.losers or self.survivor in self.losers:
            raise ValueError(f"{self.key}: no before-image of {', '.join(missing) or 'anything to merge'}")
        if {ref.kind for ref in self.cards} != {self.survivor.kind}:
            raise ValueError(f"{self.key}: only cards of one kind are merged")

    @property
    def target(self) -> Ref:
        return self.survivor

    @property
    def cards(self) -> tuple[Ref, ...]:
        """All cards of the merge, the survivor first."""
        return (self.survivor, *self.losers)

    def write(self, ids: Mapping[str, str], now: Mapping[str, Any]) -> Write:
        return Merge(self.key, self.survivor, self.losers, dict(now) or dict(self.before))

    def inverse(self, new_id: str | None, capabilities: Capabilities) -> Operation | NoWayBack:
        facts = {"kind": self.survivor.kind.value, "id": ", ".join(one.id for one in self.losers)}
        return NoWayBack(self.survivor, "undo.merged", facts)


def weigh_merge(operation: MergeRecords, present: Mapping[Ref, Mapping[str, Any]]) -> tuple[Ref, ...] | Reason:
    """The losers that are still to be merged, none when all are gone, or why the merge must not be asked for."""
    left = tuple(ref for ref in operation.losers if ref in present)
    if not left:
        return ()
    if operation.survivor not in present:
        return Reason("change.conflict.gone")
    survivor = present[operation.survivor]
    for ref in left:
        now, was = present[ref], operation.before[str(ref)]
        fields = [*moved_on(now, was, survivor), *differing(survivor, now, operation.ignores)]
        if fields:
            facts = {"fields": sorted(set(fields)), "by": now.get("changed_by")}
            return Reason("change.conflict.moved_on", facts)
    return left


def differing(one: Mapping[str, Any], other: Mapping[str, Any], ignores: Collection[str] = ()) -> list[str]:
    """Fields in which two cards hold different values, both filled: what a merge would stumble over.

    The parts of a name count each for itself, and so do the vendor's own fields.
    """
    found = [name for name, (mine, theirs) in _pairs(one, other).items() if mine and theirs and mine != theirs]
    return [name for name in found if name not in ignores]


def moved_on(now: Mapping[str, Any], was: Mapping[str, Any], survivor: Mapping[str, Any]) -> list[str]:
    """What somebody put on a loser since it was planned: values that are neither its old ones nor the survivor's."""
    old, new = _pairs(was, now), _pairs(survivor, now)
    fields = [name for name, (before, value) in old.items() if value and value not in (before, new[name][0])]
    known = {tuple(point) for point in comparable("points", was.get("points"))}
    fresh = {tuple(point) for point in comparable("points", now.get("points"))} - known
    return [*fields, "points"] if fresh else fields


def with_links(operations: Sequence[Operation], portal: PortalReads) -> tuple[Operation, ...]:
    """The operations with the activities added that hang on the cards to be merged: only the portal can tell those."""
    return tuple(_with_links(one, portal) if isinstance(one, MergeRecords) else one for one in operations)


def _with_links(operation: MergeRecords, portal: PortalReads) -> MergeRecords:
    links = {card: list(found) for card, found in operation.links.items()}
    for ref in operation.cards:
        hanging = [f"{Kind.ACTIVITY.value}:{one.id}" for one in portal.traces(ref) if one.what == "activity"]
        links[str(ref)] = [*links.get(str(ref), ()), *sorted(hanging)]
    return replace(operation, links=links)


def made_again(operation: MergeRecords) -> dict[Ref, CreateRecord]:
    """The swallowed cards as they were before, to be made anew; what only the portal stamps is left to it."""
    return {loser: _made_again(operation, loser) for loser in operation.losers}


def linked_to(operation: MergeRecords) -> set[Ref]:
    """Everything that hung on a swallowed card and may have to be hung back."""
    return {Ref.parse(text) for loser in operation.losers for text in operation.links.get(str(loser), ())}


def hung_back(
    operation: MergeRecords, present: Mapping[Ref, Record], again: Mapping[Ref, Ref]
) -> list[UpdateRecord | BindLetter | UnbindLetter]:
    """What hung on the swallowed cards and hangs on the survivor now goes to the cards made in their place."""
    found: list[UpdateRecord | BindLetter | UnbindLetter] = []
    kept = frozenset(operation.links.get(str(operation.survivor), ()))
    for loser in (one for one in operation.losers if one in again):
        for text in operation.links.get(str(loser), ()):
            record = present.get(Ref.parse(text))
            if record is not None:
                found += _hung_back(operation, again[loser], record, also_survivors=text in kept)
    return found


def _hung_back(
    operation: MergeRecords, card: Ref, record: Record, *, also_survivors: bool
) -> list[UpdateRecord | BindLetter | UnbindLetter]:
    ref, key = ref_of(record), f"undo-{operation.key}-{card.id.rpartition('-')[2]}"
    reason, survivor = Reason("undo.merged_link", {"card": str(operation.survivor)}), operation.survivor
    if isinstance(record, Activity):
        if survivor not in (record.card, *(record.bindings or ())):
            return []
        bind = BindLetter(
            key=f"{key}-bind-{ref.id}", cluster=operation.cluster, phase=Phase.LINKS, reason=reason,
            activity=ref, card=card,
        )  # fmt: skip
        if also_survivors:
            return [bind]
        off = UnbindLetter(
            key=f"{key}-unbind-{ref.id}", cluster=operation.cluster, phase=Phase.LINKS, reason=reason,
            activity=ref, card=survivor, needs=(bind.key,),
        )  # fmt: skip
        return [off, bind]  # an undo walks what it collects backwards
    before, after = _relinked(values_of(record), operation, card, also_survivors=also_survivors)
    if not after:
        return []
    back = UpdateRecord(
        key=f"{key}-{ref.kind.value}-{ref.id}",
        cluster=operation.cluster,
        phase=making_phase(ref.kind),
        reason=reason,
        ref=ref,
        before=before,
        after=after,
    )
    return [back]


def _relinked(
    now: Mapping[str, Any], operation: MergeRecords, card: Ref, *, also_survivors: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The link field of a lead, a deal or a contact, from the survivor to the card made again."""
    name, survivor = _LINK.get(operation.survivor.kind, ""), operation.survivor.id
    many = [str(one) for one in now.get("companies") or ()] if operation.survivor.kind is Kind.COMPANY else []
    if many and survivor in many:
        wanted = [*many, card.id] if also_survivors else [card.id if one == survivor else one for one in many]
        before, after = {"companies": many}, {"companies": wanted}
        if not also_survivors and now.get(name) == survivor:
            before[name], after[name] = now[name], card.id  # type: ignore[assignment]
        return before, after
    if not name or now.get(name) != survivor:
        return {}, {}
    return {name: survivor}, {name: card.id}


def _made_again(operation: MergeRecords, loser: Ref) -> CreateRecord:
    held = operation.before[str(loser)].items()
    values = {name: value for name, value in held if name not in _STAMPS and value not in (None, "", [], {})}
    return CreateRecord(
        key=f"undo-{operation.key}-{loser.id}",
        cluster=operation.cluster,
        phase=making_phase(loser.kind),
        reason=Reason("undo.merged_card", {"id": loser.id, "card": str(operation.survivor)}),
        kind=loser.kind,
        values=values,
    )


def _pairs(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Both values of every single field, comparable, a name part by part."""
    names = [name for name in {**one, **other} if name not in _OWN | UNITED]
    found = {name: (one.get(name), other.get(name)) for name in names if name != "name"}
    if "title" in one and one.get("points") is not None and "name" not in one:
        found["title"] = (one.get("title"), other.get("title"))  # a person's card has no title of its own
    for part in ("first", "last", "middle") if "name" in names else ():
        found[f"name.{part}"] = ((one.get("name") or {}).get(part), (other.get("name") or {}).get(part))
    mine, theirs = one.get("extra") or {}, other.get("extra") or {}
    found |= {name: (mine.get(name), theirs.get(name)) for name in {**mine, **theirs}}
    return {name: (comparable(name, left), comparable(name, right)) for name, (left, right) in found.items()}
