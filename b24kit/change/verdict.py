"""What to do with an operation now that its object was looked at again: write, leave as it is, or leave alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from b24kit.change.intake import AcceptIncoming, Intake
from b24kit.change.journal import Entry, State
from b24kit.change.merging import MergeRecords, weigh_merge
from b24kit.change.operation import (
    BindLetter,
    CreateRecord,
    Operation,
    Reason,
    RemoveRecord,
    UnbindLetter,
    UpdateRecord,
)
from b24kit.change.references import resolved, settled
from b24kit.crm.activity import Activity
from b24kit.crm.incoming import Incoming
from b24kit.crm.records import READABLE, VOLATILE, Record, agrees, same, values_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Change, Create, Merge, Write

SYSTEM = "b24kit"
_SETTINGS = frozenset({Kind.STAGE, Kind.PIPELINE, Kind.SOURCE})


@dataclass(frozen=True, slots=True)
class Verdict:
    """No write: the object already is as wanted, or moved on, or is gone."""

    state: State
    code: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sending:
    """A write to send, with what the object looked like just before and which values will be written."""

    write: Write
    seen: Mapping[str, Any] | None
    wrote: Mapping[str, Any] | None


AS_WANTED = Verdict(State.AS_WANTED)


def looked_at(operations: Iterable[Operation], ids: Mapping[str, str]) -> list[Ref]:
    """The objects to re-read before these operations, each once."""
    found: dict[Ref, None] = {}
    for operation in operations:
        if isinstance(operation, MergeRecords):
            found |= dict.fromkeys(operation.cards)
        elif needs_look(operation):
            found[resolved(operation.target, ids)] = None
    return list(found)


def needs_look(operation: Operation) -> bool:
    """Whether the object has to be re-read before the operation: it is there already, and it can be read."""
    fresh = isinstance(operation, CreateRecord) or (
        # Nothing can hang on a card that this very run has made.
        isinstance(operation, BindLetter) and operation.card.is_new
    )
    return not fresh and operation.target.kind in READABLE


def weigh(
    plan_id: str, operation: Operation, present: Mapping[Ref, Record], ids: Mapping[str, str]
) -> Verdict | Sending:
    """Decide by the present state of the operation's object; `present` holds what `looked_at` asked for."""
    match operation:
        case CreateRecord():
            write = signed(plan_id, operation, operation.write(ids, {}))
            return Sending(write, None, write.values if isinstance(write, Create) else None)
        case UpdateRecord():
            return _weigh_update(plan_id, operation, present, ids)
        case RemoveRecord():
            return _weigh_removal(plan_id, operation, present, ids)
        case BindLetter() | UnbindLetter():
            return _weigh_binding(plan_id, operation, present, ids)
        case MergeRecords():
            return _weigh_merge(plan_id, operation, present)
        case Intake():
            return _weigh_intake(plan_id, operation, present)
    raise TypeError(f"no way to weigh {type(operation).__name__}")


def rebuilt(plan_id: str, operation: Operation, entry: Entry, ids: Mapping[str, str]) -> Write:
    """The very write that a journal entry speaks of, to ask the portal what became of it."""
    if isinstance(operation, UpdateRecord):
        write: Write = Change(operation.key, resolved(operation.ref, ids), entry.wrote or {}, entry.seen or {})
        return signed(plan_id, operation, write)
    return signed(plan_id, operation, operation.write(ids, entry.seen or {}))


def signed(plan_id: str, operation: Operation, write: Write) -> Write:
    """The write under a key unique among all plans; a new card also carries it as its origin."""
    key = write_key(plan_id, operation.key)
    if isinstance(write, Create) and write.kind in CARDS:
        return replace(write, key=key, values=dict(write.values) | {"origin": {"system": SYSTEM, "id": key}})
    return replace(write, key=key)


def write_key(plan_id: str, key: str) -> str:
    """How an operation is known to the portal: in origins, markers and tags."""
    return f"{plan_id}.{key}"


def moved_on(operation: UpdateRecord | RemoveRecord, now: Mapping[str, Any]) -> tuple[str, ...]:
    """Fields that somebody changed since the plan was made, other than to what the plan wants."""
    if isinstance(operation, RemoveRecord):
        if operation.ref.kind in _SETTINGS:
            return ()  # the hash of all settings was checked, and this run may have moved their order itself
        kept = {name: value for name, value in operation.before.items() if name not in VOLATILE}
        return tuple(name for name, value in kept.items() if not same(name, now.get(name), value))
    wanted = operation.after
    if operation.revealed:
        return ()
    return tuple(
        name
        for name in operation.moved_on(now)
        # A portal may number a whole ladder anew when one stage moves: a stage's number is no edit of anybody's.
        if name not in VOLATILE
        and not (name == "sort" and operation.ref.kind is Kind.STAGE)
        and not (name in wanted and agrees(name, now.get(name), wanted[name]))
    )


