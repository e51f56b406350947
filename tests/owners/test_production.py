"""The production calendar against what the government published for 2025, 2026 and 2027."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from b24kit.owners.production import DayKind, Exceptions, is_holiday, kind_of, transfers_known


def days(year: int, kind: DayKind) -> set[date]:
    first = date(year, 1, 1)
    every = (first + timedelta(days=at) for at in range((date(year + 1, 1, 1) - first).days))
    return {day for day in every if kind_of(day) is kind}


def dates(year: int, *told: str) -> set[date]:
    return {date(year, int(one[3:]), int(one[:2])) for one in told}


def weekend(year: int) -> set[date]:
    return {day for kind in DayKind for day in days(year, kind) if day.weekday() >= 5}


NEW_YEAR = ("01.01", "02.01", "03.01", "04.01", "05.01", "06.01", "07.01", "08.01")
# Days off from Monday to Friday, after the decrees of 2024-10-04 No 1335, of September 2025 and of 2026.
WEEKDAYS_OFF = {
    2025: (*NEW_YEAR, "01.05", "02.05", "08.05", "09.05", "12.06", "13.06", "03.11", "04.11", "31.12"),
    2026: (*NEW_YEAR, "09.01", "23.02", "09.03", "01.05", "11.05", "12.06", "04.11", "31.12"),
    2027: (*NEW_YEAR, "22.02", "23.02", "08.03", "03.05", "10.05", "14.06", "04.11", "05.11", "31.12"),
}
WORKING_SATURDAYS = {2025: ("01.11",), 2026: (), 2027: ("20.02",)}
SHORT = {
    2025: ("07.03", "30.04", "11.06", "01.11"),
    2026: ("30.04", "08.05", "11.06", "03.11"),
    2027: ("20.02", "30.04", "11.06", "03.11"),
}


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_days_off_are_weekends_holidays_and_what_the_decree_moved(year: int) -> None:
    working_saturdays = dates(year, *WORKING_SATURDAYS[year])
    assert days(year, DayKind.OFF) == (weekend(year) | dates(year, *WEEKDAYS_OFF[year])) - working_saturdays


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_the_eve_of_a_holiday_is_an_hour_shorter(year: int) -> None:
    assert days(year, DayKind.SHORT) == dates(year, *SHORT[year])


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_a_year_has_247_working_days(year: int) -> None:
    assert 365 - len(days(year, DayKind.OFF)) == 247


def test_the_eve_of_a_moved_day_off_is_a_full_day() -> None:
    assert kind_of(date(2026, 12, 30)) is DayKind.WORKING
    assert kind_of(date(2026, 12, 31)) is DayKind.OFF


def test_a_year_without_a_decree_has_the_holidays_of_the_law() -> None:
    assert transfers_known(2027) and not transfers_known(2090)
    assert is_holiday(date(2090, 1, 3)) and kind_of(date(2090, 11, 3)) is DayKind.SHORT


def test_a_company_has_the_last_word_about_a_day() -> None:
    own = Exceptions(working=frozenset({date(2026, 1, 9)}), off=frozenset({date(2026, 1, 12)}))
    assert own.kind(date(2026, 1, 9)) is DayKind.WORKING
    assert own.kind(date(2026, 1, 12)) is DayKind.OFF
    assert own.kind(date(2026, 1, 13)) is None
