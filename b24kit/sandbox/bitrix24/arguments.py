"""What a caller sent, made even: arrays in any of their forms, the id of a card, the `fields` of a write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24.registry import Call, Fault
from b24kit.sandbox.bitrix24.tables import CARD_TABLES
from b24kit.sandbox.bitrix24.values import whole


def listed(sent: Any) -> list[Any]:
    """An array parameter however it came: a list, a map by number from a PHP form, or one bare value."""
    if isinstance(sent, Mapping):
        return list(sent.values())
    if isinstance(sent, list):
        return sent
    return [] if sent in (None, "") else [sent]


def card_id(call: Call, type_id: int) -> int:
    """The id of an existing card, or the vendor's refusal."""
    found = whole(call.param("id"))
    if found <= 0:
        raise Fault("", "ID is not defined or invalid.")
    if call.portal.store[CARD_TABLES[type_id]].get(found) is None:
        raise Fault("", "Not found")
    return found


def sent_fields(call: Call) -> Mapping[str, Any]:
    """`fields` of an add or update. A list is an array to PHP too, one that names no field: `[]`, or `fields[]=`."""
    sent = call.param("fields", default={})
    if isinstance(sent, list):
        return {}
    if not isinstance(sent, Mapping):
        raise Fault("", "Parameter 'fields' must be array.")
    return sent
