"""A seminar is known by its words in any case and number."""

from __future__ import annotations

import pytest

from b24kit.owners.phrases import mentions


@pytest.mark.parametrize(
    ("subject", "phrase"),
    [
        ("Семинар «Охрана труда»", "Охрана труда"),
        ("Вопрос по охране труда", "Охрана труда"),
        ("участие в семинаре «охраны труда и пожарной безопасности»", "Охрана труда"),
        ("о пожарной безопасности", "пожарная безопасность"),
        ("Закупки по 44-ФЗ", "закупки 44-ФЗ"),
        ("Курс кадрового учёта", "Кадровый учет"),
        ("Регистрация на Маркировку новых товаров", "маркировка товаров"),
        ("Заявка: курс Экспорт в страны Азии", "экспорт в страны Азии"),
    ],
)
def test_declined_words_are_found(subject: str, phrase: str) -> None:
    assert mentions(subject, phrase)


@pytest.mark.parametrize(
    ("subject", "phrase"),
    [
        ("Охрана офиса", "Охрана труда"),
        ("Труд и охрана", "Охрана труда"),
        ("Закупки по 223-ФЗ", "закупки 44-ФЗ"),
        ("охрана нашего нового большого склада и труда", "Охрана труда"),
        ("", "Охрана труда"),
        ("Счёт", ""),
    ],
)
def test_other_subjects_are_not(subject: str, phrase: str) -> None:
    assert not mentions(subject, phrase)
