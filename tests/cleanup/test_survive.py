"""What a new contact gets: the best name, every point once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from b24kit.cleanup.pile import Item, read_pile
from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.survive import best_name, person_name, united_points
from b24kit.crm.cards import PersonName
from b24kit.crm.points import Point, PointKind
from b24kit.crm.records import Record
from tests.cleanup.portal_of import NOW, email, lead, letter, phone, snapshot


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Анна Белова", PersonName("Анна", "Белова")),
        ("Белова Анна", PersonName("Анна", "Белова")),
        ("Белова Анна Сергеевна", PersonName("Анна", "Белова", "Сергеевна")),
        ("Анна Сергеевна Белова", PersonName("Анна", "Белова", "Сергеевна")),
        ("БЕЛОВА АННА", PersonName("Анна", "Белова")),
        ("Petrov-Vodkin Ivan", PersonName("Ivan", "Petrov-Vodkin")),
        ("Анна", PersonName("Анна")),
        ("Zorba Kite", PersonName("Zorba", "Kite")),
        ("=1+1", PersonName("=1+1")),
    ],
)
def test_a_line_is_taken_apart_into_a_persons_name(text: str, name: PersonName) -> None:
    assert person_name(text) == name


def test_the_fullest_cyrillic_spelling_wins() -> None:
    spellings = ["Anna Belova", "Анна", "Белова А.С.", "Анна Белова", "Белова Анна Сергеевна", "Anna Belova"]
    assert best_name(spellings, "a@firm.example") == PersonName("Анна", "Белова", "Сергеевна")


def test_without_any_name_the_mailbox_gives_one() -> None:
    assert best_name(["", "a@firm.example"], "a.belova@firm.example") == PersonName("a.belova")


def items(*leads: tuple[str, tuple[Point, ...]]) -> tuple[Item, ...]:
    made: list[Record] = []
    for number, (sender, points) in enumerate(leads, 1):
        made += [
            replace(lead(number), points=points, created=NOW - timedelta(days=90 - number)),
            letter(number, sender, number),
        ]
    return read_pile(snapshot(*made), CleanSpec(), NOW).items


def test_points_are_united_by_their_canonical_form_and_keep_the_form_last_used() -> None:
    found = united_points(
        items(
            ("belka@mail.ru", (Point(PointKind.EMAIL, "belka@mail.ru", "home"), phone("8 (916) 123-45-67"))),
            ("Belka@Mail.ru", (phone("+79161234567"), Point(PointKind.WEB, "firm.example"))),
        ),
        frozenset({"belka@mail.ru"}),
    )
    assert [(point.value, point.use) for point in found] == [
        ("Belka@Mail.ru", "home"),
        ("+79161234567", "work"),
        ("firm.example", "work"),
    ]


def test_another_persons_address_on_the_lead_does_not_travel() -> None:
    found = united_points(
        items(("belka@mail.ru", (email("belka@mail.ru"), email("zhuk@mail.ru")))), frozenset({"belka@mail.ru"})
    )
    assert [point.value for point in found] == ["belka@mail.ru"]
