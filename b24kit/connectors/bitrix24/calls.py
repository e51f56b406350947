"""Writes into REST calls: which method does what, with which parameters, and how its answer reads. Pure.

A letter that is made again is never sent: the one form of crm.activity.add that makes the portal send ("e-mail,
outgoing, completed") is refused before anything leaves, but for the kind that says so (`calls_letters`). New cards
asked for quietly go through crm.item.batchImport, twenty a call, which starts no robots.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from b24kit.connectors.bitrix24.calls_create import create_call
from b24kit.connectors.bitrix24.calls_hanging import RestCall
from b24kit.connectors.bitrix24.card_fields import changed_card, changed_item_fields, item_fields, new_card
from b24kit.connectors.bitrix24.layouts import changed_layout
from b24kit.connectors.bitrix24.methods import IMPORT_SIZE, METHODS, OWNER_TYPES, new_id
from b24kit.connectors.bitrix24.subscriptions import deletion, made_id
from b24kit.connectors.bitrix24.wirevalues import switch, wire_id
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.crm.records import Values
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import (
    Accept,
    Bind,
    Change,
    Create,
    Decline,
    Delete,
    LinkIncoming,
    Merge,
    Result,
    Settled,
    Write,
)
from b24kit.errors import UsageError

IMPORT = "crm.item.batchImport"
MERGE = "crm.entity.mergeBatch"
# Refusals that say: it is already as wanted.
_ALREADY_SO = {
    "crm.activity.binding.add": "ACTIVITY_IS_ALREADY_BOUND",
    "crm.activity.binding.delete": "BINDING_NOT_FOUND",
}
_DELETED_BY_ID = {
    Kind.LEAD: "crm.lead.delete",
    Kind.CONTACT: "crm.contact.delete",
    Kind.COMPANY: "crm.company.delete",
    Kind.DEAL: "crm.deal.delete",
    Kind.ACTIVITY: "crm.activity.delete",
    Kind.TODO: "crm.activity.delete",
    Kind.COMMENT: "crm.timeline.comment.delete",
    Kind.PRODUCT: "crm.item.productrow.delete",
    # Without FORCED, always: with it the vendor removes even the system stages that every portal stands on.
    Kind.STAGE: "crm.status.delete",
    Kind.SOURCE: "crm.status.delete",
}
_DIRECTORY_FIELDS = {"name": "NAME", "sort": "SORT", "colour": "COLOR"}


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One command and the writes it does: one, or up to twenty new cards in the order of the command's data."""

    command: Command
    writes: tuple[Write, ...]


def calls_for(writes: Sequence[Write]) -> list[PlannedCall]:
    """Every write as part of one call. All are translated before the first is sent: a UsageError stops them all.

    A Change that differs in nothing needs no call (and the vendor refuses an empty `fields`); it is left out.
    """
    return [
        PlannedCall(Command(f"w{place:05d}", method, params, items=len(done)), done)
        for place, ((method, params), done) in enumerate(_grouped(writes))
        if params.get("fields") != {}
    ]


def is_quiet_card(write: Write) -> bool:
    """Whether a write is a new card that must fire no robots."""
    return isinstance(write, Create) and write.kind in CARDS and write.quiet


def call_for(write: Write) -> RestCall:
    """The method and parameters of one write (quiet new cards have calls of their own, see `calls_for`)."""
    if isinstance(write, Create):
        return create_call(write)
    if isinstance(write, Change):
        return _change(write)
    if isinstance(write, Delete):
        return _delete(write)
    if isinstance(write, Accept | Decline | LinkIncoming):
        raise UsageError("incoming_unknown_here", key=write.key)
    if isinstance(write, Merge):
        ids = [wire_id(ref.id) for ref in (write.survivor, *write.losers)]
        return MERGE, {"params": {"entityTypeId": OWNER_TYPES[write.survivor.kind], "entityIds": ids}}
    step = "add" if isinstance(write, Bind) else "delete"
    if write.activity.kind is Kind.COMMENT:
        hangs = {"OWNER_ID": wire_id(write.activity.id), "ENTITY_ID": wire_id(write.card.id)}
        word = "bind" if isinstance(write, Bind) else "unbind"
        return f"crm.timeline.bindings.{word}", {"fields": {**hangs, "ENTITY_TYPE": write.card.kind.value}}
    return f"crm.activity.binding.{step}", {
        "activityId": wire_id(write.activity.id),
        "entityTypeId": OWNER_TYPES[write.card.kind],
        "entityId": wire_id(write.card.id),
    }


def results_of(call: PlannedCall, outcome: CommandOutcome) -> list[Result]:
    """The outcome of a command told for each of its writes."""
    method = call.command.method
    if outcome.settled is not Settled.DONE:
        settled = Settled.DONE if outcome.code == _ALREADY_SO.get(method) else outcome.settled
        return [Result(write.key, settled, code=outcome.code, said=outcome.said) for write in call.writes]
    if method == IMPORT:
        return _import_results(call.writes, outcome.result)
    made_by_us = [write for write in call.writes if isinstance(write, Create) and write.kind is Kind.SUBSCRIPTION]
    if made_by_us:
        return [Result(write.key, Settled.DONE, new_id=made_id(write)) for write in made_by_us]
    if method == MERGE:
        return [_merged(write, outcome.result) for write in call.writes]
    if METHODS[method].id_path is None:
        return [Result(write.key, Settled.DONE) for write in call.writes]
    made = new_id(method, outcome.result)
    return [_made(write, made) for write in call.writes]


