"""crm.activity.list: owners, bindings, keyset walks, default order and what select brings."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.sandbox.bitrix24 import activities
from b24kit.sandbox.bitrix24.tables import CONTACT, LEAD
from tests.sandbox.bitrix24.counter import Counter


@pytest.fixture
def desk() -> Counter:
    """Sixty letters of lead 1, five of lead 2 (bound to contact 1 as well), one reminder on contact 1."""
    found = Counter()
    found.planted(kind="empty")
    first, second, contact = found.card(LEAD, TITLE="a"), found.card(LEAD, TITLE="b"), found.card(CONTACT, NAME="c")
    for number in range(60):
        start = f"2026-10-{30 - number % 28:02d}T10:00:00+00:00"
        row = {"TYPE_ID": 4, "SUBJECT": f"s{number}", "START_TIME": start, "COMMUNICATIONS": [{"VALUE": "x"}]}
        activities.create(found.portal, (LEAD, first), row)
    for _ in range(5):
        activities.create(found.portal, (LEAD, second), {"TYPE_ID": 4, "COMPLETED": "Y"}, [(CONTACT, contact)])
    found.ask(
        "crm.activity.todo.add", ownerTypeId=CONTACT, ownerId=contact, deadline="2026-12-01 10:00:00", title="call"
    )
    return found


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [int(row["ID"]) for row in rows]


def walk(desk: Counter, **wanted: Any) -> list[int]:
    found: list[int] = []
    while page := desk.ask(
        "crm.activity.list", order={"ID": "ASC"}, filter={**wanted, ">ID": found[-1] if found else 0}, start=-1
    ):
        found += ids(page)
    return found


def test_a_keyset_walk_sees_every_row_once(desk: Counter) -> None:
    assert walk(desk) == list(range(1, 67))


def test_uncounted_reading_tells_total_zero_and_no_next(desk: Counter) -> None:
    answer = desk.answer("crm.activity.list", order={"ID": "ASC"}, start=-1)
    assert (len(answer.result), answer.total, answer.next, answer.counted) == (50, 0, None, False)


def test_counted_reading_tells_total_and_next_and_rounds_start_down(desk: Counter) -> None:
    first = desk.answer("crm.activity.list", order={"ID": "ASC"})
    assert (first.total, first.next, first.counted) == (66, 50, True)
    assert ids(desk.ask("crm.activity.list", order={"ID": "ASC"}, start=30)) == ids(first.result)
    assert len(desk.ask("crm.activity.list", order={"ID": "ASC"}, start="50")) == 16


def test_the_default_order_is_start_time(desk: Counter) -> None:
    starts = [row["START_TIME"] for row in desk.ask("crm.activity.list", filter={"OWNER_TYPE_ID": 1, "OWNER_ID": 1})]
    assert starts == sorted(starts)
    assert len(set(starts)) > 1


def test_owners_are_found_by_id_list_and_type(desk: Counter) -> None:
    assert len(walk(desk, OWNER_TYPE_ID=1, **{"@OWNER_ID": [1, 2]})) == 65
    assert walk(desk, OWNER_TYPE_ID=3, OWNER_ID=["1"]) == [66]
    assert len(walk(desk, OWNER_ID=1)) == 61  # lead 1 and contact 1: the type was not asked for


def test_a_bound_card_is_found_by_bindings_and_not_as_owner(desk: Counter) -> None:
    found = desk.ask("crm.activity.list", filter={"BINDINGS": [{"OWNER_TYPE_ID": 3, "OWNER_ID": 1}], "TYPE_ID": 4})
    assert ids(found) == [61, 62, 63, 64, 65]
    assert desk.ask("crm.activity.list", filter={"OWNER_TYPE_ID": 3, "OWNER_ID": 1, "TYPE_ID": 4}) == []


def test_several_bindings_are_joined_by_or_without_doubling(desk: Counter) -> None:
    pairs = [{"OWNER_TYPE_ID": 3, "OWNER_ID": 1}, {"OWNER_TYPE_ID": "1", "OWNER_ID": "2"}]
    assert desk.answer("crm.activity.list", filter={"BINDINGS": pairs}).total == 6
    assert desk.answer("crm.activity.list", filter={"BINDINGS": [{"OWNER_TYPE_ID": 3}]}).total == 6


def test_open_work_of_the_future_is_found_by_deadline(desk: Counter) -> None:
    wanted = {"COMPLETED": "N", ">DEADLINE": "2026-11-22T12:00:00+03:00"}
    assert walk(desk, **wanted) == [66]
    assert walk(desk, COMPLETED="Y") == [61, 62, 63, 64, 65]


def test_an_unknown_filter_key_widens_the_answer(desk: Counter) -> None:
    assert desk.answer("crm.activity.list", filter={"NO_SUCH": 5}).total == 66


def test_communications_come_only_when_named_and_bring_the_id(desk: Counter) -> None:
    row = desk.ask("crm.activity.list", order={"ID": "ASC"}, select=["SUBJECT", "COMMUNICATIONS"], start=-1)[0]
    assert row == {"ID": "1", "SUBJECT": "s0", "COMMUNICATIONS": [{"VALUE": "x"}]}
    assert desk.ask("crm.activity.list", select=["SUBJECT"], start=-1)[0].keys() == {"SUBJECT"}
    assert "COMMUNICATIONS" not in desk.ask("crm.activity.list", start=-1)[0]
