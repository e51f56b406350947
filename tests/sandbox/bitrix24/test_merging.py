"""crm.entity.mergeBatch."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.sandbox.bitrix24.tables import owner_key
from tests.sandbox.bitrix24.fresh import COMPANY, CONTACT, DEAL, LEAD, SELLER, FreshPortal, mail


@pytest.fixture
def portal() -> FreshPortal:
    return FreshPortal()


def merge(portal: FreshPortal, type_id: int, *ids: int) -> dict[str, Any]:
    answer: dict[str, Any] = portal.ask(
        "crm.entity.mergeBatch", {"params": {"entityTypeId": type_id, "entityIds": list(ids)}}
    )
    return answer


def test_a_merge_keeps_the_first_and_deletes_the_rest(portal: FreshPortal) -> None:
    first = portal.lead(NAME="Ann", EMAIL=mail("a@acme.example"))
    second = portal.lead(LAST_NAME="Lee", EMAIL=mail("A@acme.example", "b@acme.example"))
    assert merge(portal, LEAD, first, second) == {"STATUS": "SUCCESS", "ENTITY_IDS": [second]}
    row = portal.row("lead", first)
    assert (row["NAME"], row["LAST_NAME"]) == ("Ann", "Lee")
    assert [one["VALUE"] for one in row["EMAIL"]] == ["a@acme.example", "b@acme.example"]
    assert portal.refusal("crm.lead.get", {"id": second}).text == "Not found"


def test_two_different_filled_values_conflict_and_nothing_changes(portal: FreshPortal) -> None:
    first, second, third = portal.lead(), portal.lead(), portal.lead(TITLE="Другое")
    assert merge(portal, LEAD, first, second, third)["STATUS"] == "CONFLICT"
    assert len(portal.ask("crm.lead.list")) == 3
    portal.ask("crm.lead.update", {"id": third, "fields": {"TITLE": "Письмо"}})
    assert merge(portal, LEAD, first, second, third)["ENTITY_IDS"] == [second, third]


@pytest.mark.parametrize("field", [{"STATUS_ID": "IN_PROCESS"}, {"SOURCE_ID": "EMAIL"}, {"ASSIGNED_BY_ID": SELLER}])
def test_stage_source_and_owner_count(portal: FreshPortal, field: dict[str, Any]) -> None:
    assert merge(portal, LEAD, portal.lead(), portal.lead(**field))["STATUS"] == "CONFLICT"


def test_everything_that_hung_on_the_loser_hangs_on_the_survivor(portal: FreshPortal) -> None:
    first, second = portal.lead(), portal.lead()
    store = portal.portal.store
    activity = store["activity"].add({"OWNER": owner_key(LEAD, second), "OWNER_TYPE_ID": LEAD, "OWNER_ID": second})
    store["binding"].add({"ACTIVITY_ID": activity, "OWNER": owner_key(LEAD, second)})
    task = store["task"].add({"TITLE": "x", "UF_CRM_TASK": [f"L_{second}"]})
    merge(portal, LEAD, first, second)
    assert (store["activity"].rows[activity]["OWNER_ID"], store["task"].rows[task]["UF_CRM_TASK"]) == (first, ["L_1"])
    assert [row["OWNER"] for _, row in store["binding"]] == [owner_key(LEAD, first)]


def test_cards_linked_to_a_merged_client_lead_to_the_survivor(portal: FreshPortal) -> None:
    people = [portal.ask("crm.contact.add", {"fields": {"NAME": "Ann"}}) for _ in range(2)]
    firms = [portal.ask("crm.company.add", {"fields": {"TITLE": "Acme"}}) for _ in range(2)]
    portal.ask("crm.contact.update", {"id": people[1], "fields": {"COMPANY_ID": firms[1]}})
    deal = portal.ask("crm.deal.add", {"fields": {"CONTACT_IDS": [people[1]], "COMPANY_ID": firms[1]}})
    assert merge(portal, CONTACT, *people)["STATUS"] == merge(portal, COMPANY, *firms)["STATUS"] == "SUCCESS"
    row = portal.row("deal", deal)
    assert (row["CONTACT_ID"], row["COMPANY_ID"]) == (str(people[0]), str(firms[0]))
    assert [one["CONTACT_ID"] for one in portal.ask("crm.company.contact.items.get", {"id": firms[0]})] == [people[0]]


def test_a_missing_card_is_an_error_with_status_200(portal: FreshPortal) -> None:
    assert merge(portal, LEAD, portal.lead(), 99) == {"STATUS": "ERROR", "ENTITY_IDS": []}


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "The parameter entityTypeId is required."),
        ({"entityTypeId": DEAL}, "The parameter entityIds does not contains valid elements."),
        ({"entityTypeId": DEAL, "entityIds": [1, 1]}, "The parameter entityIds must contains at least two elements."),
        ({"entityTypeId": 5, "entityIds": [1, 2]}, "Entity type 5 is not supported"),
    ],
)
def test_wrong_parameters_have_the_code_zero(portal: FreshPortal, params: dict[str, Any], text: str) -> None:
    refused = portal.refusal("crm.entity.mergeBatch", {"params": params})
    assert (refused.code, refused.text, refused.status) == (0, text, 400)


def test_only_an_administrator_merges(portal: FreshPortal) -> None:
    params = {"params": {"entityTypeId": LEAD, "entityIds": [portal.lead(), portal.lead()]}}
    assert portal.refusal("crm.entity.mergeBatch", params, user=SELLER).status == 403
