"""Deadlines in the time that people really work: hours, shifts, holidays and time zones; pure and quick.

A `Worktime` keeps its working intervals as instants with the working time passed before each, so that a deadline is
two binary searches, additions are exact, and shifts over midnight or a change of the clocks need no special care.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import accumulate
from typing import Protocol

from b24kit.owners import production
from b24kit.owners.production import DayKind, Exceptions

Span = tuple[int, int]  # minutes from the day's midnight; an end above 1440 is on the next day
Day = tuple[Span, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_FIRST, _LAST = ((datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // _TICK for year in (1990, 2200))
_EARLIER = 60  # minutes by which the eve of a holiday is shorter


class Schedule(Protocol):
    """Which hours a date has, before a calendar has its say."""

    def spans(self, day: date) -> Day: ...

    @property
    def usual(self) -> Day:
        """The hours of a day that a decree or a company made working although the schedule says nothing of it."""


@dataclass(frozen=True, slots=True)
class Week:
    """The same hours every week, Monday first."""

    days: tuple[Day, ...]

    @property
    def usual(self) -> Day:
        return next((day for day in self.days if day), ())

    def spans(self, day: date) -> Day:
        return self.days[day.weekday()]


@dataclass(frozen=True, slots=True)
class Rota:
    """Shifts that repeat from an anchor date on: two days on, two off, nights."""

    anchor: date
    cycle: tuple[Day, ...]

    @property
    def usual(self) -> Day:
        return next((day for day in self.cycle if day), ())

    def spans(self, day: date) -> Day:
        return self.cycle[(day - self.anchor).days % len(self.cycle)]


@dataclass(frozen=True, slots=True)
class _Table:
    """Working intervals of whole years in microseconds since 1970; `before[i]` is the time worked until `starts[i]`."""

    low: int
    high: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]

    def passed(self, at: int) -> int:
        """Working time from the table's beginning to a moment."""
        place = bisect_right(self.starts, at) - 1
        if place < 0:
            return 0
        return self.before[place] + min(at, self.ends[place]) - self.starts[place]

    def earliest(self, passed: int) -> int | None:
        """The first moment at which so much has passed; None when that lies beyond the table."""
        place = bisect_left(self.before, passed) - 1
        return self._inside(max(place, 0), passed)

    def latest(self, passed: int) -> int | None:
        """The last moment at which only so much has passed."""
        return self._inside(bisect_right(self.before, passed) - 1, passed)

    def _inside(self, place: int, passed: int) -> int | None:
        if not 0 <= place < len(self.starts):
            return None
        found = self.starts[place] + passed - self.before[place]
        return found if self.starts[place] <= found <= self.ends[place] else None


