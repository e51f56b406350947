"""Working time by hand for the awkward days, and by properties for all others."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24kit.owners.production import Exceptions
from b24kit.owners.worktime import Day, Rota, Week, Worktime

MOSCOW, EKATERINBURG, BERLIN = (ZoneInfo(one) for one in ("Europe/Moscow", "Asia/Yekaterinburg", "Europe/Berlin"))
NINE_TO_SIX: Day = ((540, 1080),)
WITH_LUNCH: Day = ((540, 780), (840, 1080))
OFFICE = Worktime(Week((WITH_LUNCH,) * 5 + ((), ())), MOSCOW)
NIGHTS = Worktime(Rota(date(2026, 1, 5), (((1200, 1920),), ((1200, 1920),), (), ())), MOSCOW, rest_on_holidays=False)
SUMMER = Worktime(Week((NINE_TO_SIX,) * 5 + ((), ())), BERLIN, rest_on_holidays=False)
ALWAYS = Worktime(Week((((0, 1440),),) * 7), MOSCOW, rest_on_holidays=False)
EVERY = {"office": OFFICE, "nights": NIGHTS, "summer": SUMMER, "always": ALWAYS}
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def at(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime.strptime(text, "%d.%m.%Y %H:%M").replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("12.01.2026 10:00", 15, "12.01.2026 10:15"),
        ("12.01.2026 12:50", 15, "12.01.2026 14:05"),  # over lunch
        ("12.01.2026 13:30", 15, "12.01.2026 14:15"),  # within lunch
        ("16.01.2026 17:50", 15, "19.01.2026 09:05"),  # Friday evening to Monday
        ("17.01.2026 12:00", 15, "19.01.2026 09:15"),  # on a Saturday
        ("30.12.2025 17:50", 15, "12.01.2026 09:05"),  # over twelve days of New Year
        ("30.04.2026 16:55", 15, "04.05.2026 09:10"),  # a short day ends at five
        ("31.10.2025 17:55", 15, "01.11.2025 09:10"),  # to a working Saturday
        ("01.11.2025 16:55", 15, "05.11.2025 09:10"),  # which is short itself
        ("12.01.2026 09:00", 480, "12.01.2026 18:00"),  # a whole day ends in the evening, not next morning
        ("12.01.2026 09:00", 481, "13.01.2026 09:01"),
        ("12.01.2026 10:00", -90, "30.12.2025 17:30"),
    ],
)
def test_a_deadline_skips_what_nobody_works(start: str, minutes: int, due: str) -> None:
    assert OFFICE.add(at(start), minutes * MINUTE) == at(due)


def test_a_night_shift_runs_over_midnight_and_through_holidays() -> None:
    assert NIGHTS.add(at("05.01.2026 23:50"), 20 * MINUTE) == at("06.01.2026 00:10")
    assert NIGHTS.add(at("07.01.2026 07:50"), 20 * MINUTE) == at("09.01.2026 20:10")
    assert NIGHTS.is_working(at("07.01.2026 07:59")) and not NIGHTS.is_working(at("07.01.2026 08:00"))


def test_shifts_that_touch_at_midnight_are_one_stretch() -> None:
    assert ALWAYS.between(at("01.01.2026 00:00"), at("02.01.2026 00:00")) == 24 * HOUR
    assert ALWAYS.add(at("31.12.2025 23:30"), HOUR) == at("01.01.2026 00:30")


def test_the_owner_has_his_own_morning() -> None:
    there = Worktime(Week((NINE_TO_SIX,) * 5 + ((), ())), EKATERINBURG)
    assert there.add(at("12.01.2026 08:00"), 15 * MINUTE) == at("12.01.2026 08:15")
    assert there.next_start(at("12.01.2026 05:00")) == at("12.01.2026 07:00")


def test_clocks_that_change_neither_add_nor_lose_work() -> None:
    nights = Worktime(Week((((1320, 1800),),) * 7), BERLIN, rest_on_holidays=False)
    spring = nights.between(at("28.03.2026 22:00", BERLIN), at("29.03.2026 06:00", BERLIN))
    autumn = nights.between(at("24.10.2026 22:00", BERLIN), at("25.10.2026 06:00", BERLIN))
    assert (spring, autumn) == (7 * HOUR, 9 * HOUR)
    assert SUMMER.between(at("27.03.2026 17:00", BERLIN), at("30.03.2026 10:00", BERLIN)) == 2 * HOUR


def test_a_company_opens_closes_and_shortens_days_of_its_own() -> None:
    own = Exceptions(
        working=frozenset({date(2026, 1, 10)}), short=frozenset({date(2026, 1, 12)}), off=frozenset({date(2026, 1, 13)})
    )
    hours = Worktime(Week((NINE_TO_SIX,) * 5 + ((), ())), MOSCOW, exceptions=own)
    assert hours.hours_of(date(2026, 1, 10)) == NINE_TO_SIX
    assert hours.hours_of(date(2026, 1, 12)) == ((540, 1020),)
    assert hours.hours_of(date(2026, 1, 13)) == ()


def test_a_short_day_loses_an_hour_of_work_and_not_of_lunch() -> None:
    own = Exceptions(short=frozenset({date(2026, 1, 12)}))
    late_lunch = Worktime(Week((((540, 780), (840, 870)),) * 5 + ((), ())), MOSCOW, exceptions=own)
    assert late_lunch.hours_of(date(2026, 1, 12)) == ((540, 750),)


def test_a_schedule_without_hours_is_refused() -> None:
    with pytest.raises(ValueError, match="working hours"):
        Worktime(Week(((),) * 7), MOSCOW)


def test_a_deadline_beyond_all_calendars_is_an_error_and_no_endless_search() -> None:
    with pytest.raises(ValueError, match="so far"):
        SUMMER.add(at("01.01.2026 00:00"), timedelta(days=200_000))


moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
spans = st.timedeltas(timedelta(0), timedelta(days=40))
someone = st.sampled_from(sorted(EVERY))


@settings(max_examples=150, deadline=None)
@given(who=someone, start=moments, first=spans, second=spans)
def test_waiting_twice_is_waiting_for_the_sum(who: str, start: datetime, first: timedelta, second: timedelta) -> None:
    hours = EVERY[who]
    assert hours.add(hours.add(start, first), second) == hours.add(start, first + second)


@settings(max_examples=150, deadline=None)
@given(who=someone, start=moments, span=spans)
def test_a_deadline_is_as_far_away_as_was_asked(who: str, start: datetime, span: timedelta) -> None:
    hours = EVERY[who]
    due = hours.add(start, span)
    assert hours.between(start, due) == span
    assert hours.between(hours.add(due, -span), due) == span


@settings(max_examples=150, deadline=None)
@given(who=someone, moments=st.tuples(moments, moments, moments).map(sorted))
def test_working_time_is_the_sum_of_its_parts(who: str, moments: list[datetime]) -> None:
    first, second, third = moments
    hours = EVERY[who]
    assert hours.between(first, third) == hours.between(first, second) + hours.between(second, third)
    assert hours.between(third, first) == timedelta(0)


@settings(max_examples=100, deadline=None)
@given(who=someone, moment=moments)
def test_working_minutes_are_those_in_which_time_passes(who: str, moment: datetime) -> None:
    hours, start = EVERY[who], moment.replace(second=0, microsecond=0)
    by_minutes = sum(hours.is_working(start + at * MINUTE) for at in range(180))
    assert hours.between(start, start + 180 * MINUTE) == by_minutes * MINUTE
    assert hours.is_working(hours.next_start(moment))


@settings(max_examples=60, deadline=None)
@given(st.permutations([1990, 2026, 2031, 2024]))
def test_the_order_of_questions_changes_no_answer(years: list[int]) -> None:
    fresh = Worktime(OFFICE.schedule, MOSCOW)
    found = {year: fresh.add(datetime(year, 3, 2, 15, tzinfo=UTC), 30 * HOUR) for year in years}
    assert found == {year: OFFICE.add(datetime(year, 3, 2, 15, tzinfo=UTC), 30 * HOUR) for year in years}


def test_ten_thousand_deadlines_take_a_moment() -> None:
    starts = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at * 2803) for at in range(10_000)]
    OFFICE.add(starts[-1], 5 * HOUR)
    begun = time.perf_counter()
    for start in starts:
        OFFICE.add(start, 5 * HOUR)
    assert time.perf_counter() - begun < 1.0  # a tenth of what is aimed at, with room for a busy machine
