"""Definitions of custom fields: list, read, add, change, delete, with enums and the statuses that want them filled.

Rests on the vendor's page "Fields and field groups". Patching enums keeps those whose ids are sent and deletes all
others; `required_statuses` holds people at the board, not the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm import stages
from b24kit.sandbox.amocrm.conditions import listed
from b24kit.sandbox.amocrm.field_values import CHOICES
from b24kit.sandbox.amocrm.problems import (
    Wrong,
    checked,
    elements,
    invalid,
    invalid_one,
    missing,
    no_choice,
    request_ids,
    single,
    wrong_type,
)
from b24kit.sandbox.amocrm.registry import Answer, Call, Problem, route
from b24kit.sandbox.amocrm.rights import require_admin
from b24kit.sandbox.amocrm.wire import dictionary, embedded, self_link
from b24kit.sandbox.store import Row

_TYPES = """
birthday category chained_list checkbox date date_time file items legal_entity linked_entity monetary multiselect
multitext numeric payer price radiobutton select smart_address streetaddress supplier text textarea tracking_data url
"""
TYPES = frozenset(_TYPES.split())
_COPIED = (
    *("name", "sort", "code", "is_api_only", "group_id", "required_statuses", "remind", "currency"),
    *("hidden_statuses", "chained_lists", "tracking_callback", "is_visible", "is_required", "settings", "search_in"),
)


@route("GET", "/{entity}/custom_fields")
def fields(call: Call) -> Answer:
    """The fields of one kind of card; `filter[type]`, `order[sort]` or `order[id]`."""
    table, wanted, order = call.store["custom_field"], call.query.get("filter"), call.query.get("order")
    ids = table.find("entity", call.entity)
    if isinstance(wanted, Mapping) and "type" in wanted:
        kinds = set(listed(wanted["type"]))
        ids = [i for i in ids if table.rows[i]["type"] in kinds]
    column, way = next(iter(order.items()), ("", "")) if isinstance(order, Mapping) else ("", "")
    if column != "id":
        ids.sort(key=lambda i: table.rows[i]["sort"])
    if column in ("id", "sort") and str(way).lower() == "desc":
        ids.reverse()
    return dictionary(call, "custom_fields", ids, lambda i: shown(call, i), paging=True)


@route("GET", "/{entity}/custom_fields/{id}")
def field(call: Call) -> Answer:
    """One field."""
    return Answer(shown(call, _known(call)))


@route("POST", "/{entity}/custom_fields")
def add(call: Call) -> Answer:
    """New fields: 201."""
    require_admin(call)
    items = elements(call.body)
    checked(items, lambda item: _wrongs(call, item, None))
    rows = []
    for name, item in request_ids(items):
        field_id = _make(call, item)
        rows.append({**shown(call, field_id), "request_id": name})
    return Answer(embedded(call, "custom_fields", rows, _total_items=len(rows)), 201, items=len(rows))


@route("PATCH", "/{entity}/custom_fields")
def change_many(call: Call) -> Answer:
    """Changes of many fields, each with its id."""
    require_admin(call)
    items = elements(call.body)
    checked(items, lambda item: _wrongs(call, item, item.get("id", 0)))
    rows = []
    for name, item in request_ids(items):
        _change(call, item["id"], item)
        rows.append({**shown(call, item["id"]), "request_id": name})
    return Answer(embedded(call, "custom_fields", rows, _total_items=len(rows)), items=len(rows))


@route("PATCH", "/{entity}/custom_fields/{id}")
def change_one(call: Call) -> Answer:
    """A change of one field; gives all of it."""
    require_admin(call)
    item = single(call.body)
    found = _wrongs(call, item, call.number())
    if found:
        raise invalid([{"request_id": "0", "errors": [wrong.told() for wrong in found]}])
    _change(call, call.number(), item)
    return Answer({**shown(call, call.number()), "request_id": "0"})


@route("DELETE", "/{entity}/custom_fields/{id}")
def remove(call: Call) -> Answer:
    """A field goes with all its values; a predefined one stays."""
    require_admin(call)
    field_id = _known(call)
    if call.store["custom_field"].rows[field_id].get("predefined"):
        raise invalid_one(no_choice("id"))
    call.store["custom_field"].remove(field_id)
    cards = call.store[call.entity]
    for card_id, row in cards:
        if str(field_id) in (row.get("custom_fields") or {}):
            kept = {key: values for key, values in row["custom_fields"].items() if key != str(field_id)}
            cards.change(card_id, {"custom_fields": kept})
    return Answer(None, 204)


def shown(call: Call, field_id: int) -> dict[str, Any]:
    """A field as it is read."""
    row = call.store["custom_field"].rows[field_id]
    predefined = bool(row.get("predefined"))
    plain = {key: row.get(key) for key in ("name", "type", "code", "sort", "enums", "group_id", "currency", "remind")}
    return {
        "id": field_id, **plain, "account_id": call.portal.account_id, "entity_type": row["entity"],
        "is_api_only": bool(row.get("is_api_only")), "is_computed": False, "is_deletable": not predefined,
        "is_predefined": predefined, "required_statuses": row.get("required_statuses") or [],
        "hidden_statuses": row.get("hidden_statuses") or [], "chained_lists": row.get("chained_lists"),
        "tracking_callback": row.get("tracking_callback") or "", "settings": row.get("settings"), "triggers": [],
        "search_in": row.get("search_in"),
        "_links": self_link(call, f"/{row['entity']}/custom_fields/{field_id}"),
    }  # fmt: skip


def _known(call: Call) -> int:
    row = call.row("custom_field")
    if row is None or row["entity"] != call.entity:
        raise Problem(404, "Custom field not found")
    return call.number()


def _wrongs(call: Call, item: Mapping[str, Any], field_id: Any) -> list[Wrong]:
    """Everything wrong with a new field (`field_id` None) or a changed one."""
    table, found = call.store["custom_field"], []
    if field_id is not None:
        row = table.get(field_id) if isinstance(field_id, int) else None
        if row is None or row["entity"] != call.entity:
            return [no_choice("id")]
    elif missed := [missing(key) for key in ("name", "type") if not item.get(key)]:
        return missed
    kind = item.get("type") if field_id is None else table.rows[field_id]["type"]
    if kind not in TYPES or (kind == "tracking_data" and call.entity != "leads"):
        found.append(no_choice("type"))
    if field_id is None and kind in CHOICES and not item.get("enums"):
        found.append(missing("enums"))
    if field_id is None and kind == "monetary" and not item.get("currency"):
        found.append(missing("currency"))
    code = item.get("code")
    if code and any(table.rows[i].get("code") == code and i != field_id for i in table.find("entity", call.entity)):
        found.append(no_choice("code"))
    return found + _wrong_enums(item) + _wrong_statuses(call, item)


def _wrong_enums(item: Mapping[str, Any]) -> list[Wrong]:
    given = item.get("enums")
    if given is not None and not isinstance(given, list):
        return [wrong_type("enums", "array")]
    return [
        missing(f"enums.{place}.value") for place, one in enumerate(given or [])
        if not isinstance(one, Mapping) or not one.get("value")
    ]  # fmt: skip


def _wrong_statuses(call: Call, item: Mapping[str, Any]) -> list[Wrong]:
    found = []
    for place, one in enumerate(item.get("required_statuses") or []):
        pipeline_id, status_id = one.get("pipeline_id"), one.get("status_id")
        if not isinstance(pipeline_id, int) or call.store["pipeline"].get(pipeline_id) is None:
            found.append(no_choice(f"required_statuses.{place}.pipeline_id"))
        elif not isinstance(status_id, int) or stages.status(call.portal, pipeline_id, status_id) is None:
            found.append(no_choice(f"required_statuses.{place}.status_id"))
    return found


def _make(call: Call, item: Mapping[str, Any]) -> int:
    table = call.store["custom_field"]
    row: Row = {"entity": call.entity, "type": item["type"], "sort": 500 + len(table.find("entity", call.entity))}
    row |= {key: item[key] for key in _COPIED if item.get(key) is not None}
    row["enums"] = _enums(call, item.get("enums") or [], []) or None
    return table.add(row)


def _change(call: Call, field_id: int, item: Mapping[str, Any]) -> None:
    table = call.store["custom_field"]
    changes = {key: item[key] for key in _COPIED if key in item}
    if item.get("enums") is not None:
        before = table.rows[field_id].get("enums") or []
        changes["enums"] = _enums(call, item["enums"], before) or None
        _drop_values(call, field_id, {one["id"] for one in before} - {one["id"] for one in changes["enums"] or []})
    table.change(field_id, changes)


def _enums(call: Call, given: list[Mapping[str, Any]], before: list[Row]) -> list[Row]:
    """Enums after a write: an element with a known id keeps it, one without gets a new one."""
    old = {one["id"]: one for one in before}
    made = []
    for place, one in enumerate(given):
        known = old.get(one.get("id", 0), {"id": None, "code": None, "sort": place})
        row = {**known, "value": one["value"], "sort": one.get("sort", known["sort"])}
        row["code"] = one.get("code", known["code"])
        made.append({**row, "id": known["id"] or call.store["enum"].add({})})
    return made


def _drop_values(call: Call, field_id: int, gone: set[int]) -> None:
    """Cards lose the enums that a field lost."""
    cards, key = call.store[call.entity], str(field_id)
    for card_id, row in cards if gone else ():
        values = (row.get("custom_fields") or {}).get(key) or []
        kept = [value for value in values if value.get("enum_id") not in gone]
        if len(kept) != len(values):
            rest = {name: others for name, others in row["custom_fields"].items() if name != key}
            cards.change(card_id, {"custom_fields": rest | ({key: kept} if kept else {})})
