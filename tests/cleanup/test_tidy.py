"""Directories in order: cards are written one way, once each, and what says more than a number stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from b24kit.change.operation import UpdateRecord
from b24kit.cleanup.tidy import Tidy
from b24kit.cleanup.tidy_spec import TidySpec
from b24kit.crm.cards import Company, Contact, PersonName
from b24kit.crm.records import values_of
from tests.cleanup.portal_of import applied, contact, email, lead, letter, phone, plan, snapshot

ANNA = "Анна Белова <a.belova@mail.ru>"


def updates(*records: Any, limit: int | None = None, **tidy: Any) -> dict[str, dict[str, Any]]:
    """What is written on each card."""
    draft = plan(snapshot(*records), clean={"tidy": tidy}, limit=limit)
    return {str(one.ref): dict(one.after) for one in draft.operations if isinstance(one, UpdateRecord)}


def written(card: Contact, **tidy: Any) -> dict[str, Any]:
    return Tidy(TidySpec(**tidy)).changes(values_of(card))


@pytest.mark.parametrize(
    ("name", "right"),
    [
        (PersonName("АННА", "иванова"), ("Анна", "Иванова", "")),
        (PersonName("  Анна  Мария ", "Иванова"), ("Анна Мария", "Иванова", "")),
        (PersonName("Иванова Анна Петровна"), ("Анна", "Иванова", "Петровна")),
        (PersonName("", "Пётр Носов"), ("Пётр", "Носов", "")),
        (PersonName("анна-мария", "Де Ла Крус"), ("Анна-Мария", "Де Ла Крус", "")),
    ],
    ids=["case", "blanks", "whole_name", "whole_name_as_last", "foreign"],
)
def test_names_are_written_as_people_write_them(name: PersonName, right: tuple[str, str, str]) -> None:
    found = written(Contact(id="1", name=name))["name"]
    assert (found["first"], found["last"], found["middle"]) == right


@pytest.mark.parametrize(
    "first", ["Отдел закупок", "ООО Лес", "Анна", "info"], ids=["department", "company", "given_name", "login"]
)
def test_what_is_no_persons_whole_name_is_not_taken_apart(first: str) -> None:
    assert "name" not in written(Contact(id="1", name=PersonName(first)))


def test_phones_and_addresses_are_written_one_way_and_each_stands_once() -> None:
    points = (
        phone("8 (916) 123-45-67"),
        phone("+79161234567"),
        phone("495 987-65-43 доб. 12"),
        email("A.Belova@Mail.RU "),
    )
    found = written(Contact(id="1", points=points))["points"]
    assert [point["value"] for point in found] == ["+79161234567", "495 987-65-43 доб. 12", "a.belova@mail.ru"]


def test_one_value_in_several_spellings_becomes_the_most_frequent() -> None:
    forms = ("Генеральный директор", "Генеральный директор", "Ген. директор", "гендиректор", "Бухгалтер")
    cards = [contact(at, f"Носов Пётр {at}", extra={"POST": form}) for at, form in enumerate(forms, 1)]
    right = {"extra": {"POST": "Генеральный директор"}}
    assert updates(cards, names=False, spellings=["POST"]) == {"contact:3": right, "contact:4": right}


def test_the_playbook_names_the_right_value_and_its_spellings() -> None:
    cards = [contact(1, "Носов Пётр", extra={"POST": "CEO"}), contact(2, "Белова Анна", extra={"POST": "Юрист"})]
    found = updates(cards, names=False, values={"POST": {"Генеральный директор": ["CEO", "гендир"]}})
    assert found == {"contact:1": {"extra": {"POST": "Генеральный директор"}}}


def test_a_card_that_is_written_anyway_is_written_once_and_whole() -> None:
    points = (email("A.Belova@mail.ru"), phone("89161234567"))
    known = replace(contact(7, "белова анна"), points=points)
    told = [replace(lead(1), comment="Просила счёт"), letter(1, ANNA, 1)]
    after = updates(known, told)["contact:7"]
    assert after["comment"] == "Просила счёт" and after["name"]["last"] == "Белова"
    assert [point["value"] for point in after["points"]] == ["a.belova@mail.ru", "+79161234567"]


def test_companies_are_tidied_too_and_a_second_plan_has_nothing_to_do() -> None:
    here = snapshot(Company(id="3", title=" ООО   Лес "), contact(1, "НОСОВ ПЁТР"))
    draft = plan(here, clean={"tidy": {}})
    assert len(draft.operations) == 2
    assert plan(applied(here, draft.operations), clean={"tidy": {}}).operations == ()


def test_nothing_is_written_alike_without_the_section_or_on_protected_cards() -> None:
    here = snapshot(contact(1, "НОСОВ ПЁТР"))
    assert plan(here).operations == ()
    assert plan(here, clean={"tidy": {}, "protect": {"cards": ["contact:1"]}}).operations == ()


def test_a_limit_takes_so_many_cards() -> None:
    assert len(updates([contact(1, "НОСОВ ПЁТР"), contact(2, "ИВАНОВА АННА")], limit=1)) == 1
