"""Filters, order and paging, in both dialects."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.sandbox.bitrix24 import cards
from tests.sandbox.bitrix24.fresh import LEAD, FreshPortal, mail

STAGES = ("NEW", "IN_PROCESS", "PROCESSED")


@pytest.fixture(scope="module")
def portal() -> FreshPortal:
    """120 leads: stages in turn, titles `lead 001`.., every tenth with an address."""
    fresh = FreshPortal()
    for number in range(1, 121):
        fields: dict[str, Any] = {"TITLE": f"lead {number:03}", "STATUS_ID": STAGES[number % 3], "OPPORTUNITY": number}
        if number % 10 == 0:
            fields["EMAIL"] = mail(f"p{number}@acme.example")
        cards.create(fresh.portal, LEAD, fields, 1 if number % 2 else 2, robots=False)
        fresh.wait(minutes=1)
    return fresh


def ids(portal: FreshPortal, **params: Any) -> list[int]:
    found = portal.ask("crm.lead.list", {"select": ["ID"], "start": -1, **params})
    return [int(row["ID"]) for row in found]


def item_ids(portal: FreshPortal, wanted: Any, **params: Any) -> list[int]:
    found = portal.ask("crm.item.list", {"entityTypeId": LEAD, "select": ["id"], "filter": wanted, **params})
    return [row["id"] for row in found["items"]]


def test_pages_hold_fifty_rows_with_total_and_next(portal: FreshPortal) -> None:
    first, second = portal.call("crm.lead.list"), portal.call("crm.lead.list", {"start": 50})
    last = portal.call("crm.lead.list", {"start": "100"})
    assert (len(first.result), first.total, first.next, first.counted) == (50, 120, 50, True)
    assert (second.result[0]["ID"], second.next) == ("51", 100)
    assert (len(last.result), last.next) == (20, None)


def test_a_classic_start_rounds_down_to_a_page_and_a_universal_one_is_an_offset(portal: FreshPortal) -> None:
    classic = portal.call("crm.lead.list", {"start": 30})
    universal = portal.call("crm.item.list", {"entityTypeId": LEAD, "start": 30})
    assert (classic.result[0]["ID"], classic.next) == ("1", 50)
    assert (universal.result["items"][0]["id"], universal.next, universal.total) == (31, 80, 120)


def test_start_minus_one_counts_nothing(portal: FreshPortal) -> None:
    answer = portal.call("crm.lead.list", {"start": "-1"})
    assert (len(answer.result), answer.total, answer.next, answer.counted) == (50, 0, None, False)


def test_a_walk_by_id_sees_every_row_once(portal: FreshPortal) -> None:
    seen: list[int] = []
    while page := ids(portal, filter={">ID": seen[-1] if seen else 0}, order={"ID": "ASC"}):
        seen += page
    assert seen == list(range(1, 121))


def test_a_walk_by_id_touches_no_more_rows_than_it_gives() -> None:
    fresh = FreshPortal()
    for number in range(600):
        cards.create(fresh.portal, LEAD, {"STATUS_ID": STAGES[number % 2]}, 1, robots=False)
    table = fresh.portal.store["lead"]
    touched: list[int] = []

    class Watched(dict[int, Any]):
        def __getitem__(self, key: int) -> Any:
            touched.append(key)
            return super().__getitem__(key)

    table.rows = Watched(table.rows)
    fresh.ask("crm.lead.list", {"filter": {">ID": "200", "STATUS_ID": "NEW"}, "order": {"ID": "ASC"}, "start": -1})
    assert len(touched) <= 2 * 50
    assert min(touched) > 200


def test_bounds_and_windows(portal: FreshPortal) -> None:
    assert ids(portal, filter={">ID": 5, "<ID": 8}) == [6, 7]
    assert ids(portal, filter={">=ID": "5", "<=ID": "7"}) == [5, 6, 7]
    assert ids(portal, filter={"<ID": 4}, order={"ID": "desc"}) == [3, 2, 1]


def test_an_array_is_in_and_equal_keys_are_equal(portal: FreshPortal) -> None:
    for key in ("ID", "=ID", "@ID"):
        assert ids(portal, filter={key: ["3", 1, 999]}) == [1, 3]
    assert ids(portal, filter={"@ID": []}) == []
    assert len(ids(portal, filter={"STATUS_ID": ["NEW", "PROCESSED"]}, start=0)) == 50


def test_not_equal_and_not_in(portal: FreshPortal) -> None:
    narrow = {"<=ID": 6}
    assert ids(portal, filter={**narrow, "!STATUS_ID": "NEW"}) == [1, 2, 4, 5]
    assert ids(portal, filter={**narrow, "!@STATUS_ID": ["NEW", "IN_PROCESS"]}) == [2, 5]
    assert ids(portal, filter={**narrow, "!=STATUS_ID": "NEW"}) == [1, 2, 4, 5]


def test_likeness(portal: FreshPortal) -> None:
    assert ids(portal, filter={"%TITLE": "AD 00"}) == list(range(1, 10))
    assert ids(portal, filter={"=%TITLE": "lead 12%"}) == [120]
    assert ids(portal, filter={"%=TITLE": "%119"}) == [119]
    assert ids(portal, filter={"!%TITLE": "lead 0", "<ID": 105}) == [100, 101, 102, 103, 104]
    assert ids(portal, filter={"!=%TITLE": "lead%"}) == []


def test_classic_lists_cannot_search_inside_a_stage(portal: FreshPortal) -> None:
    assert ids(portal, filter={"%STATUS_ID": "PROCESS", "<ID": 7}) == []
    assert ids(portal, filter={"%STATUS_ID": "IN_PROCESS", "<ID": 7}) == [1, 4]


def test_amounts_and_times_are_compared_as_such(portal: FreshPortal) -> None:
    assert ids(portal, filter={">OPPORTUNITY": "117.5"}) == [118, 119, 120]
    assert ids(portal, filter={"OPPORTUNITY": 9}) == [9]
    assert ids(portal, filter={"<DATE_CREATE": "2026-01-20T13:02:00+03:00"}) == [1, 2]
    assert ids(portal, filter={">=DATE_CREATE": "2026-01-20T11:58:00+00:00"}) == [119, 120]


def test_addresses_match_exactly_but_without_case(portal: FreshPortal) -> None:
    assert ids(portal, filter={"EMAIL": "P20@acme.example"}) == [20]
    assert ids(portal, filter={"EMAIL": ["p20@acme.example", "p30@acme.example"]}) == [20, 30]
    assert ids(portal, filter={"EMAIL": "acme.example"}) == []
    assert ids(portal, filter={"HAS_EMAIL": "Y", "<ID": 25}) == [10, 20]
    assert ids(portal, filter={"HAS_EMAIL": "N", "<ID": 3}) == [1, 2]


def test_a_phone_filter_knows_one_spelling_only() -> None:
    fresh = FreshPortal()
    fresh.lead(PHONE=[{"VALUE": "+7 912 345-67-89"}])
    assert ids(fresh, filter={"PHONE": "+7 912 345-67-89"}) == [1]
    assert ids(fresh, filter={"PHONE": "+79123456789"}) == []
    assert ids(fresh, filter={"!PHONE": "+79123456789"}) == [1]


def test_empty_values_find_empty_fields(portal: FreshPortal) -> None:
    assert len(ids(portal, filter={"CONTACT_ID": ""})) == 50
    assert ids(portal, filter={"!CONTACT_ID": ""}) == []
    assert ids(portal, filter={"!ORIGIN_ID": False}) == []


def test_an_unknown_key_widens_a_classic_answer_in_silence(portal: FreshPortal) -> None:
    assert portal.call("crm.lead.list", {"filter": {"NO_SUCH": 1, "stageId": "NEW"}}).total == 120


def test_an_unknown_key_is_refused_by_the_universal_list(portal: FreshPortal) -> None:
    refused = portal.refusal("crm.item.list", {"entityTypeId": LEAD, "filter": {">STATUS_ID": 1}})
    assert (refused.code, refused.text) == (
        "INVALID_ARG_VALUE",
        "Invalid filter: field 'STATUS_ID' is not allowed in filter",
    )
    refused = portal.refusal("crm.item.list", {"entityTypeId": LEAD, "filter": {">createdTime": "soon"}})
    assert refused.text == "Invalid filter: field 'createdTime' has invalid value"


def test_order_by_stage_follows_the_sort_of_stages(portal: FreshPortal) -> None:
    ordered = portal.ask("crm.lead.list", {"order": {"STATUS_ID": "DESC", "ID": "ASC"}, "select": ["ID", "STATUS_ID"]})
    assert ordered[0] == {"ID": "2", "STATUS_ID": "PROCESSED"}
    assert ordered[40]["STATUS_ID"] == "IN_PROCESS"


def test_order_by_another_field_still_pages_every_row_once(portal: FreshPortal) -> None:
    seen = [
        row["ID"]
        for start in (0, 50, 100)
        for row in portal.ask("crm.lead.list", {"order": {"TITLE": "DESC"}, "start": start})
    ]
    assert seen == [str(number) for number in range(120, 0, -1)]


def test_a_wrong_order_is_refused_by_the_universal_list_alone(portal: FreshPortal) -> None:
    assert ids(portal, order={"NO_SUCH": "ASC"})[0] == 1
    wrong_field = portal.refusal("crm.item.list", {"entityTypeId": LEAD, "order": {"NO_SUCH": "ASC"}})
    wrong_way = portal.refusal("crm.item.list", {"entityTypeId": LEAD, "order": {"id": "UP"}})
    assert wrong_field.text == "Invalid order: field 'NO_SUCH' is not allowed in order"
    assert wrong_way.text.endswith("But got 'UP' for field 'id'")


def test_or_groups_of_the_universal_list(portal: FreshPortal) -> None:
    assert item_ids(portal, {"0": {"logic": "OR", "0": {"title": "lead 005"}, "1": {"id": 7}}, "<id": 7}) == [5]
    assert item_ids(portal, {"logic": "OR", "0": {"id": 1}, "1": {"id": 2}}) == [1, 2]
    nested = [{"logic": "OR", "0": {"id": 1}, "1": {"stageId": "PROCESSED", "<id": 6}}]
    assert item_ids(portal, {"0": nested[0]}) == [1, 2, 5]


def test_classic_lists_know_no_logic(portal: FreshPortal) -> None:
    assert portal.call("crm.lead.list", {"filter": {"logic": "OR", "0": {"ID": 1}}}).total == 120


def test_an_unresolved_reference_in_a_range_reads_as_a_small_number(portal: FreshPortal) -> None:
    assert ids(portal, filter={">ID": [{"ID": "120"}]})[0] == 2
    assert ids(portal, filter={">ID": "$result[p][49][ID]"})[0] == 1


def test_empty_php_arrays_as_filter_and_order_are_tolerated(portal: FreshPortal) -> None:
    assert portal.call("crm.lead.list", {"filter": [""], "order": [""], "select": []}).total == 120
