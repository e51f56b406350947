"""crm.activity.todo.*: reminders with a deadline."""

from __future__ import annotations

import pytest

from b24kit.sandbox.bitrix24.tables import LEAD
from tests.sandbox.bitrix24.counter import Counter


@pytest.fixture
def desk() -> Counter:
    found = Counter()
    found.planted(kind="empty")
    found.card(LEAD, TITLE="t")
    return found


PLACE = {"ownerTypeId": LEAD, "ownerId": 1}


def test_a_reminder_is_an_open_activity_with_a_local_deadline(desk: Counter) -> None:
    found = desk.ask(
        "crm.activity.todo.add", PLACE, deadline="2026-12-01 15:00:00", title="Call", description="[b24kit:1]"
    )
    row = desk.ask("crm.activity.get", id=found["id"])
    assert (row["PROVIDER_ID"], row["TYPE_ID"], row["SUBJECT"], row["COMPLETED"]) == ("CRM_TODO", "6", "Call", "N")
    assert row["DEADLINE"] == "2026-12-01T15:00:00+03:00"
    assert row["DESCRIPTION"] == "[b24kit:1]"
    assert row["RESPONSIBLE_ID"] == "1"


def test_each_part_can_be_changed_by_its_own_method(desk: Counter) -> None:
    todo = desk.ask("crm.activity.todo.add", PLACE, deadline="2026-12-01T15:00:00")["id"]
    place = {**PLACE, "id": todo}
    assert desk.ask("crm.activity.todo.updateDeadline", place, value="2026-12-05T10:00:00+03:00") == {"id": todo}
    desk.ask("crm.activity.todo.updateDescription", place, value="d")
    desk.ask("crm.activity.todo.updateColor", place, colorId="3")
    desk.ask("crm.activity.todo.updateResponsibleUser", place, responsibleId=7)
    row = desk.ask("crm.activity.get", id=todo)
    assert (row["DEADLINE"], row["DESCRIPTION"], row["RESPONSIBLE_ID"]) == ("2026-12-05T10:00:00+03:00", "d", "7")
    assert row["SETTINGS"] == {"COLOR": "3"}
    desk.ask("crm.activity.todo.update", place, deadline="2026-12-06T10:00:00+03:00", title="new")
    assert desk.ask("crm.activity.get", id=todo)["SUBJECT"] == "new"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"ownerTypeId": 1, "ownerId": 1}, 100),
        ({"ownerTypeId": 1, "ownerId": 1, "deadline": "soon"}, "WRONG_DATETIME_FORMAT"),
        ({"ownerTypeId": 1, "ownerId": 9, "deadline": "2026-12-01"}, "OWNER_NOT_FOUND"),
    ],
)
def test_refusals_carry_the_documented_codes(desk: Counter, params: dict[str, object], code: str | int) -> None:
    assert desk.refusal("crm.activity.todo.add", params)[0] == code


def test_another_kind_of_activity_is_no_reminder(desk: Counter) -> None:
    who = [{"VALUE": "+79000000000", "ENTITY_ID": 1, "ENTITY_TYPE_ID": 1}]
    fields = {
        "OWNER_TYPE_ID": 1,
        "OWNER_ID": 1,
        "TYPE_ID": 2,
        "SUBJECT": "c",
        "RESPONSIBLE_ID": 1,
        "COMMUNICATIONS": who,
    }
    call = desk.ask("crm.activity.add", fields=fields)
    assert desk.refusal("crm.activity.todo.updateDeadline", PLACE, id=call, value="2026-12-01")[0] == "NOT_FOUND"
