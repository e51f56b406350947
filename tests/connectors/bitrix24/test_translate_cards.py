"""Cards: classic rows into records, and records through the write side back into rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from b24kit.connectors.bitrix24 import translate_cards
from b24kit.connectors.bitrix24.card_fields import new_card
from b24kit.crm.cards import Origin, PersonName
from b24kit.crm.pipeline import Outcome
from b24kit.crm.points import Point, PointKind
from b24kit.crm.records import fingerprint, values_of
from b24kit.crm.refs import Kind

LEAD = {
    "ID": "812",
    "TITLE": "Re: price",
    "NAME": "Ann",
    "SECOND_NAME": None,
    "LAST_NAME": "Lee",
    "COMPANY_TITLE": None,
    "COMPANY_ID": "0",
    "CONTACT_ID": None,
    "IS_RETURN_CUSTOMER": "N",
    "SOURCE_ID": "EMAIL",
    "STATUS_ID": "UC_LAFJPE",
    "STATUS_SEMANTIC_ID": "P",
    "COMMENTS": None,
    "CURRENCY_ID": "RUB",
    "OPPORTUNITY": "0.00",
    "HAS_EMAIL": "Y",
    "ASSIGNED_BY_ID": "5",
    "CREATED_BY_ID": "1",
    "MODIFY_BY_ID": "1",
    "DATE_CREATE": "2026-01-20T10:00:00+03:00",
    "DATE_MODIFY": "2026-01-20T10:00:00+03:00",
    "DATE_CLOSED": "",
    "OPENED": "Y",
    "ORIGINATOR_ID": None,
    "ORIGIN_ID": None,
    "MOVED_BY_ID": "1",
    "MOVED_TIME": "2026-01-20T10:00:00+03:00",
    "UTM_SOURCE": None,
    "LAST_ACTIVITY_BY": "1",
    "LAST_ACTIVITY_TIME": "2026-01-21T10:00:00+03:00",
    "UF_CRM_OPTOUT": "1",
    "UF_CRM_EMPTY": False,
    "EMAIL": [{"ID": "158", "VALUE_TYPE": "WORK", "VALUE": "ann@acme.example", "TYPE_ID": "EMAIL"}],
}


def test_a_lead_row_becomes_a_lead() -> None:
    lead = translate_cards.to_lead(LEAD)
    assert lead.id == "812"
    assert (lead.title, lead.stage, lead.outcome, lead.source) == ("Re: price", "UC_LAFJPE", Outcome.OPEN, "EMAIL")
    assert lead.name == PersonName(first="Ann", last="Lee")
    assert (lead.contact, lead.company, lead.owner) == (None, None, "5")
    assert lead.points == (Point(PointKind.EMAIL, "ann@acme.example", "work", "158"),)
    assert lead.created == datetime(2026, 1, 20, 7, tzinfo=UTC)
    assert lead.origin is None


def test_unnamed_fields_ride_in_extra_and_empty_or_restless_ones_do_not() -> None:
    extra = translate_cards.to_lead(LEAD).extra
    assert extra == {"CURRENCY_ID": "RUB", "OPPORTUNITY": "0.00", "OPENED": "Y", "UF_CRM_OPTOUT": "1"}


def test_a_card_that_only_somebody_looked_at_keeps_its_fingerprint() -> None:
    later = {**LEAD, "LAST_ACTIVITY_BY": "9", "LAST_ACTIVITY_TIME": "2026-02-01T00:00:00+03:00", "MOVED_BY_ID": "9"}
    first, second = (fingerprint(values_of(translate_cards.to_lead(row))) for row in (LEAD, later))
    assert first == second


def test_a_contact_takes_its_one_company_for_the_list_where_the_list_is_not_given() -> None:
    row = {"ID": "7", "NAME": "Ann", "COMPANY_ID": "3"}
    assert translate_cards.to_contact(row).companies == ("3",)
    assert translate_cards.to_contact({**row, "COMPANY_IDS": [3, 4]}).companies == ("3", "4")
    assert translate_cards.to_contact({**row, "COMPANY_ID": "0"}).companies == ()


def test_a_deal_of_the_general_pipeline_keeps_its_zero() -> None:
    row = {"ID": "9", "CATEGORY_ID": "0", "STAGE_ID": "WON", "STAGE_SEMANTIC_ID": "S", "OPPORTUNITY": "15000.00"}
    deal = translate_cards.to_deal(row)
    assert (deal.pipeline, deal.outcome, deal.amount) == ("0", Outcome.WON, "15000.00")


def test_a_foreign_origin_is_told() -> None:
    assert translate_cards.to_company({"ID": "1", "ORIGINATOR_ID": "1C", "ORIGIN_ID": "77"}).origin == Origin(
        "1C", "77"
    )


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
ids = st.one_of(st.none(), st.just("0"), st.integers(1, 10**6).map(str))
uses = st.sampled_from(["WORK", "HOME", "MAILING", "OTHER"])


@st.composite
def rows(draw: st.DrawFn) -> tuple[Kind, dict[str, Any]]:
    """A classic row of a lead, contact or company, with user fields and points."""
    kind = draw(st.sampled_from([Kind.LEAD, Kind.CONTACT, Kind.COMPANY]))
    row: dict[str, Any] = {"ID": "5", "ASSIGNED_BY_ID": draw(st.integers(1, 99).map(str)), "COMMENTS": draw(texts)}
    row |= {"UF_CRM_A": draw(texts), "UF_CRM_B": draw(st.lists(st.integers(1, 9), max_size=3)), "OPENED": "Y"}
    for name in ("PHONE", "EMAIL", "WEB", "IM"):
        values = draw(st.lists(st.tuples(texts, uses), max_size=2))
        if values:
            row[name] = [
                {"ID": str(100 + place), "VALUE": value, "VALUE_TYPE": use, "TYPE_ID": name}
                for place, (value, use) in enumerate(values)
            ]
    if kind is not Kind.COMPANY:
        row |= {"NAME": draw(texts), "LAST_NAME": draw(texts), "SECOND_NAME": draw(texts), "COMPANY_ID": draw(ids)}
        row["SOURCE_ID"] = draw(st.sampled_from(["EMAIL", "WEB", None]))
    if kind is Kind.LEAD:
        row |= {"TITLE": draw(texts), "STATUS_ID": "NEW", "CONTACT_ID": draw(ids), "COMPANY_TITLE": draw(texts)}
    if kind is Kind.COMPANY:
        row["TITLE"] = draw(texts)
    return kind, row


def _stored(fields: dict[str, Any]) -> dict[str, Any]:
    """What a portal would answer after a card was made of these fields."""
    return {"ID": "5", **fields}


@given(rows())
def test_what_was_read_can_be_made_again_with_nothing_lost(case: tuple[Kind, dict[str, Any]]) -> None:
    kind, row = case
    read = translate_cards.CARD_READERS[kind]
    before = read(row)
    again = read(_stored(new_card(kind, values_of(before))))
    assert fingerprint(values_of(again)) == fingerprint(values_of(before))
