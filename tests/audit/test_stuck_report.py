"""Counting stuck leads in every way, from plain values."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from b24kit.audit.findings import Sheet
from b24kit.audit.stuck_report import Names, OpenLead, clients_deals, money, stuck_sheets
from b24kit.change.operation import Reason
from b24kit.crm.cards import Deal, Lead


def card(number: int, stage: str = "NEW", *, stuck: bool = True, days: int | None = 100, **more: object) -> OpenLead:
    lead = Lead(id=str(number), stage=stage, owner=str(more.pop("owner", "")) or None)
    age = None if days is None else timedelta(days=days)
    return OpenLead(lead=lead, stuck=stuck, age=age, cause=str(more.pop("cause", "newcomer")), **more)  # type: ignore[arg-type]


def sheets(*cards: OpenLead) -> dict[str, Sheet]:
    found = stuck_sheets(cards, Names(stages={"NEW": "Новый"}, users={"5": "Анна Громова"}))
    return {sheet.name.rpartition(".")[2]: sheet for sheet in found}


def test_stages_stand_by_the_size_of_their_pile() -> None:
    found = sheets(card(1, "A"), card(2, days=10), card(3, days=30), card(4, stuck=False, days=1))
    assert found["by_stage"].rows == [("Новый", 3, 2, 67, 20, 30), ("A", 1, 1, 100, 100, 100)]


def test_ages_fall_into_buckets_and_an_unknown_age_has_its_own() -> None:
    ages = [14, 15, 31, 800, None]
    rows = sheets(*(card(at, days=days) for at, days in enumerate(ages)))["by_age"].rows
    assert [(row[0].code.rpartition(".")[2], row[0].facts, row[1]) for row in rows] == [
        ("between", {"low": 0, "high": 14}, 1),
        ("between", {"low": 15, "high": 30}, 1),
        ("between", {"low": 31, "high": 90}, 1),
        ("over", {"days": 730}, 1),
        ("unknown", {}, 1),
    ]


def test_owners_are_named_and_nobody_is_said_so() -> None:
    rows = sheets(card(1, owner="5"), card(2), card(3))["by_owner"].rows
    assert [(row[0], row[2]) for row in rows] == [(Reason("audit.none"), 2), ("Анна Громова", 1)]


def test_money_is_summed_by_currency_and_what_is_no_number_counts_as_nothing() -> None:
    amounts = [("100.50", "RUB"), ("200", "RUB"), ("7", "EUR"), ("", "RUB"), ("много", "RUB"), ("NaN", "RUB")]
    deals = [Deal(id=str(at), pipeline="0", stage="NEW", amount=a, currency=c) for at, (a, c) in enumerate(amounts)]
    assert money(deals) == {"EUR": Decimal(7), "RUB": Decimal("300.50")}


def test_a_deal_behind_ten_letters_is_counted_once_and_only_for_stuck_ones() -> None:
    deal, other = (Deal(id=number, pipeline="0", stage="NEW") for number in ("1", "2"))
    cards = [card(at, deals=(deal,)) for at in range(10)] + [card(11, stuck=False, deals=(other,))]
    assert clients_deals(cards) == [deal]


def test_no_leads_give_no_sheets() -> None:
    assert stuck_sheets([], Names()) == []
