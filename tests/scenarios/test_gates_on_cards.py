"""Data that a stage asks for, on both vendors: the fields are made, questions go by answers, score and portrait stand
on the card, and a card that ran ahead comes back with the list of what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from b24kit.crm.cardfield import TellsFields
from b24kit.crm.pipeline import LEADS
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change, Write
from b24kit.playbook.loader import parse_playbook
from b24kit.playbook.robot_fields import draft_fields
from tests.robots.office import VENDORS, office
from tests.scenarios.arrivals import COMPANY, Company

BOOK = """
b24kit: 1
name: gates
title: {ru: Проба, en: Trial}
fields:
  - datum: role
    name: {ru: Роль, en: Role}
    type: list
    options: [{ru: Участник, en: Visitor}, {ru: Спонсор, en: Sponsor}]
  - {datum: stand_size, name: {ru: Площадь стенда, en: Stand size}, type: number}
gates:
  fields: {role: UF_CRM_ROLE, stand_size: UF_CRM_STAND_SIZE}
  gates:
    - stage: E-mail
      leave: [role]
      questions: [{when: {role: Спонсор}, ask: stand_size}]
  score:
    rules: [{points: 2, data: role}, {points: 5, when: {role: Спонсор}}]
    points_field: UF_CRM_POINTS
    grade_field: UF_CRM_GRADE
    grades: {A: 7, B: 2, C: 0}
  portrait:
    lines: ["{full_name}, {phone}", "Роль: {role}", "Стенд: {stand_size} м²"]
    field: UF_CRM_PORTRAIT
"""


@pytest.fixture(scope="module", params=VENDORS)
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with office(tmp_path_factory.mktemp("gates"), vendor=request.param, seed=COMPANY) as found:
        drafted = draft_fields(parse_playbook(BOOK, "gates.yaml"), found.portal)
        made = list(found.portal.perform([one.write({}, {}) for one in drafted.operations], lambda _: None))
        assert len(made) == 5 and all(one.new_id for one in made)
        yield Company(found, BOOK)


def test_a_second_plan_makes_no_field_again(company: Company) -> None:
    drafted = draft_fields(parse_playbook(BOOK, "gates.yaml"), company.office.portal)
    assert drafted.operations == ()
    assert bool(drafted.steps) is not company.amo  # where the portal has no gates people mark the card


def test_a_card_that_ran_ahead_comes_back_with_the_list_of_what_is_missing(company: Company) -> None:
    lead = standing(company, "E-mail")
    moved(company, lead, "в Работе")
    assert stage(company, lead) == "E-mail"
    assert "Заполните: Роль" in company.said(lead)


def test_a_question_is_asked_of_whom_it_concerns_only(company: Company) -> None:
    visitor, sponsor = standing(company, "E-mail"), standing(company, "E-mail")
    filled(company, visitor, role="Участник")
    filled(company, sponsor, role="Спонсор")
    moved(company, visitor, "в Работе")
    moved(company, sponsor, "в Работе")
    assert (stage(company, visitor), stage(company, sponsor)) == ("в Работе", "E-mail")
    assert "Заполните: Площадь стенда" in company.said(sponsor)
    filled(company, sponsor, role="Спонсор", stand_size=12)
    moved(company, sponsor, "в Работе")
    assert stage(company, sponsor) == "в Работе"


def test_score_and_portrait_stand_on_the_card_and_are_written_once(company: Company) -> None:
    lead = standing(company, "E-mail")
    filled(company, lead, role="Спонсор", stand_size=12)
    company.work(lead)
    found = values(company, lead)
    assert (float(found["points"]), found["grade"]) == (7, "A")
    assert found["portrait"].splitlines() == ["Роль: Спонсор", "Стенд: 12 м²"]
    company.office.control.log_calls()
    company.work(lead)
    company.work(lead)
    writes = [
        call
        for call in company.office.control.calls()
        if call.get("http") == "PATCH" or "update" in call.get("method", "")
    ]
    assert writes == []


def standing(company: Company, name: str) -> Ref:
    """A lead that has come to a stage, and was looked at there."""
    lead = company.lead("Заявка", phone="")
    moved(company, lead, name)
    return lead


def moved(company: Company, lead: Ref, name: str) -> None:
    company.office.control.advance(180)
    code = next(one.code for one in company.office.portal.stages() if one.ladder == LEADS and one.name == name)
    write(company, lead, {"stage": code})
    company.work(lead)


def stage(company: Company, lead: Ref) -> str:
    card: Any = company.office.portal.read([lead])[lead]
    return next(one.name for one in company.office.portal.stages() if one.code == card.stage)


def filled(company: Company, lead: Ref, **data: Any) -> None:
    """Somebody fills in fields, choosing from lists as a person would."""
    extra = {}
    for name, value in data.items():
        field = next(one for one in fields(company) if one.code == f"UF_CRM_{name.upper()}")
        chosen = next((number for number, text in field.options.items() if text == value), value)
        extra[field.key] = chosen if field.by_id else value
    write(company, lead, {"extra": extra})


def write(company: Company, lead: Ref, wanted: dict[str, Any]) -> None:
    card: Any = company.office.portal.read([lead])[lead]
    before = {"stage": card.stage, "extra": dict(card.extra)}
    writes: list[Write] = [Change(f"w{next(company.office.names)}", lead, wanted, before)]
    (result,) = company.office.portal.perform(writes, lambda _: None)
    assert result.settled == "done", result


def fields(company: Company) -> list[Any]:
    return [one for one in cast(TellsFields, company.office.portal).card_fields() or () if one.kind is Kind.LEAD]


def values(company: Company, lead: Ref) -> dict[str, str]:
    """What stands in the fields that rules write."""
    card: Any = company.office.portal.read([lead])[lead]
    found = {}
    for name in ("points", "grade", "portrait"):
        raw = card.extra[next(one.key for one in fields(company) if one.code == f"UF_CRM_{name.upper()}")]
        found[name] = str(raw[0]["value"] if isinstance(raw, list) else raw)
    return found
