"""Activities of a fake portal: crm.activity.add/get/update/delete, and plain functions with which others make them.

An activity has one owner and up to 100 bindings (table `binding`); an outgoing e-mail added as completed is really
sent, which here means a row in table `mail` (tutorial "How to send an e-mail").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import disk, moments
from b24kit.sandbox.bitrix24.activity_fields import (
    CALL,
    EMAIL,
    IMMUTABLE,
    KINDS,
    MEETING,
    ON_REQUEST,
    OUTGOING,
    PROVIDER,
    SHOWN,
    TASK,
    WRITABLE,
    wire_row,
)
from b24kit.sandbox.bitrix24.arguments import sent_fields
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, owner_key
from b24kit.sandbox.bitrix24.values import flag, whole
from b24kit.sandbox.store import Row

_TYPES = {MEETING, CALL, EMAIL, PROVIDER}  # crm.activity.add takes no others; tasks come from tasks.task.add
_PROVIDERS = {MEETING: ("CRM_MEETING", "MEETING"), CALL: ("CRM_CALL", "CALL"), EMAIL: ("CRM_EMAIL", "EMAIL")}
_STRUCTURES = ("SETTINGS", "PROVIDER_PARAMS")


@method("crm.activity.add")
def activity_add(call: Call) -> Answer:
    """crm.activity.add: SUBJECT, RESPONSIBLE_ID, TYPE_ID and COMMUNICATIONS are wanted; gives the id.

    TYPE_ID 4, DIRECTION 2 and COMPLETED Y sends a letter to every communication.
    """
    fields = _asked_fields(call)
    _check_required(fields)
    owner, communications = _owner(call.portal, fields), _communications(call.portal, fields)
    row = {"AUTHOR_ID": call.user_id, "EDITOR_ID": call.user_id, **_native(call.portal, fields, WRITABLE)}
    if owner is None:
        if not communications or not communications[0]["ENTITY_ID"]:
            raise Fault(
                "", "Could not build binding. Please ensure that owner info and communications are defined correctly"
            )
        owner = (int(communications[0]["ENTITY_TYPE_ID"]), int(communications[0]["ENTITY_ID"]))
    for one in communications:
        if not int(one["ENTITY_ID"]):  # the server looks the address up on the owner's card
            one["ENTITY_TYPE_ID"], one["ENTITY_ID"] = str(owner[0]), str(owner[1])
    row["COMMUNICATIONS"] = communications
    if files := disk.taken_in(call.portal, fields.get("FILES"), call.user_id):
        row["FILES"] = files
    bound = [(int(one["ENTITY_TYPE_ID"]), int(one["ENTITY_ID"])) for one in communications]
    if row["TYPE_ID"] == EMAIL and row.get("DIRECTION") == OUTGOING and row.get("COMPLETED") == "Y":
        _check_sendable(row)
    activity_id = create(call.portal, owner, row, bound)
    if row["TYPE_ID"] == EMAIL and row.get("DIRECTION") == OUTGOING and row.get("COMPLETED") == "Y":
        _send(call.portal, activity_id, row)
    return Answer(activity_id)


@method("crm.activity.get")
def activity_get(call: Call) -> Answer:
    """crm.activity.get: a row without COMMUNICATIONS and FILES."""
    activity_id, row = known(call.portal, call.param("id"), text="Activity is not found")
    return Answer(wire_row(call.portal, activity_id, row, SHOWN))


@method("crm.activity.update")
def activity_update(call: Call) -> Answer:
    """crm.activity.update: owner and type are immutable; marking an outgoing letter as done sends nothing."""
    activity_id, row = known(call.portal, call.param("id"), text="Activity is not found")
    changes = _native(call.portal, _asked_fields(call), [name for name in WRITABLE if name not in IMMUTABLE])
    if "COMMUNICATIONS" in _asked_fields(call):
        changes["COMMUNICATIONS"] = _communications(call.portal, _asked_fields(call))
    _keep_deadline({**row, **changes}, changes)
    change(call.portal, activity_id, changes, call.user_id)
    return Answer(True)


@method("crm.activity.delete")
def activity_delete(call: Call) -> Answer:
    """crm.activity.delete: with all its bindings."""
    activity_id, _ = known(call.portal, call.param("id"), text="Activity is not found")
    delete(call.portal, activity_id)
    return Answer(True)


def create(portal: FakePortal, owner: tuple[int, int], row: Row, bound: Iterable[tuple[int, int]] = ()) -> int:
    """Store an activity of `owner` (type, id), bound to the owner and to `bound`; gives its id.

    `row` holds native columns; dates that are not given are the portal's now. Keeps LAST_ACTIVITY_TIME of the cards.
    """
    moment = moments.now(portal)
    filled: Row = {"CREATED": moment, "LAST_UPDATED": row.get("CREATED", moment), **row}
    filled |= {"OWNER_TYPE_ID": owner[0], "OWNER_ID": owner[1], "OWNER": owner_key(*owner)}
    if "PROVIDER_ID" not in filled and filled.get("TYPE_ID") in _PROVIDERS:
        filled["PROVIDER_ID"], filled["PROVIDER_TYPE_ID"] = _PROVIDERS[filled["TYPE_ID"]]
    filled.setdefault("START_TIME", filled["CREATED"])
    filled.setdefault("END_TIME", filled["START_TIME"])
    _keep_deadline(filled, filled)
    if filled.get("COMPLETED") == "Y":
        filled.setdefault("STATUS", 2)
    activity_id = portal.store["activity"].add(filled)
    for card in dict.fromkeys([owner, *bound]):
        portal.store["binding"].add({"ACTIVITY_ID": activity_id, "OWNER": owner_key(*card)})
        touch_card(portal, card, filled["CREATED"], filled.get("AUTHOR_ID"))
    return activity_id


def change(portal: FakePortal, activity_id: int, changes: Row, user_id: int) -> None:
    """Write native columns of an activity."""
    if changes.get("COMPLETED") in ("Y", "N") and "STATUS" not in changes:
        changes = {**changes, "STATUS": 2 if changes["COMPLETED"] == "Y" else 1}
    mark = {"LAST_UPDATED": moments.now(portal), "EDITOR_ID": user_id}
    portal.store["activity"].change(activity_id, {**changes, **mark})


def delete(portal: FakePortal, activity_id: int) -> None:
    """Remove an activity with its bindings."""
    for binding_id in portal.store["binding"].find("ACTIVITY_ID", activity_id):
        portal.store["binding"].remove(binding_id)
    portal.store["activity"].remove(activity_id)


def touch_card(portal: FakePortal, card: tuple[int, int], moment: str, user_id: Any) -> None:
    """Note on a card that something happened in its timeline; an older event than the noted one changes nothing."""
    table = portal.store[CARD_TABLES[card[0]]] if card[0] in CARD_TABLES else None
    row = table.get(card[1]) if table is not None else None
    if table is not None and row is not None and str(row.get("LAST_ACTIVITY_TIME") or "") < moment:
        table.change(card[1], {"LAST_ACTIVITY_TIME": moment, "LAST_ACTIVITY_BY": user_id or row.get("ASSIGNED_BY_ID")})


def known(portal: FakePortal, given: Any, *, code: str | int = "", text: str) -> tuple[int, Row]:
    """Id and row of an activity a client names; raises Fault with the family's own words for an unknown one."""
    activity_id = whole(given)
    row = portal.store["activity"].get(activity_id)
    if row is None:
        raise Fault(code, text)
    return activity_id, row


