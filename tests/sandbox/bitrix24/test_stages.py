"""crm.status.*: the rules that guard stages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bitrix24.fresh import SELLER, FreshPortal


@pytest.fixture
def portal() -> FreshPortal:
    return FreshPortal()


def add(portal: FreshPortal, entity: str = "STATUS", code: str = "UC_A1", **fields: Any) -> int:
    wanted = {"ENTITY_ID": entity, "STATUS_ID": code, "NAME": "Новая стадия", "SORT": 25, **fields}
    return int(portal.ask("crm.status.add", {"fields": wanted}))


def stage(portal: FreshPortal, code: str, entity: str = "STATUS") -> dict[str, Any]:
    rows = portal.ask("crm.status.list", {"filter": {"ENTITY_ID": entity, "STATUS_ID": code}})
    found: dict[str, Any] = rows[0]
    return found


def test_the_whole_directory_comes_at_once_ordered_by_sort_with_a_total(portal: FreshPortal) -> None:
    for number in range(60):
        add(portal, "SOURCE", f"S{number}", SORT=500)
    answer = portal.call("crm.status.list", {"filter": {"ENTITY_ID": "SOURCE"}, "start": 50})
    assert (len(answer.result), answer.total, answer.next) == (72, 72, None)
    assert [row["STATUS_ID"] for row in portal.ask("crm.status.list", {"filter": {"ENTITY_ID": "STATUS"}})] == [
        "NEW", "IN_PROCESS", "PROCESSED", "CONVERTED", "JUNK",
    ]  # fmt: skip


def test_the_list_honours_order_and_bounds_of_id(portal: FreshPortal) -> None:
    rows = portal.ask("crm.status.list", {"filter": {"<ID": "4"}, "order": {"ID": "DESC"}})
    assert [row["ID"] for row in rows] == ["3", "2", "1"]


def test_extra_stands_in_lists_of_stages_only(portal: FreshPortal) -> None:
    won = stage(portal, "CONVERTED")
    assert (won["SEMANTICS"], won["EXTRA"]) == ("S", {"SEMANTICS": "success", "COLOR": "#7BD500"})
    assert stage(portal, "NEW")["EXTRA"]["SEMANTICS"] == "process"
    assert "EXTRA" not in portal.ask("crm.status.get", {"id": won["ID"]})
    assert "EXTRA" not in stage(portal, "CALL", "SOURCE")


def test_a_new_stage_is_never_a_system_one(portal: FreshPortal) -> None:
    add(portal, SYSTEM="Y", COLOR="#112233")
    row = stage(portal, "UC_A1")
    assert (row["SYSTEM"], row["SORT"], row["COLOR"], row["SEMANTICS"]) == ("N", "25", "#112233", None)


def test_missing_fields_are_named_together(portal: FreshPortal) -> None:
    refused = portal.refusal("crm.status.add", {"fields": {"NAME": "x"}})
    assert (refused.code, refused.text) == ("", "The field ENTITY_ID is required.\nThe field STATUS_ID is required.")
    unnamed = portal.refusal("crm.status.add", {"fields": {"ENTITY_ID": "STATUS", "STATUS_ID": "A"}})
    assert unnamed.text == "The field Title is required."
    unknown = {"ENTITY_ID": "DEAL_STAGE_9", "STATUS_ID": "A", "NAME": "x"}
    assert portal.refusal("crm.status.add", {"fields": unknown}).text == "Specified entity type is not supported."


def test_a_code_is_unique_inside_its_directory_and_free_again_after_delete(portal: FreshPortal) -> None:
    first = add(portal)
    wanted = {"ENTITY_ID": "STATUS", "STATUS_ID": "UC_A1", "NAME": "x", "SORT": 20}
    refused = portal.refusal("crm.status.add", {"fields": wanted})
    assert (refused.code, refused.text) == ("ERROR_CORE", "The specified status ID already exists.")
    assert portal.ask("crm.status.delete", {"id": first}) is True
    assert add(portal) > first


@pytest.mark.parametrize(
    ("entity", "code", "accepted"),
    [
        ("STATUS", "A" * 21, True),
        ("STATUS", "A" * 22, False),
        ("DEAL_STAGE", "A" * 22, True),
        ("DEAL_STAGE", "A" * 23, False),
        ("STATUS", "КОД", False),
        ("STATUS", "A B", False),
        ("SOURCE", "Источник № 1 " + "x" * 12, True),
        ("SOURCE", "x" * 51, False),
    ],
)
def test_length_and_alphabet_of_codes(portal: FreshPortal, entity: str, code: str, accepted: bool) -> None:
    fields = {"ENTITY_ID": entity, "STATUS_ID": code, "NAME": "x", "SORT": 15}
    if accepted:
        portal.ask("crm.status.add", {"fields": fields})
        assert stage(portal, code, entity)["STATUS_ID"] == code
    else:
        assert portal.refusal("crm.status.add", {"fields": fields}).text == "Invalid parameters."


def test_a_pipeline_puts_its_prefix_before_a_code_once(portal: FreshPortal) -> None:
    pipeline = portal.ask("crm.dealcategory.add", {"fields": {"NAME": "B2B", "SORT": 1}})
    entity = f"DEAL_STAGE_{pipeline}"
    add(portal, entity, "DECISION")
    add(portal, entity, f"C{pipeline}:REVIEW")
    codes = {row["STATUS_ID"] for row in portal.ask("crm.status.entity.items", {"entityId": entity})}
    assert {f"C{pipeline}:DECISION", f"C{pipeline}:REVIEW"} <= codes
    assert stage(portal, f"C{pipeline}:DECISION", entity)["CATEGORY_ID"] == str(pipeline)


def test_nothing_in_progress_may_stand_after_success(portal: FreshPortal) -> None:
    for entity, sort in (("STATUS", 45), ("DEAL_STAGE", 65)):
        late = {"ENTITY_ID": entity, "STATUS_ID": "LATE", "NAME": "x", "SORT": sort}
        assert portal.refusal("crm.status.add", {"fields": late}).text.startswith("Cannot create more stages after")
        portal.ask("crm.status.add", {"fields": late | {"SEMANTICS": "F"}})
        assert stage(portal, "LATE", entity)["SEMANTICS"] == "F"


def test_there_is_one_success_stage(portal: FreshPortal) -> None:
    second = {"ENTITY_ID": "STATUS", "STATUS_ID": "WON2", "NAME": "x", "SORT": 41, "SEMANTICS": "S"}
    assert portal.refusal("crm.status.add", {"fields": second}).text.startswith("Cannot create more stages")


def test_update_changes_name_sort_and_colour_and_ignores_the_rest(portal: FreshPortal) -> None:
    stage_id = add(portal)
    changes = {"NAME": "Б", "SORT": 27, "COLOR": "#000000", "STATUS_ID": "X", "SEMANTICS": "F", "ENTITY_ID": "SOURCE"}
    assert portal.ask("crm.status.update", {"id": stage_id, "fields": changes}) is True
    row = portal.ask("crm.status.get", {"id": stage_id})
    assert (row["NAME"], row["SORT"], row["COLOR"]) == ("Б", "27", "#000000")
    assert (row["STATUS_ID"], row["SEMANTICS"], row["ENTITY_ID"]) == ("UC_A1", None, "STATUS")


def test_an_occupied_stage_cannot_go(portal: FreshPortal) -> None:
    stage_id = add(portal)
    lead = portal.lead(STATUS_ID="UC_A1")
    refused = portal.refusal("crm.status.delete", {"id": stage_id})
    assert (refused.code, refused.text, refused.status) == ("", "There are active items in this status.", 400)
    assert portal.row("lead", lead)["STATUS_ID"] == "UC_A1"
    portal.ask("crm.lead.update", {"id": lead, "fields": {"STATUS_ID": "NEW"}})
    assert portal.ask("crm.status.delete", {"id": stage_id}) is True


def test_a_system_stage_goes_only_with_forced(portal: FreshPortal) -> None:
    junk = stage(portal, "JUNK")["ID"]
    text = 'CRM System Status can be deleted only if parameter FORCED is specified and equal to "Y".'
    assert portal.refusal("crm.status.delete", {"id": junk}).text == text
    assert portal.refusal("crm.status.delete", {"id": junk, "params": {"FORCED": "N"}}).text == text
    assert portal.ask("crm.status.delete", {"id": junk, "params": {"FORCED": "Y"}}) is True


def test_wrong_ids_are_told_apart(portal: FreshPortal) -> None:
    assert portal.refusal("crm.status.delete", {"id": 0}).text == "Invalid identifier."
    assert portal.refusal("crm.status.delete", {"id": 999}).text == "Status is not found."


def test_changing_stages_takes_an_administrator(portal: FreshPortal) -> None:
    for name in ("add", "update", "delete"):
        refused = portal.refusal(f"crm.status.{name}", {"id": 1, "fields": {}}, user=SELLER)
        assert refused.text == "Access denied."
    assert portal.ask("crm.status.list", user=SELLER)


def test_entity_items_have_three_keys_in_order_and_a_number_for_sort(portal: FreshPortal) -> None:
    items = portal.ask("crm.status.entity.items", {"entityId": "STATUS"})
    assert list(items[0].items()) == [("NAME", "Не обработан"), ("SORT", 10), ("STATUS_ID", "NEW")]


def test_entity_types_name_pipelines_by_text_and_the_general_one_by_number(portal: FreshPortal) -> None:
    portal.ask("crm.dealcategory.add", {"fields": {"NAME": "B2B", "SORT": 1}})
    types = {row["ID"]: row for row in portal.ask("crm.status.entity.types")}
    assert (types["DEAL_STAGE"]["CATEGORY_ID"], types["DEAL_STAGE_1"]["CATEGORY_ID"]) == (0, "1")
    assert types["DEAL_STAGE_1"]["SEMANTIC_INFO"]["FINAL_SUCCESS_FIELD"] == "C1:WON"
    assert types["STATUS"]["SEMANTIC_INFO"]["START_FIELD"] == "NEW"
    assert set(types["SOURCE"]) == {"ID", "NAME"}
