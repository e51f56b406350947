"""Statuses of a pipeline: list, read, add, change, delete, with the palette and the renumbering of sorts.

Rests on the vendor's page "Lead pipelines and stages": of 142 and 143 only the name may be written; leads of a
deleted status silently move to the first one; `sort` is a wish, the account numbers the board anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm import hints, opening, stages
from b24kit.sandbox.amocrm.problems import (
    Wrong,
    checked,
    elements,
    invalid,
    invalid_one,
    missing,
    no_choice,
    not_expected,
    request_ids,
    single,
    wrong_type,
)
from b24kit.sandbox.amocrm.registry import Answer, Call, Problem, route
from b24kit.sandbox.amocrm.rights import require_admin
from b24kit.sandbox.amocrm.wire import dictionary, embedded, self_link
from b24kit.sandbox.store import Row

MOST = 100  # with the three that the account made
_PALETTE = """
#fffeb2 #fffd7f #fff000 #ffeab2 #ffdc7f #ffce5a #ffdbdb #ffc8c8 #ff8f92 #d6eaff #c1e0ff #98cbff #ebffb1 #deff81 #87f2c0
#f9deff #f3beff #ccc8f9 #eb93ff #f2f3f4 #e6e8ea
"""
PALETTE = tuple(_PALETTE.split())
BOARD = "/leads/pipelines/{pipeline_id}/statuses"


@route("GET", BOARD)
def all_statuses(call: Call) -> Answer:
    """The statuses of a pipeline, without the incoming one where the pipeline has it switched off."""
    pipeline_id = _pipeline(call)
    rows = [row for _, row in seen(call, pipeline_id)]
    return dictionary(call, "statuses", rows, lambda row: shown(call, row))


@route("GET", BOARD + "/{id}")
def one_status(call: Call) -> Answer:
    """One status."""
    found = stages.status(call.portal, _pipeline(call), call.number())
    if found is None:
        raise Problem(404, "Status not found")
    return Answer(shown(call, found[1]))


@route("POST", BOARD)
def add(call: Call) -> Answer:
    """New statuses."""
    require_admin(call)
    pipeline_id, items = _pipeline(call), elements(call.body)
    checked(items, wrongs_of_new)
    if len(stages.statuses(call.portal, pipeline_id)) + len(items) > MOST:
        raise Problem(422, f"Limit {MOST} statuses per pipeline")
    made = [(name, make(call, pipeline_id, item)) for name, item in request_ids(items)]
    renumber(call, pipeline_id)
    rows = [{**shown(call, call.store["status"].rows[i]), "request_id": name} for name, i in made]
    return Answer(embedded(call, "statuses", rows, _total_items=len(rows)), items=len(rows))


@route("PATCH", BOARD)
def change_many(call: Call) -> Answer:
    """Changes of many statuses, each with its id; no page of the vendor's tells of it."""
    require_admin(call)
    pipeline_id, items = _pipeline(call), elements(call.body)
    checked(items, lambda item: _wrongs_of_change(call, pipeline_id, item, item.get("id")))
    rows = [(name, _change(call, pipeline_id, item["id"], item)) for name, item in request_ids(items)]
    renumber(call, pipeline_id)
    told = [{**shown(call, row), "descriptions": hints.shown(call, row), "request_id": name} for name, row in rows]
    return Answer(embedded(call, "statuses", told, _total_items=len(told)), items=len(told))


@route("PATCH", BOARD + "/{id}")
def change(call: Call) -> Answer:
    """A change of one status; gives all of it."""
    require_admin(call)
    pipeline_id, item = _pipeline(call), single(call.body)
    if wrongs := _wrongs_of_change(call, pipeline_id, item, call.number()):
        raise invalid([{"request_id": "0", "errors": [wrong.told() for wrong in wrongs]}])
    row = _change(call, pipeline_id, call.number(), item)
    renumber(call, pipeline_id)
    return Answer({**shown(call, row), "descriptions": hints.shown(call, row), "request_id": "0"})


@route("DELETE", BOARD + "/{id}")
def remove(call: Call) -> Answer:
    """A status goes, its leads go to the first of those that stay. The account's own three stay."""
    require_admin(call)
    pipeline_id, status_id = _pipeline(call), call.number()
    found = stages.status(call.portal, pipeline_id, status_id)
    if found is None or not stages.is_ordinary(found[1]):
        raise invalid_one(no_choice("id"))
    rest = [row for _, row in stages.statuses(call.portal, pipeline_id) if stages.is_ordinary(row)]
    if len(rest) == 1:
        raise Problem(422, "The last status of a pipeline can not be deleted")
    call.store["status"].remove(found[0])
    leads, target = call.store["leads"], stages.first(call.portal, pipeline_id)
    for lead_id in leads.find("status_id", status_id):
        leads.change(lead_id, {"status_id": target})  # no event, no hook: the page says nothing of either
    forget_required(call, pipeline_id, status_id)
    renumber(call, pipeline_id)
    return Answer(None, 204)


