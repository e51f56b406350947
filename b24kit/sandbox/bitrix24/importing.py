"""crm.item.import and crm.item.batchImport: silent creation, up to 20 a call, with history fields for administrators.

Robots do not act here. `createdTime` must not be earlier than that of any existing card, so an old date cannot be given
back on a portal that has newer cards (page "Data Import into CRM").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import cards, items, people, values
from b24kit.sandbox.bitrix24.fields import STAGE_COLUMNS
from b24kit.sandbox.bitrix24.registry import Answer, Call, Fault, method
from b24kit.sandbox.bitrix24.tables import CARD_TABLES
from b24kit.sandbox.store import Row

MOST = 20
_TIMES = {"createdTime": "DATE_CREATE", "updatedTime": "DATE_MODIFY", "movedTime": "MOVED_TIME"}
_USERS = {"createdBy": "CREATED_BY_ID", "updatedBy": "MODIFY_BY_ID", "movedBy": "MOVED_BY_ID"}


@method("crm.item.import")
def item_import(call: Call) -> Answer:
    """One card; the answer holds its id alone."""
    type_id = items.type_of(call)
    sent = call.param("fields", default={})
    return Answer({"item": {"id": _import(call, type_id, sent if isinstance(sent, Mapping) else {})}})


@method("crm.item.batchImport")
def item_batch_import(call: Call) -> Answer:
    """Up to 20 cards; the answer is positional, with an error in the place of each card that was refused."""
    type_id = items.type_of(call)
    data = call.param("data", default=[])
    sent = list(data.values()) if isinstance(data, Mapping) else data
    if not isinstance(sent, list):
        raise Fault(100, "Expected iterable value for multiple field, but got string instead")
    if len(sent) > MOST:
        raise Fault("MAX_IMPORT_BATCH_SIZE_EXCEEDED", f"You cannot import more than {MOST} items")
    return Answer({"items": [_attempt(call, type_id, one) for one in sent]}, items=len(sent))


def _attempt(call: Call, type_id: int, sent: Any) -> Row:
    try:
        return {"item": {"id": _import(call, type_id, sent if isinstance(sent, Mapping) else {})}}
    except Fault as refused:
        return {"error": refused.code, "error_description": refused.text}


def _import(call: Call, type_id: int, sent: Mapping[str, Any]) -> int:
    original = items.keeps_names(call)
    row = items.to_classic(call.portal, type_id, sent, original_names=original)
    items.check(call.portal, type_id, row, values.whole(row.get("CATEGORY_ID")))
    items.check_required(type_id, row, sent.get("fm"))
    system = items.origin(type_id, sent) | _history(call, type_id, sent)
    return cards.create(call.portal, type_id, row, call.user_id, system=system, fm=sent.get("fm"), robots=False)


def _history(call: Call, type_id: int, sent: Mapping[str, Any]) -> Row:
    """Times and authors of a card that lived elsewhere, checked by the vendor's four rules."""
    given = [name for name in (*_TIMES, *_USERS) if sent.get(name) not in (None, "")]
    if not given:
        return {}
    if not people.is_admin(call.portal, call.user_id):
        raise items.invalid(given[0])
    times = {name: _time(call, name, sent[name]) for name in _TIMES if name in given}
    created = times.setdefault("createdTime", values.now_text(call.portal))
    updated = times.setdefault("updatedTime", max([created, *times.values()]))
    times.setdefault("movedTime", created)
    _check_times(call, type_id, created, updated, times["movedTime"])
    row: Row = {_TIMES[name]: moment for name, moment in times.items()}
    row |= {_USERS[name]: values.whole(sent[name]) for name in _USERS if name in given}
    row["LAST_ACTIVITY_TIME"] = created
    if type_id not in STAGE_COLUMNS:
        row.pop("MOVED_TIME", None)
        row.pop("MOVED_BY_ID", None)
    return row


def _time(call: Call, name: str, sent: Any) -> str:
    moment = values.to_utc(str(sent), values.offset_of(call.portal))
    if moment is None:
        raise items.invalid(name)
    return moment


def _check_times(call: Call, type_id: int, created: str, updated: str, moved: str) -> None:
    now = values.now_text(call.portal)
    if created > now or created < _newest(call, type_id):
        raise items.invalid("createdTime")
    if updated > now or updated < created:
        raise items.invalid("updatedTime")
    if type_id in STAGE_COLUMNS and not created <= moved <= updated:
        raise items.invalid("movedTime")


def _newest(call: Call, type_id: int) -> str:
    """The latest creation time among existing cards of this kind."""
    rows = call.portal.store[CARD_TABLES[type_id]].rows.values()
    return max((row.get("DATE_CREATE", "") for row in rows), default="")
