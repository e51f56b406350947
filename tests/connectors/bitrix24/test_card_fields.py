"""Values of cards into the vendor's fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b24kit.connectors.bitrix24.card_fields import (
    changed_card,
    changed_item_fields,
    changed_points,
    item_fields,
    new_card,
)
from b24kit.crm.records import comparable
from b24kit.crm.refs import CARDS, Kind
from b24kit.errors import UsageError


def point(value: str, point_id: str | None = None, kind: str = "email", use: str = "work") -> dict[str, Any]:
    return {"kind": kind, "value": value, "use": use, "id": point_id}


def test_a_lead_moves_and_changes_hands_with_two_fields() -> None:
    fields = changed_card(Kind.LEAD, {"stage": "JUNK", "owner": "7"}, {"stage": "NEW", "owner": "5"})
    assert fields == {"STATUS_ID": "JUNK", "ASSIGNED_BY_ID": 7}


def test_links_are_cleared_by_zero_and_texts_by_emptiness() -> None:
    fields = changed_card(Kind.LEAD, {"contact": None, "company": None, "comment": None, "title": ""}, {})
    assert fields == {"CONTACT_ID": 0, "COMPANY_ID": 0, "COMMENTS": "", "TITLE": ""}


def test_a_name_is_written_in_its_three_parts() -> None:
    fields = changed_card(Kind.CONTACT, {"name": {"first": "Ann", "last": "Lee", "middle": ""}}, {})
    assert fields == {"NAME": "Ann", "LAST_NAME": "Lee", "SECOND_NAME": ""}


def test_only_the_difference_of_points_is_sent() -> None:
    before = [point("a@x.example", "11"), point("b@x.example", "12"), point("+7999", "13", "phone")]
    after = [point("a@x.example", "11"), point("new@x.example", "12"), point("c@x.example")]
    assert changed_points(after, before) == {
        "EMAIL": [
            {"ID": 12, "VALUE": "new@x.example", "VALUE_TYPE": "WORK"},
            {"VALUE": "c@x.example", "VALUE_TYPE": "WORK"},
        ],
        "PHONE": [{"ID": 13, "DELETE": "Y"}],
    }


def test_a_point_named_without_its_id_is_not_stored_twice() -> None:
    assert changed_points([point("a@x.example")], [point("a@x.example", "11")]) == {}


def test_a_point_whose_row_is_gone_is_added_anew_on_undo() -> None:
    assert changed_points([point("a@x.example", "11")], []) == {
        "EMAIL": [{"VALUE": "a@x.example", "VALUE_TYPE": "WORK"}]
    }


points = st.lists(
    st.tuples(st.sampled_from(["email", "phone"]), st.sampled_from("abc"), st.sampled_from(["work", "home"])),
    max_size=4,
)


@given(points, points)
def test_the_difference_of_points_leads_from_any_state_to_any_other(
    old: list[tuple[str, str, str]], new: list[tuple[str, str, str]]
) -> None:
    before = [point(value, str(place), kind, use) for place, (kind, value, use) in enumerate(old, 1)]
    after = [point(value, None, kind, use) for kind, value, use in new]
    stored = {row["id"]: dict(row) for row in before}
    for name, rows in changed_points(after, before).items():
        for place, row in enumerate(rows):
            if row.get("DELETE") == "Y":
                del stored[str(row["ID"])]
            else:
                stored[str(row.get("ID", f"{name}{place}"))] = point(
                    row["VALUE"], None, name.lower(), row["VALUE_TYPE"].lower()
                )
    assert comparable("points", list(stored.values())) == comparable("points", after)


@pytest.mark.parametrize("kind", CARDS)
@pytest.mark.parametrize("name", ["created", "changed_by", "outcome", "origin", "moved"])
def test_what_the_portal_stamps_is_never_written(kind: Kind, name: str) -> None:
    with pytest.raises(UsageError):
        changed_card(kind, {name: {"system": "1C", "id": "5"}}, {})


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Kind.COMPANY, {"stage": "NEW"}),
        (Kind.DEAL, {"name": {"first": "Ann"}}),
        (Kind.LEAD, {"colour": "red"}),
        (Kind.LEAD, {"extra": {"TITEL": "x"}}),
        (Kind.LEAD, {"extra": {"HAS_EMAIL": "Y"}}),
        (Kind.LEAD, {"owner": None}),
    ],
)
def test_a_field_that_the_portal_would_ignore_is_refused(kind: Kind, values: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        changed_card(kind, values, {})


def test_unnamed_fields_are_written_under_their_own_names() -> None:
    extra: dict[str, Any] = {"UF_CRM_A": "1", "UF_CRM_B": None, "UF_CRM_C": [], "POST": "Head", "PARENT_ID_156": "4"}
    assert changed_card(Kind.LEAD, {"extra": extra}, {}) == {
        "UF_CRM_A": "1",
        "UF_CRM_B": "",
        "UF_CRM_C": "",
        "POST": "Head",
        "PARENT_ID_156": "4",
    }


def test_a_restored_card_leaves_stamps_and_stored_files_behind() -> None:
    fields = new_card(
        Kind.LEAD,
        {
            "title": "Ann",
            "created": "2026-01-20T07:00:00+00:00",
            "outcome": "open",
            "repeat": False,
            "contact": None,
            "extra": {"HAS_EMAIL": "Y", "UF_CRM_FILE": {"id": 3, "showUrl": "/x"}, "UF_CRM_A": "1"},
            "origin": {"system": "b24kit", "id": "r1/c7"},
        },
    )
    assert fields == {"TITLE": "Ann", "UF_CRM_A": "1", "ORIGINATOR_ID": "b24kit", "ORIGIN_ID": "r1/c7"}


def test_one_company_goes_by_its_field_and_several_by_the_list_with_the_main_one_first() -> None:
    assert new_card(Kind.CONTACT, {"company": "3", "companies": ["3"]}) == {"COMPANY_ID": 3}
    several = new_card(Kind.CONTACT, {"company": "4", "companies": ["3", "4"]})
    assert several == {"COMPANY_IDS": [4, 3]}
    assert changed_card(Kind.CONTACT, {"companies": []}, {}) == {"COMPANY_ID": 0}


def test_an_amount_is_kept_from_being_computed_again() -> None:
    assert changed_card(Kind.DEAL, {"amount": "100"}, {}) == {"OPPORTUNITY": "100", "IS_MANUAL_OPPORTUNITY": "Y"}


def test_imported_cards_carry_points_under_upper_case_names_and_added_ones_in_a_list() -> None:
    fields = new_card(Kind.CONTACT, {"name": {"first": "Ann"}, "lead": "12", "points": [point("a@x.example")]})
    imported = item_fields(fields, imported=True)
    assert imported == {"name": "Ann", "leadId": 12, "EMAIL": [{"VALUE": "a@x.example", "VALUE_TYPE": "WORK"}]}
    added = item_fields(fields, imported=False)
    assert added["fm"] == [{"typeId": "EMAIL", "valueType": "WORK", "value": "a@x.example"}]


def test_irregular_names_of_the_universal_methods() -> None:
    fields = {"STATUS_ID": "NEW", "COMPANY_TYPE": "CLIENT", "UF_CRM_A": "1", "ADDRESS_CITY": "Riga", "UTM_SOURCE": "x"}
    assert item_fields(fields, imported=True) == {
        "stageId": "NEW",
        "typeId": "CLIENT",
        "UF_CRM_A": "1",
        "utmSource": "x",
    }


def test_points_change_in_the_universal_methods_by_a_map_that_always_names_their_type() -> None:
    before = [point("a@x.example", "11"), point("+7999", "13", "phone")]
    fields = changed_card(Kind.CONTACT, {"lead": "5", "points": [point("b@x.example", "11"), point("c@x.example")]}, {})
    assert changed_item_fields(fields)["leadId"] == 5
    fm = changed_item_fields(changed_points([point("b@x.example", "11"), point("c@x.example")], before))["fm"]
    assert fm["11"] == {"typeId": "EMAIL", "valueType": "WORK", "value": "b@x.example"}
    assert fm["13"] == {"typeId": "PHONE", "value": ""}
    assert [row["value"] for key, row in fm.items() if key.startswith("n")] == ["c@x.example"]