def conflict(fields: tuple[str, ...], now: Mapping[str, Any]) -> Verdict:
    """Somebody was here: which fields, and who, where the portal tells."""
    return Verdict(State.CONFLICT, "change.conflict.moved_on", {"fields": list(fields), "by": now.get("changed_by")})


def _weigh_update(
    plan_id: str, operation: UpdateRecord, present: Mapping[Ref, Record], ids: Mapping[str, str]
) -> Verdict | Sending:
    record = present.get(resolved(operation.ref, ids))
    if record is None:
        return Verdict(State.CONFLICT, "change.conflict.gone")
    now = values_of(record)
    wanted = replace(operation, after=_joined(operation, now, settled(operation.after, ids)))
    if wanted.is_done(now):
        return AS_WANTED
    fields = moved_on(wanted, now)
    if fields:
        return conflict(fields, now)
    write = signed(plan_id, operation, wanted.write(ids, now))
    seen = {name: _part(now.get(name), value) for name, value in wanted.before.items()}
    return Sending(write, seen, write.values if isinstance(write, Change) else None)


def _joined(operation: UpdateRecord, now: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What is written: a revealed card keeps the points that stand on it, and gets those that it lacks."""
    if not operation.revealed or "points" not in after:
        return dict(after)
    held = list(now.get("points") or ())
    known = {(point["kind"], str(point["value"]).lower()) for point in held}
    more = [point for point in after["points"] if (point["kind"], str(point["value"]).lower()) not in known]
    return {**after, "points": [*held, *more]}


def _weigh_intake(plan_id: str, operation: Intake, present: Mapping[Ref, Record]) -> Verdict | Sending:
    one = present.get(operation.incoming)
    if not isinstance(one, Incoming):
        return Verdict(State.CONFLICT, "change.conflict.taken_in")
    if one.remarks > int(operation.before.get("remarks") or 0) and not isinstance(operation, AcceptIncoming):
        return Verdict(State.CONFLICT, "change.conflict.remarked", {"count": one.remarks})  # they would go to the bin
    return Sending(signed(plan_id, operation, operation.write({}, {})), dict(operation.before), None)


def _part(now: Any, before: Any) -> Any:
    """Of a map only the parts that a plan speaks of: those that are empty now are what a way back has to empty."""
    if isinstance(now, Mapping) and isinstance(before, Mapping):
        return {name: now.get(name) for name in before}
    return now


def _weigh_removal(
    plan_id: str, operation: RemoveRecord, present: Mapping[Ref, Record], ids: Mapping[str, str]
) -> Verdict | Sending:
    if operation.ref.kind not in READABLE:
        return Sending(signed(plan_id, operation, operation.write(ids, operation.before)), operation.before, None)
    record = present.get(operation.ref)
    if record is None:
        return AS_WANTED
    now = values_of(record)
    fields = moved_on(operation, now)
    if fields:
        return conflict(fields, now)
    return Sending(signed(plan_id, operation, operation.write(ids, now)), now, None)


def _weigh_merge(plan_id: str, operation: MergeRecords, present: Mapping[Ref, Record]) -> Verdict | Sending:
    found = weigh_merge(operation, {ref: values_of(record) for ref, record in present.items()})
    if isinstance(found, Reason):
        return Verdict(State.CONFLICT, found.code, found.facts)
    if not found:
        return AS_WANTED
    seen = {str(ref): values_of(present[ref]) for ref in (operation.survivor, *found)}
    write = Merge(write_key(plan_id, operation.key), operation.survivor, found, seen)
    return Sending(write, seen, {"losers": [str(ref) for ref in found]})


def _weigh_binding(
    plan_id: str, operation: BindLetter | UnbindLetter, present: Mapping[Ref, Record], ids: Mapping[str, str]
) -> Verdict | Sending:
    wanted = isinstance(operation, BindLetter)
    # Nothing tells beforehand on which cards a comment hangs; tying or untying it twice is harmless.
    if not (wanted and operation.card.is_new) and operation.activity.kind is not Kind.COMMENT:
        activity = present.get(operation.activity)
        if not isinstance(activity, Activity):
            return Verdict(State.CONFLICT, "change.conflict.gone") if wanted else AS_WANTED
        cards = {*(activity.bindings or ()), activity.card}
        if (resolved(operation.card, ids) in cards) is wanted:
            return AS_WANTED
        if isinstance(operation, UnbindLetter) and operation.unless_last and len(cards) == 1:
            return AS_WANTED
    return Sending(signed(plan_id, operation, operation.write(ids, {})), None, None)
