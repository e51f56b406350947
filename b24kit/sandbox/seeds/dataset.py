"""The vendor's own small fictional portal (`dataset.json` of its documentation) as a seed: given by path, not shipped.

Its rows are in wire form: strings for numbers and local times; ids are kept as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from b24kit.sandbox.bitrix24 import cards, directory, moments, multifields
from b24kit.sandbox.bitrix24.fields import MULTIFIELD_TYPES
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, COMPANY, CONTACT, DEAL, LEAD, owner_key
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.seeds.bitrix24 import summary
from b24kit.sandbox.seeds.empty import plant_walls
from b24kit.sandbox.seeds.organiser import put
from b24kit.sandbox.store import Row

_KINDS = (("companies", COMPANY), ("contacts", CONTACT), ("leads", LEAD), ("deals", DEAL))
_KEPT_TIMES = ("DATE_CREATE", "DATE_MODIFY", "MOVED_TIME", "LAST_ACTIVITY_TIME")
_KEPT_USERS = ("CREATED_BY_ID", "MODIFY_BY_ID")


def plant_dataset(portal: FakePortal, path: Path) -> dict[str, Any]:
    """Plant the data set; ValueError when the file is no such thing."""
    try:
        entities = json.loads(path.read_text(encoding="utf-8"))["entities"]
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as trouble:
        raise ValueError(f"{path.name}: not a data set of the vendor ({type(trouble).__name__})") from trouble
    plant_walls(portal)
    for name, write in _WRITERS.items():
        for row in sorted(entities.get(name, ()), key=_row_id):
            write(portal, row)
    directory.plant_defaults(portal)
    for name, type_id in _KINDS:
        for row in sorted(entities.get(name, ()), key=_row_id):
            _card(portal, type_id, row)
    for row in sorted(entities.get("tasks", ()), key=_row_id):
        _task(portal, row)
    return {"kind": "dataset", "path": str(path), **summary(portal)}


def _row_id(row: Mapping[str, Any]) -> int:
    return whole(row.get("ID", row.get("id")))


def _user(portal: FakePortal, row: Mapping[str, Any]) -> None:
    user: Row = {name: value for name, value in row.items() if name not in ("ID", "ACTIVE")}
    user |= {"ACTIVE": "Y" if row.get("ACTIVE") else "N", "ADMIN": "Y" if _row_id(row) == 1 else "N"}
    for name in ("LAST_LOGIN", "DATE_REGISTER"):
        user[name] = moments.read(portal, row.get(name))
    for department_id in row.get("UF_DEPARTMENT", ()):
        if department_id not in portal.store["department"].rows:
            put(portal, "department", department_id, {"NAME": f"Отдел {department_id}", "SORT": 500, "PARENT": 1})
    put(portal, "user", _row_id(row), user)


def _category(portal: FakePortal, row: Mapping[str, Any]) -> None:
    put(portal, "category", _row_id(row), {"NAME": row["name"], "SORT": row["sort"]})


def _status(portal: FakePortal, row: Mapping[str, Any]) -> None:
    pipeline = directory.pipeline_of(str(row["ENTITY_ID"]))
    numbers: Row = {"SORT": whole(row.get("SORT")), "CATEGORY_ID": pipeline or None}
    put(portal, "status", _row_id(row), {name: value for name, value in row.items() if name != "ID"} | numbers)


def _card(portal: FakePortal, type_id: int, row: Mapping[str, Any]) -> None:
    card_id = _row_id(row)
    system: Row = {name: moments.read(portal, row[name]) for name in _KEPT_TIMES if row.get(name)}
    system |= {name: whole(row[name]) for name in _KEPT_USERS if row.get(name)}
    plain = {name: value for name, value in row.items() if name not in MULTIFIELD_TYPES}
    portal.store[CARD_TABLES[type_id]].last_id = card_id - 1  # the vendor's ids are kept; rows come in their order
    cards.create(portal, type_id, plain, whole(row.get("CREATED_BY_ID")) or 1, system=system, robots=False)
    for kind in MULTIFIELD_TYPES:
        for one in row.get(kind, ()):
            value = {
                "OWNER": owner_key(type_id, card_id),
                "KEY": multifields.search_key(kind, one["VALUE"]),
                "TYPE_ID": kind,
            }
            value |= {"VALUE_TYPE": one["VALUE_TYPE"], "VALUE": one["VALUE"]}
            portal.store["multifield"].add(value, _row_id(one))
    if type_id != DEAL:
        cards.keep_presence(portal, type_id, card_id)


def _task(portal: FakePortal, row: Mapping[str, Any]) -> None:
    task: Row = {"TITLE": row["title"], "DESCRIPTION": row.get("description") or "", "MARK": row.get("mark") or None}
    for column, name in (("STATUS", "status"), ("PRIORITY", "priority"), ("RESPONSIBLE_ID", "responsibleId")):
        task[column] = whole(row.get(name))
    task["CREATED_BY"] = whole(row.get("createdBy"))
    for column, name in (("CREATED_DATE", "createdDate"), ("CHANGED_DATE", "changedDate"), ("DEADLINE", "deadline")):
        task[column] = moments.read(portal, row.get(name))
    task["CLOSED_DATE"] = moments.read(portal, row.get("closedDate"))
    put(portal, "task", _row_id(row), {name: value for name, value in task.items() if value is not None})


_WRITERS: dict[str, Callable[[FakePortal, Mapping[str, Any]], None]] = {
    "users": _user,
    "categories": _category,
    "statuses": _status,
}
