"""What a webhook says: the older words of the account's rows, as form keys in brackets, every value a text.

Rests on the vendor's page "Webhooks format" and on requests that live accounts sent. Companies come under `contacts`
with a `type`; entity types are the numbers 1, 2, 3 here; times of tasks are local texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from b24kit.sandbox.amocrm import bonds
from b24kit.sandbox.amocrm.registry import Change, FakePortal
from b24kit.sandbox.store import Row

ELEMENT_TYPES = {"contacts": 1, "leads": 2, "companies": 3, "customers": 12}
NOTE_TYPES = {
    "common": 4, "call_in": 10, "call_out": 11, "amomail_message": 15, "service_message": 25,
    "extended_service_message": 25, "attachment": 5, "sms_in": 102, "sms_out": 103, "geolocation": 28,
}  # fmt: skip
KEYS = {"leads": "leads", "contacts": "contacts", "companies": "contacts", "tasks": "task", "unsorted": "unsorted"}
MOSCOW = timedelta(hours=3)
_PLAIN_VALUES = {"date", "date_time", "birthday", "checkbox"}


def body_of(portal: FakePortal, change: Change) -> Row:
    """`{entity}[{action}][0]{...}` and `account`, as nested data."""
    told = _told(portal, change)
    domain = portal.domain
    account = {"subdomain": portal.settings.get("subdomain", domain.partition(".")[0]), "id": portal.account_id}
    account["_links"] = {"self": f"https://{domain}"}
    return {KEYS[change.entity]: {change.action: [told]}, "account": account}


def pairs(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested data as form fields: `a[b][0]`, true as 1, null as nothing; what is empty is not there."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from pairs(item, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from pairs(item, f"{name}[{place}]")
    else:
        yield name, "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)


def _told(portal: FakePortal, change: Change) -> Row:
    if change.entity == "unsorted":
        return _unsorted(portal, change)
    if change.entity == "tasks":
        return _task(portal, change)
    if change.action == "note":
        return {"note": _note(portal, change)}
    kind = {"contacts": "contact", "companies": "company"}.get(change.entity)
    typed = {"type": kind} if kind else {}
    if change.action == "delete":
        return {"id": change.row_id, **typed}
    told = _card(portal, change.entity, change.row_id)
    return told | {f"old_{key}": value for key, value in change.before.items()} | typed


def _card(portal: FakePortal, entity: str, row_id: int) -> Row:
    row = portal.store[entity].rows[row_id]
    told: Row = {"id": row_id, "name": row.get("name")}
    if entity == "leads":
        told |= {"status_id": row["status_id"], "price": row.get("price") or 0}
    told |= {"responsible_user_id": row.get("responsible_user_id"), "last_modified": row.get("updated_at")}
    told |= {"modified_user_id": row.get("updated_by", 0), "created_user_id": row.get("created_by", 0)}
    told["date_create"] = row.get("created_at")
    if entity == "leads":
        told["pipeline_id"] = row["pipeline_id"]
    tags = portal.store["tag"].rows
    if row.get("tags"):
        told["tags"] = [{"id": tag_id, "name": tags[tag_id]["name"]} for tag_id in row["tags"]]
    told["account_id"] = portal.account_id
    if fields := _fields(portal, row.get("custom_fields") or {}):
        told["custom_fields"] = fields
    if entity != "leads":
        told |= _ties(portal, entity, row_id)
    return told | {"created_at": row.get("created_at"), "updated_at": row.get("updated_at")}


def _ties(portal: FakePortal, entity: str, row_id: int) -> Row:
    told: Row = {}
    for (_, company_id), _ in bonds.linked(portal, (entity, row_id), "companies"):
        name = portal.store["companies"].rows[company_id].get("name")
        told |= {"company_name": name, "linked_company_id": company_id}
    leads = [card[1] for card, _ in bonds.linked(portal, (entity, row_id), "leads")]
    return told | ({"linked_leads_id": {lead_id: {"ID": lead_id} for lead_id in leads}} if leads else {})


def _fields(portal: FakePortal, stored: Mapping[str, Any]) -> list[Row]:
    told = []
    for key, values in stored.items():
        field = portal.store["custom_field"].get(int(key))
        if field is None or not values:
            continue
        names = {one["id"]: one["value"] for one in field.get("enums") or []}
        row = {"id": int(key), "name": field["name"], "values": [_value(field, one, names) for one in values]}
        told.append(row | ({"code": field["code"]} if field.get("code") else {}))
    return told


def _value(field: Row, value: Mapping[str, Any], names: Mapping[int, str]) -> Any:
    if field["type"] in _PLAIN_VALUES:
        return value.get("value")
    if "enum_id" not in value:
        return {"value": value.get("value")}
    text = value["value"] if "value" in value else names.get(value["enum_id"])
    return {"value": text, "enum": value["enum_id"]}


def _task(portal: FakePortal, change: Change) -> Row:
    row = portal.store["task"].get(change.row_id)
    if row is None or change.action == "delete":
        return {"id": change.row_id}
    told: Row = {"id": change.row_id, "element_id": row.get("entity_id")}
    told |= {"element_type": ELEMENT_TYPES.get(str(row.get("entity_type")), 4), "task_type": row.get("task_type_id", 1)}
    told |= {"date_create": local(row["created_at"]), "text": row["text"], "status": bool(row.get("is_completed"))}
    told |= {"account_id": portal.account_id, "created_user_id": row.get("created_by", 0)}
    told |= {"last_modified": local(row["updated_at"]), "responsible_user_id": row.get("responsible_user_id")}
    told["complete_till"] = local(row["complete_till"])
    if change.action == "responsible":
        told |= {f"old_{key}": value for key, value in change.before.items()}
    if change.action == "update":
        told["action_close"] = bool(change.before.get("closed"))
    if row.get("result"):
        told["result"] = {"id": change.row_id, "text": row["result"]["text"]}
    return told


def _note(portal: FakePortal, change: Change) -> Row:
    note_id = int(change.before["note_id"])
    row = portal.store["note"].rows[note_id]
    told: Row = {"note_type": NOTE_TYPES.get(row["note_type"], 4), "element_type": ELEMENT_TYPES[change.entity]}
    told |= {"element_id": change.row_id, "date_create": local(row["created_at"]), "main_user_id": 0, "id": note_id}
    told |= {"created_by": row.get("created_by", 0), "text": (row.get("params") or {}).get("text", "")}
    return told | {"timestamp_x": local(row["updated_at"]), "account_id": portal.account_id}


def _unsorted(portal: FakePortal, change: Change) -> Row:
    row = portal.store["unsorted"].rows[change.row_id]
    head: Row = {"uid": row["uid"], "category": row["category"]}
    if change.action == "delete":
        done = str(change.before["action"])
        ids = {name: change.before[name] for name in ("leads", "contacts") if change.before.get(name)}
        return {"action": done, **head, "created_at": row["created_at"], f"{done}_result": ids}
    lead = _card(portal, "leads", row["lead_id"])
    contact_id = row.get("contact_id")
    data: Row = {"leads": [lead]} | ({"contacts": [_card(portal, "contacts", contact_id)]} if contact_id else {})
    told = head | {"account_id": portal.account_id, "user_id": change.user_id, "source": row.get("source_name")}
    return told | {"pipeline_id": row["pipeline_id"], "source_data": dict(row["metadata"]), "data": data}


def local(moment: int) -> str:
    """A Unix time as tasks show it in webhooks: local time without a zone."""
    return (datetime.fromtimestamp(moment, UTC) + MOSCOW).strftime("%Y-%m-%d %H:%M:%S")
