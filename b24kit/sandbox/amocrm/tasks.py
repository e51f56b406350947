"""Tasks: list, read, add, change, complete. There is no way to delete one.

Rests on the vendor's page "Tasks": `result` is an empty array until there is one, then an object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from b24kit.sandbox.amocrm import trail
from b24kit.sandbox.amocrm.account import TASK_TYPES
from b24kit.sandbox.amocrm.conditions import listed, numbers, ordered, since
from b24kit.sandbox.amocrm.problems import (
    Wrong,
    checked,
    elements,
    invalid,
    missing,
    no_choice,
    request_ids,
    single,
    wrong_type,
)
from b24kit.sandbox.amocrm.registry import ENTITIES, NOTHING, Answer, Call, Change, Problem, route
from b24kit.sandbox.amocrm.tables import owner_key
from b24kit.sandbox.amocrm.wire import embedded, page, self_link
from b24kit.sandbox.store import Row

_COPIED = ("text", "complete_till", "duration", "task_type_id", "responsible_user_id", "created_by", "created_at")
_TOLD = {
    "text": ("task_text_changed", "task", "text"),
    "complete_till": ("task_deadline_changed", "task_deadline", "timestamp"),
    "task_type_id": ("task_type_changed", "task_type", "id"),
}  # fmt: skip
ORDERS = ("id", "created_at", "complete_till")


@route("GET", "/tasks")
def tasks(call: Call) -> Answer:
    """A page of tasks."""
    table, wanted = call.store["task"], call.query.get("filter")
    wanted = wanted if isinstance(wanted, Mapping) else {}
    ids = [i for i, row in table if _fits(i, row, wanted)]
    return page(call, "tasks", ordered(call, ids, table.rows, ORDERS), lambda i: shown(call, i))


@route("GET", "/tasks/{id}")
def task(call: Call) -> Answer:
    """One task, or 204."""
    return NOTHING if call.row("task") is None else Answer(shown(call, call.number()))


@route("POST", "/tasks")
def add(call: Call) -> Answer:
    """New tasks: a text and a deadline are required."""
    items = elements(call.body)
    checked(items, lambda item: _wrongs_of_new(call, item))
    rows = []
    for name, item in request_ids(items):
        task_id = _make(call, item)
        rows.append({"id": task_id, "request_id": name, "_links": self_link(call, f"/tasks/{task_id}")})
    return Answer(embedded(call, "tasks", rows), items=len(rows))


@route("PATCH", "/tasks")
def change_many(call: Call) -> Answer:
    """Changes of many tasks, each with its id."""
    items = elements(call.body)
    checked(items, lambda item: _wrongs(call, item, item.get("id")))
    rows = [_changed(call, item["id"], item, name) for name, item in request_ids(items)]
    return Answer(embedded(call, "tasks", rows), items=len(rows))


@route("PATCH", "/tasks/{id}")
def change_one(call: Call) -> Answer:
    """A change of one task."""
    item = single(call.body)
    found = _wrongs(call, item, call.number())
    if found:
        raise invalid([{"request_id": "0", "errors": [wrong.told() for wrong in found]}])
    return Answer(_changed(call, call.number(), item, "0"))


@route("DELETE", "/tasks/{id}")
def remove(_: Call) -> Answer:
    """Refused in these very words."""
    raise Problem(403, "Invalid scope")


def shown(call: Call, task_id: int) -> dict[str, Any]:
    """A task as it is read."""
    row = call.store["task"].rows[task_id]
    return {
        "id": task_id, "created_by": row.get("created_by") or 0, "updated_by": row.get("updated_by") or 0,
        "created_at": row["created_at"], "updated_at": row["updated_at"],
        "responsible_user_id": row["responsible_user_id"], "group_id": row.get("group_id") or 0,
        "entity_id": row.get("entity_id"), "entity_type": row.get("entity_type"), "duration": row.get("duration") or 0,
        "is_completed": bool(row.get("is_completed")), "task_type_id": row["task_type_id"], "text": row["text"],
        "result": row.get("result") or [], "complete_till": row["complete_till"],
        "account_id": call.portal.account_id, "_links": self_link(call, f"/tasks/{task_id}"),
    }  # fmt: skip


def _make(call: Call, item: Mapping[str, Any]) -> int:
    now = call.portal.unix()
    row: Row = {"task_type_id": 1, "responsible_user_id": call.user_id, "created_by": call.user_id, "created_at": now}
    row |= {key: item[key] for key in _COPIED if item.get(key) is not None}
    row |= {"updated_by": row["created_by"], "updated_at": item.get("updated_at") or now}
    row |= {"is_completed": bool(item.get("is_completed")), "result": item.get("result") or None}
    if item.get("entity_id"):
        kind = item.get("entity_type") or "leads"
        row |= {"entity_id": item["entity_id"], "entity_type": kind, "owner": owner_key(kind, item["entity_id"])}
    task_id = call.store["task"].add(row)
    trail.created(call.portal, "tasks", task_id, call.user_id)
    return task_id


def _changed(call: Call, task_id: int, item: Mapping[str, Any], name: str) -> dict[str, Any]:
    table, portal = call.store["task"], call.portal
    row = table.rows[task_id]
    old = dict(row)
    changes: Row = {key: item[key] for key in _COPIED if item.get(key) is not None}
    changes |= {
        "updated_by": item.get("updated_by", call.user_id),
        "updated_at": item.get("updated_at") or portal.unix(),
    }
    if item.get("is_completed") is not None:
        changes["is_completed"] = item["is_completed"]
    if item.get("result"):
        changes["result"] = {"text": item["result"].get("text")}
    if item.get("entity_id"):
        kind = item.get("entity_type") or row.get("entity_type") or "leads"
        changes |= {"entity_id": item["entity_id"], "entity_type": kind, "owner": owner_key(kind, item["entity_id"])}
    table.change(task_id, changes)
    _tell(call, task_id, old, row)
    return {
        "id": task_id,
        "updated_at": row["updated_at"],
        "request_id": name,
        "_links": self_link(call, f"/tasks/{task_id}"),
    }


def _tell(call: Call, task_id: int, old: Row, new: Row) -> None:
    portal, user_id = call.portal, call.user_id
    for column, (kind, outer, inner) in _TOLD.items():
        if old.get(column) != new.get(column):
            before, after = ([{outer: {inner: row.get(column)}}] for row in (old, new))
            trail.record(portal, kind, "tasks", task_id, user_id, before=before, after=after)
    if new.get("is_completed") and not old.get("is_completed"):
        trail.record(portal, "task_completed", "tasks", task_id, user_id)
    if new.get("result") and old.get("result") != new["result"]:
        noted = trail.system_note("tasks", task_id)
        trail.record(portal, "task_result_added", "tasks", task_id, user_id, after=noted)
    if old["responsible_user_id"] != new["responsible_user_id"]:
        gone = {"responsible_user_id": old["responsible_user_id"]}
        portal.announce(Change("responsible", "tasks", task_id, user_id, gone))
    closed = bool(new.get("is_completed") and not old.get("is_completed"))
    portal.announce(Change("update", "tasks", task_id, user_id, {"closed": closed}))


def _fits(task_id: int, row: Row, wanted: Mapping[str, Any]) -> bool:
    kinds = [*listed(wanted.get("task_type")), *listed(wanted.get("task_type_id"))]
    tests: tuple[tuple[str, Callable[[Any], bool]], ...] = (
        ("id", lambda value: task_id in numbers(value)),
        ("responsible_user_id", lambda value: row["responsible_user_id"] in numbers(value)),
        ("created_by", lambda value: row.get("created_by") in numbers(value)),
        ("entity_type", lambda value: row.get("entity_type") in listed(value)),
        ("entity_id", lambda value: row.get("entity_id") in numbers(value)),
        ("is_completed", lambda value: _flag(row.get("is_completed")) in {_flag(one) for one in listed(value)}),
        ("updated_at", lambda value: since(row["updated_at"], value)),
    )
    fits = all(test(wanted[name]) for name, test in tests if name in wanted)
    return fits and (not kinds or str(row["task_type_id"]) in kinds)


def _flag(value: Any) -> bool:
    """A yes or no of a row or of a query, where it is a text."""
    return str(value).lower() in ("1", "true")


def _wrongs_of_new(call: Call, item: Mapping[str, Any]) -> list[Wrong]:
    return [missing(key) for key in ("text", "complete_till") if not item.get(key)] or _wrong_values(call, item)


def _wrongs(call: Call, item: Mapping[str, Any], task_id: Any) -> list[Wrong]:
    row = call.store["task"].get(task_id) if isinstance(task_id, int) else None
    return [no_choice("id")] if row is None else _wrong_values(call, item)


def _wrong_values(call: Call, item: Mapping[str, Any]) -> list[Wrong]:
    found = []
    for key, kind, word in (("text", str, "string"), ("complete_till", int, "int"), ("is_completed", bool, "bool")):
        if item.get(key) is not None and (not isinstance(item[key], kind) or (kind is int and item[key] is True)):
            found.append(wrong_type(key, word))
    if item.get("result") and not isinstance(item["result"], Mapping):
        found.append(wrong_type("result", "array"))
    user = item.get("responsible_user_id")
    if user is not None and (not isinstance(user, int) or call.store["user"].get(user) is None):
        found.append(no_choice("responsible_user_id"))
    types = {one["id"] for one in (*TASK_TYPES, *call.portal.settings.get("task_types", []))}
    if item.get("task_type_id") is not None and item["task_type_id"] not in types:
        found.append(no_choice("task_type_id"))
    return found + _wrong_owner(call, item)


def _wrong_owner(call: Call, item: Mapping[str, Any]) -> list[Wrong]:
    if not item.get("entity_id"):
        return []
    kind = item.get("entity_type") or "leads"
    if kind not in ENTITIES:
        return [no_choice("entity_type")]
    row = call.store[kind].get(item["entity_id"]) if isinstance(item["entity_id"], int) else None
    return [no_choice("entity_id")] if row is None or row.get("state") == "deleted" else []
