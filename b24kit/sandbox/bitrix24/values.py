"""Values on their way in and out of a fake Bitrix24: what a caller sent becomes native, what is native its wire text.

Native means: int ids, "Y"/"N" switches, money as text with two decimals, times as ISO 8601 in UTC, dates as
YYYY-MM-DD.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from b24kit.sandbox.bitrix24.registry import FakePortal

DEFAULT_OFFSET = "+03:00"  # a Russian cloud portal; `settings["utc_offset"]` overrides it

LINKS = frozenset({"crm_company", "crm_contact", "crm_lead", "crm_quote", "crm_entity", "location"})
NUMBERS = frozenset({"integer", "int", "user", "crm_category"}) | LINKS
MONEY = frozenset({"double", "money"})

_LEADING_NUMBER = re.compile(r"\s*([+-]?\d+)")
_RUSSIAN_DATE = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})(.*)", re.DOTALL)


def offset_of(portal: FakePortal) -> str:
    """The portal's own zone as `+03:00`: every time on the wire carries it, whatever zone the user lives in."""
    return str(portal.settings.get("utc_offset", DEFAULT_OFFSET))


def now_text(portal: FakePortal) -> str:
    """The portal's present moment as it is stored."""
    return portal.now().astimezone(UTC).isoformat(timespec="seconds")


def whole(value: Any) -> int:
    """PHP's `(int)`: leading digits of a text, 1 for a filled array, 0 for everything else that is no number."""
    if isinstance(value, (bool, int, float)):
        return int(value)
    if isinstance(value, str):
        match = _LEADING_NUMBER.match(value)
        return int(match.group(1)) if match else 0
    return 1 if value else 0


def money(value: Any) -> str:
    """An amount with two decimals; what is no number counts as zero, as in PHP."""
    try:
        return str(Decimal(str(value).replace(",", ".").strip() or "0").quantize(Decimal("0.01")))
    except InvalidOperation:
        return "0.00"


def flag(value: Any) -> str:
    """`Y` for Y, 1 and true in any of their spellings, else `N`."""
    return "Y" if str(value).upper() in ("Y", "1", "TRUE") else "N"


@lru_cache(maxsize=64)
def zone(offset: str) -> timezone:
    """A fixed zone from `+03:00`."""
    sign = -1 if offset.startswith("-") else 1
    hours, minutes = offset.lstrip("+-").split(":")
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))


@lru_cache(maxsize=65536)
def to_utc(text: str, offset: str) -> str | None:
    """A time as callers write it (ISO 8601, a space instead of T, DD.MM.YYYY) as stored; None when it is no time.

    A time without an offset is read in the portal's own zone.
    """
    russian = _RUSSIAN_DATE.fullmatch(text.strip())
    if russian:
        day, month, year, rest = russian.groups()
        text = f"{year}-{month}-{day}{rest}"
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone(offset))
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=65536)
def to_local(text: str, offset: str) -> str:
    """A stored time as the wire shows it: ISO 8601 with the portal's offset."""
    return datetime.fromisoformat(text).astimezone(zone(offset)).isoformat(timespec="seconds")


@lru_cache(maxsize=65536)
def to_day(text: str, offset: str) -> str | None:
    """The calendar day that a caller meant, as stored; None when it is no date."""
    moment = to_utc(text, offset)
    return None if moment is None else datetime.fromisoformat(moment).astimezone(zone(offset)).date().isoformat()


@lru_cache(maxsize=8192)
def day_to_local(day: str, offset: str) -> str:
    """A stored day on the wire: midnight in UTC seen from the portal's zone (`2001-11-11T03:00:00+03:00`)."""
    return to_local(f"{day}T00:00:00+00:00", offset)


def native(kind: str, value: Any, offset: str) -> Any:
    """A value as a caller sent it, as it is stored for a field of this vendor type; None for an empty one."""
    if kind in NUMBERS:
        if value is None or value == "" or value is False:
            return None
        number = whole(value)
        return None if number == 0 and kind in LINKS else number
    if kind in MONEY:
        return money(value)
    if kind == "char":
        return flag(value)
    if value is None or value == "" or value is False:
        return None
    if kind == "datetime":
        return to_utc(str(value), offset)
    if kind == "date":
        return to_day(str(value), offset)
    return value if isinstance(value, str) else None if isinstance(value, (dict, list)) else str(value)
