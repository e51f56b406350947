"""Single values between the wire and the vocabulary: ids, switches, moments. No field names are known here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Row = Mapping[str, Any]

_NOBODY = ("", "0", None, 0, False)
# The vendor writes "no deadline" of an activity as a day at the end of time.
_NEVER = 9999


def ident(value: Any) -> str | None:
    """An id as text; None for the vendor's many spellings of nothing ("0", 0, "", null)."""
    return None if value in _NOBODY else str(value)


def text(value: Any) -> str:
    """A text field; null and the `false` of empty fields are an empty text."""
    return "" if value is None or value is False else str(value)


def yes(value: Any) -> bool:
    """A switch: "Y", "1", 1 or a real boolean."""
    return value is True or value in ("Y", "y", "1", 1)


def switch(value: Any) -> str:
    """A switch as it is sent."""
    return "Y" if value else "N"


def number(value: Any, default: int = 0) -> int:
    """A whole number, sent as text or as a number."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def wire_id(value: Any) -> int:
    """An id as it is sent; nothing at all is 0, which clears a link."""
    return int(value) if value not in (None, "") else 0


def moment(value: Any) -> datetime | None:
    """An ISO 8601 time with the portal's offset as an aware one in UTC; "" and unreadable text are None.

    A time without an offset (user.current has some) is taken for UTC.
    """
    if not isinstance(value, str) or not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    if found.year >= _NEVER:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def mapping(value: Any) -> dict[str, Any]:
    """A map of the wire; PHP writes an empty one as `[]`, and one with keys 0..n-1 as a list."""
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if isinstance(value, list):
        return {str(place): item for place, item in enumerate(value)}
    return {}


def filled(value: Any) -> bool:
    """Whether a field holds anything; null, "", [] and false are the wire's empty values."""
    return not (value is None or value is False or value == "" or value == [] or value == {})


def rows_of(result: Any) -> list[Row]:
    """The rows of a list answer; PHP writes no rows as `[]`, `{}` or null alike."""
    return [row for row in result if isinstance(row, Mapping)] if isinstance(result, list) else []


def rows_under(result: Any, key: str) -> list[Row]:
    """The rows of a list answer that stand under a key of their own, as in the universal methods."""
    return rows_of(result.get(key)) if isinstance(result, Mapping) else []
