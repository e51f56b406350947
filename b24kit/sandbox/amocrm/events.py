"""The journal of events, read only: newest first, at most 100 a page, ids are texts.

Rests on the vendor's page "Events".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm.conditions import listed, numbers, since
from b24kit.sandbox.amocrm.event_kinds import KINDS, name_of, number_of
from b24kit.sandbox.amocrm.problems import Wrong, invalid_one
from b24kit.sandbox.amocrm.registry import Answer, Call, Problem, route
from b24kit.sandbox.amocrm.wire import embedded, href, page, self_link
from b24kit.sandbox.store import Row

LONGEST = 100
MOST_IDS = 10
PLURAL = {"lead": "leads", "contact": "contacts", "company": "companies", "task": "tasks"}


@route("GET", "/events")
def events(call: Call) -> Answer:
    """A page of events."""
    wanted = call.query.get("filter")
    wanted = wanted if isinstance(wanted, Mapping) else {}
    for key in ("created_by", "entity_id"):
        if len(numbers(_split(wanted.get(key)))) > MOST_IDS:
            raise invalid_one(Wrong("TooMany", f"filter.{key}", f"At most {MOST_IDS} values."))
    table = call.store["event"]
    ids = [i for i in reversed(table.ids()) if _fits(i, table.rows[i], wanted)]
    return page(call, "events", ids, lambda i: shown(call, i), longest=LONGEST)


@route("GET", "/events/types")
def types(call: Call) -> Answer:
    """What kinds of events there are, each with its name in the language that was asked for."""
    lang = str(call.query.get("language_code") or "ru")
    rows = [{"key": kind, "type": number_of(kind), "lang": name_of(kind, lang)} for kind in KINDS]
    return Answer(embedded(call, "events_types", rows, _total_items=len(rows)), items=len(rows))


@route("GET", "/events/{key}")
def event(call: Call) -> Answer:
    """One event by its id."""
    found = next((i for i in call.store["event"].ids() if _name(i) == call.at["key"]), None)
    if found is None:
        raise Problem(404, "Event not found")
    return Answer(shown(call, found))


def shown(call: Call, event_id: int) -> dict[str, Any]:
    """An event as it is read."""
    row = call.store["event"].rows[event_id]
    address = f"{call.base}/api/v4/{PLURAL[row['entity']]}/{row['entity_id']}"
    entity: dict[str, Any] = {"id": row["entity_id"]}
    if call.has(f"{row['entity']}_name") and row["entity"] != "task":
        entity["name"] = (call.store[PLURAL[row["entity"]]].get(row["entity_id"]) or {}).get("name") or ""
    return {
        "id": _name(event_id), "type": row["type"], "entity_id": row["entity_id"], "entity_type": row["entity"],
        "created_by": row["created_by"], "created_at": row["created_at"], "value_after": row["after"],
        "value_before": row["before"], "account_id": call.portal.account_id,
        "_links": self_link(call, f"/events/{_name(event_id)}"),
        "_embedded": {"entity": entity | {"_links": {"self": href(address)}}},
    }  # fmt: skip


def _name(event_id: int) -> str:
    return f"01{event_id:024x}"


def _fits(event_id: int, row: Row, wanted: Mapping[str, Any]) -> bool:
    kinds = _split(wanted.get("type"))
    own = {row["type"]} | ({"custom_field_value_changed"} if row["type"].startswith("custom_field_") else set())
    return (
        ("id" not in wanted or _name(event_id) in _split(wanted["id"]))
        and (not kinds or bool(own & set(kinds)))
        and ("entity" not in wanted or row["entity"] in _split(wanted["entity"]))
        and ("entity_id" not in wanted or row["entity_id"] in numbers(_split(wanted["entity_id"])))
        and ("created_by" not in wanted or row["created_by"] in numbers(_split(wanted["created_by"])))
        and ("created_at" not in wanted or since(row["created_at"], wanted["created_at"]))
        and all(_value_fits(row[side], wanted.get(f"value_{side}")) for side in ("before", "after"))
    )


def _value_fits(values: list[dict[str, Any]], wanted: Any) -> bool:
    """One of `leads_statuses`, `responsible_user_id`, `custom_field_values` (enums) and `value` (exact)."""
    if not isinstance(wanted, Mapping):
        return True
    if "leads_statuses" in wanted:
        pairs = wanted["leads_statuses"]
        pairs = pairs.values() if isinstance(pairs, Mapping) else pairs if isinstance(pairs, list) else []
        asked = {_pair(pair, "status_id") for pair in pairs if isinstance(pair, Mapping)}
        had = {_pair(one["lead_status"], "id") for one in values if "lead_status" in one}
        return bool(asked & had)
    if "responsible_user_id" in wanted:
        asked_ids = numbers(_split(wanted["responsible_user_id"]))
        return any(one.get("responsible_user", {}).get("id") in asked_ids for one in values)
    if "custom_field_values" in wanted:
        asked_ids = numbers(_split(wanted["custom_field_values"]))
        return any(one.get("custom_field_value", {}).get("enum_id") in asked_ids for one in values)
    if "value" in wanted:
        return any(str(wanted["value"]) in {str(inner) for inner in _plain(one)} for one in values)
    return True


def _plain(value: Mapping[str, Any]) -> list[Any]:
    """What an exact value is held against: a budget, a name, the text of a field."""
    known = (("sale_field_value", "sale"), ("name_field_value", "name"), ("custom_field_value", "text"))
    return [value[outer][inner] for outer, inner in known if outer in value]


def _pair(value: Mapping[str, Any], status: str) -> tuple[str, str]:
    return str(value.get("pipeline_id")), str(value.get(status))


def _split(value: Any) -> list[str]:
    """A list that may also come as one text with commas."""
    return [part.strip() for text in listed(value) for part in text.split(",") if part.strip()]
