"""Operations that spoke of planned cards speak of cards that are there instead of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from b24kit.change.operation import CreateRecord, Operation, UpdateRecord


def renamed(operation: Operation, ids: Mapping[str, str], keys: set[str]) -> Operation:
    """An operation that speaks of cards that are there instead of planned ones; it waits for what is still planned."""
    operation = replace(operation, needs=tuple(key for key in operation.needs if key in keys))
    if isinstance(operation, UpdateRecord):
        return replace(operation, after=_values(operation.after, ids))
    if isinstance(operation, CreateRecord):
        return replace(operation, values=_values(operation.values, ids))
    return operation


def _values(values: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: renamed_ref(value, ids) if isinstance(value, str) and name in ("contact", "company", "card") else value
        for name, value in values.items()
    }


def renamed_ref(value: str, ids: Mapping[str, str]) -> str:
    """`new:contact-1` or `contact:new:contact-1` by the id of the card that is there; anything else as it is."""
    if value in ids:
        return ids[value]
    kind, separator, number = value.partition(":")
    return f"{kind}:{ids[number]}" if separator and number in ids else value
