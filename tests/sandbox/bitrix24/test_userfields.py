"""User fields of cards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bitrix24.fresh import SELLER, FreshPortal


@pytest.fixture
def portal() -> FreshPortal:
    return FreshPortal()


def add(portal: FreshPortal, name: str = "MARK", kind: str = "string", **more: Any) -> int:
    fields = {"FIELD_NAME": name, "USER_TYPE_ID": kind, **more}
    return int(portal.ask("crm.lead.userfield.add", {"fields": fields}))


def test_a_name_is_stored_with_the_prefix_in_upper_case(portal: FreshPortal) -> None:
    for sent, stored in (("mark", "UF_CRM_MARK"), ("UF_CRM_KEPT", "UF_CRM_KEPT"), ("1747", "UF_CRM_1747")):
        row = portal.ask("crm.lead.userfield.get", {"id": add(portal, sent)})
        assert (row["FIELD_NAME"], row["ENTITY_ID"], row["SORT"]) == (stored, "CRM_LEAD", "100")
        assert row["SETTINGS"]["ROWS"] == 1


@pytest.mark.parametrize("name", ["", "кириллица", "A-B", "X" * 44])
def test_bad_names_are_refused(portal: FreshPortal, name: str) -> None:
    fields = {"FIELD_NAME": name, "USER_TYPE_ID": "string"}
    assert portal.refusal("crm.lead.userfield.add", {"fields": fields}).code == "ERROR_CORE"


def test_a_name_is_unique_among_one_kind_of_cards(portal: FreshPortal) -> None:
    add(portal)
    fields = {"FIELD_NAME": "MARK", "USER_TYPE_ID": "string"}
    assert portal.refusal("crm.lead.userfield.add", {"fields": fields}).code == "ERROR_CORE"
    assert portal.ask("crm.contact.userfield.add", {"fields": fields}) == 2


def test_a_value_is_written_and_read_at_once(portal: FreshPortal) -> None:
    add(portal)
    lead = portal.lead(UF_CRM_MARK="x")
    assert portal.row("lead", lead)["UF_CRM_MARK"] == "x"
    assert portal.ask("crm.lead.list", {"filter": {"UF_CRM_MARK": "x"}, "select": ["ID", "UF_*"]}) == [
        {"ID": "1", "UF_CRM_MARK": "x"}
    ]
    assert "UF_CRM_MARK" not in portal.ask("crm.lead.list", {"select": ["*"]})[0]
    assert portal.ask("crm.lead.list")[0]["UF_CRM_MARK"] == "x"


def test_an_empty_field_looks_different_in_lists_and_in_get(portal: FreshPortal) -> None:
    add(portal)
    add(portal, "TAGS", "enumeration", MULTIPLE="Y", LIST=[{"VALUE": "a"}])
    lead = portal.lead()
    listed, got = portal.ask("crm.lead.list")[0], portal.row("lead", lead)
    assert (listed["UF_CRM_MARK"], listed["UF_CRM_TAGS"]) == (None, False)
    assert (got["UF_CRM_MARK"], got["UF_CRM_TAGS"]) == ("", [])


def test_an_enumeration_holds_ids_of_its_values(portal: FreshPortal) -> None:
    field = add(portal, "KIND", "enumeration", LIST=[{"VALUE": "семинар"}, {"VALUE": "курс", "DEF": "Y"}])
    entries = portal.ask("crm.lead.userfield.get", {"id": field})["LIST"]
    assert [(one["VALUE"], one["SORT"], one["DEF"]) for one in entries] == [("семинар", "10", "N"), ("курс", "20", "Y")]
    lead = portal.lead(UF_CRM_KIND=entries[1]["ID"])
    assert portal.row("lead", lead)["UF_CRM_KIND"] == entries[1]["ID"]
    assert portal.ask("crm.item.get", {"entityTypeId": 1, "id": lead})["item"]["ufCrmKind"] == int(entries[1]["ID"])
    changes = [{"ID": entries[0]["ID"], "DEL": "Y"}, {"ID": entries[1]["ID"], "VALUE": "Курс"}, {"VALUE": "выставка"}]
    portal.ask("crm.lead.userfield.update", {"id": field, "fields": {"LIST": changes}})
    left = portal.ask("crm.lead.userfield.get", {"id": field})["LIST"]
    assert [one["VALUE"] for one in left] == ["Курс", "выставка"]


def test_booleans_dates_and_numbers_have_their_own_wire_form(portal: FreshPortal) -> None:
    for name, kind in (("YES", "boolean"), ("DAY", "date"), ("SUM", "double"), ("NUM", "integer")):
        add(portal, name, kind)
    lead = portal.lead(UF_CRM_YES="Y", UF_CRM_DAY="2026-02-03", UF_CRM_SUM="2.5", UF_CRM_NUM=7)
    row = portal.row("lead", lead)
    assert (row["UF_CRM_YES"], row["UF_CRM_DAY"], row["UF_CRM_NUM"]) == ("1", "2026-02-03T03:00:00+03:00", "7")
    item = portal.ask("crm.item.get", {"entityTypeId": 1, "id": lead})["item"]
    assert (item["ufCrmSum"], item["ufCrmNum"], item["ufCrmYes"]) == (2.5, 7, "Y")
    found = portal.ask("crm.item.list", {"entityTypeId": 1, "filter": {"ufCrmYes": 1}, "select": ["id"]})
    assert found["items"] == [{"id": lead}]


def test_a_label_given_as_one_text_stands_for_every_language(portal: FreshPortal) -> None:
    field = add(portal, EDIT_FORM_LABEL={"ru": "Метка", "en": "Mark"})
    assert portal.ask("crm.lead.userfield.get", {"id": field})["EDIT_FORM_LABEL"]["en"] == "Mark"
    portal.ask("crm.lead.userfield.update", {"id": field, "fields": {"EDIT_FORM_LABEL": "Знак"}})
    assert portal.ask("crm.lead.userfield.get", {"id": field})["EDIT_FORM_LABEL"]["en"] == "Знак"
    assert portal.ask("crm.lead.userfield.list")[0]["EDIT_FORM_LABEL"] == "Знак"


def test_delete_takes_the_values_with_it_and_twice_is_not_found(portal: FreshPortal) -> None:
    field = add(portal)
    lead = portal.lead(UF_CRM_MARK="x")
    assert portal.ask("crm.lead.userfield.delete", {"id": field}) is True
    assert "UF_CRM_MARK" not in portal.row("lead", lead)
    assert portal.portal.store["lead"].rows[lead].get("UF_CRM_MARK") is None
    assert portal.refusal("crm.lead.userfield.delete", {"id": field}).code == "ERROR_NOT_FOUND"


def test_changing_fields_takes_an_administrator(portal: FreshPortal) -> None:
    fields = {"FIELD_NAME": "MARK", "USER_TYPE_ID": "string"}
    assert portal.refusal("crm.lead.userfield.add", {"fields": fields}, user=SELLER).text == "Access denied."


def test_the_list_honours_filter_and_bounds(portal: FreshPortal) -> None:
    for name in ("A", "B", "C"):
        add(portal, name)
    answer = portal.call("crm.lead.userfield.list", {"filter": {"<ID": 3}, "order": {"ID": "DESC"}})
    assert ([row["ID"] for row in answer.result], answer.total) == (["2", "1"], 2)
    twin = portal.ask("userfieldconfig.list", {"moduleId": "crm", "filter": {"fieldName": "UF_CRM_B"}})["fields"]
    assert [(row["id"], row["fieldName"], row["userTypeId"]) for row in twin] == [("2", "UF_CRM_B", "string")]
