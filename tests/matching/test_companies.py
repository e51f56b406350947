"""Company keys: sure ones only."""

from __future__ import annotations

import pytest

from b24kit.matching.companies import company_name, domain_label, group_companies, inn


def same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    labels = group_companies([("1", *one), ("2", *other)])
    return labels[0] == labels[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ООО «Ромашка-Сервис»", "name"), ("Romashka Servis OOO", "alias")),
        (("ПАО Тестнефть", "name"), ("Публичное акционерное общество «Тестнефть»", "alias")),
        (("ООО «Вектор»", "name"), ("Общество с ограниченной ответственностью «Вектор»", "name")),
        (("ООО «Вектор»", "name"), ("Товарищество с ограниченной ответственностью Вектор", "name")),
        (("Testneft PJSC", "name"), ("Тестнефть", "name")),
        (("Kranwerk GmbH & Co. KG", "name"), ("kranwerk.example", "domain")),
        (("Kranwerk.example", "alias"), ("mail.kranwerk.example", "domain")),
        (("ООО Альфа, ИНН 7707083893", "name"), ("ООО «Новое имя» (ИНН 7707083893)", "name")),
    ],
)
def test_spellings_of_one_company_are_one(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ООО", "name"), ("ЗАО", "name")),
        (("mail.ru", "domain"), ("Mail", "name")),
        (("ИП Иванов Иван", "name"), ("ИП Иванов Иван", "name")),
        (("ООО Альфа, ИНН 7707083894", "name"), ("ООО Бета, ИНН 7707083894", "name")),  # a wrong check digit
        (("Kranwerk Nord", "name"), ("Kranwerk", "name")),
    ],
)
def test_what_is_not_sure_stays_apart(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert not same(one, other)


def test_check_digits_of_both_lengths() -> None:
    assert inn("500100732259") == "500100732259" and inn("500100732258") is None and inn("тел. 89161234567") is None


def test_nothing_is_left_of_a_bare_legal_form_or_a_free_provider() -> None:
    assert company_name("ООО") == "" and domain_label("gmail.com") == ""
