"""The offline queue of events: one row an object and event, fetched by the application when it likes.

Rests on the vendor's pages "Offline Events", event.offline.get, .list, .clear, .error and OnOfflineEvent. Confirmation
(`clear=0`) wants the plan feature `rest_offline_extended`, `auth_connector` wants `rest_auth_connector`.
"""

from __future__ import annotations

import json
from typing import Any

from b24kit.sandbox.bitrix24 import moments, service, tablelist
from b24kit.sandbox.bitrix24.applications import made
from b24kit.sandbox.bitrix24.listing import Listing, find_ordered
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row

PAGE = 50
_KINDS = {"TIMESTAMP_X": "datetime", "EVENT_NAME": "string", "MESSAGE_ID": "string", "PROCESS_ID": "string"}
_FIELDS = tablelist.fields_of({"ID": "integer", **_KINDS, "ERROR": "integer"}, {"PROCESS_ID": "", "ERROR": 0})


def put(portal: FakePortal, client_id: str, connector: str, event: str, data: dict[str, Any]) -> None:
    """Queue a change: the row of the same object and event that nobody has reserved is moved to the present."""
    table = portal.store["offline_event"]
    body = json.dumps(data, sort_keys=True)
    key = f"{client_id}|{connector}|{event}|{body}"
    now = moments.now(portal)
    for row_id in table.find("KEY", key):
        if not table.rows[row_id].get("PROCESS_ID"):
            table.change(row_id, {"TIMESTAMP_X": now})
            return
    number = table.last_id + 1
    row: Row = {"KEY": key, "APP": client_id, "CONNECTOR": connector, "EVENT_NAME": event, "EVENT_DATA": data}
    table.add(row | {"TIMESTAMP_X": now, "MESSAGE_ID": made("message", str(number))})


def may_ring(portal: FakePortal, number: int, row: Row) -> bool:
    """Whether a handler of ONOFFLINEEVENT may be called again: not sooner than `minTimeout` seconds (1 by default)."""
    options = row.get("OPTIONS")
    least = float(options.get("minTimeout", 1)) if isinstance(options, dict) else 1.0
    now = portal.now().timestamp()
    if now - float(row.get("RANG", 0)) < least:
        return False
    portal.store["handler"].change(number, {"RANG": now})
    return True


@method("event.offline.get", scope=None, application=True, admin=True)
def offline_get(call: Call) -> Answer:
    """event.offline.get: the first rows; they go at once (`clear=1`, the default) or stay reserved under a process."""
    clear = whole(call.param("clear", default=1)) != 0
    process = str(call.param("process_id", default="") or "")
    if not clear:
        require_feature(call, "rest_offline_extended")
    if call.param("auth_connector"):
        require_feature(call, "rest_auth_connector")
    table = call.portal.store["offline_event"]
    errors = whole(call.param("error", default=0)) != 0
    limit = whole(call.param("limit", default=PAGE)) or PAGE
    order = tablelist.upper_keys(call.param("order")) or {"TIMESTAMP_X": "ASC"}
    found = _matching(call, order)
    free = [i for i in found if not table.rows[i].get("PROCESS_ID") and bool(table.rows[i].get("ERROR")) is errors]
    taken = free[:limit]
    told = [_shown(call.portal, i, table.rows[i]) for i in taken]
    if clear:
        for row_id in taken:
            table.remove(row_id)
        return Answer({"process_id": None, "events": told})
    process = process or made("process", f"{taken[0] if taken else 0}/{call.portal.now().timestamp()}/{len(table)}")
    for row_id in taken:
        table.change(row_id, {"PROCESS_ID": process, "ERROR": 0})
    return Answer({"process_id": process, "events": told})


@method("event.offline.list", scope=None, application=True, admin=True)
def offline_list(call: Call) -> Answer:
    """event.offline.list: looks at the queue without touching it."""
    found = _matching(call, tablelist.upper_keys(call.param("order")) or {"ID": "ASC"})
    start = max(0, whole(call.param("start", default=0)))
    rows = call.portal.store["offline_event"].rows
    page = [
        _shown(call.portal, i, rows[i])
        | {"PROCESS_ID": rows[i].get("PROCESS_ID", ""), "ERROR": str(rows[i].get("ERROR", 0))}
        for i in found[start : start + PAGE]
    ]
    more = start + PAGE if start + PAGE < len(found) else None
    return Answer(page, total=len(found), next=more)


@method("event.offline.clear", scope=None, application=True, admin=True)
def offline_clear(call: Call) -> Answer:
    """event.offline.clear: rows of a process are done with; all of them unless `id` or `message_id` names some."""
    table = call.portal.store["offline_event"]
    for row_id in _reserved(call):
        table.remove(row_id)
    return Answer(True)


@method("event.offline.error", scope=None, application=True, admin=True)
def offline_error(call: Call) -> Answer:
    """event.offline.error: rows of a process that could not be worked on; `error=1` brings them again."""
    if not call.param("message_id"):
        raise Fault("ERROR_ARGUMENT", "Required parameter message_id is empty")
    table = call.portal.store["offline_event"]
    for row_id in _reserved(call):
        table.change(row_id, {"PROCESS_ID": "", "ERROR": 1})
    return Answer(True)


def require_feature(call: Call, code: str) -> None:
    """Refuse what the portal's plan does not hold (feature.get tells)."""
    if not service.has_feature(call.portal, code):
        raise Fault("ACCESS_DENIED", f"REST feature {code} is not available on your plan", 403)


def _matching(call: Call, order: dict[str, Any]) -> list[int]:
    view = Listing(call.portal, call.portal.store["offline_event"], _FIELDS)
    connector = str(call.param("auth_connector", default="") or "")
    rows = call.portal.store["offline_event"].rows
    wanted = tablelist.upper_keys(call.param("filter"))
    return [
        i
        for i in find_ordered(view, wanted, order)
        if rows[i]["APP"] == call.client_id and rows[i]["CONNECTOR"] == connector
    ]


def _reserved(call: Call) -> list[int]:
    process = str(call.param("process_id", default="") or "")
    if not process:
        raise Fault("ERROR_ARGUMENT", "Required parameter process_id is empty")
    ids, messages = _listed(call.param("id")), _listed(call.param("message_id"))
    return [
        row_id
        for row_id, row in call.portal.store["offline_event"]
        if row["APP"] == call.client_id
        and row.get("PROCESS_ID") == process
        and (not ids or str(row_id) in ids)
        and (not messages or row["MESSAGE_ID"] in messages)
    ]


def _listed(sent: Any) -> set[str]:
    values = sent.values() if isinstance(sent, dict) else sent if isinstance(sent, list) else [sent] if sent else []
    return {str(value) for value in values}


def _shown(portal: FakePortal, row_id: int, row: Row) -> Row:
    told: Row = {"ID": str(row_id), "TIMESTAMP_X": moments.shown(portal, row["TIMESTAMP_X"])}
    told |= {"EVENT_NAME": row["EVENT_NAME"], "EVENT_DATA": row["EVENT_DATA"], "EVENT_ADDITIONAL": False}
    return told | {"MESSAGE_ID": row["MESSAGE_ID"]}
