"""Names and addresses of the generated people."""

from __future__ import annotations

from random import Random

import pytest

from b24kit.sandbox.seeds import names
from b24kit.sandbox.seeds.cast import address_spelling, gather


@pytest.mark.parametrize(
    ("surname", "feminine"),
    [
        ("Соколов", "Соколова"),
        ("Королёв", "Королёва"),
        ("Ильин", "Ильина"),
        ("Покровский", "Покровская"),
        ("Мороз", "Мороз"),
    ],
)
def test_surnames_take_their_feminine_form(surname: str, feminine: str) -> None:
    assert names.feminine(surname) == feminine


def test_patronymics_agree_with_the_person() -> None:
    assert names.patronymic("Сергей", female=False) == "Сергеевич"
    assert names.patronymic("Юрий", female=True) == "Юрьевна"
    assert names.patronymic("Павел", female=False) == "Павлович"
    assert names.patronymic("Иван", female=True) == "Ивановна"


def test_transliteration_has_two_schools() -> None:
    assert names.latin("Щукин Юрий") == "shchukin yuriy"
    assert names.latin("Щукин Юрий", other=True) == "schukin iurij"
    assert names.latin("Мельников") == "melnikov"


def test_the_lists_are_long_enough_and_without_repetitions() -> None:
    assert len(names.SURNAMES) == len(set(names.SURNAMES)) >= 200
    assert len(set(names.MALE + names.FEMALE)) == 60


def test_common_names_are_common() -> None:
    chance = Random(1)
    drawn = [names.full_name(chance).surname for _ in range(4000)]
    assert (
        sum(one.startswith("Иванов") for one in drawn)
        > 15 * max(1, sum(one.startswith("Гринько") for one in drawn)) / 2
    )


def test_an_address_is_spelt_in_several_ways_that_mean_one_mailbox() -> None:
    chance = Random(1)
    spellings = {address_spelling(chance, "ivan.petrov@gmail.com") for _ in range(400)}
    assert {
        "ivan.petrov@gmail.com",
        "IVAN.PETROV@GMAIL.COM",
        "ivanpetrov@gmail.com",
        "ivan.petrov+expo@gmail.com",
    } <= spellings
    assert {one.lower().partition("@")[2] for one in spellings} == {"gmail.com"}
    assert "ivan.petrov@ya.ru" in {address_spelling(chance, "ivan.petrov@yandex.ru") for _ in range(400)}
    corporate = {address_spelling(chance, "i.petrov@alfa.example").lower() for _ in range(400)}
    assert corporate == {"i.petrov@alfa.example"}


def test_firms_have_domains_of_their_own() -> None:
    cast = gather(Random(3), 5000)
    domains = [firm.domain for firm in cast.firms + cast.foreign_firms]
    assert len(domains) == len(set(domains))
    assert all(domain.count(".") == 1 for domain in domains)
