"""crm.duplicate.*: search by phone or e-mail with the vendor's caps, and the extra fields of its own duplicate search.

The caps make it useless as a mass matcher: 20 values a call, 20 cards a value, leads first (page "findByComm").
"""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.bitrix24 import multifields
from b24kit.sandbox.bitrix24.arguments import listed
from b24kit.sandbox.bitrix24.fields import COLUMNS, KIND_NAMES
from b24kit.sandbox.bitrix24.registry import Answer, Call, Fault, method
from b24kit.sandbox.bitrix24.rights import require_crm_admin
from b24kit.sandbox.bitrix24.tables import COMPANY, CONTACT, LEAD
from b24kit.sandbox.bitrix24.values import whole

MOST_VALUES = 20
MOST_CARDS = 20  # a value, over all types together: twenty leads hide every contact
MOST_VOLATILE = 7
_ORDER = (LEAD, CONTACT, COMPANY)


@method("crm.duplicate.findbycomm")
def find_by_comm(call: Call) -> Answer:
    """Ids by type of card; an empty list when nothing was found. Values are not told apart in the answer."""
    kind = str(call.param("type", default="") or "").upper()
    if not kind:
        raise Fault("", "Communication type is not defined")
    if kind not in ("PHONE", "EMAIL"):
        raise Fault("", f"Communication type '{kind}' is not supported in current context")
    found: dict[str, list[int]] = {}
    for value in _values(call, kind):
        for type_id, card_id in _holders(call, kind, value):
            ids = found.setdefault(KIND_NAMES[type_id].upper(), [])
            if card_id not in ids:
                ids.append(card_id)
    return Answer({name: sorted(ids) for name, ids in found.items()} or [])


def _values(call: Call, kind: str) -> list[str]:
    """The values that count: texts that are not empty, equal ones once, the first twenty."""
    sent = [value for value in listed(call.param("values")) if isinstance(value, str) and value.strip()]
    if not sent:
        raise Fault("", "Communication values is not defined")
    distinct: dict[str, str] = {}
    for value in sent:
        distinct.setdefault(multifields.search_key(kind, value), value)
    return list(distinct.values())[:MOST_VALUES]


def _holders(call: Call, kind: str, value: str) -> list[tuple[int, int]]:
    wanted = str(call.param("entity_type", "entityType", default="") or "").upper()
    holders = [one for one in multifields.owners(call.portal, kind, value) if one[0] in _ORDER]
    if wanted:
        holders = [one for one in holders if KIND_NAMES[one[0]].upper() == wanted]
    return sorted(holders, key=lambda one: (_ORDER.index(one[0]), one[1]))[:MOST_CARDS]


@method("crm.duplicate.volatileType.fields")
def volatile_fields(call: Call) -> Answer:
    """Fields that may be added to the portal's own duplicate search."""
    given = whole(call.param("entityTypeId", default=0))
    types = [given] if given in _ORDER else _ORDER
    rows = [
        {"entityTypeId": type_id, "fieldCode": name, "fieldTitle": name}
        for type_id in types
        for name, column in COLUMNS[type_id].items()
        if column.kind == "string" and not column.read_only
    ]
    return Answer(rows)


@method("crm.duplicate.volatileType.list")
def volatile_list(call: Call) -> Answer:
    """Fields added so far."""
    return Answer([_row(row_id, row) for row_id, row in call.portal.store["volatile_type"]])


@method("crm.duplicate.volatileType.register")
def volatile_register(call: Call) -> Answer:
    """Add a field to the search; seven at most in the whole portal."""
    require_crm_admin(call)
    type_id, name = whole(call.param("entityTypeId")), str(call.param("fieldCode", default="") or "")
    if type_id not in _ORDER or name not in COLUMNS[type_id]:
        raise Fault("ERROR_CORE", f"Field '{name}' is not supported")
    table = call.portal.store["volatile_type"]
    if len(table) >= MOST_VOLATILE:
        raise Fault("MAX_TYPES_COUNT_EXCEEDED", "Maximum number of volatile types is exceeded")
    if any(row == {"ENTITY_TYPE_ID": type_id, "FIELD_CODE": name} for _, row in table):
        raise Fault("ERROR_CORE", f"Field '{name}' is registered already")
    return Answer({"id": table.add({"ENTITY_TYPE_ID": type_id, "FIELD_CODE": name})})


@method("crm.duplicate.volatileType.unregister")
def volatile_unregister(call: Call) -> Answer:
    """Take a field out of the search."""
    require_crm_admin(call)
    row_id = whole(call.param("id"))
    if call.portal.store["volatile_type"].get(row_id) is None:
        raise Fault("NOT_FOUND", "Element not found")
    call.portal.store["volatile_type"].remove(row_id)
    return Answer(True)


def _row(row_id: int, row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row_id, "entityTypeId": row["ENTITY_TYPE_ID"], "fieldCode": row["FIELD_CODE"]}
