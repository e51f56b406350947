"""Time as the methods of one portal see it: its own clock and its own offset, over the conversions of `values.py`."""

from __future__ import annotations

from datetime import UTC, datetime

from b24kit.sandbox.bitrix24 import values
from b24kit.sandbox.bitrix24.registry import FakePortal


def stored(moment: datetime) -> str:
    """An aware time as it stands in a row (`2026-01-20T07:00:00+00:00`), so rows sort as text."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def now(portal: FakePortal) -> str:
    """The portal's present moment as it stands in a row."""
    return values.now_text(portal)


def shown(portal: FakePortal, moment: str | None) -> str:
    """A stored time as an answer shows it: with the portal's offset; nothing becomes an empty string."""
    return values.to_local(moment, values.offset_of(portal)) if moment else ""


def read(portal: FakePortal, text: object) -> str | None:
    """A client's time as a stored one, None for what is no time; without an offset it is the portal's local time."""
    return values.to_utc(str(text), values.offset_of(portal)) if text else None
