"""crm.entity.mergeBatch: the first card swallows the others, or a CONFLICT that only a person can resolve.

There is no force: two filled values that differ in any field stop the merge, and nothing is changed. Which fields
count is not documented; here it is every field that a caller can write, but the marks of an external source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import card_links, cards, fields, multifields, people
from b24kit.sandbox.bitrix24.arguments import listed
from b24kit.sandbox.bitrix24.fields import COLUMNS
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, COMPANY, CONTACT, DEAL, LEAD, owner_key
from b24kit.sandbox.bitrix24.values import now_text, whole
from b24kit.sandbox.store import Row

_SHORT = {LEAD: "L", DEAL: "D", CONTACT: "C", COMPANY: "CO"}
_NOT_COMPARED = frozenset(
    {"ORIGINATOR_ID", "ORIGIN_ID", "ORIGIN_VERSION", "CONTACT_IDS", "COMPANY_IDS", "OPENED", "EXPORT"}
)
_EMPTY: tuple[Any, ...] = (None, "", "0.00", "N", [])


@method("crm.entity.mergeBatch")
def merge_batch(call: Call) -> Answer:
    """{STATUS, ENTITY_IDS}: SUCCESS names the deleted cards; CONFLICT and ERROR are successes of HTTP as well."""
    params = call.param("params", default={})
    params = params if isinstance(params, Mapping) else {}
    type_id, ids = _checked(params)
    table = call.portal.store[CARD_TABLES[type_id]]
    if not people.is_admin(call.portal, call.user_id):
        raise Fault("ACCESS_DENIED", "Access denied", 403)
    if any(table.get(card_id) is None for card_id in ids):
        return Answer({"STATUS": "ERROR", "ENTITY_IDS": []})
    if in_conflict(call.portal, type_id, ids):
        return Answer({"STATUS": "CONFLICT", "ENTITY_IDS": ids})
    for loser in ids[1:]:
        merge(call.portal, type_id, ids[0], loser, call.user_id)
    return Answer({"STATUS": "SUCCESS", "ENTITY_IDS": ids[1:]}, items=len(ids) - 1)


def in_conflict(portal: FakePortal, type_id: int, ids: list[int]) -> bool:
    """Whether any compared field holds two different filled values over these cards."""
    table = portal.store[CARD_TABLES[type_id]]
    return any(
        len(_distinct(table.rows[card_id].get(name) for card_id in ids)) > 1 for name in _compared(portal, type_id)
    )


def merge(portal: FakePortal, type_id: int, survivor: int, loser: int, user_id: int) -> None:
    """Carry what the loser has and the survivor lacks over, move everything that hangs on it, delete it."""
    table = portal.store[CARD_TABLES[type_id]]
    kept, given = table.rows[survivor], table.rows[loser]
    names = [*_compared(portal, type_id), "ORIGINATOR_ID", "ORIGIN_ID"]
    filled: Row = {name: given[name] for name in names if kept.get(name) in _EMPTY and given.get(name) not in _EMPTY}
    table.change(survivor, filled | {"DATE_MODIFY": now_text(portal), "MODIFY_BY_ID": user_id})
    _join_links(portal, type_id, survivor, loser)
    if type_id != DEAL:
        _move_values(portal, type_id, survivor, loser)
    _move_owned(portal, type_id, survivor, loser)
    if type_id in (CONTACT, COMPANY):
        _point_to(portal, type_id, survivor, loser)
    cards.delete(portal, type_id, loser)


def _checked(params: Mapping[str, Any]) -> tuple[int, list[int]]:
    if params.get("entityTypeId") in (None, ""):
        raise Fault(0, "The parameter entityTypeId is required.")
    type_id = whole(params["entityTypeId"])
    if type_id not in CARD_TABLES:
        raise Fault(0, f"Entity type {type_id} is not supported")
    sent = [whole(one) for one in listed(params.get("entityIds"))]
    ids = list(dict.fromkeys(card_id for card_id in sent if card_id > 0))
    if not ids:
        raise Fault(0, "The parameter entityIds does not contains valid elements.")
    if len(ids) < 2:
        raise Fault(0, "The parameter entityIds must contains at least two elements.")
    return type_id, ids


def _compared(portal: FakePortal, type_id: int) -> list[str]:
    own = [name for name, column in COLUMNS[type_id].items() if not column.read_only and name not in _NOT_COMPARED]
    return own + [row["FIELD_NAME"] for row in fields.custom_fields(portal, type_id)]


def _distinct(held: Any) -> set[str]:
    return {repr(value) for value in held if value not in _EMPTY}


def _join_links(portal: FakePortal, type_id: int, survivor: int, loser: int) -> None:
    """The survivor gets the loser's contacts or companies after its own."""
    rows = portal.store[CARD_TABLES[type_id]].rows
    if type_id == COMPANY:
        people_of_both = [*card_links.contacts_of(portal, survivor), *card_links.contacts_of(portal, loser)]
        card_links.link_contacts(portal, survivor, list(dict.fromkeys(people_of_both)))
        return
    many, one = ("COMPANY_IDS", "COMPANY_ID") if type_id == CONTACT else ("CONTACT_IDS", "CONTACT_ID")
    both = [*card_links.linked(rows[survivor], many, one), *card_links.linked(rows[loser], many, one)]
    card_links.set_links(portal, type_id, survivor, many, one, list(dict.fromkeys(both)))


