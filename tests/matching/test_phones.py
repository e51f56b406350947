"""Phone numbers as E.164, as people in Russia write them."""

from __future__ import annotations

import pytest

from b24kit.matching.phones import phones_in


@pytest.mark.parametrize(
    "written",
    [
        "8 (916) 123-45-67",
        "+7 916 123 45 67",
        "7-916-123-45-67",
        "9161234567",
        "+8 916 1234567",
        "тел. 8.916.123.45.67",
    ],
)
def test_eight_and_plus_seven_are_one_number(written: str) -> None:
    (phone,) = phones_in(written)
    assert (phone.number, phone.mobile) == ("+79161234567", True)


def test_two_numbers_in_one_field_and_an_extension() -> None:
    first, second = phones_in("8 916 123-45-67; (495) 987-65-43 доб. 12")
    assert (first.number, second.number, second.extension) == ("+79161234567", "+74959876543", "12")
    assert not second.mobile


def test_numbers_run_together_are_told_apart_at_the_plus() -> None:
    assert [phone.number for phone in phones_in("+79161234567+79261234567")] == ["+79161234567", "+79261234567"]


@pytest.mark.parametrize(
    "written", ["", "нет", "123", "123-45-67", "+7 000 000 00 00", "8 999 999 99 99", "1234567890"]
)
def test_placeholders_and_local_numbers_are_no_keys(written: str) -> None:
    assert phones_in(written) == ()


def test_foreign_numbers_keep_their_country() -> None:
    assert phones_in("+375 29 123-45-67")[0].number == "+375291234567"
