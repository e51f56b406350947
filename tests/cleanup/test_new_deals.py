"""Deals of clients whose letters are converted with a deal: one a client, none where one is running."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from b24kit.change.operation import CreateRecord, Phase
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.cleanup.planner import plan_clean
from b24kit.cleanup.spec import CleanSpec
from b24kit.crm.cards import Company, Deal, Lead
from b24kit.crm.pipeline import Outcome, Pipeline, Stage, deals_ladder
from b24kit.crm.portal import Carries
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind
from b24kit.errors import UsageError
from b24kit.owners.spec import OwnersSpec
from b24kit.reports.wording import kept_lines
from tests.cleanup.portal_of import ABLE, NOW, contact, mail, plan, snapshot

ANNA = "Анна Белова <a.belova@firm.example>"


def stage(pipeline: str, code: str, name: str, outcome: Outcome, sort: int) -> Stage:
    ladder = deals_ladder(pipeline)
    row = f"{pipeline}{sort}"
    return Stage(id=row, ladder=ladder, code=code, name=name, sort=sort, colour=None, outcome=outcome)


PIPELINES: list[Record] = [
    Pipeline(id="0", name="Общая", sort=10, default=True),
    Pipeline(id="4", name="Семинары", sort=20),
    stage("0", "NEW", "Новая", Outcome.OPEN, 110),
    stage("0", "WON", "Успех", Outcome.WON, 120),
    stage("4", "C4:NEW", "Заявка", Outcome.OPEN, 130),
    stage("4", "C4:TALK", "Переговоры", Outcome.OPEN, 140),
    stage("4", "C4:LOSE", "Отказ", Outcome.LOST, 150),
]
RUNNING = Deal(id="900", title="Стенд", pipeline="0", stage="NEW", contact="77", owner="2")


def drafted(*records: Any, human: str = "convert_with_deal", **deals: Any) -> CleanDraft:
    clean = {"classes": {"human": human}, "deals": deals}
    return plan(snapshot(PIPELINES, *records), clean=clean)


def made(draft: CleanDraft) -> list[CreateRecord]:
    return [one for one in draft.operations if isinstance(one, CreateRecord) and one.kind is Kind.DEAL]


def test_a_new_client_gets_one_deal_linked_to_him_his_company_and_his_first_lead() -> None:
    firm = Company(id="5", title="Лес", points=contact(1, "", "info@firm.example").points)
    (deal,) = made(drafted(firm, mail(12, ANNA, days=50), mail(11, ANNA, days=60)))
    assert deal.values == {
        "title": "Вопрос",
        "pipeline": "0",
        "stage": "NEW",
        "owner": "1",
        "contact": "new:contact-c-11",
        "company": "5",
        "lead": "11",
    }
    assert (deal.phase, deal.needs) == (Phase.DEALS, ("contact-c-11",))
    assert deal.quiet, "no robot of the stage may fire"


def test_without_being_asked_no_deal_is_made() -> None:
    draft = drafted(mail(1, ANNA), human="convert")
    assert made(draft) == []
    assert "clean.note.no_deals" in {note.code for note in draft.notes}


@pytest.mark.parametrize(("when", "count"), [("no_running_deal", 0), ("always", 1)])
def test_a_client_with_a_running_deal_gets_a_second_one_only_when_asked(when: str, count: int) -> None:
    known = contact(77, "Белова Анна", "a.belova@firm.example")
    draft = drafted(known, RUNNING, mail(1, ANNA), when=when)
    assert len(made(draft)) == count
    (note,) = [note for note in draft.notes if note.code == "clean.note.deals"]
    assert (note.facts["count"], note.facts["running"]) == (count, 1 - count)


def test_a_known_client_without_a_deal_gets_one_on_his_own_card() -> None:
    known = contact(77, "Белова Анна", "a.belova@firm.example")
    (deal,) = made(drafted(known, mail(1, ANNA)))
    assert (deal.values["contact"], deal.values["owner"], deal.needs) == ("77", "2", ())


def test_the_place_is_found_by_names_and_the_title_by_its_gaps() -> None:
    place = {"pipeline": "семинары", "stage": "Переговоры", "title": "{client}: {subject} (лид {lead})"}
    (deal,) = made(drafted(mail(1, ANNA), **place))
    assert (deal.values["pipeline"], deal.values["stage"]) == ("4", "C4:TALK")
    assert deal.values["title"] == "Белова Анна: Вопрос (лид 1)"


@pytest.mark.parametrize(
    ("deals", "code"),
    [
        ({"pipeline": "Выставки"}, "clean.deal_pipeline_unknown"),
        ({"stage": "Успех"}, "clean.deal_stage_unknown"),
        ({"pipeline": "4", "stage": "Новая"}, "clean.deal_stage_unknown"),
    ],
)
def test_a_place_that_is_not_there_or_is_no_working_stage_is_refused(deals: dict[str, str], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        drafted(mail(1, ANNA), **deals)
    assert caught.value.code == code


@pytest.mark.parametrize("title", ["{name}", "{client.name}", "{", "{0}", "{}"])
def test_a_title_with_unknown_gaps_is_a_mistake_of_the_playbook(title: str) -> None:
    with pytest.raises(ValidationError):
        CleanSpec.model_validate({"deals": {"title": title}})


MONEY = replace(ABLE, carries=Carries(money={"amount": "OPPORTUNITY", "currency": "CURRENCY_ID"}))


def priced(number: int, amount: str, currency: str = "RUB", days: int = 100) -> list[Record]:
    made, letter = mail(number, ANNA, days=days)
    assert isinstance(made, Lead)
    return [replace(made, extra={"OPPORTUNITY": amount, "CURRENCY_ID": currency}), letter]


@pytest.mark.parametrize(
    ("leads", "money"),
    [
        ([priced(1, "1500.00", "EUR")], {"amount": "1500.00", "currency": "EUR"}),
        ([priced(1, "0.00"), priced(2, "70.00", days=50)], {"amount": "70.00", "currency": "RUB"}),
        ([priced(1, "0.00")], {}),
        ([mail(1, ANNA)], {}),
    ],
    ids=["its own", "of the lead that has one", "nothing", "unknown"],
)
def test_a_deal_takes_over_what_its_leads_are_worth(leads: list[Any], money: dict[str, str]) -> None:
    (deal,) = made(priced_draft(*leads))
    assert {name: deal.values[name] for name in ("amount", "currency") if name in deal.values} == money


def test_of_two_amounts_the_first_leads_stays_and_the_plan_tells_of_the_other() -> None:
    (deal,) = made(priced_draft(priced(1, "1500.00"), priced(2, "70.00", "EUR", days=50)))
    assert (deal.values["amount"], deal.values["currency"]) == ("1500.00", "RUB")
    lines = kept_lines(deal.reason, "ru")
    assert any("сумма" in line and "1500.00" in line and "70.00 (lead:2)" in line for line in lines), lines


def priced_draft(*records: Any) -> CleanDraft:
    spec = CleanSpec.model_validate({"classes": {"human": "convert_with_deal"}})
    return plan_clean(snapshot(PIPELINES, *records), spec, OwnersSpec.model_validate({}), NOW, MONEY)
