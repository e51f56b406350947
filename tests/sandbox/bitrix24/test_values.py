"""Values on their way in and out."""

from __future__ import annotations

import pytest

from b24kit.sandbox.bitrix24 import values


@pytest.mark.parametrize(
    "sent",
    [
        "2026-02-03T15:00:00+03:00",
        "2026-02-03T12:00:00Z",
        "2026-02-03T14:00:00+02:00",
        "2026-02-03 15:00:00",
        "03.02.2026 15:00:00",
    ],
)
def test_every_spelling_of_a_time_is_stored_in_utc(sent: str) -> None:
    assert values.to_utc(sent, "+03:00") == "2026-02-03T12:00:00+00:00"


def test_what_is_no_time_is_nothing() -> None:
    assert values.to_utc("31.02.2026", "+03:00") is None
    assert values.to_utc("soon", "+03:00") is None


def test_a_day_comes_out_as_a_shifted_midnight() -> None:
    day = values.to_day("2001-11-11T02:00:00+02:00", "+03:00")
    assert day == "2001-11-11"
    assert values.day_to_local(day, "+03:00") == "2001-11-11T03:00:00+03:00"
    assert values.day_to_local(day, "+02:00") == "2001-11-11T02:00:00+02:00"


def test_numbers_are_read_as_php_reads_them() -> None:
    assert [values.whole(sent) for sent in ("12", "12abc", "", "x", None, [], [1], True, 7.9)] == [
        12, 12, 0, 0, 0, 0, 1, 1, 7,
    ]  # fmt: skip
    assert [values.money(sent) for sent in (5, "12,5", "", "x", 0.005)] == ["5.00", "12.50", "0.00", "0.00", "0.00"]


def test_zero_is_a_value_for_numbers_and_nothing_for_links() -> None:
    assert values.native("integer", "0", "+03:00") == 0
    assert values.native("crm_category", 0, "+03:00") == 0
    assert values.native("crm_company", "0", "+03:00") is None
