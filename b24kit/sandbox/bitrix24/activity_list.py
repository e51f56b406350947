"""crm.activity.list: the classic list over activities, with its two own ways to name cards: OWNER_* and BINDINGS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import tablelist
from b24kit.sandbox.bitrix24.activity_fields import KINDS, ON_REQUEST, SHOWN, wire_row
from b24kit.sandbox.bitrix24.conditions import Field
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, method
from b24kit.sandbox.bitrix24.tables import owner_key
from b24kit.sandbox.bitrix24.values import whole

_OWNER_TYPES = (1, 2, 3, 4, 5, 7, 31)
_PLAIN = tablelist.fields_of(KINDS, {"COMPLETED": "N", "STATUS": 1, "PRIORITY": 2, "DIRECTION": 0})


@method("crm.activity.list")
def activity_list(call: Call) -> Answer:
    """crm.activity.list: COMMUNICATIONS and FILES only when named in select; the order is START_TIME unless told."""
    given = tablelist.upper_keys(call.param("filter"))
    fields: dict[str, Field] = {**_PLAIN, "OWNER_ID": _owner_field(call.portal, given)}
    pairs = given.pop("BINDINGS", None)
    if pairs:
        bound = _bound(call.portal, pairs)
        fields["BOUND"] = Field("BOUND", "integer", pool=lambda _: bound)
        given["BOUND"] = 1
    columns = _columns(call.param("select"))
    rows = call.portal.store["activity"].rows
    return tablelist.page(
        call,
        "activity",
        fields,
        lambda activity_id: wire_row(call.portal, activity_id, rows[activity_id], columns),
        wanted=given,
        order=call.param("order"),
        default={"START_TIME": "ASC"},
    )


def _owner_field(portal: FakePortal, given: Mapping[str, Any]) -> Field:
    """OWNER_ID through the index of owners; the types are those of the same filter, or all of them."""
    sent = next((value for key, value in given.items() if key.lstrip("@=") == "OWNER_TYPE_ID"), None)
    listed = list(sent.values()) if isinstance(sent, Mapping) else sent if isinstance(sent, list) else [sent]
    types = [whole(one) for one in listed if one is not None] or list(_OWNER_TYPES)
    find = portal.store["activity"].find

    def owned(ids: frozenset[Any]) -> set[int]:
        return {i for type_id in types for card_id in ids for i in find("OWNER", owner_key(type_id, card_id))}

    return Field("OWNER_ID", "integer", pool=owned)


def _bound(portal: FakePortal, wanted: Any) -> set[int]:
    """Activities bound to any of the cards; several pairs are joined by OR."""
    pairs = list(wanted.values()) if isinstance(wanted, Mapping) else wanted
    if isinstance(wanted, Mapping) and "OWNER_TYPE_ID" in wanted:
        pairs = [wanted]
    alive = portal.store["activity"].rows
    found = (i for pair in pairs if isinstance(pair, Mapping) for i in _bound_to(portal, pair))
    return {activity_id for activity_id in found if activity_id in alive}


def _bound_to(portal: FakePortal, pair: Mapping[str, Any]) -> Iterator[int]:
    """One pair; without OWNER_ID it means every card of the type, without OWNER_TYPE_ID every type."""
    table = portal.store["binding"]
    type_id, card_id = whole(pair.get("OWNER_TYPE_ID")), whole(pair.get("OWNER_ID"))
    if type_id and card_id:
        yield from (table.rows[i]["ACTIVITY_ID"] for i in table.find("OWNER", owner_key(type_id, card_id)))
        return
    for _, row in table:
        bound_type, _, bound_card = row["OWNER"].partition(":")
        if (type_id and bound_type == str(type_id)) or (card_id and bound_card == str(card_id)):
            yield row["ACTIVITY_ID"]


def _columns(select: Any) -> list[str]:
    asked = [name for name in tablelist.names_of(select) if name == "*" or name in SHOWN or name in ON_REQUEST]
    if not asked:
        return SHOWN
    columns = [*SHOWN, *asked] if "*" in asked else asked
    if any(name in ON_REQUEST for name in columns):  # the server needs the id to fetch them, and leaves it in
        columns = ["ID", *columns]
    return [name for name in dict.fromkeys(columns) if name != "*"]
