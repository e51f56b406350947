"""Forms' labelled lines, as site builders lay them out."""

from __future__ import annotations

import pytest

from b24kit.letters.fields import read_fields


@pytest.mark.parametrize(
    "text",
    [
        "Имя: Анна Белова\nE-mail: anna@firm.example\nТелефон: 8 (916) 123-45-67",
        "ФИО — Анна Белова\nЭл. почта — anna@firm.example\nКонтактный телефон — +79161234567",
        "Ваше имя\tАнна Белова\nЭлектронная почта\tanna@firm.example\nТелефон клиента\t89161234567",
        "1) Имя*:\nАнна Белова\n2) Email*:\nanna@firm.example\n3) Номер телефона*:\n+7 916 123 45 67",
        "Name: Anna Belova\nEmail address: anna@firm.example\nPhone number: +7 916 1234567".replace(
            "Anna Belova", "Анна Белова"
        ),
        "Фамилия: Белова\nИмя: Анна\nE-mail участника: anna@firm.example\nтел.: 8-916-123-45-67",
    ],
)
def test_name_address_and_number_are_read(text: str) -> None:
    found = read_fields(text)
    assert sorted(found.name.split()) == ["Анна", "Белова"]
    assert (found.emails, found.phones) == (("anna@firm.example",), ("+79161234567",))
    assert found.tell_a_client


def test_company_and_position_are_read_and_empty_values_are_nothing() -> None:
    found = read_fields("Компания: ООО «Лес»\nДолжность: технолог\nИмя: -\nТелефон: не указан")
    assert (found.company, found.position, found.name, found.phones) == ("ООО «Лес»", "технолог", "", ())
    assert not found.tell_a_client


def test_prose_under_a_word_that_is_a_label_is_no_value() -> None:
    assert read_fields("Контакт\nмы давно потеряли и просим восстановить.").name == ""
    assert read_fields("Добрый день! Мой телефон сломался: пишите.").phones == ()
