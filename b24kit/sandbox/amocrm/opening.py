"""An account as the vendor hands it over: one administrator, one pipeline, the predefined fields.

Seeds build on it: `add_pipeline`, `add_field` and `add_user` make rows in the tables' own form.
"""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.amocrm.stages import LOST, WON
from b24kit.sandbox.store import Row

FIRST_STATUS_ID = 9_001  # ids of statuses lie above the two that every pipeline shares
INCOMING = {"name": "Неразобранное", "color": "#c1c1c1", "type": 1, "is_editable": False}
WON_ROW = {"name": "Успешно реализовано", "color": "#CCFF66", "type": 0, "is_editable": False}
LOST_ROW = {"name": "Закрыто и не реализовано", "color": "#D5D8DB", "type": 0, "is_editable": False}
FIRST = (("Первичный контакт", "#99ccff"), ("Переговоры", "#ffff99"), ("Принимают решение", "#ffcc66"),
         ("Согласование договора", "#ffcccc"))  # fmt: skip
PHONES = ("WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER")
EMAILS = ("WORK", "PRIV", "OTHER")
TRACKED = ("UTM_CONTENT", "UTM_MEDIUM", "UTM_CAMPAIGN", "UTM_SOURCE", "UTM_TERM", "UTM_REFERRER", "REFERRER")


def plant_walls(portal: FakePortal) -> None:
    """Administrator 1, the main pipeline with the vendor's four stages, predefined fields."""
    add_user(portal, "Администратор Портала", "admin@portal.example", is_admin=True)
    add_pipeline(portal, "Воронка", FIRST, is_main=True)
    add_predefined_fields(portal)


def add_predefined_fields(portal: FakePortal) -> dict[tuple[str, str], int]:
    """The fields that every account has; gives their ids by (entity, code)."""
    wanted: list[tuple[str, str, str, str, tuple[str, ...]]] = []
    for entity in ("contacts", "companies"):
        wanted.append((entity, "Телефон", "multitext", "PHONE", PHONES))
        wanted.append((entity, "Email", "multitext", "EMAIL", EMAILS))
    wanted.append(("contacts", "Должность", "text", "POSITION", ()))
    wanted.append(("companies", "Web", "url", "WEB", ()))
    wanted.append(("companies", "Адрес", "textarea", "ADDRESS", ()))
    wanted += [("leads", code.lower(), "tracking_data", code, ()) for code in TRACKED]
    return {
        (entity, code): add_field(portal, entity, name, kind, code=code, enums=enums, predefined=True)
        for entity, name, kind, code, enums in wanted
    }


def add_user(portal: FakePortal, name: str, email: str, *, is_admin: bool = False, **more: Any) -> int:
    """An employee; `more` may hold group_id, role_id, is_active, lang."""
    return portal.store["user"].add({"name": name, "email": email, "is_admin": is_admin, **more})


def add_pipeline(
    portal: FakePortal,
    name: str,
    statuses: tuple[tuple[str, str], ...] = (),
    *,
    is_main: bool = False,
    is_unsorted_on: bool = True,
    sort: int | None = None,
) -> int:
    """A pipeline with its incoming status, the given ones (name, colour), 142 and 143; gives its id."""
    pipelines = portal.store["pipeline"]
    row = {"name": name, "sort": sort or len(pipelines) + 1, "is_main": is_main, "is_unsorted_on": is_unsorted_on}
    pipeline_id = pipelines.add(row)
    add_status(portal, {**INCOMING, "pipeline_id": pipeline_id, "sort": 10})
    for number, (title, colour) in enumerate(statuses, 2):
        add_status(portal, {"name": title, "color": colour, "pipeline_id": pipeline_id, "sort": number * 10})
    add_status(portal, {**WON_ROW, "pipeline_id": pipeline_id, "sort": 10_000}, WON)
    add_status(portal, {**LOST_ROW, "pipeline_id": pipeline_id, "sort": 11_000}, LOST)
    return pipeline_id


def add_status(portal: FakePortal, row: Row, system_id: int | None = None) -> int:
    """A status of a pipeline; gives its `status_id`, which is 142 or 143 for the two that every pipeline has."""
    table = portal.store["status"]
    row_id = max(table.last_id + 1, FIRST_STATUS_ID)
    status_id = row_id if system_id is None else system_id
    table.add({"type": 0, "is_editable": True, **row, "status_id": status_id}, row_id)
    return status_id


def incoming_status(portal: FakePortal, pipeline_id: int) -> int:
    """The `status_id` of a pipeline's type-1 status."""
    table = portal.store["status"]
    found = [table.rows[i] for i in table.find("pipeline_id", pipeline_id) if table.rows[i]["type"] == 1]
    return int(found[0]["status_id"])


def main_pipeline(portal: FakePortal) -> int:
    """The id of the main pipeline."""
    return next(number for number, row in portal.store["pipeline"] if row["is_main"])


def add_field(
    portal: FakePortal,
    entity: str,
    name: str,
    kind: str,
    *,
    code: str | None = None,
    enums: tuple[str, ...] = (),
    predefined: bool = False,
    **more: Any,
) -> int:
    """A custom field; enums are codes for a multitext field, values for any other."""
    fields = portal.store["custom_field"]
    rows = [
        {"id": portal.store["enum"].add({}), "value": text, "sort": place * 2 + 1 if kind == "multitext" else place}
        | {"code": text if kind == "multitext" else None}
        for place, text in enumerate(enums)
    ]
    row = {"entity": entity, "name": name, "type": kind, "code": code, "enums": rows or None, "predefined": predefined}
    return fields.add({**row, "sort": 500 + len(fields.find("entity", entity)), **more})


def field_by_code(portal: FakePortal, entity: str, code: str) -> int:
    """The id of the entity's field with this code; raises KeyError when there is none."""
    table = portal.store["custom_field"]
    for field_id in table.find("entity", entity):
        if table.rows[field_id].get("code") == code:
            return field_id
    raise KeyError(code)