class Worktime:
    """The working time of one person or team: a schedule in a time zone, under the production calendar or not.

    With `rest_on_holidays` the Russian production calendar closes holidays, opens working Saturdays and shortens eves;
    a rota that works through them sets it to False. `exceptions` win over both. Moments are aware; answers come in
    the zone of this worktime. Where a change of the clocks repeats an hour, a boundary is its first pass. Absences
    are not taken off: a card does not wait for a holiday, it is handed over.
    """

    __slots__ = ("_table", "exceptions", "rest_on_holidays", "schedule", "zone")

    def __init__(
        self, schedule: Schedule, zone: tzinfo, rest_on_holidays: bool = True, exceptions: Exceptions | None = None
    ) -> None:
        if not schedule.usual:
            raise ValueError("a schedule without working hours has no deadlines")
        self.schedule = schedule
        self.zone = zone
        self.rest_on_holidays = rest_on_holidays
        self.exceptions = exceptions or Exceptions()
        self._table: _Table | None = None  # replaced whole, so threads may share a Worktime

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The first moment when `duration` of working time has passed since `start`; a negative one goes back.

        An empty duration answers `start` itself. ValueError beyond the years a deadline can have.
        """
        length, begun = duration // _TICK, _ticks(start)
        if length == 0:
            return start.astimezone(self.zone)
        low = high = begun
        while True:
            table = self._covering(low, high)
            wanted = table.passed(begun) + length
            found = table.earliest(wanted) if length > 0 else table.latest(wanted)
            if found is not None:
                return (_EPOCH + timedelta(microseconds=found)).astimezone(self.zone)
            if (table.high >= _LAST) if length > 0 else (table.low <= _FIRST):
                raise ValueError(f"no working time so far away: {duration}")
            low, high = (low, table.high + length) if length > 0 else (table.low + length, high)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two moments; nothing when `end` is not later."""
        if end <= start:
            return timedelta()
        begun, ended = _ticks(start), _ticks(end)
        table = self._covering(begun, ended)
        return timedelta(microseconds=table.passed(ended) - table.passed(begun))

    def is_working(self, at: datetime) -> bool:
        """Whether people work at this moment; the end of a shift is no longer in it."""
        moment = _ticks(at)
        table = self._covering(moment, moment)
        place = bisect_right(table.starts, moment) - 1
        return place >= 0 and moment < table.ends[place]

    def next_start(self, at: datetime) -> datetime:
        """`at` itself while people work, else the beginning of their next working time."""
        if self.is_working(at):
            return at.astimezone(self.zone)
        return self.add(at, _TICK) - _TICK

    def hours_of(self, day: date) -> Day:
        """The working hours of a date, after the calendar and the exceptions."""
        said = self.exceptions.kind(day)
        spans = self.schedule.spans(day)
        if said is None and self.rest_on_holidays:
            said = self._calendar(day, spans)
        if said is DayKind.OFF:
            return ()
        if said is None:
            return spans
        spans = spans or self.schedule.usual
        return _shortened(spans) if said is DayKind.SHORT else spans

    def _calendar(self, day: date, spans: Day) -> DayKind | None:
        """What the production calendar changes; plain weekends are the schedule's own business."""
        if production.is_holiday(day):
            return DayKind.OFF
        if spans or production.is_moved_working(day):
            kind = production.kind_of(day)
            return None if kind is DayKind.OFF else kind
        return None

    def _covering(self, low: int, high: int) -> _Table:
        """A table of whole years that holds both moments; it only ever grows."""
        table = self._table
        if table is not None and table.low <= low and high < table.high:
            return table
        if table is not None:
            low, high = min(low, table.low), max(high, table.high - 1)
        table = self._built(self._year(low), self._year(high))
        self._table = table
        return table

    def _year(self, moment: int) -> int:
        at = _EPOCH + timedelta(microseconds=min(max(moment, _FIRST), _LAST - 1))
        return at.astimezone(self.zone).year

    def _built(self, first: int, last: int) -> _Table:
        low, high = (_ticks(datetime(year, 1, 1, tzinfo=self.zone)) for year in (first, last + 1))
        merged: list[list[int]] = []
        for interval in self._intervals(date(first, 1, 1) - _DAY, date(last, 12, 31)):
            begun, ended = max(interval[0], low), min(interval[1], high)
            if ended <= begun:
                continue
            if merged and begun <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], ended)
            else:
                merged.append([begun, ended])
        before = tuple(accumulate((ended - begun for begun, ended in merged), initial=0))[:-1]
        starts, ends = (tuple(one[side] for one in merged) for side in (0, 1))
        return _Table(low, high, starts, ends, before)

    def _intervals(self, first: date, last: date) -> Iterator[tuple[int, int]]:
        for at in range((last - first).days + 1):
            day = first + _DAY * at
            midnight = datetime.combine(day, time())
            for begun, ended in sorted(self.hours_of(day)):
                start, end = (midnight + timedelta(minutes=one) for one in (begun, ended))
                yield _ticks(start.replace(tzinfo=self.zone)), _ticks(end.replace(tzinfo=self.zone))


def _shortened(spans: Day) -> Day:
    """A day's hours without their last one, breaks not counted."""
    kept, left = [], _EARLIER
    for begun, ended in sorted(spans, reverse=True):
        taken = min(left, ended - begun)
        left -= taken
        if ended - taken > begun:
            kept.append((begun, ended - taken))
    return tuple(reversed(kept))


def _ticks(at: datetime) -> int:
    return (at - _EPOCH) // _TICK
