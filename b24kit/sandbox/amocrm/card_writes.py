"""Making and changing cards that were found right: places and dates that follow, tags, links, events.

Rests on the vendor's page "Leads": 142 and 143 close a lead, any other status opens it again; fields that are listed
are replaced whole, others stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from b24kit.sandbox.amocrm import bonds, field_values, stages, tags, trail
from b24kit.sandbox.amocrm.opening import main_pipeline
from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.store import Row

Item = Mapping[str, Any]
_COPIED = ("name", "price", "responsible_user_id", "created_by", "first_name", "last_name", "created_at")
# Who keeps incoming leads hears of one that a plain change took out of its waiting place.
EJECTED: list[Callable[[FakePortal, int], None]] = []


def make(portal: FakePortal, entity: str, item: Item, user_id: int, *, hidden: bool = False) -> int:
    """A new card with its tags and links; gives its id. Nobody hears of a hidden one until it appears."""
    now = portal.unix()
    row: Row = {"responsible_user_id": user_id, "created_by": user_id, "created_at": now, "state": ""}
    row |= {key: item[key] for key in _COPIED if item.get(key) is not None}
    row |= {"updated_by": item.get("updated_by", row["created_by"]), "updated_at": item.get("updated_at") or now}
    row["custom_fields"] = _fields(portal, entity, item, {})
    row["tags"] = tags.set_of(portal, entity, item, [])
    if entity == "leads":
        row |= _source(portal, item)
        row |= _place(portal, item, row, now)
    elif entity == "contacts" and not row.get("name"):
        row["name"] = " ".join(part for part in (row.get("first_name"), row.get("last_name")) if part)
    row_id = portal.store[entity].add(row)
    if entity == "leads" and not row.get("name"):
        portal.store[entity].change(row_id, {"name": f"Сделка #{row_id}"})
    _tie(portal, entity, row_id, item, user_id)
    if not hidden:
        trail.created(portal, entity, row_id, user_id)
        tags.tell(portal, entity, row_id, user_id, [], row["tags"])
    return row_id


def change(portal: FakePortal, entity: str, row_id: int, item: Item, user_id: int) -> Row:
    """Change a card and give its row. A waiting incoming lead leaves its place by any change."""
    table, now = portal.store[entity], portal.unix()
    row = table.rows[row_id]
    old = dict(row)
    changes: Row = {key: item[key] for key in _COPIED if key in item and item[key] is not None}
    changes |= {"updated_by": item.get("updated_by", user_id), "updated_at": item.get("updated_at") or now}
    if "custom_fields_values" in item:
        changes["custom_fields"] = _fields(portal, entity, item, row.get("custom_fields") or {})
    changes["tags"] = tags.set_of(portal, entity, item, row.get("tags") or [])
    ejected = entity == "leads" and stages.waits(portal, row)
    if entity == "leads":
        changes |= _place(portal, item, row | changes, now)
    if entity == "contacts" and "name" not in item and ("first_name" in item or "last_name" in item):
        parts = [item.get(key, row.get(key)) for key in ("first_name", "last_name")]
        changes["name"] = " ".join(part for part in parts if part)
    table.change(row_id, changes)
    if ejected:
        for hear in EJECTED:
            hear(portal, row_id)
    trail.changed(portal, entity, row_id, user_id, old, row)
    tags.tell(portal, entity, row_id, user_id, old.get("tags") or [], row["tags"])
    return row


def _fields(portal: FakePortal, entity: str, item: Item, before: field_values.Stored) -> field_values.Stored:
    given, _ = field_values.taken(portal, entity, item.get("custom_fields_values"))
    return {key: values for key, values in (before | given).items() if values}


def _place(portal: FakePortal, item: Item, row: Row, now: int) -> Row:
    """Pipeline, status, closing date and loss reason after a write that named some of them."""
    before = row.get("pipeline_id")
    pipeline_id = item.get("pipeline_id") or before or main_pipeline(portal)
    status_id = item.get("status_id")
    if status_id is None:
        stays = pipeline_id == before and "status_id" in row and not stages.waits(portal, row)
        status_id = row["status_id"] if stays else stages.first(portal, pipeline_id)
    closed = status_id in (stages.WON, stages.LOST)
    was_closed = row.get("status_id") in (stages.WON, stages.LOST)
    closed_at = item.get("closed_at") or (row.get("closed_at") if was_closed else None) or now
    reason = item["loss_reason_id"] if "loss_reason_id" in item else row.get("loss_reason_id")
    return {
        "pipeline_id": pipeline_id, "status_id": status_id, "closed_at": closed_at if closed else None,
        "loss_reason_id": reason if status_id == stages.LOST else None,
    }  # fmt: skip


def _source(portal: FakePortal, item: Item) -> Row:
    """The source that a new lead names by its external id; without a pipeline of its own it goes to the source's."""
    inside = item.get("_embedded")
    named = inside.get("source") if isinstance(inside, Mapping) else None
    external = named.get("external_id") if isinstance(named, Mapping) else None
    for source_id, row in portal.store["source"]:
        if external is not None and str(external) == row.get("external_id"):
            place = {} if item.get("pipeline_id") else {"pipeline_id": row["pipeline_id"]}
            return {"source_id": source_id} | place
    return {}


def _tie(portal: FakePortal, entity: str, row_id: int, item: Item, user_id: int) -> None:
    inside = item.get("_embedded")
    for other in ("contacts", "companies"):
        refs = inside.get(other) if isinstance(inside, Mapping) else None
        for ref in refs or []:
            link(portal, (entity, row_id), (other, int(ref["id"])), user_id, main=_true(ref.get("is_main")))


def link(portal: FakePortal, one: bonds.Card, other: bonds.Card, user_id: int, *, main: bool | None = None) -> None:
    """Tie two cards and tell it in the journals of both."""
    if bonds.tie(portal, one, other, main=main):
        _tell(portal, one, other, user_id, "linked", "after")


def unlink(portal: FakePortal, one: bonds.Card, other: bonds.Card, user_id: int) -> None:
    """Untie two cards and tell it in the journals of both."""
    if bonds.untie(portal, one, other):
        _tell(portal, one, other, user_id, "unlinked", "before")


def _tell(portal: FakePortal, one: bonds.Card, other: bonds.Card, user_id: int, word: str, side: str) -> None:
    for (entity, row_id), (kind, number) in ((one, other), (other, one)):
        told = [{"link": {"entity": {"type": trail.SINGULAR[kind], "id": number}}}]
        sides = {side: told}
        trail.record(portal, f"{trail.SINGULAR[kind]}_{word}", entity, row_id, user_id, **sides)


def _true(value: Any) -> bool:
    return value in (True, 1, "1", "true")
