"""Every way in which an inquiry may reach the company, walked through the runtime on both vendors: who gets it, why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from b24kit.robots.ledger import Ledger
from tests.robots.office import VENDORS, office
from tests.scenarios.arrivals import COMPANY, Company

BOOK = """
b24kit: 1
name: walk
title: {ru: Проба, en: Trial}
sources:
  - {code: CALL, name: {ru: Звонок, en: Call}}
  - {code: EMAIL, name: {ru: Почта, en: E-mail}}
owners:
  seminars:
    - name: Охрана труда
      manager: Юлия Маркова
      deputy: Павел Титов
      signs:
        utm: ot-spring
        forms: Запись на охрану труда
        lines: "+7 495 111-22-33"
        mailboxes: ot@expo-standart.example
        fields: {EVENT_NAME: ОТ-2026}
    - name: Налоговая реформа
      manager: Павел Титов
      deputy: Юлия Маркова
  sources:
    - {source: CALL, team: Колл-центр}
  fallback: {to: Марина Соколова}
people: {zone: Europe/Moscow}
routing: {assigned: в Работе}
"""
LEADER = "Юлия Маркова"
HEAD = "Марина Соколова"
TEAM = ("Светлана Ершова", "Алина Рябова", "Антон Мухин")  # of the call centre


@pytest.fixture(scope="module", params=VENDORS)
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("walk")
    with office(folder, vendor=request.param, seed=COMPANY) as found:
        firm = Company(found, BOOK)
        firm.work()  # what the company had before is dealt with once
        yield firm


@pytest.mark.parametrize(
    ("title", "owner"),
    [
        ("Запишите на курс по охране труда", LEADER),
        ("ОХРАНОЙ ТРУДА интересуемся", LEADER),
        ("Хочу на налоговую рефоррму", "Павел Титов"),
        ("Охрана туда и обратно", HEAD),
    ],
    ids=["inflected", "another-case", "typo", "other-words"],
)
def test_words_of_a_subject_name_the_event(company: Company, title: str, owner: str) -> None:
    assert company.owner(company.lead(title)) == owner


def test_a_mark_of_an_advertisement_names_the_event(company: Company) -> None:
    lead = company.lead("Заявка", fields={"UTM_CAMPAIGN": "ot-spring"})
    assert company.owner(lead) == LEADER
    assert "метка рекламы «ot-spring»" in company.said(lead)


def test_a_form_names_the_event(company: Company) -> None:
    lead = company.form("Запись на охрану труда", phone="+79160000101")
    assert company.owner(lead) == LEADER
    assert "из формы" in company.said(lead)


def test_a_mailbox_names_the_event(company: Company) -> None:
    lead = company.letter("gost101@kaluga.example", "Вопрос", "ot@expo-standart.example")
    assert company.owner(lead) == LEADER
    assert "письмо на ящик ot@expo-standart.example" in company.said(lead)


def test_a_phone_line_names_the_event_and_another_line_rings_in_the_call_centre(company: Company) -> None:
    assert company.owner(company.call("+79160000102", "+74951112233")) == LEADER
    other = company.call("+79160000103", "+74959990000")
    company.source(other, "CALL")
    owner = company.owner(other)
    assert "Колл-центр" in company.said(other), owner


def test_a_field_names_the_event(company: Company) -> None:
    name = "EVENT_NAME" if company.amo else "UF_CRM_EVENT_NAME"
    company.field("EVENT_NAME", "Мероприятие")
    lead = company.lead("Заявка", fields={name: "ОТ-2026"})
    assert company.owner(lead, BOOK.replace("EVENT_NAME", name)) == LEADER


def test_a_known_client_stays_with_his_manager_and_is_bound_to_the_lead(company: Company) -> None:
    contact = company.contact("Олег", "Роман Юдин", phone="+7 916 000-01-04")
    lead = company.lead("Хочу на охрану труда", phone="89160000104")
    assert company.owner(lead) == "Роман Юдин"
    assert company.work(lead)[lead].contact == contact.id
    assert "Клиента ведёт Роман Юдин" in company.said(lead)


def test_who_comes_again_within_the_time_goes_to_whom_he_went_first(company: Company) -> None:
    call_centre = "{source: CALL, team: Колл-центр}"
    book = BOOK.replace(call_centre, f"{call_centre}\n    - {{source: EMAIL, team: Колл-центр}}")
    owners = set()
    for number in range(3):  # a team of several, yet always the same one
        letter = company.letter("gost105@kaluga.example", f"Вопрос {number}", "info@expo-standart.example")
        company.source(letter, "EMAIL")
        found = company.work(letter, book=book)
        owners |= {found[letter].owner} if letter in found else set()
    assert len(owners) == 1 and owners <= {company.ids[name] for name in TEAM}


def test_what_no_rule_takes_waits_for_the_head_who_hears_of_it_when_he_is_late(company: Company) -> None:
    lead = company.lead("Вопрос обо всём", phone="+79160000106")
    before = company.office.effects()["todos"]
    assert company.owner(lead) == HEAD
    assert company.office.effects()["todos"] > before
    keys = Ledger(company.office.store, "p").done([lead])[lead]
    assert any(key.endswith(f"queue~{company.ids[HEAD]}") for key in keys)
    company.office.control.advance(timedelta(days=4).total_seconds())
    company.work(lead)
    assert any("~late" in key or "/late" in key for key in Ledger(company.office.store, "p").done([lead])[lead])


def test_somebody_who_is_away_is_stood_in_for(company: Company) -> None:
    today = company.now().date()
    away = f"deputy: Павел Титов\n      away_from: {today:%Y-%m-%d}"
    book = BOOK.replace("deputy: Павел Титов", away, 1)
    lead = company.lead("Охрана труда для склада")
    assert company.owner(lead, book) == "Павел Титов"
    assert "Юлия Маркова" in company.said(lead)


def test_a_letter_of_a_known_client_makes_no_second_client(company: Company) -> None:
    contact = company.contact("Вера", "Роман Юдин", email="vera107@kaluga.example")
    people = {one.id for one in company.office.portal.contacts()}
    lead = company.letter("vera107@kaluga.example", "Уточнение", "info@expo-standart.example")
    found = company.work(lead)
    assert {one.id for one in company.office.portal.contacts()} == people
    if company.amo:
        assert found == {} or lead not in found
        assert "vera107@kaluga.example" in company.said(contact)
    else:
        assert found[lead].contact == contact.id
        assert found[lead].owner == company.ids["Роман Юдин"]


def test_nobody_is_asked_twice(company: Company) -> None:
    """After all of this a further look changes nothing."""
    leads = [one.ref for one in company.office.portal.leads()][-6:]
    company.work(*leads)
    before = company.office.effects()
    company.work(*leads)
    assert company.office.effects() == before
    assert isinstance(company.now(), datetime)
