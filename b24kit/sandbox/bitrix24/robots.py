"""bizproc.robot.add, update, list, delete and bizproc.event.send: sorts of robots that an application brings along.

Registering places a robot nowhere: that is done by hand (`settings["robots"]`, see `automation.py`). Without an
explicit USE_SUBSCRIPTION=N a robot WAITS for the application's answer, and the card's automation with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from b24kit.sandbox.bitrix24.applications import made
from b24kit.sandbox.bitrix24.event_names import ROBOT_RUN
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.store import Row

_CODE = re.compile(r"[A-Za-z0-9._-]+")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DOCUMENTS = {1: ("CCrmDocumentLead", "LEAD"), 2: ("CCrmDocumentDeal", "DEAL")}
_WRONG = "ERROR_ACTIVITY_VALIDATION_FAILURE"


@method("bizproc.robot.add", scope="bizproc", application=True, admin=True)
def add(call: Call) -> Answer:
    """bizproc.robot.add: a code once an application."""
    code = _code(call)
    row = _checked({str(name).upper(): value for name, value in call.params.items()})
    if _find(call, code) is not None:
        raise Fault("ERROR_ACTIVITY_ALREADY_INSTALLED", "Activity or Automation rule already installed!")
    call.portal.store["app_robot"].add(row | {"APP": call.client_id, "CODE": code})
    return Answer(True)


@method("bizproc.robot.update", scope="bizproc", application=True, admin=True)
def update(call: Call) -> Answer:
    """bizproc.robot.update: FIELDS that are given replace the old ones."""
    number = _known(call)
    fields = call.param("FIELDS")
    if not isinstance(fields, Mapping) or not fields:
        raise Fault(_WRONG, "Empty data!")
    row = {**call.portal.store["app_robot"].rows[number], **{str(k).upper(): v for k, v in fields.items()}}
    call.portal.store["app_robot"].change(number, _checked(row))
    return Answer(True)


@method("bizproc.robot.list", scope="bizproc", application=True, admin=True)
def listed(call: Call) -> Answer:
    """bizproc.robot.list: codes and nothing else."""
    return Answer([row["CODE"] for _, row in _own(call)])


@method("bizproc.robot.delete", scope="bizproc", application=True, admin=True)
def delete(call: Call) -> Answer:
    """bizproc.robot.delete: where it stands on stages it stays, without effect."""
    call.portal.store["app_robot"].remove(_known(call))
    return Answer(True)


@method("bizproc.event.send", scope="bizproc")
def send(call: Call) -> Answer:
    """bizproc.event.send: the answer that a waiting robot waits for; a token is good for one answer."""
    token = str(call.param("EVENT_TOKEN", default="") or "")
    table = call.portal.store[ROBOT_RUN]
    found = next((number for number, row in table if row["TOKEN"] == token and row["WAITS"]), None)
    if found is None:
        raise Fault("ACCESS_DENIED", "Access denied!", 403)
    values = call.param("RETURN_VALUES")
    table.change(found, {"WAITS": False, "RETURNED": dict(values) if isinstance(values, Mapping) else {}})
    return Answer(True)


def run(portal: FakePortal, code: str, type_id: int, card_id: int, properties: dict[str, Any]) -> None:
    """A card has reached a robot of this code; the application is called, and waited for unless told otherwise."""
    found = next(((n, row) for n, row in portal.store["app_robot"] if row["CODE"] == code), None)
    if found is None or type_id not in _DOCUMENTS:
        return
    number, row = found
    entity, word = _DOCUMENTS[type_id]
    table = portal.store[ROBOT_RUN]
    name = str(table.last_id + 1)
    started: Row = {"ROBOT": number, "WORKFLOW": made("workflow", name), "TOKEN": made("event", name)}
    started |= {"DOCUMENT_ID": ["crm", entity, f"{word}_{card_id}"], "DOCUMENT_TYPE": ["crm", entity, word]}
    # "empty = waits": only an explicit N frees the card's automation.
    waits = str(row.get("USE_SUBSCRIPTION") or "").upper() not in ("N", "FALSE", "0")
    table.add(started | {"PROPERTIES": properties, "WAITS": waits})


def _own(call: Call) -> Iterator[tuple[int, Row]]:
    for number, row in call.portal.store["app_robot"]:
        if row["APP"] == call.client_id:
            yield number, row


def _find(call: Call, code: str) -> int | None:
    return next((number for number, row in _own(call) if row["CODE"] == code), None)


def _known(call: Call) -> int:
    found = _find(call, _code(call))
    if found is None:
        raise Fault("ERROR_ACTIVITY_NOT_FOUND", "Activity or Automation rule not found!")
    return found


def _code(call: Call) -> str:
    code = str(call.param("CODE", default="") or "")
    if not code:
        raise Fault(_WRONG, "Empty activity code!")
    if not _CODE.fullmatch(code):
        raise Fault(_WRONG, "Wrong activity code!")
    return code


def _checked(given: Mapping[str, Any]) -> Row:
    known = ("HANDLER", "AUTH_USER_ID", "USE_SUBSCRIPTION", "NAME", "DESCRIPTION", "PROPERTIES", "RETURN_PROPERTIES")
    row = {name: given[name] for name in (*known, "DOCUMENT_TYPE", "FILTER", "USE_PLACEMENT") if name in given}
    _check_handler(str(row.get("HANDLER") or ""))
    if not row.get("NAME"):
        raise Fault(_WRONG, "Empty activity NAME!")
    for name in ("PROPERTIES", "RETURN_PROPERTIES"):
        for key in _properties(row.get(name)):
            if not _KEY.fullmatch(key):
                raise Fault(_WRONG, f"Wrong property key {key}!")
    return row


def _properties(given: Any) -> list[str]:
    if given in (None, "", []):
        return []
    if not isinstance(given, Mapping):
        raise Fault(_WRONG, "Wrong properties array!")
    return [str(key) for key in given]


def _check_handler(handler: str) -> None:
    parts = urlsplit(handler)
    if not handler or not parts.hostname:
        raise Fault("ERROR_WRONG_HANDLER_URL", "Wrong handler URL")
    if parts.scheme not in ("http", "https"):
        raise Fault("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported handler protocol")
