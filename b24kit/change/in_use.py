"""What people use by now of that which a run made: contacts on their cards, values in our fields, our loss reasons.

Such things stay when the run is taken back. Only cards that changed since the run began can speak of them, so only
those are looked at.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from b24kit.change.journal import Entry
from b24kit.change.operation import Operation, Phase, Reason, UpdateRecord
from b24kit.change.references import resolved
from b24kit.change.runs import RunInfo
from b24kit.crm.portal import Portal, Where
from b24kit.crm.records import comparable, ref_of
from b24kit.crm.refs import Kind, Ref

REASON = "loss_reason_id"  # how `extra` calls it
HELD = frozenset({Kind.FIELD, Kind.LOSS_REASON})  # removing one takes what cards hold in it away


@dataclass(frozen=True, slots=True)
class Deed:
    """One operation that was carried out: what it was, what was seen before, what was written, what it made."""

    operation: Operation
    sent: Entry
    made: Ref | None


@dataclass(frozen=True, slots=True)
class Use:
    """How many cards of people hold something of ours, and one of them."""

    card: Ref
    count: int


def used_by_people(
    info: RunInfo, deeds: Sequence[Deed], portal: Portal, since: datetime | None = None
) -> dict[Ref, Ref]:
    """Contacts and companies of ours that people have put on cards since, and one such card each.

    `since` (our time) is when the run started, unless somebody has looked before.
    """
    made = {deed.made for deed in deeds if deed.made is not None}
    ours = {ref for ref in made if ref.kind in (Kind.CONTACT, Kind.COMPANY)}
    if not ours:
        return {}
    ids = {deed.operation.key: deed.made.id for deed in deeds if deed.made is not None}
    mine = made | {resolved(deed.operation.ref, ids) for deed in deeds if isinstance(deed.operation, UpdateRecord)}
    changed = _changed(info, since)
    found: dict[Ref, Ref] = {}
    for card in itertools.chain[Any](portal.deals(changed), portal.leads(changed)):
        if card.ref not in mine:
            links = (Ref(Kind.CONTACT, card.contact or "-"), Ref(Kind.COMPANY, card.company or "-"))
            found.update({link: card.ref for link in links if link in ours})
    return found


def held_by_people(
    info: RunInfo,
    deeds: Sequence[Deed],
    portal: Portal,
    removed: Mapping[Ref, Mapping[str, Any]],
    since: datetime | None = None,
) -> dict[Ref, Use]:
    """Fields and reasons of ours about to be removed (with the values they were made with) that hold what people said.

    What this very run wrote into them is ours and goes with them.
    """
    wanted = {ref: values for ref, values in removed.items() if ref.kind in HELD}
    if not wanted:
        return {}
    places = {ref: _place(ref, values, portal) for ref, values in wanted.items()}
    ours = _written(deeds)
    kinds = {kind for kinds, _ in places.values() for kind in kinds}
    found: dict[Ref, list[Ref]] = {}
    for card in _cards(portal, kinds, _changed(info, since)):
        for ref, (on, name) in places.items():
            value = card.extra.get(name)
            if card.ref.kind not in on or comparable("", value) is None:
                continue
            if ref.kind is Kind.LOSS_REASON and str(value) != ref.id:
                continue
            names = {name, str(wanted[ref].get("code") or "")}
            if not any(_plain(value) == _plain(ours.get(card.ref, {}).get(one)) for one in names):
                found.setdefault(ref, []).append(card.ref)
    return {ref: Use(cards[0], len(cards)) for ref, cards in found.items()}


def opened(kept: Mapping[Ref, tuple[str, Mapping[str, Any]]], portal: Portal) -> list[UpdateRecord]:
    """Fields of ours that stay (with the key and the values they were made with) demand nothing any more."""
    if not kept or not portal.capabilities.native_gates:
        return []
    gates = {gate.id: gate for gate in portal.gates()}
    found = []
    for ref, (key, made) in kept.items():
        gate, ours = gates.get(ref.id), set(made.get("required_on") or ())
        if gate is None or not ours.intersection(gate.required_on):
            continue
        found.append(
            UpdateRecord(
                key=f"undo-open-{key}",
                phase=Phase.SETTINGS,
                reason=Reason("undo.open_gate", {"field": gate.name}),
                ref=ref_of(gate),
                before={"required_on": list(gate.required_on)},
                after={"required_on": [code for code in gate.required_on if code not in ours]},
            )
        )
    return found


def _changed(info: RunInfo, since: datetime | None) -> Where:
    return Where(changed_since=(since or info.started) + timedelta(seconds=info.skew_seconds - 60))


def _place(ref: Ref, values: Mapping[str, Any], portal: Portal) -> tuple[Collection[Kind], str]:
    return ((Kind.LEAD, Kind.DEAL), REASON) if ref.kind is Kind.LOSS_REASON else portal.field_place(ref, values)


def _cards(portal: Portal, kinds: Collection[Kind], where: Where) -> Iterator[Any]:
    lists: Mapping[Kind, Callable[[Where], Iterable[Any]]] = {
        Kind.LEAD: portal.leads,
        Kind.CONTACT: portal.contacts,
        Kind.COMPANY: portal.companies,
        Kind.DEAL: portal.deals,
    }
    for kind in lists:
        if kind in kinds:
            yield from lists[kind](where)


def _written(deeds: Sequence[Deed]) -> dict[Ref, dict[str, Any]]:
    """What this run wrote into the unnamed fields of each card, by the names it used."""
    ids = {deed.operation.key: deed.made.id for deed in deeds if deed.made is not None}
    found: dict[Ref, dict[str, Any]] = {}
    for deed in deeds:
        ref = deed.made or resolved(deed.operation.target, ids)
        extra = (deed.sent.wrote or {}).get("extra") or {}
        found.setdefault(ref, {}).update(extra)
    return found


def _plain(value: Any) -> list[str]:
    """A value without the shape that a vendor keeps it in.

    >>> _plain([{"value": "x"}]) == _plain("x") == ["x"]
    True
    """
    listed = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return [str(next(iter(one.values()), "")) if isinstance(one, Mapping) else str(one) for one in listed]
