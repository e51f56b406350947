"""Signatures in the habits of people: under a farewell, dashes or nothing, in lines or with bars."""

from __future__ import annotations

import pytest

from b24kit.letters.signature import NOTHING_SIGNED, Signature, read_signature

PHONE = ("+79161234567",)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Ждём.\n\nС уважением,\nАнна Белова\nМенеджер по закупкам\nООО «Лес»\nтел. 8 (916) 123-45-67",
            Signature("Анна Белова", PHONE, "ООО «Лес»", "Менеджер по закупкам"),
        ),
        (
            "Hi\n\nBest regards,\nAnna Belova | Marketing Director | Les Group LLC\n"
            "Mob: +7 916 123 45 67 | a@les.example",
            Signature("Anna Belova", PHONE, "Les Group LLC", "Marketing Director"),
        ),
        (
            "Ок.\nС уважением, главный бухгалтер Анна Белова, т. +79161234567",
            Signature("Анна Белова", PHONE, "", "главный бухгалтер"),
        ),
        (
            "--\nБелова Анна Олеговна\nГлавный бухгалтер, АО «Лес»\nМоб.: 8-916-123-45-67",
            Signature("Белова Анна Олеговна", PHONE, "АО «Лес»", "Главный бухгалтер"),
        ),
        ("Пришлите счёт.\nАнна\n+7 916 123-45-67", Signature("Анна", PHONE)),
        ("Спасибо!\n\nОтправлено с iPhone", NOTHING_SIGNED),
        ("Просто письмо без подписи. Директор завода будет завтра?", NOTHING_SIGNED),
        ("", NOTHING_SIGNED),
    ],
)
def test_what_is_signed_is_read(text: str, wanted: Signature) -> None:
    assert read_signature(text) == wanted


def test_two_numbers_are_both_read_and_the_address_is_passed_over() -> None:
    found = read_signature("С уважением,\nАнна Белова\nт. +7 495 123-45-67, моб. +7 916 123-45-67\nanna@les.example")
    assert found.phones == ("+74951234567", "+79161234567")


def test_a_signature_of_another_person_than_the_header_is_not_taken() -> None:
    text = "С уважением,\nОлег Жук\nДиректор\n+7 916 123-45-67"
    assert read_signature(text, "Анна Белова") == NOTHING_SIGNED
    assert read_signature(text, "Zhuk Oleg").phones == PHONE


def test_a_surname_with_initials_is_a_name_when_the_header_agrees() -> None:
    assert read_signature("С уважением,\nТехнолог\nБелова А.О.", "Анна Белова").name == "Белова А.О."