def card_exists(portal: FakePortal, type_id: int, card_id: int) -> bool:
    """Whether the portal holds this card."""
    return type_id in CARD_TABLES and card_id in portal.store[CARD_TABLES[type_id]].rows


def _asked_fields(call: Call) -> dict[str, Any]:
    if call.param("fields") is None:
        raise Fault("", "Parameter 'fields' must be array.")
    return {str(key).upper(): value for key, value in sent_fields(call).items()}


def _check_required(fields: dict[str, Any]) -> None:
    if not str(fields.get("SUBJECT") or "").strip():
        raise Fault("", "The field SUBJECT is not defined or empty")
    if not whole(fields.get("RESPONSIBLE_ID")):
        raise Fault("", "The field RESPONSIBLE_ID is not defined or invalid")
    type_id = whole(fields.get("TYPE_ID"))
    if type_id == TASK or type_id not in _TYPES:
        raise Fault("", "The field TYPE_ID is not defined or invalid")
    if type_id == PROVIDER and not fields.get("PROVIDER_ID"):
        raise Fault("", "The custom activity without provider is not supported in current context")
    if type_id != PROVIDER and not fields.get("COMMUNICATIONS"):
        raise Fault("", "The field COMMUNICATIONS is not defined or invalid")
    if type_id == CALL and len(fields["COMMUNICATIONS"]) > 1:
        raise Fault("", "The only one communication is allowed for activity of specified type")


