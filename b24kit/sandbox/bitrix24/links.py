"""Links between cards: crm.lead.contact.*, crm.deal.contact.*, crm.contact.company.*, crm.company.contact.*.

Rows carry real numbers; `items.set` replaces the whole set. Writing here does not touch a lead's repeat mark, only the
next save of the lead does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from b24kit.sandbox.bitrix24 import card_links
from b24kit.sandbox.bitrix24.arguments import card_id, listed, sent_fields
from b24kit.sandbox.bitrix24.fields import KIND_NAMES, Column, describe
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, COMPANY, CONTACT, DEAL, LEAD
from b24kit.sandbox.bitrix24.values import flag, whole
from b24kit.sandbox.store import Row


@dataclass(frozen=True, slots=True)
class Pair:
    """Which card holds links to which: `crm.{holder}.{held}.*`."""

    holder: int
    held: int

    @property
    def key(self) -> str:
        return "COMPANY_ID" if self.held == COMPANY else "CONTACT_ID"

    @property
    def many(self) -> str:
        return f"{self.key}S"


_PAIRS = (Pair(LEAD, CONTACT), Pair(DEAL, CONTACT), Pair(CONTACT, COMPANY), Pair(COMPANY, CONTACT))


def linked_rows(portal: FakePortal, pair: Pair, holder_id: int) -> list[Row]:
    """Links of a card in order: id, SORT, ROLE_ID and which one is primary."""
    ids, primary = _links(portal, pair, holder_id)
    sorts = (portal.store[CARD_TABLES[pair.holder]].rows[holder_id].get("LINK_SORTS")) or {}
    return [
        {
            pair.key: linked_id,
            "SORT": sorts.get(str(linked_id), place * 10),
            "ROLE_ID": 0,
            "IS_PRIMARY": "Y" if linked_id == primary else "N",
        }
        for place, linked_id in enumerate(ids, 1)
    ]


def _links(portal: FakePortal, pair: Pair, holder_id: int) -> tuple[list[int], int | None]:
    if pair.holder == COMPANY:  # kept on the contacts' side
        ids = card_links.contacts_of(portal, holder_id)
        return ids, ids[0] if ids else None
    row = portal.store[CARD_TABLES[pair.holder]].rows[holder_id]
    return card_links.linked(row, pair.many, pair.key), row.get(pair.key)


def _write(portal: FakePortal, pair: Pair, holder_id: int, rows: list[Row]) -> None:
    """Store links given as rows; the first IS_PRIMARY=Y wins, else the present primary, else the first."""
    ids = [row[pair.key] for row in rows]
    if pair.holder == COMPANY:
        card_links.link_contacts(portal, holder_id, ids)
    else:
        primary = next((row[pair.key] for row in rows if row["IS_PRIMARY"] == "Y"), None)
        card_links.set_links(portal, pair.holder, holder_id, pair.many, pair.key, ids, primary)
    sorts = {str(row[pair.key]): row["SORT"] for row in rows}
    portal.store[CARD_TABLES[pair.holder]].change(holder_id, {"LINK_SORTS": sorts or None})


def _row(portal: FakePortal, pair: Pair, sent: Any, sort: int) -> Row:
    if not isinstance(sent, Mapping):
        raise Fault("", f"The parameter '{pair.key}' is invalid or not defined.")
    linked_id = whole(sent.get(pair.key))
    if linked_id <= 0 or portal.store[CARD_TABLES[pair.held]].get(linked_id) is None:
        raise Fault("", "Not found" if linked_id > 0 else f"The parameter '{pair.key}' is invalid or not defined.")
    given = sent.get("SORT")
    return {
        pair.key: linked_id,
        "SORT": whole(given) if given not in (None, "") else sort,
        "ROLE_ID": 0,
        "IS_PRIMARY": flag(sent.get("IS_PRIMARY", "N")),
    }


def _add(call: Call, pair: Pair) -> Answer:
    holder_id = card_id(call, pair.holder)
    present = linked_rows(call.portal, pair, holder_id)
    fresh = _row(call.portal, pair, sent_fields(call), (len(present) + 1) * 10)
    if fresh["IS_PRIMARY"] == "Y":
        present = [row | {"IS_PRIMARY": "N"} for row in present]
    kept = [row for row in present if row[pair.key] != fresh[pair.key]]
    _write(call.portal, pair, holder_id, [*kept, fresh])
    return Answer(True)


def _delete(call: Call, pair: Pair) -> Answer:
    holder_id = card_id(call, pair.holder)
    gone = whole(sent_fields(call).get(pair.key))
    present = linked_rows(call.portal, pair, holder_id)
    if gone not in [row[pair.key] for row in present]:
        raise Fault("", "Not found")
    _write(call.portal, pair, holder_id, [row for row in present if row[pair.key] != gone])
    return Answer(True)


def _items_get(call: Call, pair: Pair) -> Answer:
    return Answer(linked_rows(call.portal, pair, card_id(call, pair.holder)))


def _items_set(call: Call, pair: Pair) -> Answer:
    holder_id = card_id(call, pair.holder)
    sent = listed(call.param("items"))
    rows = [_row(call.portal, pair, one, place * 10) for place, one in enumerate(sent, 1)]
    unique = {row[pair.key]: row for row in reversed(rows)}
    ordered = sorted(unique.values(), key=lambda row: row["SORT"])
    _write(call.portal, pair, holder_id, _with_primary(rows, ordered, pair.key))
    return Answer(True)


def _with_primary(sent: list[Row], ordered: list[Row], key: str) -> list[Row]:
    chosen = next((row[key] for row in sent if row["IS_PRIMARY"] == "Y"), sent[0][key] if sent else None)
    return [row | {"IS_PRIMARY": "Y" if row[key] == chosen else "N"} for row in ordered]


def _items_delete(call: Call, pair: Pair) -> Answer:
    _write(call.portal, pair, card_id(call, pair.holder), [])
    return Answer(True)


def _fields(_call: Call, pair: Pair) -> Answer:
    columns = (
        Column(pair.key, "integer", None, required=True),
        Column("SORT", "integer", None),
        Column("IS_PRIMARY", "char", None),
    )
    return Answer({column.name: describe(column) for column in columns})


_ACTIONS = {
    "add": _add,
    "delete": _delete,
    "fields": _fields,
    "items.get": _items_get,
    "items.set": _items_set,
    "items.delete": _items_delete,
}


def _family(pair: Pair) -> None:
    for name, action in _ACTIONS.items():

        def handler(call: Call, action: Any = action) -> Answer:
            answer: Answer = action(call, pair)
            return answer

        method(f"crm.{KIND_NAMES[pair.holder]}.{KIND_NAMES[pair.held]}.{name}")(handler)


for _pair in _PAIRS:
    _family(_pair)
