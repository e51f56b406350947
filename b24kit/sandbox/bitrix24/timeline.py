"""Comments in the timeline of cards: crm.timeline.comment.* and crm.timeline.bindings.*.

A comment may hang on several cards (table `comment_binding`) and goes away with the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import activities, disk, moments, tablelist
from b24kit.sandbox.bitrix24.bindings import card_of
from b24kit.sandbox.bitrix24.conditions import Field
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, owner_key
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row

TYPE_IDS = {name: type_id for type_id, name in CARD_TABLES.items()}
_FIELDS = tablelist.fields_of({"ID": "integer", "CREATED": "datetime", "AUTHOR_ID": "user"})
_BINDING_FIELDS = tablelist.fields_of({"ID": "integer", "COMMENT_ID": "integer"})
_COLUMNS = ("ID", "ENTITY_ID", "ENTITY_TYPE", "CREATED", "COMMENT", "AUTHOR_ID", "FILES")


@method("crm.timeline.comment.add")
def comment_add(call: Call) -> Answer:
    """crm.timeline.comment.add: `fields` in lower case only (since crm 23.100.0); gives the id."""
    fields = _fields(call)
    card = _card(call.portal, fields)
    text = str(fields.get("COMMENT") or "")
    if not text.strip():
        raise Fault("INVALID_ARG_VALUE", "Empty comment message")
    author = whole(fields.get("AUTHOR_ID")) or call.user_id
    row: Row = {"OWNER": owner_key(*card), "COMMENT": text, "AUTHOR_ID": author, "CREATED": moments.now(call.portal)}
    row["FILES"] = disk.taken_in(call.portal, fields.get("FILES"), author)
    comment_id = call.portal.store["comment"].add(row)
    call.portal.store["comment_binding"].add({"COMMENT_ID": comment_id, "OWNER": owner_key(*card)})
    activities.touch_card(call.portal, card, row["CREATED"], author)
    return Answer(comment_id)


@method("crm.timeline.comment.get")
def comment_get(call: Call) -> Answer:
    """crm.timeline.comment.get: with the card it was first written on."""
    comment_id, row = _known(call)
    return Answer(_shown(call.portal, comment_id, row, card_of(row["OWNER"]), _COLUMNS))


@method("crm.timeline.comment.list")
def comment_list(call: Call) -> Answer:
    """crm.timeline.comment.list: both ENTITY_ID and ENTITY_TYPE (a word) are wanted in the filter."""
    given = tablelist.upper_keys(call.param("filter"))
    wanted = {key.lstrip("="): value for key, value in given.items()}
    type_id = TYPE_IDS.get(str(wanted.get("ENTITY_TYPE", "")).lower())
    card_id = whole(wanted.get("ENTITY_ID"))
    if type_id is None or not card_id or not activities.card_exists(call.portal, type_id, card_id):
        raise Fault("", "Access denied.")  # the portal checks the rights to the card first
    store = call.portal.store
    owner = owner_key(type_id, card_id)
    bound = {store["comment_binding"].rows[i]["COMMENT_ID"] for i in store["comment_binding"].find("OWNER", owner)}
    columns, rows = _selected(call.param("select")), store["comment"].rows
    return tablelist.page(
        call,
        "comment",
        {**_FIELDS, "HERE": Field("HERE", "integer", pool=lambda _: bound & rows.keys())},
        lambda comment_id: _shown(call.portal, comment_id, rows[comment_id], (type_id, card_id), columns),
        wanted={**given, "HERE": 1},
        order=call.param("order"),
    )


@method("crm.timeline.comment.update")
def comment_update(call: Call) -> Answer:
    """crm.timeline.comment.update: gives the id."""
    comment_id, _ = _known(call)
    fields = _fields(call)
    changes: Row = {}
    if "COMMENT" in fields:
        if not str(fields["COMMENT"] or "").strip():
            raise Fault("INVALID_ARG_VALUE", "Empty comment message")
        changes["COMMENT"] = str(fields["COMMENT"])
    if "FILES" in fields:
        changes["FILES"] = disk.taken_in(call.portal, fields["FILES"], call.user_id)
    call.portal.store["comment"].change(comment_id, changes)
    return Answer(comment_id)


@method("crm.timeline.comment.delete")
def comment_delete(call: Call) -> Answer:
    """crm.timeline.comment.delete: with ownerTypeId and ownerId only from that card; the answer is always null."""
    comment_id, _ = _known(call)
    owner_type, owner_id = whole(call.param("ownerTypeId")), whole(call.param("ownerId"))
    table = call.portal.store["comment_binding"]
    only = owner_key(owner_type, owner_id) if owner_type and owner_id else None
    for binding_id in table.find("COMMENT_ID", comment_id):
        if only is None or table.rows[binding_id]["OWNER"] == only:
            table.remove(binding_id)
    if not table.find("COMMENT_ID", comment_id):
        call.portal.store["comment"].remove(comment_id)
    return Answer(None)


@method("crm.timeline.comment.fields")
def comment_fields(_: Call) -> Answer:
    """crm.timeline.comment.fields: code -> description."""
    kinds = {
        "ID": "integer",
        "ENTITY_ID": "integer",
        "CREATED": "datetime",
        "AUTHOR_ID": "integer",
        "FILES": "attached_diskfile",
    }
    return Answer({name: _description(name, kinds.get(name, "string")) for name in _COLUMNS})


@method("crm.timeline.bindings.bind")
def bind(call: Call) -> Answer:
    """crm.timeline.bindings.bind: repeated binding is a success; neither card nor comment is checked to exist."""
    comment_id, owner = _binding(call)
    if not _bound(call.portal, comment_id, owner):
        call.portal.store["comment_binding"].add({"COMMENT_ID": comment_id, "OWNER": owner})
    return Answer(True)


@method("crm.timeline.bindings.unbind")
def unbind(call: Call) -> Answer:
    """crm.timeline.bindings.unbind: false when there was no such binding."""
    comment_id, owner = _binding(call)
    found = _bound(call.portal, comment_id, owner)
    for binding_id in found:
        call.portal.store["comment_binding"].remove(binding_id)
    return Answer(bool(found))


@method("crm.timeline.bindings.list")
def bindings_list(call: Call) -> Answer:
    """crm.timeline.bindings.list: OWNER_ID (the comment) is wanted in the filter."""
    wanted = tablelist.upper_keys(call.param("filter"))
    comment_id = whole(wanted.get("OWNER_ID"))
    if comment_id < 1:
        raise Fault("", "OWNER_ID is not defined or invalid.")
    table = call.portal.store["comment_binding"]
    return tablelist.page(
        call,
        "comment_binding",
        _BINDING_FIELDS,
        lambda binding_id: _binding_shown(table.rows[binding_id]),
        wanted={"COMMENT_ID": comment_id},
    )


def _binding_shown(row: Row) -> Row:
    type_id, card_id = card_of(row["OWNER"])
    return {"OWNER_ID": str(row["COMMENT_ID"]), "ENTITY_ID": str(card_id), "ENTITY_TYPE": CARD_TABLES[type_id]}


def _binding(call: Call) -> tuple[int, str]:
    given = call.param("fields")
    if not isinstance(given, Mapping):
        raise Fault("ERROR_ARGUMENT", "Wrong params.")
    fields = {str(key).upper(): value for key, value in given.items()}
    for name in ("OWNER_ID", "ENTITY_ID"):
        if whole(fields.get(name)) < 1:
            raise Fault("", f"{name} is not defined or invalid.")
    type_id = TYPE_IDS.get(str(fields.get("ENTITY_TYPE", "")).lower())
    if type_id is None:
        raise Fault("", "ENTITY_TYPE is not defined or invalid.")
    return whole(fields["OWNER_ID"]), owner_key(type_id, whole(fields["ENTITY_ID"]))


def _bound(portal: FakePortal, comment_id: int, owner: str) -> list[int]:
    table = portal.store["comment_binding"]
    return [i for i in table.find("COMMENT_ID", comment_id) if table.rows[i]["OWNER"] == owner]


def _fields(call: Call) -> dict[str, Any]:
    fields = call.params.get("fields")
    if not isinstance(fields, Mapping):
        raise Fault(100, "Could not find value for parameter {fields}")
    return {str(key).upper(): value for key, value in fields.items()}


def _card(portal: FakePortal, fields: dict[str, Any]) -> tuple[int, int]:
    for name in ("ENTITY_ID", "ENTITY_TYPE"):
        if not fields.get(name):
            raise Fault(100, f"Could not find value for parameter {{{name}}}")
    type_id = TYPE_IDS.get(str(fields["ENTITY_TYPE"]).lower(), 0)
    card = type_id, whole(fields["ENTITY_ID"])
    if not activities.card_exists(portal, *card):
        raise Fault("OWNER_NOT_FOUND", "Owner was not found")
    return card


def _known(call: Call) -> tuple[int, Row]:
    comment_id = whole(call.param("id"))
    row = call.portal.store["comment"].get(comment_id)
    if row is None:
        raise Fault("NOT_FOUND", "Not found.")
    return comment_id, row


def _shown(portal: FakePortal, comment_id: int, row: Row, card: tuple[int, int], columns: tuple[str, ...]) -> Row:
    whole = {
        "ID": str(comment_id),
        "ENTITY_ID": str(card[1]),
        "ENTITY_TYPE": CARD_TABLES[card[0]],
        "CREATED": moments.shown(portal, row["CREATED"]),
        "COMMENT": row["COMMENT"],
        "AUTHOR_ID": str(row["AUTHOR_ID"]),
        "FILES": disk.as_comment_shows(portal, row.get("FILES") or []),
    }
    return {name: whole[name] for name in columns}


def _selected(select: Any) -> tuple[str, ...]:
    names = tablelist.names_of(select)
    return tuple(name for name in _COLUMNS if name in names) or _COLUMNS


def _description(name: str, kind: str) -> Row:
    return {
        "type": kind,
        "isRequired": name in ("ENTITY_ID", "ENTITY_TYPE"),
        "isReadOnly": name in ("ID", "CREATED"),
        "isImmutable": name in ("ENTITY_ID", "ENTITY_TYPE", "AUTHOR_ID"),
        "isMultiple": name == "FILES",
        "isDynamic": False,
        "title": name,
    }
