"""First or again, and which letters are one thread."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from b24kit.letters.threads import stem, touches


@pytest.mark.parametrize(
    "subject",
    [
        "Счёт на оплату",
        "Re: Счёт на оплату",
        "RE[2]: Отв: счет  на оплату",
        "Fwd: Re: Счёт на оплату",
        "Ответ: Счет на оплату",
    ],
)
def test_answers_and_forwards_share_the_stem(subject: str) -> None:
    assert stem(subject) == "счет на оплату"


def test_a_word_that_begins_like_a_prefix_is_kept() -> None:
    assert stem("Реклама: цены") == "реклама: цены"
    assert stem("Regarding: prices") == "regarding: prices"


def test_the_earliest_letter_is_the_first_whatever_its_id() -> None:
    day = [datetime(2026, 1, number, tzinfo=UTC) for number in (1, 2, 3)]
    found = touches([("7", day[2], "Re: Счёт"), ("9", day[0], "Счёт"), ("3", None, ""), ("8", day[1], "Договор")])
    assert [(touch.id, touch.first, touch.opens_thread) for touch in found] == [
        ("9", True, True),
        ("8", False, True),
        ("7", False, False),
        ("3", False, True),
    ]