def seen(call: Call, pipeline_id: int) -> list[tuple[int, Row]]:
    """The statuses that answers show."""
    on = call.store["pipeline"].rows[pipeline_id]["is_unsorted_on"]
    return [one for one in stages.statuses(call.portal, pipeline_id) if on or one[1]["type"] != stages.INCOMING]


def shown(call: Call, row: Row) -> dict[str, Any]:
    """A status as it is read."""
    head = {"id": row["status_id"], **{key: row[key] for key in ("name", "sort", "is_editable", "pipeline_id")}}
    place = f"/leads/pipelines/{row['pipeline_id']}/statuses/{row['status_id']}"
    tail = {"color": row["color"], "type": row["type"], "account_id": call.portal.account_id}
    more = {"descriptions": hints.shown(call, row)} if call.has("descriptions") else {}
    return {**head, **tail, **more, "_links": self_link(call, place)}


def make(call: Call, pipeline_id: int, item: Mapping[str, Any]) -> int:
    """A new status; gives its row id, which is its id."""
    row: Row = {"name": item["name"], "sort": item["sort"], "color": item.get("color") or PALETTE[0]}
    row["descriptions"] = hints.written(call, row, item.get("descriptions") or [])
    return opening.add_status(call.portal, {**row, "pipeline_id": pipeline_id})


def _change(call: Call, pipeline_id: int, status_id: int, item: Mapping[str, Any]) -> Row:
    found = stages.status(call.portal, pipeline_id, status_id)
    assert found is not None
    changes = {key: item[key] for key in ("name", "sort", "color") if item.get(key) is not None}
    if "descriptions" in item:
        changes["descriptions"] = hints.written(call, found[1], item["descriptions"] or [])
    call.store["status"].change(found[0], changes)
    return found[1]


def renumber(call: Call, pipeline_id: int) -> None:
    """Give the ordinary statuses the sorts 20, 30, 40 and so on in their order; the account's own keep theirs."""
    table = call.store["status"]
    ordinary = [row_id for row_id, row in stages.statuses(call.portal, pipeline_id) if stages.is_ordinary(row)]
    for place, row_id in enumerate(ordinary, 2):
        if table.rows[row_id]["sort"] != place * 10:
            table.change(row_id, {"sort": place * 10})


def forget_required(call: Call, pipeline_id: int, status_id: int | None) -> None:
    """Fields forget that a status (of a pipeline, or all of them) wanted them."""
    for field_id, row in call.store["custom_field"]:
        kept = [
            one for one in row.get("required_statuses") or []
            if one["pipeline_id"] != pipeline_id or status_id not in (None, one["status_id"])
        ]  # fmt: skip
        if len(kept) != len(row.get("required_statuses") or []):
            call.store["custom_field"].change(field_id, {"required_statuses": kept})


def wrongs_of_new(item: Mapping[str, Any]) -> list[Wrong]:
    """What is wrong with a new status."""
    return [missing(key) for key in ("name", "sort") if item.get(key) in (None, "")] or _wrongs(item)


def _wrongs_of_change(call: Call, pipeline_id: int, item: Mapping[str, Any], status_id: Any) -> list[Wrong]:
    found = stages.status(call.portal, pipeline_id, status_id) if isinstance(status_id, int) else None
    if found is None:
        return [no_choice("id")]
    return _wrongs(item) if stages.is_ordinary(found[1]) else wrongs_of_system(item)


def wrongs_of_system(item: Mapping[str, Any]) -> list[Wrong]:
    """What is wrong with a change of one of the account's own statuses: anything but a name and hints."""
    found = [not_expected(key) for key in item if key not in ("id", "name", "descriptions", "request_id")]
    return found + _wrongs(item)


def _wrongs(item: Mapping[str, Any]) -> list[Wrong]:
    found = [wrong_type("name", "string")] if not isinstance(item.get("name", ""), str) else []
    sort = item.get("sort")
    if sort is not None and (isinstance(sort, bool) or not isinstance(sort, int)):
        found.append(wrong_type("sort", "int"))
    if item.get("color") is not None and item["color"] not in PALETTE:
        found.append(no_choice("color"))
    return found + hints.wrongs(item)


def _pipeline(call: Call) -> int:
    if call.row("pipeline", "pipeline_id") is None:
        raise Problem(404, "Pipeline not found")
    return call.number("pipeline_id")
