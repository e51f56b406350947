"""What stands on a Bitrix24 portal so that we hear of events, and the calls that put it there and take it away.

Rests on the vendor's pages event.bind, event.unbind, event.get, "Offline Events", bizproc.robot.add and
crm.automation.trigger.add. All of it lives in an application: an incoming webhook sees and makes none of it. A robot is
registered as NOT waiting: one that waits holds up the card's automation whenever nobody answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from b24kit.connectors.bitrix24.asking import ask, result_of
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.wirevalues import number, rows_of, text, yes
from b24kit.connectors.commands import Command
from b24kit.crm.refs import Kind
from b24kit.crm.subscription import Manner, Palette, Subscription, shown_address
from b24kit.crm.writes import Create, Delete, Write
from b24kit.errors import NotAllowed, UsageError

RestCall = tuple[str, dict[str, Any]]

CONNECTOR = "b24kit"  # auth_connector: our own writes that carry it are not queued for us
EVENTS = (
    *("ONCRMLEADADD", "ONCRMLEADUPDATE", "ONCRMLEADDELETE", "ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALDELETE"),
    *("ONCRMACTIVITYADD", "ONCRMACTIVITYUPDATE"),
)
CONFIRMED_QUEUE = "rest_offline_extended"  # feature.get: rows may be reserved and confirmed
CONNECTORS = "rest_auth_connector"
_ROBOT_ON = (["crm", "CCrmDocumentLead"], ["crm", "CCrmDocumentDeal"])
_EVENT, _ROBOTS = Command("events", "event.get"), Command("robots", "bizproc.robot.list")
_TRIGGERS = Command("triggers", "crm.automation.trigger.list")


def subscription_id(sort: str, name: str, address: str | None) -> str:
    """The portal gives handlers no ids: one is made of what it is, and of a print of the address that it calls.

    >>> subscription_id("robot", "b24kit_look", None)
    'robot/b24kit_look'
    """
    if not address:
        return f"{sort}/{name}"
    return f"{sort}/{name}/{blake2b(address.encode(), digest_size=4, person=b'b24kit').hexdigest()}"


def standing(client: RestClient, receiver: str | None) -> list[Subscription]:
    """Handlers, queues, robots and triggers of this application; parts that its scopes do not open are left out."""
    outcomes = ask(client, [_EVENT, _ROBOTS, _TRIGGERS])
    readers: tuple[tuple[Command, Callable[[Any], list[Subscription]]], ...] = (
        (_EVENT, lambda result: [_of_row(row, receiver) for row in rows_of(result)]),
        (_ROBOTS, lambda result: [_ours("robot", str(code)) for code in result or ()]),
        (_TRIGGERS, lambda result: [_ours("trigger", text(row.get("CODE"))) for row in rows_of(result)]),
    )
    found: list[Subscription] = []
    for command, read in readers:
        try:
            found += read(result_of(command, outcomes.get(command.key)))
        except NotAllowed:
            if command is _EVENT:
                raise
    return found


def wanted(manner: Manner, palette: Sequence[Palette], receiver: str | None) -> list[Subscription]:
    """What has to stand there; UsageError when messages are to be sent to nowhere."""
    if (manner is Manner.PUSHED or any(one.sort == "robot" for one in palette)) and not receiver:
        raise UsageError("robots_no_receiver")
    found: list[Subscription] = []
    if manner is Manner.PUSHED:
        found += [_handler(event, receiver or "", ours=True) for event in EVENTS]
    elif manner is Manner.QUEUED:
        found += [_queue(event) for event in EVENTS]
    return found + [_ours(one.sort, one.code) for one in palette]


def manners(client: RestClient) -> tuple[Manner, ...]:
    """What the portal's plan allows an application: a queue only where its rows can be confirmed (feature.get)."""
    features = {code: Command(code, "feature.get", {"CODE": code}) for code in (CONFIRMED_QUEUE, CONNECTORS)}
    outcomes = ask(client, list(features.values()))
    held = {code: result_of(command, outcomes.get(code)) for code, command in features.items()}
    queued = all(isinstance(told, Mapping) and yes(told.get("value")) for told in held.values())
    return (Manner.PUSHED, *((Manner.QUEUED,) if queued else ()), Manner.POLLED)


