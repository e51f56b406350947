"""Leads, contacts and companies as the vendor shows them, with what `with=` adds.

Rests on the vendor's pages "Leads", "Contacts" and "Companies". Tags and companies are always inside, contacts of a
lead only when asked for; what is in the bin is nearly empty.
"""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.amocrm import bonds, field_values, tags
from b24kit.sandbox.amocrm.registry import Call, FakePortal
from b24kit.sandbox.amocrm.tables import owner_key
from b24kit.sandbox.amocrm.wire import self_link, window
from b24kit.sandbox.store import Row

# What `with=` may name besides; the account ignores every other word.
_EMPTY = {"leads": ("catalog_elements",), "contacts": ("customers", "catalog_elements")}
_EMPTY["companies"] = _EMPTY["contacts"]
_TIED = {"leads": ("contacts",), "contacts": ("leads",), "companies": ("leads", "contacts")}


def due(portal: FakePortal, entity: str, row_id: int) -> int | None:
    """The nearest deadline of a card's open tasks."""
    table = portal.store["task"]
    ids = table.find("owner", owner_key(entity, row_id))
    return min((table.rows[i]["complete_till"] for i in ids if not table.rows[i].get("is_completed")), default=None)


def card(call: Call, entity: str, row_id: int, *, in_list: bool = False) -> dict[str, Any]:
    """One card as it is read. In a list its own link repeats the list's page and limit."""
    row = call.store[entity].rows[row_id]
    links = self_link(call, f"/{entity}/{row_id}{_suffix(call) if in_list else ''}")
    if call.has("only_deleted"):
        return _binned(call, entity, row_id, row) | {"_links": links}
    head = {"id": row_id, "name": row.get("name") or ""}
    head |= _lead_head(row) if entity == "leads" else _person_head(entity, row)
    tail = {
        "custom_fields_values": field_values.shown(call.portal, row.get("custom_fields")),
        "account_id": call.portal.account_id,
    }
    dates = {"created_at": row["created_at"], "updated_at": row["updated_at"]}
    if entity == "leads":
        dates["closed_at"] = row.get("closed_at")
        tail |= {"score": None, "labor_cost": None}
    state = {"closest_task_at": due(call.portal, entity, row_id), "is_deleted": False}
    shown = head | dates | state | tail
    shown |= _asked_of_lead(call, row) if entity == "leads" else {}
    return shown | {"_links": links, "_embedded": _inside(call, entity, row_id, row)}


def _lead_head(row: Row) -> dict[str, Any]:
    return {
        "price": row.get("price") or 0, "responsible_user_id": row["responsible_user_id"],
        "group_id": row.get("group_id") or 0, "status_id": row["status_id"], "pipeline_id": row["pipeline_id"],
        "loss_reason_id": row.get("loss_reason_id"), "created_by": row.get("created_by") or 0,
        "updated_by": row.get("updated_by") or 0,
    }  # fmt: skip


def _person_head(entity: str, row: Row) -> dict[str, Any]:
    names = {"first_name": row.get("first_name") or "", "last_name": row.get("last_name") or ""}
    return (names if entity == "contacts" else {}) | {
        "responsible_user_id": row["responsible_user_id"], "group_id": row.get("group_id") or 0,
        "created_by": row.get("created_by") or 0, "updated_by": row.get("updated_by") or 0,
        **({"is_unsorted": row.get("state") == "unsorted"} if entity == "contacts" else {}),
    }  # fmt: skip


def _asked_of_lead(call: Call, row: Row) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    if call.has("source_id"):
        asked["source_id"] = row.get("source_id")
    if call.has("is_price_modified_by_robot"):
        asked["is_price_modified_by_robot"] = False
    return asked


def _inside(call: Call, entity: str, row_id: int, row: Row) -> dict[str, Any]:
    inside: dict[str, Any] = {"tags": [tags.shown(call.portal, i) for i in row.get("tags") or []]}
    if entity != "companies":
        inside["companies"] = _tied(call, entity, row_id, "companies")
    for other in _TIED[entity]:
        if call.has(other):
            inside[other] = _tied(call, entity, row_id, other)
    inside |= {word: [] for word in _EMPTY[entity] if call.has(word)}
    if entity == "leads" and call.has("loss_reason"):
        inside["loss_reason"] = _reason(call, row)
    if entity == "leads" and call.has("source"):
        source = call.store["source"].get(row.get("source_id") or 0)
        inside["source"] = {"id": row["source_id"], "name": source["name"]} if source else None
    return inside


def _tied(call: Call, entity: str, row_id: int, other: str) -> list[dict[str, Any]]:
    shown = []
    for (kind, number), link in bonds.linked(call.portal, (entity, row_id), other):
        target = call.store[kind].get(number)
        if target is None or target.get("state") == "deleted":
            continue
        main = {"is_main": bool(link.get("is_main"))} if (entity, other) == ("leads", "contacts") else {}
        shown.append({"id": number, **main, "_links": self_link(call, f"/{kind}/{number}")})
    return shown


def _reason(call: Call, row: Row) -> list[dict[str, Any]]:
    reason_id = row.get("loss_reason_id")
    found = call.store["loss_reason"].get(reason_id or 0)
    if found is None:
        return []
    return [{"id": reason_id, **found, "_links": self_link(call, f"/leads/loss_reasons/{reason_id}")}]


def _binned(call: Call, entity: str, row_id: int, row: Row) -> dict[str, Any]:
    """A row of the bin; live accounts say is_deleted only of leads."""
    return {
        "id": row_id, "is_deleted": entity == "leads", "updated_at": row["updated_at"],
        "updated_by": row.get("updated_by") or 0, "account_id": call.portal.account_id,
    }  # fmt: skip


def _suffix(call: Call) -> str:
    number, limit = window(call)
    return f"?page={number}&limit={limit}"
