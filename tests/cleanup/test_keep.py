"""Which value of several cards stays, by rule, and what gives way to it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest

from b24kit.cleanup.keep import Held, keep, keep_name
from b24kit.crm.cards import PersonName


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


CARDS = [
    Held("Логист", "5", 0, made=day(3), changed=day(4), filled=3),
    Held("Начальник отдела", "7", 1, made=day(1), changed=day(5), filled=9),
    Held("", "8", 2, made=day(1), changed=day(20), filled=50),
    Held("логист ", "9", 3, made=day(9), changed=day(9), filled=4),
]


@pytest.mark.parametrize(
    ("rule", "card"),
    [
        ("longest", "7"), ("most_frequent", "5"), ("newest", "9"), ("oldest", "7"), ("survivors", "5"),
        ("richest", "7"), ("first_non_empty", "5"),
    ],
)  # fmt: skip
def test_a_rule_keeps_one_value_whatever_the_order_of_the_cards(rule: str, card: str) -> None:
    for cards in permutations(CARDS):
        kept = keep("POST", rule, cards)
        assert kept is not None and (kept.card, kept.rule) == (card, rule)
        assert kept.card not in kept.lost and "8" not in kept.lost  # an empty value gives way to nobody


def test_texts_are_put_together_and_nothing_is_said_twice() -> None:
    kept = keep("comment", "union", [Held("Просил смету", "1"), Held("Звонил\nПросил смету", "2", 1), Held("", "3", 2)])
    assert kept is not None and kept.value == "Просил смету\nЗвонил\nПросил смету" and not kept.lost


def test_a_list_of_values_is_united() -> None:
    kept = keep("UF_CRM_X", "union", [Held(["1", "2"], "1"), Held(["2", "3"], "2", 1)])
    assert kept is not None and kept.value == ["1", "2", "3"]


def test_nothing_is_kept_of_nothing() -> None:
    assert keep("POST", "longest", [Held("", "1"), Held(None, "2", 1)]) is None


def test_the_fullest_name_wins_and_a_patronymic_is_never_lost() -> None:
    held = [
        Held(PersonName("Саша", "Петров"), "1"),
        Held(PersonName("Александр", "Петров"), "2", 1),
        Held(PersonName("Alexander", "Petrov", "I."), "3", 2),
        Held(PersonName("А.", "Петров", "Иванович"), "4", 3),
    ]
    kept = keep_name("fullest", held)
    assert kept is not None and kept.value == PersonName("Александр", "Петров", "Иванович")
    assert "3" in kept.lost


def test_a_name_that_contradicts_completes_nothing() -> None:
    kept = keep_name(
        "survivors", [Held(PersonName("Анна", "Белова"), "1"), Held(PersonName("Олег", "Жук", "П."), "2", 1)]
    )
    assert kept is not None and kept.value == PersonName("Анна", "Белова")
