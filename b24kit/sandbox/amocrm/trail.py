"""The account's journal of events, written by whoever changes something; `events.py` shows it.

Rests on the vendor's page "Events": entity words are singular here, ids are texts, values are lists of one record.
"""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.amocrm.registry import Change, FakePortal
from b24kit.sandbox.amocrm.tables import owner_key

SINGULAR = {"leads": "lead", "contacts": "contact", "companies": "company", "tasks": "task", "customers": "customer"}
# The numbers that the journal calls types of fields by.
FIELD_TYPES = {
    "text": 1, "numeric": 2, "checkbox": 3, "select": 4, "multiselect": 5, "date": 6, "url": 7, "multitext": 8,
    "textarea": 9, "radiobutton": 10, "streetaddress": 11, "smart_address": 13, "birthday": 14, "date_time": 19,
}  # fmt: skip
SYSTEM_NOTES = 900_000_000
_TOLD = {
    "responsible_user_id": ("entity_responsible_changed", "responsible_user", "id"),
    "price": ("sale_field_changed", "sale_field_value", "sale"),
    "name": ("name_field_changed", "name_field_value", "name"),
}


def record(
    portal: FakePortal,
    kind: str,
    entity: str,
    row_id: int,
    user_id: int,
    *,
    before: list[dict[str, Any]] | None = None,
    after: list[dict[str, Any]] | None = None,
) -> None:
    """Write one event about a card or a task; `entity` is the plural word of the API's paths."""
    row = {"type": kind, "entity": SINGULAR[entity], "entity_id": row_id, "owner": owner_key(entity, row_id)}
    row |= {"created_by": user_id, "created_at": portal.unix(), "before": before or [], "after": after or []}
    portal.store["event"].add(row)


def created(portal: FakePortal, entity: str, row_id: int, user_id: int) -> None:
    """A card or task was made: its event, and the word to those who listen."""
    told = [] if entity == "tasks" else system_note(entity, row_id)
    record(portal, f"{SINGULAR[entity]}_added", entity, row_id, user_id, after=told)
    portal.announce(Change("add", entity, row_id, user_id))


def system_note(entity: str, row_id: int) -> list[dict[str, Any]]:
    """What is told of a card's making and of a task's result: the number of a note that no list shows."""
    return [{"note": {"id": SYSTEM_NOTES + len(SINGULAR) * row_id + list(SINGULAR).index(entity)}}]


def changed(
    portal: FakePortal, entity: str, row_id: int, user_id: int, old: dict[str, Any], new: dict[str, Any]
) -> None:
    """A card was changed: events for what the journal knows, and the words status, responsible, update."""
    for kind, before, after in _told(portal, old, new):
        record(portal, kind, entity, row_id, user_id, before=before, after=after)
    if (old.get("pipeline_id"), old.get("status_id")) != (new.get("pipeline_id"), new.get("status_id")):
        gone = {"status_id": old.get("status_id"), "pipeline_id": old.get("pipeline_id")}
        portal.announce(Change("status", entity, row_id, user_id, gone))
    if old.get("responsible_user_id") != new.get("responsible_user_id"):
        gone = {"responsible_user_id": old.get("responsible_user_id")}
        portal.announce(Change("responsible", entity, row_id, user_id, gone))
    portal.announce(Change("update", entity, row_id, user_id))


def _told(
    portal: FakePortal, old: dict[str, Any], new: dict[str, Any]
) -> list[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]]:
    told = []
    if (old.get("pipeline_id"), old.get("status_id")) != (new.get("pipeline_id"), new.get("status_id")):
        told.append(("lead_status_changed", [_status(old)], [_status(new)]))
    for column, (kind, outer, inner) in _TOLD.items():
        if old.get(column) != new.get(column):
            told.append((kind, [{outer: {inner: old.get(column)}}], [{outer: {inner: new.get(column)}}]))
    before, after = old.get("custom_fields") or {}, new.get("custom_fields") or {}
    for field_id in sorted(before.keys() | after.keys(), key=int):
        if before.get(field_id) != after.get(field_id):
            kind = f"custom_field_{field_id}_value_changed"
            told.append((kind, _values(portal, field_id, before), _values(portal, field_id, after)))
    return told


def _status(row: dict[str, Any]) -> dict[str, Any]:
    return {"lead_status": {"id": row.get("status_id"), "pipeline_id": row.get("pipeline_id")}}


def _values(portal: FakePortal, field_id: str, fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Every value of a field, none for one that is empty."""
    field = portal.store["custom_field"].get(int(field_id)) or {"type": "text"}
    return [_value(int(field_id), field, one) for one in fields.get(field_id) or []]


def _value(field_id: int, field: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    text, enum_id = value.get("value"), value.get("enum_id")
    named = next((one["value"] for one in field.get("enums") or [] if one["id"] == enum_id), "")
    shown = {"field_id": field_id, "field_type": FIELD_TYPES.get(field["type"], 1), "enum_id": enum_id}
    return {"custom_field_value": {**shown, "text": str(named if text is None else text)}}
