"""crm.{lead,contact,company,deal}.{list,get,add,update,delete}."""

from __future__ import annotations

import pytest

from tests.sandbox.bitrix24.fresh import ADMIN, SELLER, FreshPortal, mail


@pytest.fixture
def portal() -> FreshPortal:
    return FreshPortal()


def test_add_answers_a_number_and_get_answers_texts(portal: FreshPortal) -> None:
    lead = portal.ask("crm.lead.add", {"fields": {"TITLE": "A", "OPPORTUNITY": 12500}})
    row = portal.row("lead", lead)
    assert lead == 1
    assert (row["ID"], row["OPPORTUNITY"], row["ASSIGNED_BY_ID"]) == ("1", "12500.00", str(ADMIN))
    assert (row["DATE_CREATE"], row["BIRTHDATE"], row["DATE_CLOSED"]) == ("2026-01-20T13:00:00+03:00", "", "")


def test_a_new_lead_gets_the_defaults_of_the_portal(portal: FreshPortal) -> None:
    row = portal.row("lead", portal.ask("crm.lead.add", {"fields": {}}, user=SELLER))
    assert (row["TITLE"], row["STATUS_ID"], row["STATUS_SEMANTIC_ID"]) == ("Лид #1", "NEW", "P")
    assert (row["SOURCE_ID"], row["CURRENCY_ID"], row["OPENED"]) == ("CALL", "RUB", "Y")
    assert row["ASSIGNED_BY_ID"] == row["CREATED_BY_ID"] == str(SELLER)


def test_unknown_and_read_only_fields_are_ignored_without_a_word(portal: FreshPortal) -> None:
    lead = portal.lead(DATE_CREATE="2020-01-01", STATUS_SEMANTIC_ID="S", HAS_EMAIL="Y", NO_SUCH="1", ID=77)
    row = portal.row("lead", lead)
    assert (row["ID"], row["DATE_CREATE"][:10], row["STATUS_SEMANTIC_ID"]) == ("1", "2026-01-20", "P")
    assert row["HAS_EMAIL"] == "N"
    assert "NO_SUCH" not in row


def test_update_and_delete_answer_true(portal: FreshPortal) -> None:
    lead = portal.lead()
    assert portal.ask("crm.lead.update", {"id": str(lead), "fields": {"TITLE": "B"}}) is True
    assert portal.row("lead", lead)["TITLE"] == "B"
    assert portal.ask("crm.lead.delete", {"ID": lead}) is True
    assert portal.refusal("crm.lead.get", {"id": lead}).text == "Not found"


def test_errors_have_an_empty_code_and_a_sentence(portal: FreshPortal) -> None:
    for name in ("get", "update", "delete"):
        missing = portal.refusal(f"crm.lead.{name}", {"id": 9, "fields": {}})
        assert (missing.code, missing.text, missing.status) == ("", "Not found", 400)
        assert portal.refusal(f"crm.lead.{name}", {"id": "x"}).text == "ID is not defined or invalid."
    assert portal.refusal("crm.lead.add", {"fields": "x"}).text == "Parameter 'fields' must be array."
    # PHP's `fields[]=` is an array that names no field.
    assert portal.row("lead", portal.ask("crm.lead.add", {"fields": [""]}))["TITLE"].startswith("Лид #")


def test_multifields_come_with_get_but_in_lists_only_when_named(portal: FreshPortal) -> None:
    portal.lead(EMAIL=mail("ann@acme.example"))
    assert portal.row("lead", 1)["EMAIL"] == [
        {"ID": "1", "VALUE_TYPE": "WORK", "VALUE": "ann@acme.example", "TYPE_ID": "EMAIL"}
    ]
    assert "PHONE" not in portal.row("lead", 1)
    assert "EMAIL" not in portal.ask("crm.lead.list")[0]
    assert "EMAIL" not in portal.ask("crm.lead.list", {"select": ["*"]})[0]
    assert list(portal.ask("crm.lead.list", {"select": ["EMAIL"]})[0]) == ["ID", "EMAIL"]


