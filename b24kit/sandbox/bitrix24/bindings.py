"""crm.activity.binding.*: an activity on several cards, and how its owner follows when one card is left."""

from __future__ import annotations

from b24kit.sandbox.bitrix24 import activities, moments
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.tablelist import wanted
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, owner_key
from b24kit.sandbox.bitrix24.values import whole

MOST_BINDINGS = 100


@method("crm.activity.binding.list")
def binding_list(call: Call) -> Answer:
    """crm.activity.binding.list: pairs of ints, in the order they were bound."""
    activity_id = _activity(call)
    cards = [card_of(row) for row in _rows(call.portal, activity_id).values()]
    return Answer([{"entityTypeId": type_id, "entityId": card_id} for type_id, card_id in cards])


@method("crm.activity.binding.add")
def binding_add(call: Call) -> Answer:
    """crm.activity.binding.add: the owner stays as it was."""
    activity_id, card = _activity(call), _card(call, "entityTypeId", "entityId")
    _bind(call.portal, activity_id, card)
    activities.touch_card(call.portal, card, moments.now(call.portal), call.user_id)
    return Answer(True)


@method("crm.activity.binding.delete")
def binding_delete(call: Call) -> Answer:
    """crm.activity.binding.delete: never the last one; the owner switches when a single binding remains."""
    activity_id, card = _activity(call), _card(call, "entityTypeId", "entityId")
    bound = _rows(call.portal, activity_id)
    found = next((i for i, row in bound.items() if row == owner_key(*card)), None)
    if found is None:
        raise Fault("BINDING_NOT_FOUND", "Activity is not bound to the entity")
    if len(bound) == 1:
        raise Fault("LAST_BINDING_CANNOT_BE_DELETED", "The only binding of the activity cannot be deleted")
    call.portal.store["binding"].remove(found)
    _follow_owner(call.portal, activity_id)
    return Answer(True)


@method("crm.activity.binding.move")
def binding_move(call: Call) -> Answer:
    """crm.activity.binding.move: only between cards of one type; the owner moves with it."""
    activity_id = _activity(call)
    source = _pair(call, "sourceEntityTypeId", "sourceEntityId")
    target = _pair(call, "targetEntityTypeId", "targetEntityId")
    if source[0] != target[0]:
        text = "Source and target entity types are not equal"
        raise Fault("SOURCE_AND_TARGET_ENTITY_TYPES_ARE_NOT_EQUAL", text)
    if source == target:
        raise Fault("SOURCE_AND_TARGET_ENTITY_ID_ARE_EQUAL_ERROR", "Source and target entities are equal")
    _must_exist(call.portal, source)
    _must_exist(call.portal, target)
    bound = _rows(call.portal, activity_id)
    found = next((i for i, row in bound.items() if row == owner_key(*source)), None)
    if found is None:
        raise Fault("BINDING_NOT_FOUND", "Activity is not bound to the entity")
    if owner_key(*target) in bound.values():
        raise Fault("ACTIVITY_IS_ALREADY_BOUND", "Activity is already bound to the entity")
    call.portal.store["binding"].change(found, {"OWNER": owner_key(*target)})
    if call.portal.store["activity"].rows[activity_id]["OWNER"] == owner_key(*source):
        _own(call.portal, activity_id, target)
    return Answer(True)


def card_of(key: str) -> tuple[int, int]:
    """An owner_key as (type, id)."""
    type_id, _, card_id = key.partition(":")
    return int(type_id), int(card_id)


def _bind(portal: FakePortal, activity_id: int, card: tuple[int, int]) -> None:
    bound = _rows(portal, activity_id)
    if owner_key(*card) in bound.values():
        raise Fault("ACTIVITY_IS_ALREADY_BOUND", "Activity is already bound to the entity")
    if len(bound) >= MOST_BINDINGS:
        raise Fault("BINDINGS_LIMIT_EXCEEDED", f"An activity cannot be bound to more than {MOST_BINDINGS} entities")
    portal.store["binding"].add({"ACTIVITY_ID": activity_id, "OWNER": owner_key(*card)})


def _follow_owner(portal: FakePortal, activity_id: int) -> None:
    left = list(_rows(portal, activity_id).values())
    if len(left) == 1:
        _own(portal, activity_id, card_of(left[0]))


def _own(portal: FakePortal, activity_id: int, card: tuple[int, int]) -> None:
    changes = {"OWNER": owner_key(*card), "OWNER_TYPE_ID": card[0], "OWNER_ID": card[1]}
    portal.store["activity"].change(activity_id, changes)


def _rows(portal: FakePortal, activity_id: int) -> dict[int, str]:
    table = portal.store["binding"]
    return {i: table.rows[i]["OWNER"] for i in table.find("ACTIVITY_ID", activity_id)}


def _activity(call: Call) -> int:
    given = wanted(call, "activityId")
    return activities.known(call.portal, given, code="NOT_FOUND", text="Element not found")[0]


def _card(call: Call, type_name: str, id_name: str) -> tuple[int, int]:
    card = _pair(call, type_name, id_name)
    _must_exist(call.portal, card)
    return card


def _pair(call: Call, type_name: str, id_name: str) -> tuple[int, int]:
    return whole(wanted(call, type_name)), whole(wanted(call, id_name))


def _must_exist(portal: FakePortal, card: tuple[int, int]) -> None:
    if card[0] not in CARD_TABLES or not activities.card_exists(portal, *card):
        raise Fault("OWNER_NOT_FOUND", "Owner not found")
