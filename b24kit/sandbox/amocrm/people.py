"""Users and roles.

Rests on the vendor's page "Users". Only administrators read them; users are added, never changed or deleted; a
changed role is answered 202.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm.problems import Wrong, checked, elements, invalid, missing, no_choice, request_ids, single
from b24kit.sandbox.amocrm.registry import Answer, Call, Problem, route
from b24kit.sandbox.amocrm.rights import require_admin
from b24kit.sandbox.amocrm.wire import dictionary, embedded, self_link
from b24kit.sandbox.store import Row

ADDED_AT_ONCE, MOST_USERS = 10, 100
_CARDS = ("leads", "contacts", "companies")
_ALL = dict.fromkeys(("view", "edit", "add", "delete", "export"), "A")
_RIGHTS: dict[str, Any] = {
    **dict.fromkeys(_CARDS, _ALL), "tasks": {"edit": "A", "delete": "A"}, "mail_access": True,
    "catalog_access": True, "status_rights": None,
}  # fmt: skip


@route("GET", "/users")
def users(call: Call) -> Answer:
    """All users, dismissed ones too."""
    require_admin(call)
    return dictionary(call, "users", call.store["user"].ids(), lambda i: user_row(call, i), paging=True)


@route("GET", "/users/{id}")
def user(call: Call) -> Answer:
    """One user."""
    require_admin(call)
    if call.row("user") is None:
        raise Problem(404, "User not found")
    return Answer(user_row(call, call.number()))


@route("POST", "/users")
def add_users(call: Call) -> Answer:
    """New users: 201; at most ten a call, none in an account of more than a hundred."""
    require_admin(call)
    items, table = elements(call.body), call.store["user"]
    if len(items) > ADDED_AT_ONCE or len(table) > MOST_USERS:
        raise Problem(400, "Too many users", title="Bad Request")
    checked(items, lambda item: _wrong_user(call, item))
    rows = []
    for name, item in request_ids(items):
        rights = item.get("rights") or {}
        more = {"rights": dict(rights), "group_id": rights.get("group_id"), "role_id": rights.get("role_id")}
        user_id = table.add({"name": item["name"], "email": item["email"], "lang": item.get("lang") or "ru", **more})
        rows.append({**user_row(call, user_id), "request_id": name})
    return Answer(embedded(call, "users", rows, _total_items=len(rows)), 201, items=len(rows))


@route("GET", "/roles")
def roles(call: Call) -> Answer:
    """All roles; 204 when there are none."""
    require_admin(call)
    return dictionary(call, "roles", call.store["role"].ids(), lambda i: role_row(call, i), paging=True)


@route("GET", "/roles/{id}")
def role(call: Call) -> Answer:
    """One role."""
    require_admin(call)
    return Answer(role_row(call, _known_role(call)))


@route("POST", "/roles")
def add_roles(call: Call) -> Answer:
    """New roles: 201. The page shows one object where all other additions take an array; both are taken."""
    require_admin(call)
    items = elements([call.body] if isinstance(call.body, dict) and call.body else call.body)
    checked(items, lambda item: [missing(key) for key in ("name", "rights") if not item.get(key)])
    rows = []
    for name, item in request_ids(items):
        role_id = call.store["role"].add({"name": item["name"], "rights": dict(item["rights"])})
        rows.append({**role_row(call, role_id), "request_id": name})
    return Answer(embedded(call, "roles", rows, _total_items=len(rows)), 201, items=len(rows))


@route("PATCH", "/roles/{id}")
def change_role(call: Call) -> Answer:
    """A changed role: 202."""
    require_admin(call)
    role_id, item = _known_role(call), single(call.body)
    if not isinstance(item.get("rights", {}), Mapping):
        raise invalid([{"errors": [no_choice("rights").told()]}])
    row = call.store["role"].rows[role_id]
    rights = {**row["rights"], **item.get("rights", {})}
    call.store["role"].change(role_id, {"name": item.get("name") or row["name"], "rights": rights})
    return Answer(role_row(call, role_id), 202)


@route("DELETE", "/roles/{id}")
def remove_role(call: Call) -> Answer:
    """A role goes; who had it has none."""
    require_admin(call)
    role_id = _known_role(call)
    call.store["role"].remove(role_id)
    for user_id, row in call.store["user"]:
        if row.get("role_id") == role_id:
            call.store["user"].change(user_id, {"role_id": None})
    return Answer(None, 204)


def user_row(call: Call, user_id: int) -> dict[str, Any]:
    """A user as he is read."""
    row = call.store["user"].rows[user_id]
    shown = {"id": user_id, "name": row["name"], "email": row["email"], "lang": row.get("lang") or "ru"}
    shown["rights"] = _RIGHTS | (row.get("rights") or {}) | {
        "is_admin": bool(row.get("is_admin")), "is_free": bool(row.get("is_free")),
        "is_active": bool(row.get("is_active", True)), "group_id": row.get("group_id"), "role_id": row.get("role_id"),
    }  # fmt: skip
    asked: dict[str, Any] = {"uuid": f"00000000-0000-4000-8000-{user_id:012d}", "user_rank": row.get("user_rank")}
    asked |= {"amojo_id": asked["uuid"], "phone_number": row.get("phone_number")}
    shown |= {word: value for word, value in asked.items() if call.has(word)}
    inside = {}
    if call.has("role"):
        inside["roles"] = _role_of(call, row)
    if call.has("group"):
        inside["groups"] = _group_of(call, row)
    return shown | {"_links": self_link(call, f"/users/{user_id}")} | ({"_embedded": inside} if inside else {})


def role_row(call: Call, role_id: int) -> dict[str, Any]:
    """A role as it is read."""
    row = call.store["role"].rows[role_id]
    shown = {"id": role_id, "name": row["name"], "rights": _RIGHTS | row["rights"]}
    shown["_links"] = self_link(call, f"/roles/{role_id}")
    if call.has("users"):
        shown["_embedded"] = {"users": [i for i, one in call.store["user"] if one.get("role_id") == role_id]}
    return shown


def _role_of(call: Call, row: Row) -> list[dict[str, Any]]:
    found = call.store["role"].get(row.get("role_id") or 0)
    role_id = row.get("role_id")
    return [{"id": role_id, "name": found["name"], "_links": self_link(call, f"/roles/{role_id}")}] if found else []


def _group_of(call: Call, row: Row) -> list[dict[str, Any]]:
    group_id = row.get("group_id") or 0
    found = call.store["group"].get(group_id)
    return [{"id": group_id, "name": found["name"] if found else "Отдел продаж"}]


def _known_role(call: Call) -> int:
    if call.row("role") is None:
        raise Problem(404, "Role not found")
    return call.number()


def _wrong_user(call: Call, item: Mapping[str, Any]) -> list[Wrong]:
    found = [missing(key) for key in ("name", "email", "password") if not item.get(key)]
    if any(row["email"] == item.get("email") for _, row in call.store["user"]):
        found.append(no_choice("email"))
    return found
