"""Small marks in a card's timeline: journal lines (crm.timeline.logmessage.*) and remarks (crm.timeline.note.*)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import activities, moments, tablelist
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.tablelist import wanted
from b24kit.sandbox.bitrix24.tables import owner_key
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row

HISTORY_ITEM, ACTIVITY_ITEM = 1, 2  # itemType of crm.timeline.note.save
_FIELDS = tablelist.fields_of({"ID": "integer", "CREATED": "datetime", "OWNER": "string"})
_REQUIRED = ("entityTypeId", "entityId", "title", "text", "iconCode")


@method("crm.timeline.logmessage.add")
def logmessage_add(call: Call) -> Answer:
    """crm.timeline.logmessage.add: gives the whole line under `logMessage`."""
    fields = call.param("fields")
    if not isinstance(fields, Mapping):
        raise Fault(100, "Could not find value for parameter {fields}")
    for name in _REQUIRED:
        if fields.get(name) in (None, ""):
            raise Fault(100, f"Could not find value for parameter {{{name}}}")
    card = whole(fields["entityTypeId"]), whole(fields["entityId"])
    _must_exist(call.portal, card)
    row: Row = {"OWNER": owner_key(*card), "TITLE": str(fields["title"]), "TEXT": str(fields["text"])}
    row |= {"ICON": str(fields["iconCode"]), "AUTHOR_ID": call.user_id, "CREATED": moments.now(call.portal)}
    new_id = call.portal.store["logmessage"].add(row)
    return Answer({"logMessage": _line(call.portal, new_id)})


@method("crm.timeline.logmessage.get")
def logmessage_get(call: Call) -> Answer:
    """crm.timeline.logmessage.get: one line."""
    return Answer({"logMessage": _line(call.portal, _known_line(call))})


@method("crm.timeline.logmessage.list")
def logmessage_list(call: Call) -> Answer:
    """crm.timeline.logmessage.list: lines of every application on one card, newest first unless told."""
    card = whole(wanted(call, "entityTypeId")), whole(wanted(call, "entityId"))
    _must_exist(call.portal, card)
    # The page's sample is a bare list, unlike its neighbours that wrap theirs.
    return tablelist.page(
        call,
        "logmessage",
        _FIELDS,
        lambda line_id: _line(call.portal, line_id),
        wanted={"OWNER": owner_key(*card)},
        order=call.param("order"),
        default={"ID": "DESC"},
    )


@method("crm.timeline.logmessage.delete")
def logmessage_delete(call: Call) -> Answer:
    """crm.timeline.logmessage.delete: only what the caller's own application or webhook wrote."""
    line_id = _known_line(call)
    if call.portal.store["logmessage"].rows[line_id]["AUTHOR_ID"] != call.user_id:
        raise Fault("ACCESS_DENIED", "Access denied")
    call.portal.store["logmessage"].remove(line_id)
    return Answer(True)


@method("crm.timeline.note.save")
def note_save(call: Call) -> Answer:
    """crm.timeline.note.save: one remark an item, a second save replaces the text."""
    place = _place(call)
    text, moment = str(wanted(call, "text")), moments.now(call.portal)
    table = call.portal.store["note"]
    changed: Row = {"TEXT": text, "UPDATED": moment, "UPDATED_BY": call.user_id}
    found = table.find("PLACE", place)
    if found:
        table.change(found[0], changed)
    else:
        table.add({"PLACE": place, "CREATED": moment, "CREATED_BY": call.user_id, **changed})
    return Answer(True)


@method("crm.timeline.note.get")
def note_get(call: Call) -> Answer:
    """crm.timeline.note.get: the remark under an item."""
    row = call.portal.store["note"].rows[_known_note(call)]
    return Answer(
        {
            "text": row["TEXT"],
            "createdById": row["CREATED_BY"],
            "createdTime": moments.shown(call.portal, row["CREATED"]),
            "updatedById": row["UPDATED_BY"],
            "updatedTime": moments.shown(call.portal, row["UPDATED"]),
        }
    )


@method("crm.timeline.note.delete")
def note_delete(call: Call) -> Answer:
    """crm.timeline.note.delete: takes the remark off."""
    call.portal.store["note"].remove(_known_note(call))
    return Answer(True)


def _line(portal: FakePortal, line_id: int) -> dict[str, Any]:
    row = portal.store["logmessage"].rows[line_id]
    return {
        "id": line_id,
        "created": moments.shown(portal, row["CREATED"]),
        "authorId": row["AUTHOR_ID"],
        "title": row["TITLE"],
        "text": row["TEXT"],
        "iconCode": row["ICON"],
    }


def _known_line(call: Call) -> int:
    line_id = whole(wanted(call, "id"))
    if line_id not in call.portal.store["logmessage"].rows:
        raise Fault("NOT_FOUND", "Not found")
    return line_id


def _known_note(call: Call) -> int:
    found = call.portal.store["note"].find("PLACE", _place(call))
    if not found:
        raise Fault("NOT_FOUND", "Note not found")
    return found[0]


def _place(call: Call) -> str:
    card = whole(wanted(call, "ownerTypeId")), whole(wanted(call, "ownerId"))
    _must_exist(call.portal, card)
    item_type, item_id = whole(wanted(call, "itemType")), whole(wanted(call, "itemId"))
    table = {HISTORY_ITEM: "comment", ACTIVITY_ITEM: "activity"}.get(item_type)
    if table is None or item_id not in call.portal.store[table].rows:
        raise Fault("NOT_FOUND", "Not found")
    return f"{owner_key(*card)}|{item_type}|{item_id}"


def _must_exist(portal: FakePortal, card: tuple[int, int]) -> None:
    if not activities.card_exists(portal, *card):
        raise Fault("OWNER_NOT_FOUND", "Owner was not found")
