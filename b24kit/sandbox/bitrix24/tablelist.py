"""Classic lists over plain tables (employees, tasks, activities, comments): one call around `listing.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import listing
from b24kit.sandbox.bitrix24.conditions import Field
from b24kit.sandbox.bitrix24.registry import Answer, Call, Fault

Fields = Mapping[str, Field]
BY_ID: Mapping[str, str] = {"ID": "ASC"}


def fields_of(kinds: Mapping[str, str], defaults: Mapping[str, Any] | None = None) -> dict[str, Field]:
    """Fields whose name is their column; `kinds` gives the vendor's type of each, `defaults` what absence means."""
    return {name: Field(name, kind, (defaults or {}).get(name)) for name, kind in kinds.items()}


def page(
    call: Call,
    table: str,
    fields: Fields,
    show: Callable[[int], Any],
    *,
    wanted: Any,
    order: Any = None,
    default: Mapping[str, str] = BY_ID,
) -> Answer:
    """One page of a table as an answer; an order that names no known field means `default`.

    `start` is the call's: -1 reads from the beginning without counting, anything else is rounded down to a page.
    """
    view = listing.Listing(call.portal, call.portal.store[table], fields)
    keys = upper_keys(order)
    keys = keys if keys.keys() & fields.keys() else dict(default)
    found = listing.read_page(view, upper_keys(wanted), keys, call.param("start", default=0))
    return Answer([show(i) for i in found.ids], total=found.total, next=found.next, counted=found.counted)


def upper_keys(given: Any) -> dict[str, Any]:
    """A filter or an order with its names in upper case; anything that is no map is empty."""
    return {str(key).upper(): value for key, value in given.items()} if isinstance(given, Mapping) else {}


def names_of(select: Any) -> list[str]:
    """The names in a `select`, however it was sent, in upper case."""
    listed = select.values() if isinstance(select, Mapping) else select if isinstance(select, (list, tuple)) else ()
    return [str(name).upper() for name in listed]


def wanted(call: Call, name: str) -> Any:
    """A parameter that a controller method cannot do without; Fault 100 when it is missing or empty."""
    value = call.param(name)
    if value in (None, ""):
        raise Fault(100, f"Could not find value for parameter {{{name}}}")
    return value
