"""Undoing keeps fields and the views of cards in step: a section whose fields people have filled stays, and so does a
field that stands in a section which stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from b24kit.change.in_use import Deed
from b24kit.change.operation import CreateRecord, Operation, Reason, RemoveRecord, UpdateRecord
from b24kit.change.plan import LeftAlone
from b24kit.crm.layout import Layout, standing_fields
from b24kit.crm.portal import PortalReads
from b24kit.crm.records import Values
from b24kit.crm.refs import Kind, Ref


def kept_in_step(
    deeds: Sequence[Deed], back: Sequence[Operation], removed: Sequence[RemoveRecord], portal: PortalReads
) -> tuple[list[Operation], list[RemoveRecord], list[LeftAlone]]:
    """What of the way back remains, and what is left alone for the other's sake. Views are read once more."""
    views = [one.operation.target for one in deeds if one.operation.target.kind is Kind.LAYOUT]
    if not views:
        return list(back), list(removed), []
    filled = set(_filled(deeds, removed, portal))
    stay = {one.ref for one in back if isinstance(one, UpdateRecord) and filled & _taken_off(one)}
    left = [LeftAlone(ref, Reason("undo.left.view_filled")) for ref in sorted(stay)]
    going = [one for one in back if one.target not in stay]
    shown = _shown([view for view in views if view not in {one.target for one in going}], portal)
    on_cards = [one for one in removed if one.ref.kind is Kind.FIELD and _name(one.ref, one.before, portal) in shown]
    left += [LeftAlone(one.ref, Reason("undo.left.on_card", {"named": one.before.get("label")})) for one in on_cards]
    return going, [one for one in removed if one not in on_cards], left


def _filled(deeds: Sequence[Deed], removed: Sequence[RemoveRecord], portal: PortalReads) -> Iterator[str]:
    """Fields that the run made and that its way back leaves, by the names that cards know them by."""
    going = {one.ref for one in removed}
    for deed in deeds:
        made = deed.operation
        if isinstance(made, CreateRecord) and made.kind is Kind.FIELD and deed.made and deed.made not in going:
            yield _name(deed.made, made.values, portal)


def _taken_off(operation: UpdateRecord) -> frozenset[str]:
    """The fields that a way back would take off the card."""
    if operation.ref.kind is not Kind.LAYOUT:
        return frozenset()
    old, new = operation.before["sections"] or {}, operation.after["sections"]
    parts = {name: old[name] for name in new if old.get(name)}
    return standing_fields(parts) - standing_fields({name: one for name, one in new.items() if one})


def _shown(views: Sequence[Ref], portal: PortalReads) -> set[str]:
    found = portal.read(views) if views else {}
    return {name for one in found.values() if isinstance(one, Layout) for name in standing_fields(one.sections)}


def _name(ref: Ref, values: Values, portal: PortalReads) -> str:
    return portal.field_place(ref, values)[1]
