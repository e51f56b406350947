"""Adding calls by a phone number: the account itself finds the card, and keeps the call as a note of it.

Rests on the vendor's page "Adding calls": numbers are compared by their last ten digits; the one open lead of the
contact or company found gets the call, else the contact or company itself; a number that nobody has is an error of its
own in an answer that is 200 all the same (its words are not on the page).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm import bonds, field_values, notes, stages
from b24kit.sandbox.amocrm.problems import Wrong, checked, elements, missing, no_choice, request_ids, wrong_type
from b24kit.sandbox.amocrm.registry import Answer, Call, route
from b24kit.sandbox.amocrm.trail import SINGULAR
from b24kit.sandbox.amocrm.wire import self_link

DIGITS = 10
KINDS = {"inbound": "call_in", "outbound": "call_out"}
STATUSES = range(1, 8)
_REQUIRED = ("direction", "duration", "source", "phone")
_KEPT = ("uniq", "duration", "source", "link", "phone", "call_responsible", "call_status", "call_result")


@route("POST", "/calls")
def add(call: Call) -> Answer:
    """Calls, each to the card that its number leads to."""
    items = elements(call.body)
    checked(items, _wrongs)
    rows, errors = [], []
    for name, item in request_ids(items):
        card = _card(call, str(item["phone"]))
        if card is None:
            errors.append({"request_id": name, "title": "Not Found", "status": 263, "detail": "Entity not found"})
        else:
            rows.append(_added(call, card, item) | {"request_id": name})
    return Answer({"_total_items": len(rows), "errors": errors, "_embedded": {"calls": rows}}, items=len(items))


def _added(call: Call, card: bonds.Card, item: Mapping[str, Any]) -> dict[str, Any]:
    entity, row_id = card
    told = {key: item[key] for key in ("responsible_user_id", "created_by", "created_at") if item.get(key)}
    params = {key: item[key] for key in _KEPT if item.get(key) is not None}
    note_id = notes.make(call, {**told, "note_type": KINDS[item["direction"]], "params": params}, card)
    inside = {"entity": {"id": row_id, "_links": self_link(call, f"/{entity}/{row_id}")}}
    head = {"id": note_id, "entity_id": row_id, "entity_type": SINGULAR[entity]}
    return {**head, "account_id": call.portal.account_id, "_embedded": inside}


def _card(call: Call, phone: str) -> bonds.Card | None:
    """The only open lead of the first contact or company with this number, else that card; None when nobody has it."""
    wanted = _last_digits(phone)
    for entity in ("contacts", "companies"):
        table = call.store[entity]
        for row_id in table.find("state", ""):
            numbers = field_values.texts(call.portal, table.rows[row_id].get("custom_fields"))
            if wanted and wanted in map(_last_digits, numbers):
                leads = [
                    card for card, _ in bonds.linked(call.portal, (entity, row_id), "leads") if _is_open(call, card)
                ]
                return leads[0] if len(leads) == 1 else (entity, row_id)
    return None


def _is_open(call: Call, card: bonds.Card) -> bool:
    row = call.store["leads"].rows[card[1]]
    return not row.get("state") and row["status_id"] not in (stages.WON, stages.LOST)


def _last_digits(text: str) -> str:
    return re.sub(r"\D", "", text)[-DIGITS:]


def _wrongs(item: dict[str, Any]) -> list[Wrong]:
    found = [missing(key) for key in _REQUIRED if item.get(key) in (None, "")]
    if item.get("direction") and item["direction"] not in KINDS:
        found.append(no_choice("direction"))
    if item.get("duration") is not None and not isinstance(item["duration"], int):
        found.append(wrong_type("duration", "int"))
    if item.get("call_status") is not None and item["call_status"] not in STATUSES:
        found.append(no_choice("call_status"))
    return found
