"""crm.activity.binding.*: moving correspondence from a lead to a contact, and every refusal on the way."""

from __future__ import annotations

import pytest

from b24kit.sandbox.bitrix24 import activities
from b24kit.sandbox.bitrix24.tables import COMPANY, CONTACT, LEAD
from tests.sandbox.bitrix24.counter import Counter


@pytest.fixture
def desk() -> Counter:
    found = Counter()
    found.planted(kind="empty")
    for type_id, fields in (
        (LEAD, {"TITLE": "l"}),
        (LEAD, {"TITLE": "m"}),
        (CONTACT, {"NAME": "c"}),
        (COMPANY, {"TITLE": "f"}),
    ):
        found.card(type_id, **fields)
    activities.create(found.portal, (LEAD, 1), {"TYPE_ID": 4, "SUBJECT": "s"})
    return found


def bind(desk: Counter, type_id: int, card_id: int) -> object:
    return desk.ask("crm.activity.binding.add", activityId=1, entityTypeId=type_id, entityId=card_id)


def owner(desk: Counter) -> tuple[str, str]:
    row = desk.ask("crm.activity.get", id=1)
    return row["OWNER_TYPE_ID"], row["OWNER_ID"]


def test_add_keeps_the_owner_and_delete_hands_it_to_the_only_card_left(desk: Counter) -> None:
    assert bind(desk, CONTACT, 1) is True
    assert owner(desk) == ("1", "1")
    assert desk.ask("crm.activity.binding.delete", activityId=1, entityTypeId=1, entityId=1) is True
    assert owner(desk) == ("3", "1")
    assert desk.ask("crm.activity.binding.list", activityId=1) == [{"entityTypeId": 3, "entityId": 1}]


def test_the_owner_stays_while_two_cards_are_left(desk: Counter) -> None:
    bind(desk, CONTACT, 1)
    bind(desk, COMPANY, 1)
    desk.ask("crm.activity.binding.delete", activityId="1", entityTypeId="4", entityId="1")
    assert owner(desk) == ("1", "1")


def test_the_list_by_owner_follows_a_switched_owner(desk: Counter) -> None:
    bind(desk, CONTACT, 1)
    desk.ask("crm.activity.binding.delete", activityId=1, entityTypeId=1, entityId=1)
    assert desk.ask("crm.activity.list", filter={"OWNER_TYPE_ID": 1, "OWNER_ID": 1}) == []
    assert len(desk.ask("crm.activity.list", filter={"OWNER_TYPE_ID": 3, "OWNER_ID": 1})) == 1


def test_the_last_binding_cannot_be_deleted(desk: Counter) -> None:
    code, _ = desk.refusal("crm.activity.binding.delete", activityId=1, entityTypeId=1, entityId=1)
    assert code == "LAST_BINDING_CANNOT_BE_DELETED"


def test_move_works_inside_one_type_only_and_takes_the_owner_along(desk: Counter) -> None:
    move = {"activityId": 1, "sourceEntityTypeId": 1, "sourceEntityId": 1}
    code, _ = desk.refusal("crm.activity.binding.move", move, targetEntityTypeId=3, targetEntityId=1)
    assert code == "SOURCE_AND_TARGET_ENTITY_TYPES_ARE_NOT_EQUAL"
    assert desk.ask("crm.activity.binding.move", move, targetEntityTypeId=1, targetEntityId=2) is True
    assert owner(desk) == ("1", "2")
    code, _ = desk.refusal("crm.activity.binding.move", move, targetEntityTypeId=1, targetEntityId=1)
    assert code == "SOURCE_AND_TARGET_ENTITY_ID_ARE_EQUAL_ERROR"
    code, _ = desk.refusal("crm.activity.binding.move", move, targetEntityTypeId=1, targetEntityId=2)
    assert code == "BINDING_NOT_FOUND"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"activityId": 1, "entityTypeId": 1, "entityId": 1}, "ACTIVITY_IS_ALREADY_BOUND"),
        ({"activityId": 9, "entityTypeId": 3, "entityId": 1}, "NOT_FOUND"),
        ({"activityId": 1, "entityTypeId": 3, "entityId": 77}, "OWNER_NOT_FOUND"),
        ({"activityId": 1, "entityTypeId": 3}, 100),
    ],
)
def test_add_refuses_with_the_documented_codes(desk: Counter, params: dict[str, int], code: str | int) -> None:
    assert desk.refusal("crm.activity.binding.add", params)[0] == code


def test_an_activity_takes_no_more_than_a_hundred_bindings(desk: Counter) -> None:
    for _ in range(99):
        bind(desk, CONTACT, desk.card(CONTACT, NAME="n"))
    with pytest.raises(Exception, match="100"):
        bind(desk, CONTACT, desk.card(CONTACT, NAME="n"))
