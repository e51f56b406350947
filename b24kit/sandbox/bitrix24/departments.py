"""The company structure of a fake portal: department.get/add/update/delete/fields."""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.bitrix24 import tablelist
from b24kit.sandbox.bitrix24.registry import Answer, Call, Fault, method
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row

_KINDS = {"ID": "integer", "NAME": "string", "SORT": "integer", "PARENT": "integer", "UF_HEAD": "user"}
_FIELDS = tablelist.fields_of(_KINDS, {"PARENT": 0, "UF_HEAD": 0, "SORT": 500})


@method("department.get", scope="department")
def department_get(call: Call) -> Answer:
    """department.get: filters are top-level parameters, `PARENT=0` gives the root, SORT alone is an int."""
    rows = call.portal.store["department"].rows
    # The parameter `sort` is the column to sort by here, so it cannot also be a filter by SORT.
    given = {k: v for k, v in call.params.items() if str(k).lower() not in ("sort", "order", "start", "select")}
    wanted = {**given, **tablelist.upper_keys(call.param("filter"))}
    column, way = str(call.param("sort", default="ID") or "ID"), str(call.param("order", default="ASC"))
    return tablelist.page(call, "department", _FIELDS, lambda i: _shown(i, rows[i]), wanted=wanted, order={column: way})


@method("department.fields", scope="department")
def department_fields(_: Call) -> Answer:
    """department.fields: code -> title."""
    titles = ("ID", "Название", "Сортировка", "Родительское подразделение", "Руководитель")
    return Answer(dict(zip(_KINDS, titles, strict=True)))


@method("department.add", scope="department", admin=True)
def department_add(call: Call) -> Answer:
    """department.add: NAME and PARENT are wanted; a company has one root."""
    name, parent = str(call.param("NAME", default="") or "").strip(), whole(call.param("PARENT"))
    table = call.portal.store["department"]
    if not name:
        raise Fault("ERROR_CORE", "Не указано название подразделения")
    if parent not in table.rows and len(table):
        raise Fault("ERROR_CORE", "Не указано вышестоящее подразделение")
    return Answer(table.add({"SORT": 500, **_changes(call)}))


@method("department.update", scope="department", admin=True)
def department_update(call: Call) -> Answer:
    """department.update: named fields only."""
    department_id = _known(call)
    call.portal.store["department"].change(department_id, _changes(call))
    return Answer(True)


@method("department.delete", scope="department", admin=True)
def department_delete(call: Call) -> Answer:
    """department.delete: people and sub-departments move up to the parent, as in the portal's own structure page."""
    department_id = _known(call)
    store = call.portal.store
    parent = store["department"].rows[department_id].get("PARENT")
    if not parent:
        raise Fault("ERROR_CORE", "The root department cannot be deleted")
    for child, row in store["department"]:
        if row.get("PARENT") == department_id:
            store["department"].change(child, {"PARENT": parent})
    for user_id, row in store["user"]:
        places = row.get("UF_DEPARTMENT", [])
        if department_id in places:
            moved = [place for place in places if place != department_id] or [parent]
            store["user"].change(user_id, {"UF_DEPARTMENT": moved})
    store["department"].remove(department_id)
    return Answer(True)


def _known(call: Call) -> int:
    department_id = whole(call.param("ID"))
    if department_id not in call.portal.store["department"].rows:
        raise Fault("ERROR_CORE", "Department not found")
    return department_id


def _changes(call: Call) -> Row:
    changes: Row = {}
    if call.param("NAME"):
        changes["NAME"] = str(call.param("NAME"))
    for column in ("SORT", "PARENT", "UF_HEAD"):
        if call.param(column) is not None:
            changes[column] = whole(call.param(column))
    return changes


def _shown(department_id: int, row: Row) -> dict[str, Any]:
    shown: dict[str, Any] = {"ID": str(department_id), "NAME": row["NAME"], "SORT": row.get("SORT", 500)}
    if row.get("PARENT"):  # the root has no such key
        shown["PARENT"] = str(row["PARENT"])
    if row.get("UF_HEAD"):
        shown["UF_HEAD"] = str(row["UF_HEAD"])
    return shown
