"""Names as keys: spelling folds away, disagreement does not."""

from __future__ import annotations

import pytest

from b24kit.matching import names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Щёголев", "SHCHEGOLEV"),
        ("Фёдоров", "Fyodorov"),
        ("Алёна", "Alyona"),
        ("Юлия", "Yuliya"),
        ("Михайлова", "Mihajlova"),
        ("Кузнецова", "Kuznecova"),
        ("Дмитрий", "Dmitry"),
        ("Иванова", "Ивановa"),  # the last letter is Latin
        ("Günther", "Guenther"),
        ("Søren", "Soren"),
    ],
)
def test_spellings_of_a_word_fold_to_one(one: str, other: str) -> None:
    assert names.fold(one) == names.fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Иван Петров", "Петров Иван Сергеевич"),
        ("Саша Петров", "Александр Петров"),
        ("Саша Петрова", "Александра Петрова"),
        ("Соколова Ю.А.", "Юлия Соколова"),
        ("Yu. Sokolova", "Соколова Юлия Андреевна"),
        ("Петров А.", "Саша Петров"),
        ("Ivan Petrov", "Петров Иван"),
        ("М.Е. Миронова", "Миронова Мария"),
        ("Ivan R. Petrov", "Ivan Petrov Jr"),
        ("Ольга", "Ольга Белова"),
        ("ivanp", "Олег Сидоров"),
        ("", "Олег Сидоров"),
    ],
)
def test_names_that_may_be_one_person_are_not_unlike(one: str, other: str) -> None:
    assert not names.unlike(one, other)
    assert not names.unlike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Анна Петрова", "Олег Петров"),
        ("Александр Петров", "Александра Петрова"),
        ("Мария Белова", "Марина Белова"),
        ("Иван Петров", "Иван Сидоров"),
        ("Оля", "Марина"),
        ("Ольга Соколова", "Соколова А.И."),
    ],
)
def test_names_of_two_people_are_unlike(one: str, other: str) -> None:
    assert names.unlike(one, other)
    assert names.unlike(other, one)


def test_a_display_name_is_freed_of_lists_remarks_and_order() -> None:
    assert names.clean_name("'Petrova, Anna' via Clients") == "Anna Petrova"
    assert names.clean_name("Anna Petrova (Firm) [external]") == "Anna Petrova"
    assert names.clean_name("anna@firm.example") == ""
    assert names.clean_name("????? \ufffd\ufffd") == names.clean_name("=?windows-1251?B?yODt?=") == ""
    assert names.is_via("Anna Petrova via Clients")
    assert not names.is_via("Olivia Stone")


def test_logins_and_single_words_are_no_full_names() -> None:
    assert names.is_full("Иван Петров")
    assert not names.is_full("ИванПетров")
    assert not names.is_full("И. Петров")
    assert names.name_key("Петров Иван") == names.name_key("Ivan Petrov")
    assert names.name_key("Иван") is None
