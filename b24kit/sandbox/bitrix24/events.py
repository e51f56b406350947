"""event.bind, event.unbind, event.get, events, event.test: who is told of what. For applications only.

Rests on the vendor's pages of these methods: a person without administrator's rights binds only online handlers and
only for himself; the same handler a second time is refused; a removed application takes its handlers with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from b24kit.sandbox.bitrix24 import people, service
from b24kit.sandbox.bitrix24.event_names import EVENT_TEST, EVENTS, scope_of
from b24kit.sandbox.bitrix24.offline import require_feature
from b24kit.sandbox.bitrix24.registry import Answer, Call, Fault, method
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row


@method("events", scope=None, application=True)
def events(call: Call) -> Answer:
    """events: names that this application may hear of, or all of them with FULL, or those of one SCOPE."""
    if str(call.param("FULL", default="")).lower() in ("y", "true", "1"):
        return Answer(sorted(EVENTS))
    wanted = call.param("SCOPE")
    if wanted:
        return Answer(sorted(name for name in EVENTS if scope_of(name) == str(wanted)))
    return Answer(sorted(name for name in EVENTS if service.opens(call.scopes, scope_of(name))))


@method("event.bind", scope=None, application=True)
def bind(call: Call) -> Answer:
    """event.bind: a handler's address for online events, a queue (without an address) for offline ones."""
    event, offline = _event(call), _is_offline(call)
    if not service.opens(call.scopes, scope_of(event)):
        raise Fault("ERROR_EVENT_NOT_FOUND", "Event not found")
    handler, person = _address(call, offline=offline), whole(call.param("auth_type", default=0))
    connector = str(call.param("auth_connector", default="") or "") if offline else ""
    if not people.is_admin(call.portal, call.user_id) and call.portal.store["user"].rows:
        if offline or person not in (0, call.user_id):
            raise Fault("ACCESS_DENIED", "Access denied!", 403)
        person = call.user_id
    if connector:
        require_feature(call, "rest_auth_connector")
    row: Row = {"APP": call.client_id, "EVENT": event, "HANDLER": handler, "AUTH_TYPE": person, "CONNECTOR": connector}
    row |= {"OFFLINE": "Y" if offline else "N"}
    if any(old.items() >= row.items() for _, old in _own(call)):
        raise Fault("ERROR_EVENT_BINDING", "Unable to set event handler: Handler already binded")
    options = call.param("options")
    call.portal.store["handler"].add(row | ({"OPTIONS": dict(options)} if isinstance(options, dict) else {}))
    return Answer(True)


@method("event.unbind", scope=None, application=True, admin=True)
def unbind(call: Call) -> Answer:
    """event.unbind: every handler that fits what was given; `count` tells how many went."""
    event, offline = _event(call), _is_offline(call)
    handler, person = str(call.param("handler", default="") or ""), call.param("auth_type")
    if not handler and not offline:
        raise Fault("ERROR_ARGUMENT", "Required parameter handler is empty")
    connector = call.param("auth_connector")
    gone = [
        number
        for number, row in _own(call)
        if row["EVENT"] == event
        and (row["OFFLINE"] == "Y") is offline
        and (not handler or row["HANDLER"] == handler)
        and (person is None or row["AUTH_TYPE"] == whole(person))
        and (connector is None or row["CONNECTOR"] == str(connector))
    ]
    for number in gone:
        call.portal.store["handler"].remove(number)
    return Answer({"count": len(gone)})


@method("event.get", scope=None, application=True)
def get(call: Call) -> Answer:
    """event.get: this application's handlers; the person is a text here, `offline` a number."""
    return Answer([_shown(row) for _, row in _own(call)])


@method("event.test", scope=None, application=True)
def test(call: Call) -> Answer:
    """event.test: has an ONAPPTEST sent to the application's own handler of it."""
    query = {str(key): value for key, value in call.params.items() if str(key).lower() != "auth"}
    call.portal.store[EVENT_TEST].add({"APP": call.client_id, "QUERY": query})
    return Answer(True)


def is_handler(address: object) -> bool:
    """Whether the portal would call this address."""
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _own(call: Call) -> Iterator[tuple[int, Row]]:
    for number, row in call.portal.store["handler"]:
        if row["APP"] == call.client_id:
            yield number, row


def _event(call: Call) -> str:
    event = str(call.param("event", default="") or "").upper()
    if event not in EVENTS:
        raise Fault("ERROR_EVENT_NOT_FOUND", "Event not found")
    return event


def _is_offline(call: Call) -> bool:
    return str(call.param("event_type", default="") or "online").lower() == "offline"


def _address(call: Call, *, offline: bool) -> str:
    if offline:
        return ""
    handler = call.param("handler")
    if not is_handler(handler):
        raise Fault("ERROR_ARGUMENT", "Wrong handler URL")
    return str(handler)


def _shown(row: Row) -> dict[str, Any]:
    told: dict[str, Any] = {"event": row["EVENT"]}
    if row["OFFLINE"] == "N":
        told["handler"] = row["HANDLER"]
    elif row["CONNECTOR"]:
        told["connector_id"] = row["CONNECTOR"]
    return told | {"auth_type": str(row["AUTH_TYPE"]), "offline": 1 if row["OFFLINE"] == "Y" else 0}