def _grouped(writes: Sequence[Write]) -> Iterator[tuple[RestCall, tuple[Write, ...]]]:
    waiting: dict[Kind, list[Create]] = {}
    for write in writes:
        if not (isinstance(write, Create) and is_quiet_card(write)):
            yield call_for(write), (write,)
            continue
        group = waiting.setdefault(write.kind, [])
        group.append(write)
        if len(group) == IMPORT_SIZE:
            yield _import(waiting.pop(write.kind)), tuple(group)
    for group in waiting.values():
        yield _import(group), tuple(group)


def _import(writes: Sequence[Create]) -> RestCall:
    data = [item_fields(new_card(write.kind, write.values), imported=True) for write in writes]
    return IMPORT, {"entityTypeId": OWNER_TYPES[writes[0].kind], "data": data, "useOriginalUfNames": "Y"}


def _import_results(writes: Sequence[Write], result: Any) -> list[Result]:
    """crm.item.batchImport answers by position: `{"item": {"id": 15}}` or an error of its own."""
    items = result.get("items") if isinstance(result, Mapping) else None
    found = items if isinstance(items, list) and len(items) == len(writes) else [None] * len(writes)
    return [_import_result(write, item) for write, item in zip(writes, found, strict=True)]


def _import_result(write: Write, item: Any) -> Result:
    if isinstance(item, Mapping) and "error" in item:
        return Result(
            write.key,
            Settled.REFUSED,
            code=str(item["error"]),
            said=str(item.get("error_description") or ""),
        )
    return _made(write, new_id("crm.item.add", item))


def _merged(write: Write, result: Any) -> Result:
    """crm.entity.mergeBatch answers 200 whatever came of it: SUCCESS, CONFLICT (for a person to solve) or ERROR."""
    status = str(result.get("STATUS") or "") if isinstance(result, Mapping) else ""
    if status == "SUCCESS":
        return Result(write.key, Settled.DONE)
    if status not in ("CONFLICT", "ERROR") or not isinstance(write, Merge):
        return Result(write.key, Settled.UNKNOWN, code="no_status", said="the answer names no status")
    ids = ",".join(ref.id for ref in (write.survivor, *write.losers))
    page = f"/crm/{write.survivor.kind.value}/merge/?id={ids}"
    return Result(write.key, Settled.REFUSED, code=status, said=page if status == "CONFLICT" else "")


def _made(write: Write, made: str | None) -> Result:
    if made is None:
        return Result(write.key, Settled.UNKNOWN, code="no_id", said="the answer names no new id")
    return Result(write.key, Settled.DONE, new_id=made)


def _change(write: Change) -> RestCall:
    kind, values = write.ref.kind, write.values
    if kind in CARDS:
        return _change_card(write.ref, values, write.before)
    if kind in (Kind.STAGE, Kind.SOURCE):
        fields = _named(kind, values, _DIRECTORY_FIELDS)
        return "crm.status.update", {"id": wire_id(write.ref.id), "fields": fields}
    if kind is Kind.PIPELINE:
        return "crm.category.update", {
            "entityTypeId": OWNER_TYPES[Kind.DEAL],
            "id": wire_id(write.ref.id),
            "fields": _named(kind, values, {"name": "name", "sort": "sort"}),
        }
    if kind in (Kind.ACTIVITY, Kind.TODO):
        return _change_activity(write.ref, values)
    if kind is Kind.LAYOUT:
        return changed_layout(write)
    raise UsageError("kind_not_changeable", kind=kind.value)


def _change_card(ref: Ref, values: Values, before: Values) -> RestCall:
    fields = changed_card(ref.kind, values, before)
    if "LEAD_ID" not in fields and "CATEGORY_ID" not in fields:
        return f"crm.{ref.kind.value}.update", {"id": wire_id(ref.id), "fields": fields}
    # Only the universal methods write a card's lead, and only they move a deal to another pipeline. Their page lists
    # the fields of leads alone in its machine-readable form (leadId and categoryId stand in its text).
    return "crm.item.update", {
        "entityTypeId": OWNER_TYPES[ref.kind],
        "id": wire_id(ref.id),
        "fields": changed_item_fields(fields),
        "useOriginalUfNames": "Y",
    }


def _change_activity(ref: Ref, values: Values) -> RestCall:
    fields = _named(ref.kind, values, {"done": "COMPLETED", "responsible": "RESPONSIBLE_ID"})
    if "COMPLETED" in fields:
        fields["COMPLETED"] = switch(fields["COMPLETED"])
    # The page marks the fields of a new activity as required here too, and forgets COMPLETED: its own sample sends
    # a few fields only, and crm.activity.fields has COMPLETED as a writable one.
    return "crm.activity.update", {"id": wire_id(ref.id), "fields": fields}


def _named(kind: Kind, values: Values, names: Mapping[str, str]) -> dict[str, Any]:
    fields = {}
    for name, value in values.items():
        if name not in names:
            raise UsageError("field_not_writable", kind=kind.value, field=name)
        fields[names[name]] = "" if value is None else value
    return fields


def _delete(write: Delete) -> RestCall:
    if write.ref.kind is Kind.SUBSCRIPTION:
        return deletion(write)
    kind, found = write.ref.kind, wire_id(write.ref.id)
    if kind in _DELETED_BY_ID:
        return _DELETED_BY_ID[kind], {"id": found}
    if kind is Kind.PIPELINE:
        return "crm.category.delete", {"entityTypeId": OWNER_TYPES[Kind.DEAL], "id": found}
    if kind is Kind.TASK:
        return "tasks.task.delete", {"taskId": found}
    if kind is Kind.NOTICE:
        return "im.notify.delete", {"ID": found}
    if kind is Kind.FIELD and write.before.get("card_kind"):
        return f"crm.{write.before['card_kind']}.userfield.delete", {"id": found}
    raise UsageError("kind_not_deletable", kind=kind.value)
