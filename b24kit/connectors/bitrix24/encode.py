"""A command of a batch as the query string that the portal parses with PHP's `parse_str`.

Rests on the vendor's pages "How to Execute a Batch Request" and "Data Encoding": a query string holds only strings, so
there is no null, no boolean and no empty list in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from b24kit.errors import UsageError

# What the portal replaces inside values of a batch by results of earlier commands. There is no way to escape it.
_REFERENCE = re.compile(r"\$(?:result|error|total|next|time)\b", re.IGNORECASE)


HEAVY = 500_000  # characters: fifty such commands would make a request of tens of megabytes


def query(params: Mapping[str, Any]) -> str:
    """Arguments as PHP's brackets: True is `Y`, False is `N`, None empties a field.

    Raises UsageError for an empty list or map, which would silently disappear on the way.

    >>> query({"id": 7, "fields": {"TITLE": "a+b", "OPENED": True}, "select": ["ID"]})
    'id=7&fields%5BTITLE%5D=a%2Bb&fields%5BOPENED%5D=Y&select%5B0%5D=ID'
    """
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in _pairs(params))


def command_line(method: str, params: Mapping[str, Any]) -> str:
    """One value of `cmd`: `crm.lead.get?id=7`."""
    return f"{method}?{query(params)}" if params else method


def travels_alone(params: Any) -> bool:
    """Whether a call must be sent by itself: its data looks like a reference, or is as large as a file."""
    return speaks_in_references(params) or weight(params) > HEAVY


def weight(params: Any) -> int:
    """About how many characters of text the arguments hold."""
    if isinstance(params, str):
        return len(params)
    found = params.values() if isinstance(params, Mapping) else params if isinstance(params, list | tuple) else ()
    return sum(weight(value) for value in found)


def speaks_in_references(params: Any) -> bool:
    """Whether some text in the arguments would be taken by a batch for a reference to another command's result.

    Such a call must travel alone: a client's letter with "$result[x]" in its subject is data, not an instruction.
    """
    if isinstance(params, str):
        return _REFERENCE.search(params) is not None
    if isinstance(params, Mapping):
        return any(speaks_in_references(value) for value in params.values())
    if isinstance(params, list | tuple):
        return any(speaks_in_references(value) for value in params)
    return False


def _pairs(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        yield from _spread(str(name), value)


def _spread(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """A value under its full name: maps and lists become one pair a leaf."""
    if isinstance(value, Mapping | list | tuple):
        inner = list(value.items() if isinstance(value, Mapping) else enumerate(value))
        if not inner:
            raise UsageError("empty_list_in_batch", parameter=name)
        for key, item in inner:
            yield from _spread(f"{name}[{key}]", item)
    else:
        yield name, _text(value, name)


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, float):
        return repr(value) if value % 1 else str(int(value))
    if isinstance(value, str | int):
        return str(value)
    raise UsageError("value_not_sendable", parameter=name, type=type(value).__name__)
