"""How leads are shared out at work, on both vendors: weights, caps, shifts, and the cards of people who are gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from b24kit.crm.portal import Where
from b24kit.crm.refs import Ref
from tests.robots.office import VENDORS, office
from tests.scenarios.arrivals import COMPANY, Company

BOOK = """
b24kit: 1
name: shares
title: {ru: Проба, en: Trial}
owners:
  known_client: "off"
  seminars:
    - {name: Охрана труда, manager: Юлия Маркова}
  sources:
    - {source: CALL, team: Отдел семинаров и курсов, spare: [Елена Орлова]}
  fallback: {to: Марина Соколова}
people:
  zone: Europe/Moscow
  week: {mon-sun: "00:00-24:00"}
  holidays: work
%s
routing: {assigned: в Работе, hand_over: true}
"""
PAVEL, YULIA, KSENIA, HEAD = "Павел Титов", "Юлия Маркова", "Ксения Зотова", "Марина Соколова"


@pytest.fixture(params=VENDORS)
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    with office(tmp_path, vendor=request.param, seed=COMPANY) as found:
        firm = Company(found, BOOK % "")
        # What the company had before is dealt with once, without turns: those are the tests' own.
        firm.work(book=(BOOK % "").replace("source: CALL", "source: OTHER_ONE"))
        yield firm


def calls(company: Company, people: str, count: int, first: int = 0) -> list[str]:
    """So many calls of strangers come in one after another; the names of those who got them."""
    book = BOOK % people
    leads: list[Ref] = []
    for number in range(first, first + count):
        lead = company.call(f"+7916000{number:04}", "+74959990000")
        company.source(lead, "CALL")
        leads.append(lead)
    company.work(*leads, book=book)
    found = company.work(*leads, book=book)
    names = {number: name for name, number in company.ids.items()}
    return [names[str(found[lead].owner)] for lead in leads]


def open_cards(company: Company, name: str) -> int:
    """As a cap counts them: everything open of this person."""
    portal = company.office.portal
    where = Where(open_only=True)
    return sum(one.owner == company.ids[name] for one in (*portal.leads(where), *portal.deals(where)))


def dismiss(company: Company, name: str) -> None:
    """Somebody stops working here; nobody touches his cards."""
    number, portal = int(company.ids[name]), company.office.box.site.portal
    if company.amo:
        portal.store["user"].change(number, {"is_active": False})
    else:
        portal.store["user"].change(number, {"ACTIVE": "N"})


def test_who_weighs_twice_gets_twice_as_many(company: Company) -> None:
    people = f"  shares: [{{who: {PAVEL}, weight: 2}}, {{who: {KSENIA}, weight: 0}}]"
    assert Counter(calls(company, people, 6)) == {PAVEL: 4, YULIA: 2}


def test_nobody_gets_more_than_his_cap_and_the_rest_waits_for_the_head(company: Company) -> None:
    caps = {name: open_cards(company, name) + more for name, more in ((PAVEL, 1), (YULIA, 2), (KSENIA, 0))}
    people = "  shares: [" + ", ".join(f"{{who: {name}, cap: {cap}}}" for name, cap in caps.items()) + "]"
    assert Counter(calls(company, people, 5)) == {PAVEL: 1, YULIA: 2, HEAD: 2}
    assert {name: open_cards(company, name) for name in caps} == caps


def test_a_call_goes_to_whose_shift_it_is(company: Company) -> None:
    today = company.now().date()
    shifts = f"""  schedules:
    - {{people: [{PAVEL}], rota: {{start: {today}, hours: ["00:00-24:00", off]}}}}
    - {{people: [{YULIA}, {KSENIA}], rota: {{start: {today}, hours: [off, "00:00-24:00"]}}}}"""
    assert set(calls(company, shifts, 3)) == {PAVEL}
    company.office.control.advance(timedelta(days=1).total_seconds())
    assert set(calls(company, shifts, 2, first=3)) == {YULIA, KSENIA}


def test_cards_of_a_dismissed_person_go_to_his_deputy_though_nobody_touched_them(company: Company) -> None:
    people = f"  deputies: [{{who: {YULIA}, deputy: {PAVEL}}}]"
    lead = company.lead("Охрана труда для склада", phone="+79160000900")
    assert company.owner(lead, BOOK % people) == YULIA
    dismiss(company, YULIA)
    company.office.control.advance(timedelta(hours=1).total_seconds())
    company.work(book=BOOK % people)
    assert company.owner_now(lead) == PAVEL
    assert YULIA in company.said(lead) and PAVEL in company.said(lead)


def test_cards_of_a_dismissed_person_without_a_deputy_do_not_stay_with_him(company: Company) -> None:
    lead = company.lead("Охрана труда для офиса", phone="+79160000901")
    assert company.owner(lead) == YULIA
    dismiss(company, YULIA)
    company.office.control.advance(timedelta(hours=1).total_seconds())
    company.work()
    assert company.owner_now(lead) not in (YULIA, "")


def test_who_falls_ill_is_stood_in_for_and_has_his_cards_again_when_he_is_back(company: Company) -> None:
    ill, back = company.now().date(), (company.now() + timedelta(days=2)).date()
    deputy = f"  deputies: [{{who: {YULIA}, deputy: {PAVEL}}}]"
    away = f"{deputy}\n  absences: [{{who: {YULIA}, since: {ill}, until: {back}}}]"
    lead = company.lead("Охрана труда для школы", phone="+79160000902")
    assert company.owner(lead, BOOK % deputy) == YULIA
    company.work(book=BOOK % away)
    assert company.owner_now(lead) == PAVEL
    company.office.control.advance(timedelta(days=4).total_seconds())
    company.work(book=BOOK % away)
    assert company.owner_now(lead) == YULIA
