"""Activities as crm.activity.list gives them, into records; letters with the envelope the mailbox left in SETTINGS.

That SETTINGS holds EMAIL_META and MESSAGE_HEADERS is no part of the vendor's pages; the official PHP library reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from b24kit.connectors.bitrix24.fieldnames import names
from b24kit.connectors.bitrix24.methods import OWNER_KINDS
from b24kit.connectors.bitrix24.wirevalues import Row, filled, ident, mapping, moment, number, text, yes
from b24kit.crm.activity import Activity, Channel, Direction, Letter
from b24kit.crm.refs import Kind, Ref

_MEETING, _CALL, _TASK, EMAIL, _PROVIDED = "1", "2", "3", "4", "6"
TODO_PROVIDER = "CRM_TODO"
_CHANNELS = {_MEETING: Channel.MEETING, _CALL: Channel.CALL, _TASK: Channel.TASK, EMAIL: Channel.EMAIL}
_PROVIDED_CHANNELS = {
    TODO_PROVIDER: Channel.TODO,
    "CRM_TASKS_TASK": Channel.TASK,
    "TASKS": Channel.TASK,
    "CRM_EMAIL": Channel.EMAIL,
    "VOXIMPLANT_CALL": Channel.CALL,
}
_DIRECTIONS = {"1": Direction.IN, "2": Direction.OUT}

ACTIVITY_SELECT = names(
    """ID OWNER_ID OWNER_TYPE_ID TYPE_ID PROVIDER_ID PROVIDER_TYPE_ID SUBJECT DIRECTION COMPLETED CREATED START_TIME
    END_TIME DEADLINE RESPONSIBLE_ID STATUS PRIORITY AUTHOR_ID ORIGIN_ID ORIGINATOR_ID SETTINGS COMMUNICATIONS"""
)
# Bodies are long: asked for only where they are wanted.
TEXT_SELECT = ("DESCRIPTION", "DESCRIPTION_TYPE")

_NAMED = frozenset(
    names("""ID OWNER_ID OWNER_TYPE_ID TYPE_ID SUBJECT DIRECTION COMPLETED CREATED START_TIME DEADLINE RESPONSIBLE_ID
    DESCRIPTION SETTINGS""")
)
_META = {"from": "sender", "to": "to", "cc": "cc", "replyTo": "reply_to", "__email": "mailbox"}


def to_activity(row: Row, bindings: Iterable[Row] | None = None) -> Activity | None:
    """A row of crm.activity.list, with the rows of crm.activity.binding.list where they were asked for.

    None when it belongs to no card that b24kit knows (an invoice, a smart process).
    """
    bound = None if bindings is None else tuple(filter(None, map(_binding, bindings)))
    card = _owner(row) or (bound[0] if bound else None)
    if card is None:
        return None
    channel = channel_of(row)
    return Activity(
        id=str(row["ID"]),
        channel=channel,
        direction=_DIRECTIONS.get(text(row.get("DIRECTION")), Direction.NONE),
        subject=text(row.get("SUBJECT")),
        card=card,
        done=yes(row.get("COMPLETED")),
        created=moment(row.get("CREATED")),
        start=moment(row.get("START_TIME")),
        deadline=moment(row.get("DEADLINE")),
        responsible=ident(row.get("RESPONSIBLE_ID")),
        text=text(row["DESCRIPTION"]) if "DESCRIPTION" in row else None,
        letter=_letter(row) if channel is Channel.EMAIL else None,
        bindings=bound,
        extra=_extra(row, channel),
    )


def channel_of(row: Row) -> Channel:
    """What kind of work it is: by the vendor's type, and for provided types by the provider."""
    provided = _PROVIDED_CHANNELS.get(text(row.get("PROVIDER_ID")), Channel.OTHER)
    return _CHANNELS.get(text(row.get("TYPE_ID")), provided)


def channel_filter(channel: Channel) -> dict[str, Any]:
    """The filter of crm.activity.list that leaves activities of one channel."""
    if channel is Channel.TODO:
        return {"TYPE_ID": int(_PROVIDED), "PROVIDER_ID": TODO_PROVIDER}
    if channel is Channel.TASK:  # older portals type 3, newer ones a provided type
        return {"@TYPE_ID": [int(_TASK), int(_PROVIDED)], "@PROVIDER_ID": ["CRM_TASKS_TASK", "TASKS"]}
    for number_, found in _CHANNELS.items():
        if found is channel:
            return {"TYPE_ID": int(number_)}
    return {}


def _owner(row: Row) -> Ref | None:
    return _ref(row.get("OWNER_TYPE_ID"), row.get("OWNER_ID"))


def _binding(row: Row) -> Ref | None:
    return _ref(row.get("entityTypeId"), row.get("entityId"))


def _ref(owner_type: Any, owner: Any) -> Ref | None:
    kind: Kind | None = OWNER_KINDS.get(number(owner_type))
    found = ident(owner)
    return Ref(kind, found) if kind and found else None


def _letter(row: Row) -> Letter:
    settings = mapping(row.get("SETTINGS"))
    meta = mapping(settings.get("EMAIL_META"))
    told = {ours: text(meta.get(theirs)) for theirs, ours in _META.items()}
    headers = {name: _header(value) for name, value in mapping(settings.get("MESSAGE_HEADERS")).items()}
    return Letter(**{**told, "sender": told["sender"] or _correspondent(row)}, headers=headers)


def _correspondent(row: Row) -> str:
    """Who wrote, as the card remembers it: older letters carry no EMAIL_META."""
    if text(row.get("DIRECTION")) != "1":
        return ""
    known = [item for item in row.get("COMMUNICATIONS") or () if text(item.get("TYPE")) in ("EMAIL", "")]
    return text(known[0].get("VALUE")) if known else ""


def _header(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else text(value)


def _extra(row: Row, channel: Channel) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in _NAMED and filled(value)}
    kept["TYPE_ID"] = text(row.get("TYPE_ID"))
    settings = mapping(row.get("SETTINGS"))
    if channel is Channel.EMAIL:
        settings = _without_letter(settings)
    return kept | ({"SETTINGS": settings} if settings else {})


def _without_letter(settings: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in settings.items() if name not in ("EMAIL_META", "MESSAGE_HEADERS")}
    unnamed = {
        name: value
        for name, value in mapping(settings.get("EMAIL_META")).items()
        if name not in _META and filled(value)
    }
    return rest | ({"EMAIL_META": unnamed} if unnamed else {})