def test_select_ignores_unknown_names(portal: FreshPortal) -> None:
    portal.lead()
    assert portal.ask("crm.lead.list", {"select": ["TITLE", "NO_SUCH"]}) == [{"TITLE": "Письмо"}]


def test_a_lead_row_has_the_documented_keys(portal: FreshPortal) -> None:
    portal.lead()
    row = portal.ask("crm.lead.list")[0]
    assert len(row) == 51
    assert {"CONTACT_IDS", "CONTACT_ID"} & set(row) == {"CONTACT_ID"}


def test_an_address_that_is_none_is_refused(portal: FreshPortal) -> None:
    assert portal.refusal("crm.lead.add", {"fields": {"EMAIL": mail("no address")}}).code == "ERROR_CORE"


def test_a_stage_that_the_portal_does_not_have_is_refused(portal: FreshPortal) -> None:
    lead = portal.lead()
    assert portal.refusal("crm.lead.update", {"id": lead, "fields": {"STATUS_ID": "NO_SUCH"}}).code == "ERROR_CORE"
    assert portal.row("lead", lead)["STATUS_ID"] == "NEW"


def test_a_contact_needs_some_name_or_address(portal: FreshPortal) -> None:
    assert portal.refusal("crm.contact.add", {"fields": {"POST": "boss"}}).code == "ERROR_CORE"
    assert portal.ask("crm.contact.add", {"fields": {"NAME": "Ann"}}) == 1


def test_a_deal_is_born_in_the_first_stage_of_its_pipeline_and_cannot_change_it(portal: FreshPortal) -> None:
    pipeline = portal.ask("crm.dealcategory.add", {"fields": {"NAME": "B2B", "SORT": 10}})
    deal = portal.ask("crm.deal.add", {"fields": {"TITLE": "d", "CATEGORY_ID": pipeline}})
    assert portal.row("deal", deal)["STAGE_ID"] == "C1:NEW"
    portal.ask("crm.deal.update", {"id": deal, "fields": {"CATEGORY_ID": 0, "STAGE_ID": "C1:WON"}})
    row = portal.row("deal", deal)
    assert (row["CATEGORY_ID"], row["STAGE_ID"], row["STAGE_SEMANTIC_ID"], row["CLOSED"]) == ("1", "C1:WON", "S", "Y")


def test_an_empty_text_clears_a_field(portal: FreshPortal) -> None:
    lead = portal.lead(NAME="Ann", CONTACT_ID=portal.ask("crm.contact.add", {"fields": {"NAME": "Ann"}}))
    portal.ask("crm.lead.update", {"id": lead, "fields": {"NAME": "", "CONTACT_ID": ""}})
    assert (portal.row("lead", lead)["NAME"], portal.row("lead", lead)["CONTACT_ID"]) == (None, None)


def test_comments_travel_as_bb_code(portal: FreshPortal) -> None:
    lead = portal.lead(COMMENTS="<b>срочно</b><br>a < b")
    assert portal.row("lead", lead)["COMMENTS"] == "[B]срочно[/B]\na < b"


def test_an_administrator_may_import_a_creation_date(portal: FreshPortal) -> None:
    fields = {"NAME": "Ann", "DATE_CREATE": "2020-05-01T12:00:00+03:00", "CREATED_BY_ID": SELLER}
    kept = portal.ask("crm.contact.add", {"fields": fields, "params": {"IMPORT": "Y"}})
    lost = portal.ask("crm.contact.add", {"fields": fields, "params": {"IMPORT": "Y"}}, user=SELLER)
    assert portal.row("contact", kept)["DATE_CREATE"] == "2020-05-01T12:00:00+03:00"
    assert portal.row("contact", lost)["DATE_CREATE"][:4] == "2026"


def test_arrays_may_come_as_maps_by_number(portal: FreshPortal) -> None:
    portal.lead(EMAIL={"0": {"VALUE": "ann@acme.example"}})
    rows = portal.ask("crm.lead.list", {"select": {"0": "ID", "1": "EMAIL"}})
    assert rows[0]["EMAIL"][0]["VALUE"] == "ann@acme.example"
