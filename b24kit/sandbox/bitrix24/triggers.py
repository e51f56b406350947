"""crm.automation.trigger.add, list, execute, delete: triggers that an application brings along.

A trigger moves a card only once a person has dropped it on a stage: `settings["triggers"]` is a list of
{"code", "entity_type_id", "stage"}. The answer `true` of execute means "accepted" and nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from b24kit.sandbox.bitrix24 import cards
from b24kit.sandbox.bitrix24.registry import Answer, Call, Fault, method
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, DEAL, LEAD
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row

_CODE = re.compile(r"[A-Za-z0-9._-]+")
_STAGE = {LEAD: "STATUS_ID", DEAL: "STAGE_ID"}


@method("crm.automation.trigger.add", application=True, admin=True)
def add(call: Call) -> Answer:
    """crm.automation.trigger.add: the same code again is a new name."""
    code, name = _code(call), str(call.param("NAME", default="") or "")
    if name in ("", "0"):
        raise Fault("", "Empty trigger name!")
    table = call.portal.store["app_trigger"]
    for number, row in _own(call):
        if row["CODE"] == code:
            table.change(number, {"NAME": name})
            return Answer(True)
    table.add({"APP": call.client_id, "CODE": code, "NAME": name})
    return Answer(True)


@method("crm.automation.trigger.list", application=True, admin=True)
def listed(call: Call) -> Answer:
    """crm.automation.trigger.list: names and codes."""
    return Answer([{"NAME": row["NAME"], "CODE": row["CODE"]} for _, row in _own(call)])


@method("crm.automation.trigger.execute", application=True, admin=True)
def execute(call: Call) -> Answer:
    """crm.automation.trigger.execute: moves the card where somebody dropped this trigger on a stage."""
    code, type_id, card_id = _code(call), whole(call.param("OWNER_TYPE_ID")), whole(call.param("OWNER_ID"))
    if not any(row["CODE"] == code for _, row in _own(call)):
        raise Fault("", "Trigger not found")
    if type_id not in CARD_TABLES or card_id not in call.portal.store[CARD_TABLES[type_id]].rows:
        raise Fault("", "Incorrect owner")
    for placed in call.portal.settings.get("triggers") or ():
        if placed["code"] == code and int(placed["entity_type_id"]) == type_id:
            cards.update(call.portal, type_id, card_id, {_STAGE[type_id]: placed["stage"]}, call.user_id)
            break
    return Answer(True)


@method("crm.automation.trigger.delete", application=True, admin=True)
def delete(call: Call) -> Answer:
    """crm.automation.trigger.delete: gone from the palette."""
    code = _code(call)
    found = next((number for number, row in _own(call) if row["CODE"] == code), None)
    if found is None:
        raise Fault("", "Trigger not found")
    call.portal.store["app_trigger"].remove(found)
    return Answer(True)


def _own(call: Call) -> Iterator[tuple[int, Row]]:
    for number, row in call.portal.store["app_trigger"]:
        if row["APP"] == call.client_id:
            yield number, row


def _code(call: Call) -> str:
    code = str(call.param("CODE", default="") or "")
    if code in ("", "0"):
        raise Fault("", "Empty trigger code!")
    if not _CODE.fullmatch(code):
        raise Fault("", "Wrong trigger code!")
    return code
