"""Small directories of an account: loss reasons and sources.

Rests on the vendor's page "Sources" and, for loss reasons, on its PHP library: no page tells of them. An integration
sees and changes only its own sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm.conditions import listed
from b24kit.sandbox.amocrm.opening import main_pipeline
from b24kit.sandbox.amocrm.problems import Wrong, checked, elements, missing, no_choice, request_ids, single
from b24kit.sandbox.amocrm.registry import NOTHING, Answer, Call, Problem, route
from b24kit.sandbox.amocrm.wire import dictionary, embedded, self_link

MOST_SOURCES, SOURCES_AT_ONCE = 100, 50
LONGEST_EXTERNAL_ID = 36


@route("GET", "/leads/loss_reasons")
def reasons(call: Call) -> Answer:
    """All loss reasons in their order; 204 when there are none."""
    table = call.store["loss_reason"]
    ids = [i for i, _ in sorted(table, key=lambda one: (one[1]["sort"], one[0]))]
    return dictionary(call, "loss_reasons", ids, lambda i: reason_row(call, i)) if ids else NOTHING


@route("GET", "/leads/loss_reasons/{id}")
def reason(call: Call) -> Answer:
    """One loss reason, or 204."""
    return NOTHING if call.row("loss_reason") is None else Answer(reason_row(call, call.number()))


@route("POST", "/leads/loss_reasons")
def add_reasons(call: Call) -> Answer:
    """New loss reasons; they cannot be changed afterwards."""
    items, table = elements(call.body), call.store["loss_reason"]
    checked(items, lambda item: [] if item.get("name") else [missing("name")])
    rows = []
    for name, item in request_ids(items):
        now = call.portal.unix()
        sort = item.get("sort") or (len(table) + 1) * 10
        reason_id = table.add({"name": item["name"], "sort": sort, "created_at": now, "updated_at": now})
        rows.append({**reason_row(call, reason_id), "request_id": name})
    return Answer(embedded(call, "loss_reasons", rows, _total_items=len(rows)), items=len(rows))


@route("DELETE", "/leads/loss_reasons/{id}")
def remove_reason(call: Call) -> Answer:
    """A loss reason goes; closed leads keep its number."""
    if call.row("loss_reason") is None:
        raise Problem(404, "Loss reason not found")
    call.store["loss_reason"].remove(call.number())
    return Answer(None, 204)


def reason_row(call: Call, reason_id: int) -> dict[str, Any]:
    """A loss reason as it is read."""
    row = call.store["loss_reason"].rows[reason_id]
    return {"id": reason_id, **row, "_links": self_link(call, f"/leads/loss_reasons/{reason_id}")}


@route("GET", "/sources")
def sources(call: Call) -> Answer:
    """The integration's own sources; 204 when it has none."""
    wanted, ids = call.query.get("filter"), _own(call)
    if isinstance(wanted, Mapping) and "external_id" in wanted:
        names = set(listed(wanted["external_id"]))
        ids = [i for i in ids if call.store["source"].rows[i]["external_id"] in names]
    return dictionary(call, "sources", ids, lambda i: source_row(call, i)) if ids else NOTHING


@route("GET", "/sources/{id}")
def source(call: Call) -> Answer:
    """One source."""
    return Answer(source_row(call, _known(call)))


@route("POST", "/sources")
def add_sources(call: Call) -> Answer:
    """New sources; the external id must be new."""
    items, table = elements(call.body), call.store["source"]
    if len(items) > SOURCES_AT_ONCE or len(_own(call)) + len(items) > MOST_SOURCES:
        raise Problem(422, f"Limit {MOST_SOURCES} sources per integration")
    checked(items, lambda item: _wrongs(call, item))
    rows = []
    for name, item in request_ids(items):
        row = {"name": item["name"], "external_id": str(item["external_id"]), "integration": call.integration}
        row |= {"pipeline_id": item.get("pipeline_id") or main_pipeline(call.portal)}
        row |= {"default": bool(item.get("default")), "origin_code": item.get("origin_code")}
        source_id = table.add(row | {"services": item.get("services") or []})
        rows.append({**source_row(call, source_id), "request_id": name})
    return Answer(embedded(call, "sources", rows, _total_items=len(rows)), items=len(rows))


@route("PATCH", "/sources/{id}")
def change_source(call: Call) -> Answer:
    """A changed source; its external id stays."""
    source_id, item = _known(call), single(call.body)
    keys = ("name", "pipeline_id", "default", "services")
    call.store["source"].change(source_id, {key: item[key] for key in keys if item.get(key) is not None})
    return Answer(source_row(call, source_id))


@route("PATCH", "/sources")
def change_sources(call: Call) -> Answer:
    """Changes of many sources, each with its id."""
    items = elements(call.body)
    checked(items, lambda item: [] if item.get("id") in _own(call) else [no_choice("id")])
    keys = ("name", "pipeline_id", "default", "services")
    rows = []
    for name, item in request_ids(items):
        call.store["source"].change(item["id"], {key: item[key] for key in keys if item.get(key) is not None})
        rows.append({**source_row(call, item["id"]), "request_id": name})
    return Answer(embedded(call, "sources", rows, _total_items=len(rows)), items=len(rows))


@route("DELETE", "/sources/{id}")
def remove_source(call: Call) -> Answer:
    """A source goes."""
    call.store["source"].remove(_known(call))
    return Answer(None, 204)


@route("DELETE", "/sources")
def remove_sources(call: Call) -> Answer:
    """Sources go, named by the ids of the body's elements."""
    items = elements(call.body)
    checked(items, lambda item: [] if item.get("id") in _own(call) else [no_choice("id")])
    for item in items:
        call.store["source"].remove(item["id"])
    return Answer(None, 204)


def source_row(call: Call, source_id: int) -> dict[str, Any]:
    """A source as it is read."""
    row = call.store["source"].rows[source_id]
    keys = ("name", "pipeline_id", "external_id", "default", "origin_code", "services")
    return {"id": source_id, **{key: row[key] for key in keys}, "_links": self_link(call, f"/sources/{source_id}")}


def _own(call: Call) -> list[int]:
    return [i for i, row in call.store["source"] if row.get("integration") == call.integration]


def _known(call: Call) -> int:
    if call.number() not in _own(call):
        raise Problem(404, "Source not found")
    return call.number()


def _wrongs(call: Call, item: Mapping[str, Any]) -> list[Wrong]:
    found = [missing(key) for key in ("name", "external_id") if not item.get(key)]
    external = str(item.get("external_id"))
    if any(row["external_id"] == external for _, row in call.store["source"]):
        found.append(Wrong("SourceAlreadyExists", "external_id", "Source already exists."))
    if len(external) > LONGEST_EXTERNAL_ID or not external.isascii() or not external.isprintable():
        found.append(no_choice("external_id"))
    pipeline_id = item.get("pipeline_id")
    if pipeline_id is not None and call.store["pipeline"].get(pipeline_id) is None:
        found.append(no_choice("pipeline_id"))
    return found
