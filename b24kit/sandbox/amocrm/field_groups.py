"""Groups of custom fields (tabs of a card): their ids are texts.

Rests on the vendor's page "Fields and field groups".
"""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.amocrm.problems import checked, elements, missing, request_ids, single
from b24kit.sandbox.amocrm.registry import Answer, Call, Problem, route
from b24kit.sandbox.amocrm.rights import require_admin
from b24kit.sandbox.amocrm.wire import embedded, self_link

PREDEFINED = {"leads": (("default", "Основное"), ("statistic", "Статистика")), "contacts": (("default", "Основное"),),
              "companies": (("default", "Основное"),)}  # fmt: skip


@route("GET", "/{entity}/custom_fields/groups")
def groups(call: Call) -> Answer:
    """All groups of one kind of card."""
    rows = [_shown(call, *one) for one in _all(call)]
    return Answer(embedded(call, "custom_field_groups", rows, _total_items=len(rows)), items=len(rows))


@route("GET", "/{entity}/custom_fields/groups/{key}")
def group(call: Call) -> Answer:
    """One group."""
    return Answer(_shown(call, *_known(call)))


@route("POST", "/{entity}/custom_fields/groups")
def add(call: Call) -> Answer:
    """New groups: 201."""
    require_admin(call)
    items = elements(call.body)
    checked(items, lambda item: [] if item.get("name") else [missing("name")])
    rows = []
    for name, item in request_ids(items):
        table = call.store["field_group"]
        row_id = table.add({"entity": call.entity, "name": item["name"], "sort": item.get("sort", len(table) + 2)})
        rows.append({**_shown(call, *_made(call, row_id)), "request_id": name})
    return Answer(embedded(call, "custom_field_groups", rows, _total_items=len(rows)), 201, items=len(rows))


@route("PATCH", "/{entity}/custom_fields/groups/{key}")
def change(call: Call) -> Answer:
    """A new name or sort; `fields` moves fields into the group."""
    require_admin(call)
    item, known = single(call.body), _known(call)
    for field_id in item.get("fields") or []:
        if call.store["custom_field"].get(field_id) is not None:
            call.store["custom_field"].change(field_id, {"group_id": known[0]})
    if (row_id := _row_id(call)) is not None:
        changes = {key: item[key] for key in ("name", "sort") if item.get(key) is not None}
        call.store["field_group"].change(row_id, changes)
    inside = [i for i, row in call.store["custom_field"] if row.get("group_id") == known[0]]
    return Answer(_shown(call, *_known(call)) | {"fields": inside})


@route("DELETE", "/{entity}/custom_fields/groups/{key}")
def remove(call: Call) -> Answer:
    """A group goes, its fields fall back to the first one; a predefined group stays."""
    require_admin(call)
    _known(call)
    row_id = _row_id(call)
    if row_id is None:
        raise Problem(403, "Forbidden")
    call.store["field_group"].remove(row_id)
    for field_id, row in call.store["custom_field"]:
        if row.get("group_id") == call.at["key"]:
            call.store["custom_field"].change(field_id, {"group_id": None})
    return Answer(None, 204)


Group = tuple[str, str, int, bool]  # id, name, sort, predefined


def _all(call: Call) -> list[Group]:
    own = [_made(call, i) for i in call.store["field_group"].find("entity", call.entity)]
    return [(key, name, place, True) for place, (key, name) in enumerate(PREDEFINED[call.entity])] + own


def _made(call: Call, row_id: int) -> Group:
    row = call.store["field_group"].rows[row_id]
    return f"{row['entity']}_{row_id}", row["name"], row["sort"], False


def _known(call: Call) -> Group:
    found = next((one for one in _all(call) if one[0] == call.at["key"]), None)
    if found is None:
        raise Problem(404, "Group not found")
    return found


def _row_id(call: Call) -> int | None:
    ids = call.store["field_group"].find("entity", call.entity)
    return next((i for i in ids if f"{call.entity}_{i}" == call.at["key"]), None)


def _shown(call: Call, key: str, name: str, sort: int, predefined: bool) -> dict[str, Any]:
    links = self_link(call, f"/{call.entity}/custom_fields/groups/{key}")
    head = {"id": key, "name": name, "is_predefined": predefined, "type": "fields" if key != "statistic" else key}
    return {**head, "entity_type": call.entity, "sort": sort, "_links": links}
