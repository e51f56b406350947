"""The frozen but living methods crm.{lead,contact,company,deal}.{list,get,add,update,delete}: UPPER_CASE and texts.

Errors are the vendor's: an empty code and a sentence ("Not found", "ID is not defined or invalid.").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import card_listing, cards, directory, listing, people, wire
from b24kit.sandbox.bitrix24.arguments import card_id, listed, sent_fields
from b24kit.sandbox.bitrix24.fields import KIND_NAMES, STAGE_COLUMNS
from b24kit.sandbox.bitrix24.multifields import entries
from b24kit.sandbox.bitrix24.registry import Answer, Call, Fault, method
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, CONTACT, DEAL
from b24kit.sandbox.bitrix24.values import offset_of, to_utc, whole

_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
# Columns that an importing administrator may set (params IMPORT=Y of crm.contact.add).
_IMPORTED_TIMES = ("DATE_CREATE", "DATE_MODIFY")
_IMPORTED_USERS = ("CREATED_BY_ID", "MODIFY_BY_ID")


def _list(call: Call, type_id: int) -> Answer:
    found = listing.read_page(
        card_listing.classic(call.portal, type_id),
        call.param("filter", default={}),
        call.param("order", default={}),
        call.param("start", default=0),
    )
    select = [name for name in listed(call.param("select")) if name]
    rows = wire.classic_rows(call.portal, type_id, found.ids, select)
    return Answer(rows, total=found.total, next=found.next, counted=found.counted)


def _get(call: Call, type_id: int) -> Answer:
    return Answer(wire.classic_card(call.portal, type_id, card_id(call, type_id)))


def _add(call: Call, type_id: int) -> Answer:
    sent = sent_fields(call)
    _check(call, type_id, sent)
    new_id = cards.create(call.portal, type_id, sent, call.user_id, system=_imported(call, sent))
    return Answer(new_id)


def _update(call: Call, type_id: int) -> Answer:
    found = card_id(call, type_id)
    sent = sent_fields(call)
    _check(call, type_id, sent, call.portal.store[CARD_TABLES[type_id]].rows[found].get("CATEGORY_ID"))
    cards.update(call.portal, type_id, found, sent, call.user_id)
    return Answer(True)


def _delete(call: Call, type_id: int) -> Answer:
    cards.delete(call.portal, type_id, card_id(call, type_id))
    return Answer(True)


def _imported(call: Call, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Read-only columns that `params[IMPORT]=Y` lets an administrator set on creation."""
    params = call.param("params", default={})
    if not isinstance(params, Mapping) or params.get("IMPORT") != "Y" or not people.is_admin(call.portal, call.user_id):
        return {}
    offset = offset_of(call.portal)
    times = {name: to_utc(str(sent[name]), offset) for name in _IMPORTED_TIMES if sent.get(name)}
    users = {name: whole(sent[name]) for name in _IMPORTED_USERS if sent.get(name)}
    return {name: value for name, value in (times | users).items() if value}


def _check(call: Call, type_id: int, sent: Mapping[str, Any], category: int | None = None) -> None:
    """Values that the server refuses: an e-mail that is none, a stage that the portal does not have."""
    if type_id != DEAL:
        for entry in entries(sent.get("EMAIL")):
            address = str(entry.get("VALUE") or "")
            if address and not _ADDRESS.fullmatch(address.strip()):
                raise Fault("ERROR_CORE", f"Поле 'E-mail' содержит некорректный адрес: {address}")
    stage = sent.get(STAGE_COLUMNS.get(type_id, ""))
    if stage:
        pipeline = whole(sent.get("CATEGORY_ID")) if category is None else category
        entity = directory.stage_directory(type_id, pipeline)
        if directory.find(call.portal, entity, str(stage)) is None:
            # The pages do not say what an unknown code does; a loud refusal is the safer model.
            raise Fault("ERROR_CORE", f"Недопустимое значение поля '{STAGE_COLUMNS[type_id]}': {stage}")
    if type_id == CONTACT and not _has_name(sent) and call.method.endswith(".add"):
        raise Fault("ERROR_CORE", "Поля 'Имя' и 'Фамилия' не заполнены.")


def _has_name(sent: Mapping[str, Any]) -> bool:
    return any(sent.get(name) for name in ("NAME", "LAST_NAME", "PHONE", "EMAIL", "SECOND_NAME"))


def _family(type_id: int) -> None:
    """Register the five methods of one kind of card."""
    actions = {"list": _list, "get": _get, "add": _add, "update": _update, "delete": _delete}
    for name, action in actions.items():

        def handler(call: Call, action: Any = action) -> Answer:
            answer: Answer = action(call, type_id)
            return answer

        method(f"crm.{KIND_NAMES[type_id]}.{name}")(handler)


for _type_id in KIND_NAMES:
    _family(_type_id)