def _owner(portal: FakePortal, fields: dict[str, Any]) -> tuple[int, int] | None:
    type_id, card_id = whole(fields.get("OWNER_TYPE_ID")), whole(fields.get("OWNER_ID"))
    if not type_id or not card_id:
        return None
    if not card_exists(portal, type_id, card_id):
        raise Fault("", "Access denied")  # the rights check comes first and knows nothing of absent cards
    return type_id, card_id


def _communications(portal: FakePortal, fields: dict[str, Any]) -> list[Row]:
    given = fields.get("COMMUNICATIONS") or []
    found = []
    for number, one in enumerate(given.values() if isinstance(given, Mapping) else given, start=1):
        if not isinstance(one, Mapping):
            raise Fault("", "The field COMMUNICATIONS is not defined or invalid")
        type_id, card_id = whole(one.get("ENTITY_TYPE_ID")), whole(one.get("ENTITY_ID"))
        value = str(one.get("VALUE", ""))
        found.append(
            {
                "ID": str(number),
                "TYPE": str(one.get("TYPE") or ("EMAIL" if "@" in value else "PHONE" if value else "")),
                "VALUE": value,
                "ENTITY_ID": str(card_id),
                "ENTITY_TYPE_ID": str(type_id),
                "ENTITY_SETTINGS": name_parts(portal, type_id, card_id),
            }
        )
    return found


def name_parts(portal: FakePortal, type_id: int, card_id: int) -> Row:
    """ENTITY_SETTINGS of a communication: the card's name as it was when the activity appeared."""
    row = portal.store[CARD_TABLES[type_id]].get(card_id) if type_id in CARD_TABLES else None
    if row is None:
        return {}
    parts = ("HONORIFIC", "NAME", "SECOND_NAME", "LAST_NAME", "COMPANY_TITLE")
    settings = {part: row.get(part) or "" for part in parts}
    return settings | ({"LEAD_TITLE": row.get("TITLE") or ""} if type_id == 1 else {})


def _native(portal: FakePortal, fields: dict[str, Any], columns: list[str]) -> Row:
    row: Row = {}
    for name in columns:
        if name in fields and name not in ON_REQUEST:
            row[name] = _native_value(portal, name, fields[name])
    return {name: value for name, value in row.items() if value is not None}


def _native_value(portal: FakePortal, name: str, value: Any) -> Any:
    if name in _STRUCTURES:
        return value if isinstance(value, (dict, list)) else []
    kind = KINDS.get(name, "string")
    if kind in ("integer", "user"):
        return whole(value)
    if kind == "datetime":
        return moments.read(portal, value)
    if kind == "char":
        return flag(value)
    return "" if value is None else str(value)


def _keep_deadline(whole: Row, changes: Row) -> None:
    """DEADLINE is not written by clients: calls and meetings take it from START_TIME, the rest from END_TIME."""
    source = "START_TIME" if whole.get("TYPE_ID") in (CALL, MEETING) else "END_TIME"
    if source in changes and (whole.get("PROVIDER_ID") != "CRM_TODO" or "DEADLINE" not in changes):
        changes["DEADLINE"] = changes[source]


def _check_sendable(row: Row) -> None:
    settings = row.get("SETTINGS")
    sender = settings.get("MESSAGE_FROM") if isinstance(settings, Mapping) else None
    if not sender:
        raise Fault("", 'Email send error. "From" is not found')
    if not any("@" in one["VALUE"] for one in row["COMMUNICATIONS"]):
        raise Fault("", 'Email send error. "To" is not found')


def _send(portal: FakePortal, activity_id: int, row: Row) -> None:
    settings = row["SETTINGS"]
    for one in row["COMMUNICATIONS"]:
        letter = {"TO": one["VALUE"], "FROM": settings["MESSAGE_FROM"], "SUBJECT": row["SUBJECT"]}
        letter |= {"BODY": row.get("DESCRIPTION", ""), "ACTIVITY_ID": activity_id, "SENT": moments.now(portal)}
        portal.store["mail"].add(letter)
