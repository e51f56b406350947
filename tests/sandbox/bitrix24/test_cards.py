"""What the server itself keeps on cards: semantics, history, repeat mark, links, and what goes away with a lead."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.sandbox.bitrix24 import cards
from b24kit.sandbox.bitrix24.tables import owner_key
from tests.sandbox.bitrix24.fresh import CONTACT, DEAL, LEAD, SELLER, FreshPortal, mail


@pytest.fixture
def portal() -> FreshPortal:
    return FreshPortal()


def history(portal: FreshPortal, lead: int) -> list[tuple[int, str, str]]:
    rows = portal.ask("crm.stagehistory.list", {"entityTypeId": LEAD, "filter": {"OWNER_ID": lead}})["items"]
    return [(row["TYPE_ID"], row["STATUS_ID"], row["STATUS_SEMANTIC_ID"]) for row in rows]


def move(portal: FreshPortal, lead: int, stage: str, user: int = 1) -> None:
    portal.ask("crm.lead.update", {"id": lead, "fields": {"STATUS_ID": stage}}, user=user)


def test_a_move_marks_time_hand_semantics_and_closing(portal: FreshPortal) -> None:
    lead = portal.lead()
    portal.wait(days=1)
    move(portal, lead, "JUNK", SELLER)
    row = portal.row("lead", lead)
    assert (row["STATUS_SEMANTIC_ID"], row["MOVED_BY_ID"]) == ("F", str(SELLER))
    assert row["MOVED_TIME"] == row["DATE_CLOSED"] == row["DATE_MODIFY"] == "2026-01-21T13:00:00+03:00"
    move(portal, lead, "NEW")
    assert (portal.row("lead", lead)["DATE_CLOSED"], portal.row("lead", lead)["STATUS_SEMANTIC_ID"]) == ("", "P")


def test_every_move_leaves_a_row_of_history(portal: FreshPortal) -> None:
    lead = portal.lead()
    move(portal, lead, "IN_PROCESS")
    move(portal, lead, "IN_PROCESS")
    move(portal, lead, "CONVERTED")
    assert history(portal, lead) == [(1, "NEW", "P"), (2, "IN_PROCESS", "P"), (3, "CONVERTED", "S")]


def test_other_changes_do_not_touch_the_time_of_the_last_move(portal: FreshPortal) -> None:
    lead = portal.lead()
    portal.wait(days=1)
    portal.ask("crm.lead.update", {"id": lead, "fields": {"TITLE": "B"}})
    row = portal.row("lead", lead)
    assert row["MOVED_TIME"] == "2026-01-20T13:00:00+03:00"
    assert row["DATE_MODIFY"] == "2026-01-21T13:00:00+03:00"


def test_success_by_rest_creates_nothing(portal: FreshPortal) -> None:
    move(portal, portal.lead(NAME="Ann"), "CONVERTED")
    assert portal.ask("crm.contact.list") == portal.ask("crm.deal.list") == []


def test_linking_a_client_makes_a_repeat_lead_only_through_the_lead_itself(portal: FreshPortal) -> None:
    contact = portal.ask("crm.contact.add", {"fields": {"NAME": "Ann"}})
    lead, other = portal.lead(), portal.lead()
    portal.ask("crm.lead.update", {"id": lead, "fields": {"CONTACT_ID": contact}})
    assert portal.row("lead", lead)["IS_RETURN_CUSTOMER"] == "Y"
    portal.ask("crm.lead.contact.items.set", {"id": other, "items": [{"CONTACT_ID": contact}]})
    assert portal.row("lead", other)["IS_RETURN_CUSTOMER"] == "N"
    assert portal.row("lead", other)["CONTACT_ID"] == str(contact)
    move(portal, other, "IN_PROCESS")  # the next save recalculates it
    assert portal.row("lead", other)["IS_RETURN_CUSTOMER"] == "Y"


def test_a_portal_without_repeat_leads_never_sets_the_mark() -> None:
    portal = FreshPortal(repeat_leads=False)
    contact = portal.ask("crm.contact.add", {"fields": {"NAME": "Ann"}})
    lead = portal.lead(CONTACT_ID=contact)
    move(portal, lead, "IN_PROCESS")
    assert portal.row("lead", lead)["IS_RETURN_CUSTOMER"] == "N"


def test_a_simple_portal_turns_a_named_lead_into_a_contact_and_a_deal() -> None:
    portal = FreshPortal(crm_mode=2)
    assert portal.ask("crm.settings.mode.get") == 2
    lead = portal.lead(NAME="Ann", TITLE="Курс", EMAIL=mail("ann@acme.example"))
    deal = portal.row("deal", 1)
    assert portal.row("lead", lead)["STATUS_ID"] == "CONVERTED"
    assert (deal["TITLE"], deal["LEAD_ID"], deal["CONTACT_ID"]) == ("Курс", str(lead), "1")
    assert portal.row("contact", 1)["EMAIL"][0]["VALUE"] == "ann@acme.example"
    portal.lead()
    assert len(portal.ask("crm.deal.list")) == 1


def hang(portal: FreshPortal, *cards_bound: tuple[int, int]) -> int:
    """An activity bound to cards, owned by the first of them."""
    owners = [owner_key(*card) for card in cards_bound]
    type_id, card_id = cards_bound[0]
    row: dict[str, Any] = {"OWNER": owners[0], "OWNER_TYPE_ID": type_id, "OWNER_ID": card_id, "SUBJECT": "x"}
    activity = portal.portal.store["activity"].add(row)
    for owner in owners:
        portal.portal.store["binding"].add({"ACTIVITY_ID": activity, "OWNER": owner})
    return activity


def test_deleting_a_lead_takes_what_hangs_on_nothing_else(portal: FreshPortal) -> None:
    contact = portal.ask("crm.contact.add", {"fields": {"NAME": "Ann"}})
    lead, other = portal.lead(EMAIL=mail("a@acme.example")), portal.lead()
    alone, shared = hang(portal, (LEAD, lead)), hang(portal, (LEAD, lead), (CONTACT, contact))
    tasks = portal.portal.store["task"]
    own_task = tasks.add({"TITLE": "a", "UF_CRM_TASK": [f"L_{lead}"]})
    kept_task = tasks.add({"TITLE": "b", "UF_CRM_TASK": [f"L_{lead}", f"L_{other}"]})
    portal.ask("crm.lead.delete", {"id": lead})
    store = portal.portal.store
    assert alone not in store["activity"].rows
    kept = store["activity"].rows[shared]
    assert (kept["OWNER_TYPE_ID"], kept["OWNER_ID"]) == (CONTACT, contact)
    assert own_task not in tasks.rows
    assert tasks.rows[kept_task]["UF_CRM_TASK"] == [f"L_{other}"]
    assert (len(store["multifield"]), history(portal, lead)) == (0, [])
    assert len(store["binding"]) == 1


def test_deleting_a_lead_takes_its_own_comments(portal: FreshPortal) -> None:
    lead, other = portal.lead(), portal.lead()
    store = portal.portal.store
    for owners in ([lead], [lead, other]):
        comment = store["comment"].add({"OWNER": owner_key(LEAD, owners[0]), "COMMENT": "x"})
        for owner in owners:
            store["comment_binding"].add({"COMMENT_ID": comment, "OWNER": owner_key(LEAD, owner)})
    portal.ask("crm.lead.delete", {"id": lead})
    assert list(store["comment"].rows) == [2]


def test_ids_are_never_used_twice(portal: FreshPortal) -> None:
    portal.ask("crm.lead.delete", {"id": portal.lead()})
    assert portal.lead() == 2


def test_deleting_a_client_cuts_the_links_that_led_to_it(portal: FreshPortal) -> None:
    company = portal.ask("crm.company.add", {"fields": {"TITLE": "Acme"}})
    people = [portal.ask("crm.contact.add", {"fields": {"NAME": "A", "COMPANY_ID": company}}) for _ in range(2)]
    lead = portal.lead(CONTACT_IDS=people, COMPANY_ID=company)
    portal.ask("crm.contact.delete", {"id": people[0]})
    portal.ask("crm.company.delete", {"id": company})
    row = portal.row("lead", lead)
    assert (row["CONTACT_ID"], row["COMPANY_ID"]) == (str(people[1]), None)
    assert portal.row("contact", people[1])["COMPANY_ID"] is None


def test_required_fields_of_a_stage_stop_the_move_and_change_nothing() -> None:
    portal = FreshPortal(stage_required={"1": {"CONVERTED": ["NAME"]}})
    lead = portal.lead()
    refused = portal.refusal("crm.lead.update", {"id": lead, "fields": {"STATUS_ID": "CONVERTED", "TITLE": "B"}})
    assert refused.code == "CRM_FIELD_ERROR_REQUIRED"
    assert (portal.row("lead", lead)["STATUS_ID"], portal.row("lead", lead)["TITLE"]) == ("NEW", "Письмо")
    portal.ask("crm.lead.update", {"id": lead, "fields": {"STATUS_ID": "CONVERTED", "NAME": "Ann"}})
    assert portal.row("lead", lead)["STATUS_ID"] == "CONVERTED"


def test_seeds_set_the_columns_that_callers_cannot(portal: FreshPortal) -> None:
    system = {"DATE_CREATE": "2023-05-01T09:00:00+00:00", "MOVED_TIME": "2023-05-02T09:00:00+00:00"}
    deal = cards.create(portal.portal, DEAL, {"TITLE": "d"}, SELLER, system=system, robots=False)
    row = portal.row("deal", deal)
    assert (row["DATE_CREATE"], row["MOVED_TIME"]) == ("2023-05-01T12:00:00+03:00", "2023-05-02T12:00:00+03:00")