def _move_values(portal: FakePortal, type_id: int, survivor: int, loser: int) -> None:
    """Phones and addresses that the survivor does not have yet."""
    known = {row["KEY"] for _, row in multifields.values_of(portal, type_id, survivor)}
    for value_id, row in multifields.values_of(portal, type_id, loser):
        if row["KEY"] not in known:
            portal.store["multifield"].change(value_id, {"OWNER": owner_key(type_id, survivor)})
            known.add(row["KEY"])
    cards.keep_presence(portal, type_id, survivor)


def _move_owned(portal: FakePortal, type_id: int, survivor: int, loser: int) -> None:
    """Letters, comments, product rows and tasks come to hang on the survivor."""
    old, new = owner_key(type_id, loser), owner_key(type_id, survivor)
    for name, key in (("binding", "ACTIVITY_ID"), ("comment_binding", "COMMENT_ID")):
        table = portal.store[name]
        held = {table.rows[row_id][key] for row_id in table.find("OWNER", new)}
        for row_id in table.find("OWNER", old):
            if table.rows[row_id][key] not in held:
                table.change(row_id, {"OWNER": new})
    owned = {"OWNER": new, "OWNER_TYPE_ID": type_id, "OWNER_ID": survivor}
    for row_id in portal.store["activity"].find("OWNER", old):
        portal.store["activity"].change(row_id, owned)
    for name in ("comment", "logmessage", "productrow"):
        for row_id in portal.store[name].find("OWNER", old):
            portal.store[name].change(row_id, {"OWNER": new})
    _move_tasks(portal, f"{_SHORT[type_id]}_{loser}", f"{_SHORT[type_id]}_{survivor}")


def _move_tasks(portal: FakePortal, old: str, new: str) -> None:
    for task_id, row in portal.store["task"]:
        linked = row.get("UF_CRM_TASK") or []
        if old in linked:
            moved = list(dict.fromkeys(new if mark == old else mark for mark in linked))
            portal.store["task"].change(task_id, {"UF_CRM_TASK": moved})


def _point_to(portal: FakePortal, type_id: int, survivor: int, loser: int) -> None:
    """Leads, deals and contacts that were linked to the loser lead to the survivor."""
    many, one = ("COMPANY_IDS", "COMPANY_ID") if type_id == COMPANY else ("CONTACT_IDS", "CONTACT_ID")
    for other in (LEAD, DEAL):
        table = portal.store[CARD_TABLES[other]]
        for card_id, row in table:
            linked = card_links.linked(row, many, one)
            if loser in linked:
                ids = list(dict.fromkeys(survivor if linked_id == loser else linked_id for linked_id in linked))
                primary = survivor if row.get(one) == loser else row.get(one)
                if type_id == COMPANY:
                    table.change(card_id, {one: primary})
                else:
                    card_links.set_links(portal, other, card_id, many, one, ids, primary)
