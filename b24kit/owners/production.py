"""The Russian production calendar: days off with the government's transfers, working Saturdays, days an hour shorter.

Transfers come from the `holidays` package, which follows the yearly decrees «О переносе выходных дней»; shorter days
follow articles 95 and 112 of the Labour Code. What a company decides for itself stands in `Exceptions` and wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from functools import lru_cache

from holidays import country_holidays
from holidays.countries.russia import RussiaStaticHolidays

_SATURDAY = 5
_DAY = timedelta(days=1)
_MOVED_FROM = re.compile(r"\((?:перенесено с|substituted from) (\d\d)\.(\d\d)\.(\d{4})\)")
# Article 112: only the eve of a holiday itself is shorter, the eve of a transferred day off is not.
_STATUTORY = frozenset(
    {*((1, day) for day in range(1, 9)), (2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)},
)


class DayKind(Enum):
    """What a date is in a production calendar."""

    WORKING = "working"
    SHORT = "short"  # a working day that ends an hour earlier
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Dates that a company itself declared working, shorter or off; they win over any calendar."""

    working: frozenset[date] = frozenset()
    short: frozenset[date] = frozenset()
    off: frozenset[date] = frozenset()

    def kind(self, day: date) -> DayKind | None:
        if day in self.off:
            return DayKind.OFF
        if day in self.short:
            return DayKind.SHORT
        return DayKind.WORKING if day in self.working else None


@dataclass(frozen=True, slots=True)
class _Year:
    off: frozenset[date]
    saturdays: frozenset[date]  # weekend days that a decree made working
    short: frozenset[date]


def kind_of(day: date) -> DayKind:
    """What a date is for a five-day week in Russia.

    >>> kind_of(date(2026, 1, 9)), kind_of(date(2025, 11, 1)), kind_of(date(2026, 10, 5))
    (<DayKind.OFF: 'off'>, <DayKind.SHORT: 'short'>, <DayKind.WORKING: 'working'>)
    """
    year = _year(day.year)
    if day in year.short:
        return DayKind.SHORT
    if day in year.off or (day.weekday() >= _SATURDAY and day not in year.saturdays):
        return DayKind.OFF
    return DayKind.WORKING


def is_holiday(day: date) -> bool:
    """Whether a date is off whatever the week's pattern is: a holiday or a transferred day off, not a plain weekend."""
    return day in _year(day.year).off


def is_moved_working(day: date) -> bool:
    """Whether a decree made this weekend day a working one."""
    return day in _year(day.year).saturdays


def transfers_known(year: int) -> bool:
    """Whether the decree with this year's transfers is known; without it only holidays fixed by law are."""
    return year in RussiaStaticHolidays.special_public_holidays


@lru_cache(maxsize=64)
def _year(year: int) -> _Year:
    table = country_holidays("RU", years=year, language="ru")
    off = frozenset(day for day in table if day.year == year)
    # A day off given for a Saturday or Sunday that is no holiday itself makes that day a working one.
    swaps = {moved: off_day for off_day, name in table.items() if (moved := _moved_from(name)) is not None}
    saturdays = {day: off_day for day, off_day in swaps.items() if not _is_statutory(day)}
    short = {day for day in _days(year) if _ends_early(day, off, saturdays)}
    return _Year(off, frozenset(saturdays), frozenset(short))


def _ends_early(day: date, off: frozenset[date], saturdays: dict[date, date]) -> bool:
    """The eve of a holiday; a working Saturday is as long as the day it was exchanged for would have been."""
    if day in saturdays:
        return _is_statutory(saturdays[day] + _DAY)
    return day not in off and day.weekday() < _SATURDAY and _is_statutory(day + _DAY)


def _moved_from(name: str) -> date | None:
    found = _MOVED_FROM.search(name)
    return date(int(found[3]), int(found[2]), int(found[1])) if found else None


def _is_statutory(day: date) -> bool:
    return (day.month, day.day) in _STATUTORY


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + _DAY * at for at in range((date(year + 1, 1, 1) - first).days)]
