"""crm.item.*: names, numbers, checks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bitrix24.fresh import COMPANY, CONTACT, DEAL, LEAD, FreshPortal, mail


@pytest.fixture
def portal() -> FreshPortal:
    return FreshPortal()


def add(portal: FreshPortal, type_id: int, **fields: Any) -> dict[str, Any]:
    item: dict[str, Any] = portal.ask("crm.item.add", {"entityTypeId": type_id, "fields": fields})["item"]
    return item


def update(portal: FreshPortal, type_id: int, card_id: int, **fields: Any) -> dict[str, Any]:
    params = {"entityTypeId": type_id, "id": card_id, "fields": fields}
    item: dict[str, Any] = portal.ask("crm.item.update", params)["item"]
    return item


def test_an_item_carries_numbers_and_the_whole_row(portal: FreshPortal) -> None:
    item = add(portal, LEAD, title="A", opportunity=999.9)
    assert (item["id"], item["opportunity"], item["companyId"], item["assignedById"]) == (1, 999.9, 0, 1)
    assert (item["stageId"], item["stageSemanticId"], item["createdTime"]) == ("NEW", "P", "2026-01-20T13:00:00+03:00")
    assert (item["birthdate"], item["contactIds"], item["entityTypeId"], item["fm"]) == (None, [], LEAD, [])


def test_addresses_come_as_fm_with_flat_copies(portal: FreshPortal) -> None:
    item = add(portal, CONTACT, name="Ann", fm=[{"typeId": "EMAIL", "valueType": "WORK", "value": "ann@acme.example"}])
    assert item["fm"] == [{"id": 1, "valueType": "WORK", "value": "ann@acme.example", "typeId": "EMAIL"}]
    assert (item["email"], item["emailWork"], item["phone"], item["hasEmail"]) == (
        "ann@acme.example", "ann@acme.example", "", "Y",
    )  # fmt: skip
    named = portal.ask("crm.item.list", {"entityTypeId": CONTACT, "select": ["id", "fm"]})["items"]
    assert named == [{"id": 1}]  # `fm` comes with `*` only


def test_the_lead_of_a_client_is_writable_here_and_read_only_in_the_classic_methods(portal: FreshPortal) -> None:
    lead = portal.lead()
    assert add(portal, CONTACT, name="Ann", leadId=lead)["leadId"] == lead
    classic = portal.ask("crm.contact.add", {"fields": {"NAME": "Ann", "LEAD_ID": lead}})
    assert portal.row("contact", classic)["LEAD_ID"] is None


def test_fm_keys_add_change_and_delete(portal: FreshPortal) -> None:
    card = add(portal, CONTACT, name="Ann", fm=[{"typeId": "PHONE", "valueType": "WORK", "value": "+7 912"}])
    changed = update(
        portal, CONTACT, card["id"],
        fm={"1": {"typeId": "PHONE", "valueType": "MOBILE", "value": "+7 913"},
            "n0": {"typeId": "EMAIL", "valueType": "WORK", "value": "a@acme.example"}},
    )  # fmt: skip
    assert [(one["id"], one["valueType"], one["value"]) for one in changed["fm"]] == [
        (1, "MOBILE", "+7 913"), (2, "WORK", "a@acme.example"),
    ]  # fmt: skip
    left = update(portal, CONTACT, card["id"], fm={"1": {"typeId": "PHONE", "value": ""}})
    assert [one["id"] for one in left["fm"]] == [2]
    assert (left["hasPhone"], left["hasEmail"]) == ("N", "Y")


def test_fm_without_a_type_does_nothing_and_an_unknown_id_adds(portal: FreshPortal) -> None:
    card = add(portal, CONTACT, name="Ann", fm=[{"typeId": "PHONE", "valueType": "WORK", "value": "1"}])
    same = update(portal, CONTACT, card["id"], fm={"1": {"value": ""}})
    assert len(same["fm"]) == 1
    more = update(portal, CONTACT, card["id"], fm={"777": {"typeId": "PHONE", "value": "2"}})
    assert [one["value"] for one in more["fm"]] == ["1", "2"]


def test_nothing_is_saved_when_nothing_changes(portal: FreshPortal) -> None:
    card = add(portal, LEAD, title="A")
    portal.wait(hours=1)
    assert update(portal, LEAD, card["id"], title="A", stageId="NEW")["updatedTime"] == card["updatedTime"]
    assert update(portal, LEAD, card["id"], title="B")["updatedTime"] > card["updatedTime"]


def test_values_are_checked(portal: FreshPortal) -> None:
    refused = portal.refusal("crm.item.add", {"entityTypeId": LEAD, "fields": {"stageId": "NO_SUCH"}})
    assert (refused.code, refused.text) == ("CRM_FIELD_ERROR_VALUE_NOT_VALID", 'Неверное значение поля "stageId"')
    assert portal.refusal("crm.item.add", {"entityTypeId": COMPANY, "fields": {}}).code == "CRM_FIELD_ERROR_REQUIRED"
    plain = portal.refusal("crm.item.add", {"entityTypeId": DEAL, "fields": {"contactIds": 4}})
    assert (plain.code, plain.text) == (100, "Expected iterable value for multiple field, but got integer instead")


def test_missing_items_and_kinds_are_not_found(portal: FreshPortal) -> None:
    for name in ("get", "update", "delete"):
        refused = portal.refusal(f"crm.item.{name}", {"entityTypeId": LEAD, "id": 5})
        assert (refused.code, refused.text, refused.status) == ("NOT_FOUND", "Element not found", 400)
    assert portal.refusal("crm.item.list", {"entityTypeId": 1302}).text == "Smart process not found"


def test_delete_answers_an_empty_list(portal: FreshPortal) -> None:
    add(portal, LEAD, title="A")
    assert portal.ask("crm.item.delete", {"entityTypeId": LEAD, "id": 1}) == []


def test_a_deal_moves_between_pipelines_and_its_history_knows(portal: FreshPortal) -> None:
    portal.ask("crm.category.add", {"entityTypeId": DEAL, "fields": {"name": "B2B"}})
    deal = add(portal, DEAL, title="d")["id"]
    moved = update(portal, DEAL, deal, categoryId=1)
    assert (moved["categoryId"], moved["stageId"]) == (1, "C1:NEW")
    history = portal.ask("crm.stagehistory.list", {"entityTypeId": DEAL, "filter": {"OWNER_ID": deal}})["items"]
    assert [(row["TYPE_ID"], row["CATEGORY_ID"]) for row in history] == [(1, 0), (5, 1)]
    back = update(portal, DEAL, deal, categoryId=0, stageId="EXECUTING")
    assert (back["categoryId"], back["stageId"]) == (0, "EXECUTING")
    wrong = {"entityTypeId": DEAL, "id": deal, "fields": {"categoryId": 1, "stageId": "EXECUTING"}}
    assert portal.refusal("crm.item.update", wrong).code == "CRM_FIELD_ERROR_VALUE_NOT_VALID"


def test_contacts_of_a_deal_can_be_filtered_here(portal: FreshPortal) -> None:
    people = [add(portal, CONTACT, name=name)["id"] for name in ("A", "B")]
    deal = add(portal, DEAL, title="d", contactIds=people)
    add(portal, DEAL, title="other")
    assert (deal["contactId"], deal["contactIds"]) == (people[0], people)
    found = portal.ask("crm.item.list", {"entityTypeId": DEAL, "filter": {"contactIds": people[1]}})
    assert [item["id"] for item in found["items"]] == [deal["id"]]


def test_upper_case_names_are_accepted_in_select(portal: FreshPortal) -> None:
    add(portal, LEAD, title="A")
    assert portal.ask("crm.item.list", {"entityTypeId": LEAD, "select": ["ID"]})["items"] == [{"id": 1}]


def test_user_fields_travel_in_camel_case_or_under_their_own_names(portal: FreshPortal) -> None:
    portal.ask("crm.lead.userfield.add", {"fields": {"FIELD_NAME": "SEMINAR", "USER_TYPE_ID": "string"}})
    item = add(portal, LEAD, title="A", ufCrmSeminar="x")
    assert item["ufCrmSeminar"] == "x"
    params = {"entityTypeId": LEAD, "id": item["id"], "useOriginalUfNames": "Y"}
    assert portal.ask("crm.item.get", params)["item"]["UF_CRM_SEMINAR"] == "x"
    assert "ufCrmSeminar" in portal.ask("crm.item.fields", {"entityTypeId": LEAD})["fields"]
    found = portal.ask("crm.item.list", {"entityTypeId": LEAD, "filter": {"ufCrmSeminar": "x"}})["items"]
    assert len(found) == 1


def test_fields_name_their_upper_case_twins(portal: FreshPortal) -> None:
    told = portal.ask("crm.item.fields", {"entityTypeId": LEAD})["fields"]
    assert (told["stageId"]["upperName"], told["createdTime"]["upperName"]) == ("STATUS_ID", "DATE_CREATE")
    assert told["stageId"]["statusType"] == "STATUS"


def test_the_classic_and_the_universal_family_see_one_card(portal: FreshPortal) -> None:
    lead = portal.lead(EMAIL=mail("ann@acme.example"))
    update(portal, LEAD, lead, stageId="IN_PROCESS")
    assert portal.row("lead", lead)["STATUS_ID"] == "IN_PROCESS"
