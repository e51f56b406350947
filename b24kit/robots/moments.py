"""Deadlines in the time people work: spans of hours, whole working days, calendar days, pauses that do not count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from b24kit.robots.people import Hours
from b24kit.robots.spec_words import Days

DAY = timedelta(days=1)
_LONGEST = 400  # days looked at for a working one: more than a year of holidays is no calendar
Pause = tuple[datetime, datetime]


def after(hours: Hours, start: datetime, span: timedelta, days: Days = "working") -> datetime:
    """The moment `span` after `start`.

    Working: whole days are working days at the same time of day, everything else is counted in working time; an
    empty span leads to the first working minute. Calendar: the clock on the wall.
    """
    if days == "calendar":
        return start + span
    if span and not span % DAY:
        return _working_day(hours, start, span // DAY)
    if span:
        return hours.add(start, span)
    return hours.next_start(start)


def day_start(hours: Hours, at: datetime) -> datetime:
    """The first working minute of the day that `at` falls on where he lives, or of the next working day."""
    local = at.astimezone(hours.zone)
    return hours.next_start(datetime.combine(local.date(), time(), hours.zone).astimezone(UTC))


def shifted(hours: Hours, start: datetime, due: datetime, pauses: Sequence[Pause]) -> datetime:
    """A deadline put off by the working time that fell into pauses; a pause inside what was added counts too."""
    found = due
    while True:
        lost = sum(
            (hours.between(max(begun, start), min(ended, found)) for begun, ended in pauses if begun < found),
            timedelta(),
        )
        moved = hours.add(due, lost) if lost else due
        if moved <= found:
            return found
        found = moved


def stamp(at: datetime) -> str:
    """A moment as it stands in an action's key: UTC, to the second, the same for every zone it was told in."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def read_stamp(text: str) -> datetime:
    """The moment of a stamp; ValueError when it is none."""
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _working_day(hours: Hours, start: datetime, count: int) -> datetime:
    local = start.astimezone(hours.zone)
    day, left = local.date(), count
    for _ in range(_LONGEST + count):
        day += DAY
        opens, closes = (datetime.combine(one, time(), hours.zone).astimezone(UTC) for one in (day, day + DAY))
        left -= bool(hours.between(opens, closes))
        if not left:
            break
    return hours.next_start(datetime.combine(day, local.time(), hours.zone).astimezone(UTC))