def with_address(write: Write, receiver: str | None) -> Write:
    """The write with the full address in it, which plans and journals never hold."""
    if isinstance(write, Create) and write.kind is Kind.SUBSCRIPTION:
        return replace(write, values=dict(write.values) | {"address": receiver or ""})
    if isinstance(write, Delete) and write.ref.kind is Kind.SUBSCRIPTION:
        return replace(write, before=dict(write.before) | {"address": receiver or ""})
    return write


def creation(write: Create) -> RestCall:
    """The call that makes one subscription."""
    values = write.values
    sort, name, address = values["sort"], values["name"], text(values.get("address"))
    if sort in ("event", "robot") and not address:
        raise UsageError("robots_no_receiver")
    if sort == "event":
        return "event.bind", {"event": name, "handler": address}
    if sort == "queue":
        # The page's table marks `handler` as required; its own text on offline events binds without one.
        return "event.bind", {"event": name, "event_type": "offline", "auth_connector": CONNECTOR}
    if sort == "trigger":
        return "crm.automation.trigger.add", {"CODE": name, "NAME": values.get("label") or name}
    if sort != "robot":
        raise UsageError("kind_not_creatable", kind=f"subscription {sort}")
    # The machine-readable page asks for PLACEMENT_HANDLER too, which only USE_PLACEMENT=Y has a use for.
    return "bizproc.robot.add", {
        "CODE": name,
        "HANDLER": address,
        "NAME": values.get("label") or name,
        "USE_SUBSCRIPTION": "N",
        "FILTER": {"INCLUDE": [list(one) for one in _ROBOT_ON]},
    }


def deletion(write: Delete) -> RestCall:
    """The call that takes one subscription away again: exactly this one."""
    sort, _, rest = write.ref.id.partition("/")
    name, address = rest.partition("/")[0], text(write.before.get("address"))
    if sort == "event":
        if subscription_id(sort, name, address) != write.ref.id:
            raise UsageError("robots_foreign_handler", event=name)
        # auth_type 0: only handlers that speak for whoever acted; without it those of single people would go as well.
        return "event.unbind", {"event": name, "handler": address, "auth_type": 0}
    if sort == "queue":
        return "event.unbind", {"event": name, "event_type": "offline"}
    if sort == "trigger":
        return "crm.automation.trigger.delete", {"CODE": name}
    if sort == "robot":
        return "bizproc.robot.delete", {"CODE": name}
    raise UsageError("kind_not_deletable", kind=f"subscription {sort}")


def made_id(write: Create) -> str:
    """The id of what a creation made; the portal's answer tells none."""
    sort, name = str(write.values["sort"]), str(write.values["name"])
    return subscription_id(sort, name, text(write.values.get("address")) if sort == "event" else None)


def _of_row(row: Mapping[str, Any], receiver: str | None) -> Subscription:
    event = text(row.get("event")).upper()
    if number(row.get("offline")):
        return _queue(event)
    handler = text(row.get("handler"))
    return _handler(event, handler, ours=handler == receiver)


def _handler(event: str, address: str, *, ours: bool) -> Subscription:
    where = shown_address(address)
    return Subscription(
        id=subscription_id("event", event, address), sort="event", name=event, hears=(event,), address=where, ours=ours
    )


def _queue(event: str) -> Subscription:
    return Subscription(id=subscription_id("queue", event, None), sort="queue", name=event, hears=(event,), ours=True)


def _ours(sort: str, code: str) -> Subscription:
    return Subscription(id=subscription_id(sort, code, None), sort=sort, name=code, ours=True)
