"""First or again, and which letters are one thread."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from b24kit.letters.threads import Missive, moment_of, stem, touches


def missive(number: str, when: datetime | None, subject: str, **headers: str) -> Missive:
    return Missive(number, when, subject, {name.replace("_", "-"): value for name, value in headers.items()})


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
    told = [("7", day[2], "Re: Счёт"), ("9", day[0], "Счёт"), ("3", None, ""), ("8", day[1], "Договор")]
    found = touches(missive(*one) for one in told)
    assert [(touch.id, touch.first, touch.opens_thread) for touch in found] == [
        ("9", True, True),
        ("8", False, True),
        ("7", False, False),
        ("3", False, True),
    ]


def test_message_ids_make_one_thread_of_different_subjects_and_of_a_letter_nobody_has() -> None:
    day = [datetime(2026, 1, number, tzinfo=UTC) for number in (1, 2, 3, 4)]
    found = touches(
        [
            missive("1", day[0], "Счёт", Message_ID="<a@firm.example>"),
            missive("2", day[1], "Реквизиты", In_Reply_To="<ours@own.example>", References="<a@firm.example>"),
            missive("3", day[2], "Акт", In_Reply_To="<lost@own.example>"),
            missive("4", day[3], "Ещё об акте", References="<lost@own.example>"),
        ]
    )
    assert [touch.thread for touch in found] == ["1", "1", "3", "3"]
    assert [touch.answers_us for touch in found] == [False, True, True, False]
    assert [touch.opens_thread for touch in found] == [True, False, True, False]


def test_the_same_subject_after_long_silence_is_another_matter() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    when = [start, start + timedelta(days=20), start + timedelta(days=300)]
    found = touches(missive(str(n), at, "Re: Счёт") for n, at in enumerate(when))
    assert [touch.thread for touch in found] == ["0", "0", "2"]


def test_a_letter_dated_as_none_can_be_is_placed_by_when_the_portal_got_it() -> None:
    stored = datetime(2026, 5, 1, tzinfo=UTC)
    assert moment_of(datetime(1970, 1, 1, tzinfo=UTC), stored) == stored
    assert moment_of(datetime(2199, 1, 1, tzinfo=UTC), stored) == stored
    assert moment_of(datetime(2024, 5, 1, tzinfo=UTC), stored) == datetime(2024, 5, 1, tzinfo=UTC)
    assert moment_of(None, None) is None
