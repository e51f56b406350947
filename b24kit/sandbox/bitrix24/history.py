"""crm.stagehistory.list: where leads and deals stood and when; UPPER_CASE names in a universal envelope."""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.bitrix24 import listing, values
from b24kit.sandbox.bitrix24.arguments import listed
from b24kit.sandbox.bitrix24.conditions import Field
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.tables import DEAL, LEAD, owner_key
from b24kit.sandbox.store import Row

_COMMON = {"ID": "integer", "TYPE_ID": "integer", "OWNER_ID": "integer", "CREATED_TIME": "datetime"}
_OWN = {
    LEAD: {"STATUS_SEMANTIC_ID": "string", "STATUS_ID": "string"},
    DEAL: {"CATEGORY_ID": "integer", "STAGE_SEMANTIC_ID": "string", "STAGE_ID": "string"},
}


@method("crm.stagehistory.list")
def stage_history(call: Call) -> Answer:
    """A page of moves of one kind of card; a card's former stage is the row before its latest one."""
    type_id = values.whole(call.param("entityTypeId"))
    if type_id not in _OWN:
        raise Fault("ENTITY_TYPE_NOT_SUPPORTED", f"Entity type {type_id} is not supported")
    view = _view(call.portal, type_id)
    wanted = call.param("filter", default={})
    conditions = dict(wanted) if isinstance(wanted, dict) else {}
    found = listing.read_page(
        view, conditions | {"=OWNER_TYPE_ID": type_id}, call.param("order", default={}), call.param("start", default=0)
    )
    names = [str(name) for name in listed(call.param("select")) if str(name) in _COMMON | _OWN[type_id]]
    rows = [_wire(call.portal, type_id, row_id, names) for row_id in found.ids]
    return Answer({"items": rows}, total=found.total, next=found.next, counted=found.counted)


def _view(portal: FakePortal, type_id: int) -> listing.Listing:
    table = portal.store["stagehistory"]

    def moves_of(wanted: frozenset[Any]) -> set[int]:
        owners = [owner_key(type_id, card_id) for card_id in wanted if card_id is not None]
        return {row_id for owner in owners for row_id in table.find("OWNER", owner)}

    known = {name: Field(name, kind) for name, kind in (_COMMON | _OWN[type_id]).items()}
    known["OWNER_ID"] = Field("OWNER_ID", "integer", pool=moves_of)
    known["OWNER_TYPE_ID"] = Field("OWNER_TYPE_ID", "integer")
    return listing.Listing(portal, table, known, strict=True)


def _wire(portal: FakePortal, type_id: int, row_id: int, names: list[str]) -> Row:
    row = portal.store["stagehistory"].rows[row_id]
    told: Row = {
        "ID": row_id,
        "TYPE_ID": row["TYPE_ID"],
        "OWNER_ID": row["OWNER_ID"],
        "CREATED_TIME": values.to_local(row["CREATED_TIME"], values.offset_of(portal)),
    }
    told |= {name: row.get(name) for name in _OWN[type_id]}
    return {name: told[name] for name in told if name in names} if names else told
