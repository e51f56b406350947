"""Tier B: what is asked, what is never asked, and how short the queue is."""

from __future__ import annotations

import pytest

from b24kit.matching.explain import explain
from b24kit.matching.queue import HEADER, queue_rows
from b24kit.matching.review import review
from b24kit.matching.tiers import labelled
from tests.matching.piles import asked, matched

RARE = "Евстафий Хворостухин"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((RARE, "e.hv@one.example"), ("Хворостухин Евстафий", "eh@two.example")),
        ((RARE, "e.hv@one.example"), ("Evstafiy Khvorostukhin", "eh@two.example")),
        ((RARE, "e.hv@one.example"), ("", "evstafiy.khvorostukhin@mail.ru")),
        (("vodolaz77", "x@one.example"), ("vodolaz77", "y@two.example")),
        (("", "vodolaz77@mail.ru"), ("Водолаз", "vodolaz77@list.ru")),
        ((RARE, "dom@mail.ru"), ("Олег Жуковец", "dom@mail.ru")),
        ((RARE, "", "+79162003041"), ("", "eh@two.example", "+79162003041")),
    ],
)
def test_what_may_well_be_one_person_is_asked(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert asked(matched(one, other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Анна", "anna@one.example"), ("Анна", "anna@two.example")),  # a given name alone
        ((RARE, "eh@firm.example"), ("Олег Жуковец", "oz@firm.example")),  # one firm
        (("", "one@mail.ru"), ("", "two@mail.ru")),  # one provider
        (("", "github@one.example"), ("", "github@two.example")),  # a purpose
        (("Anna B. Remizova", "gull@one.example"), ("Anna K. Remizova", "dove@two.example")),
        (("Служба Поддержки", "a@one.example"), ("Служба Поддержки", "b@two.example")),
        (("Анна Смирнова", "dom@mail.ru"), ("Илья Жуковец", "dom@mail.ru")),  # a mailbox of two people
    ],
)
def test_what_says_nothing_is_not_asked(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    found = matched(one, other)
    assert not asked(found) and found.of_row[0] != found.of_row[1]


def test_an_address_of_three_people_asks_nothing() -> None:
    rows = [(name, "union7@union.example") for name in (RARE, "Олег Жуковец", "Анна Ремизова")]
    assert not review(matched(*rows)).questions


def test_one_question_joins_whole_groups() -> None:
    found = matched(
        (RARE, "vodolaz77@mail.ru"),
        (RARE, "vodolaz77@list.ru"),
        (RARE, "hvor@one.example"),
        (RARE, "hvor@one.example", "+79162003041"),
    )
    assert len(review(found).questions) == 1


def test_questions_come_best_first_and_say_why() -> None:
    found = matched(
        (RARE, "e.hv@one.example"), (RARE, "eh@two.example"), ("vodolaz77", "x@a.example"), ("vodolaz77", "y@b.example")
    )
    there = review(found)
    bits = [question.score.bits for question in there.questions]
    assert len(bits) == 2 and bits == sorted(bits, reverse=True)
    ids = found.keys.pile.ids
    table = [dict(zip(HEADER, row, strict=True)) for row in queue_rows(there, labelled(ids, found.of_row), ids, "en")]
    named = next(row for row in table if RARE in row["who_1"])
    assert "the same full name" in named["reasons"] and {named["cluster_1"], named["cluster_2"]} == {"1", "2"}


def test_a_yes_that_would_contradict_an_earlier_one_is_not_asked() -> None:
    found = matched(
        ("Anna Remizova", "gull@one.example"),
        ("Anna B. Remizova", "dove@two.example"),
        ("Anna K. Remizova", "hawk@three.example"),
    )
    suggested = review(found).of_group[found.of_row]
    assert suggested[1] != suggested[2]


def test_a_family_is_asked_about_and_its_question_says_that_the_names_are_two() -> None:
    found = matched(("Петрова Анна", "dom@mail.ru", "+79162003041"), ("Петров Илья", "dom@mail.ru", "+79162003041"))
    (question,) = review(found).questions
    assert question.score.has("but_other_given")


@pytest.mark.parametrize(
    ("rows", "ru", "en"),
    [
        (((RARE, "hvor@one.example"), ("", "HVOR@one.example")), "один почтовый ящик", "one mailbox"),
        (((RARE, "e.hv@one.example"), (RARE, "eh@two.example")), "Возможно, один клиент", "Perhaps one client"),
        (((RARE, "a@one.example"), ("Олег Жуковец", "b@one.example")), "имена противоречат", "the names disagree"),
        ((("", "a@one.example"), ("", "b@two.example")), "кроме случайности", "nothing but chance"),
    ],
)
def test_one_sentence_says_why_in_both_languages(rows: tuple[tuple[str, str], ...], ru: str, en: str) -> None:
    found = matched(*rows)
    why = explain(0, 1, found, review(found))
    assert ru in why.sentence("ru") and en in why.sentence("en")
