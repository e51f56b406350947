"""Lead pipelines: list, read, add, change, delete.

Rests on the vendor's page "Lead pipelines and stages". The list knows no pages; a pipeline with leads is not deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm import opening, stages, statuses
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

MOST = 50
REQUIRED = ("name", "sort", "is_main", "is_unsorted_on")
_TYPES: dict[str, tuple[type, str]] = {
    "name": (str, "string"), "sort": (int, "int"), "is_main": (bool, "bool"), "is_unsorted_on": (bool, "bool"),
    "is_archive": (bool, "bool"),
}  # fmt: skip


@route("GET", "/leads/pipelines")
def pipelines(call: Call) -> Answer:
    """All pipelines with their statuses, whatever page was asked for."""
    table = call.store["pipeline"]
    return dictionary(call, "pipelines", _ids(call), lambda i: shown(call, i)) if len(table) else Answer(None, 204)


@route("GET", "/leads/pipelines/{id}")
def pipeline(call: Call) -> Answer:
    """One pipeline."""
    if call.row("pipeline") is None:
        raise Problem(404, "Pipeline not found")
    return Answer(shown(call, call.number()))


@route("POST", "/leads/pipelines")
def add(call: Call) -> Answer:
    """New pipelines with statuses of their own; the incoming one, 142 and 143 come by themselves."""
    require_admin(call)
    items = elements(call.body)
    checked(items, _wrongs_of_new)
    if len(call.store["pipeline"]) + len(items) > MOST:
        raise Problem(422, f"Limit {MOST} pipelines per account")
    rows = []
    for name, item in request_ids(items):
        pipeline_id = _make(call, item)
        rows.append({**shown(call, pipeline_id), "request_id": name})
    return Answer(embedded(call, "pipelines", rows, _total_items=len(rows)), items=len(rows))


@route("PATCH", "/leads/pipelines")
def change_many(call: Call) -> Answer:
    """Changes of many pipelines; no page of the vendor's tells of it."""
    require_admin(call)
    items = elements(call.body)
    checked(items, lambda item: _known(call, item.get("id")) or _wrongs(item))
    rows = []
    for name, item in request_ids(items):
        _change(call, item["id"], item)
        rows.append({**shown(call, item["id"]), "request_id": name})
    return Answer(embedded(call, "pipelines", rows, _total_items=len(rows)), items=len(rows))


@route("PATCH", "/leads/pipelines/{id}")
def change(call: Call) -> Answer:
    """A change of one pipeline; gives all of it."""
    require_admin(call)
    item = single(call.body)
    found = _known(call, call.number()) or _wrongs(item)
    if found:
        raise invalid([{"request_id": "0", "errors": [wrong.told() for wrong in found]}])
    _change(call, call.number(), item)
    return Answer({**shown(call, call.number()), "request_id": "0"})


@route("DELETE", "/leads/pipelines/{id}")
def remove(call: Call) -> Answer:
    """A pipeline without leads goes with its statuses; the last one stays."""
    require_admin(call)
    pipeline_id, table = call.number(), call.store["pipeline"]
    if found := _known(call, pipeline_id):
        raise invalid_one(found[0])
    leads = call.store["leads"]
    if any(leads.rows[i].get("state") != "deleted" for i in leads.find("pipeline_id", pipeline_id)):
        raise Problem(422, "Only pipelines without leads can be deleted")
    if len(table) == 1:
        raise Problem(422, "The last pipeline can not be deleted")
    was_main = table.rows[pipeline_id]["is_main"]
    for row_id, _ in stages.statuses(call.portal, pipeline_id):
        call.store["status"].remove(row_id)
    table.remove(pipeline_id)
    statuses.forget_required(call, pipeline_id, None)
    if was_main:
        table.change(_ids(call)[0], {"is_main": True})
    return Answer(None, 204)


def shown(call: Call, pipeline_id: int) -> dict[str, Any]:
    """A pipeline as it is read, with the statuses of its board."""
    row = call.store["pipeline"].rows[pipeline_id]
    inside = [statuses.shown(call, one) for _, one in statuses.seen(call, pipeline_id)]
    head = {key: row[key] for key in ("name", "sort", "is_main", "is_unsorted_on")}
    tail = {"is_archive": bool(row.get("is_archive")), "account_id": call.portal.account_id}
    links = {"_links": self_link(call, f"/leads/pipelines/{pipeline_id}"), "_embedded": {"statuses": inside}}
    return {"id": pipeline_id, **head, **tail, **links}


def _ids(call: Call) -> list[int]:
    return [i for i, _ in sorted(call.store["pipeline"], key=lambda one: (one[1]["sort"], one[0]))]


def _known(call: Call, pipeline_id: Any) -> list[Wrong]:
    row = call.store["pipeline"].get(pipeline_id) if isinstance(pipeline_id, int) else None
    return [no_choice("id")] if row is None else []


def _wrongs_of_new(item: dict[str, Any]) -> list[Wrong]:
    found = [missing(key) for key in REQUIRED if item.get(key) is None]
    for place, one in enumerate(_statuses(item)):
        system = one.get("id") in (stages.WON, stages.LOST)
        path = f"_embedded.statuses.{place}"
        wrongs = statuses.wrongs_of_system(one) if system else statuses.wrongs_of_new(one)
        found += [Wrong(wrong.code, f"{path}.{wrong.path}", wrong.detail) for wrong in wrongs]
    return found or _wrongs(item)


def _wrongs(item: dict[str, Any]) -> list[Wrong]:
    found = []
    for key, (kind, word) in _TYPES.items():
        value = item.get(key)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            found.append(wrong_type(key, word))
    return found or ([missing("name")] if item.get("name") == "" else [])


def _make(call: Call, item: dict[str, Any]) -> int:
    given = _statuses(item)
    pipeline_id = opening.add_pipeline(
        call.portal, item["name"], is_unsorted_on=item["is_unsorted_on"], sort=item["sort"]
    )
    for one in given:
        if one.get("id") in (stages.WON, stages.LOST):
            found = stages.status(call.portal, pipeline_id, one["id"])
            assert found is not None
            call.store["status"].change(found[0], {"name": one["name"]})
        else:
            statuses.make(call, pipeline_id, one)
    statuses.renumber(call, pipeline_id)
    _change(call, pipeline_id, {"is_main": item["is_main"]})
    return pipeline_id


def _change(call: Call, pipeline_id: int, item: Mapping[str, Any]) -> None:
    """A new main pipeline takes the mark from the old one; the mark cannot just be taken away."""
    table = call.store["pipeline"]
    changes = {key: item[key] for key in (*REQUIRED, "is_archive") if item.get(key) is not None}
    if not changes.pop("is_main", False):
        table.change(pipeline_id, changes)
        return
    for other, row in table:
        if row["is_main"]:
            table.change(other, {"is_main": False})
    table.change(pipeline_id, changes | {"is_main": True})


def _statuses(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    inside = item.get("_embedded")
    given = inside.get("statuses") if isinstance(inside, Mapping) else None
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
