"""`*.fields` and the small dictionaries."""

from __future__ import annotations

import pytest

from b24kit.sandbox.bitrix24.fields import custom_camel
from tests.sandbox.bitrix24.fresh import FreshPortal


@pytest.fixture
def portal() -> FreshPortal:
    return FreshPortal()


@pytest.mark.parametrize(("kind", "count"), [("lead", 57), ("contact", 50), ("deal", 45), ("status", 11)])
def test_the_number_of_system_fields_is_the_documented_one(portal: FreshPortal, kind: str, count: int) -> None:
    told = portal.ask(f"crm.{kind}.fields")
    assert len(told) == count
    switches = {"isRequired", "isReadOnly", "isImmutable", "isMultiple", "isDynamic"}
    for description in told.values():
        assert {"type", "title", *switches} <= set(description)
        assert all(isinstance(description[name], bool) for name in switches)


def test_what_cannot_be_written_says_so(portal: FreshPortal) -> None:
    lead, deal = portal.ask("crm.lead.fields"), portal.ask("crm.deal.fields")
    assert lead["IS_RETURN_CUSTOMER"]["isReadOnly"]
    assert lead["STATUS_ID"] | {"title": ""} == lead["STATUS_ID"] | {"statusType": "STATUS", "title": ""}
    assert deal["CATEGORY_ID"]["isImmutable"]
    assert portal.ask("crm.contact.fields")["LEAD_ID"]["isReadOnly"]


def test_user_fields_are_described_with_their_values(portal: FreshPortal) -> None:
    fields = {"FIELD_NAME": "KIND", "USER_TYPE_ID": "enumeration", "LIST": [{"VALUE": "a"}]}
    portal.ask("crm.lead.userfield.add", {"fields": fields})
    told = portal.ask("crm.lead.fields")["UF_CRM_KIND"]
    assert (told["type"], told["isDynamic"], told["items"]) == ("enumeration", True, [{"ID": "1", "VALUE": "a"}])


@pytest.mark.parametrize(
    ("stored", "camel"),
    [
        ("UF_CRM_3_17473", "ufCrm3_17473"),
        ("UF_CRM_1747", "ufCrm_1747"),
        ("UF_CRM_64A29A1CD5CC2", "ufCrm_64A29A1CD5CC2"),
        ("UF_CRM_MY_MARK", "ufCrmMyMark"),
    ],
)
def test_user_field_names_in_camel_case(stored: str, camel: str) -> None:
    assert custom_camel(stored) == camel


def test_dictionaries(portal: FreshPortal) -> None:
    assert portal.ask("crm.enum.ownertype")[0] == {
        "ID": 1, "NAME": "Лид", "SYMBOL_CODE": "LEAD", "SYMBOL_CODE_SHORT": "L",
    }  # fmt: skip
    assert [row["ID"] for row in portal.ask("crm.enum.settings.mode")] == [1, 2]
    assert portal.ask("crm.settings.mode.get") == 1
    assert portal.ask("crm.currency.list")[0]["BASE"] == "Y"
    assert set(portal.ask("crm.multifield.fields")) == {"ID", "TYPE_ID", "VALUE", "VALUE_TYPE"}
