"""Values as amoCRM writes them, and as we speak of them: unix seconds, whole ids, values of custom fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from b24kit.errors import UsageError

Row = Mapping[str, Any]


def ident(value: Any) -> str | None:
    """An id as text; None where nothing is set (null, 0)."""
    return None if value in (None, "", 0, "0") else str(value)


def text(value: Any) -> str:
    return "" if value is None else str(value)


def moment(value: Any) -> datetime | None:
    """Unix seconds as a moment; some samples of the vendor's pages have them as text."""
    try:
        return datetime.fromtimestamp(int(value), UTC) if value else None
    except (TypeError, ValueError, OverflowError):
        return None


def unix(value: str | datetime) -> int:
    """A moment as unix seconds."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return int(found.timestamp())


def wire_id(found: Any) -> int:
    """An id as the vendor takes it; UsageError for one that cannot be an id there.

    >>> wire_id("812")
    812
    """
    try:
        return int(found)
    except (TypeError, ValueError):
        raise UsageError("amo_bad_id", id=str(found)) from None


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def embedded(row: Row, name: str) -> list[Mapping[str, Any]]:
    """What a row carries in `_embedded` under a name; a single object counts as a list of one."""
    found = mapping(row.get("_embedded")).get(name)
    if isinstance(found, Mapping):
        return [found]
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
