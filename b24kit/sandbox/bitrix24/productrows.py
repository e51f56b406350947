"""Product rows of leads and deals: crm.item.productrow.* and the classic crm.{lead,deal}.productrows.{get,set}.

OPPORTUNITY of the card follows its rows unless IS_MANUAL_OPPORTUNITY is Y.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import cards, listing, values
from b24kit.sandbox.bitrix24.arguments import card_id, listed
from b24kit.sandbox.bitrix24.conditions import Field
from b24kit.sandbox.bitrix24.fields import KIND_NAMES, camel
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, DEAL, LEAD, owner_key
from b24kit.sandbox.store import Row

_OWNERS = {"L": LEAD, "D": DEAL}
_LETTERS = {LEAD: "L", DEAL: "D"}
_AMOUNT = 1  # DISCOUNT_TYPE_ID: 1 is an amount, 2 a percentage
_NUMBERS = ("PRICE", "QUANTITY", "DISCOUNT_RATE", "DISCOUNT_SUM", "TAX_RATE")
_WHOLE = ("PRODUCT_ID", "DISCOUNT_TYPE_ID", "MEASURE_CODE", "SORT")
_CLASSIC_ONLY: Row = {"STORE_ID": None, "RESERVE_ID": None, "DATE_RESERVE_END": None, "RESERVE_QUANTITY": None}
_ITEM_KEYS = [
    "PRODUCT_ID",
    "PRODUCT_NAME",
    "PRICE",
    "PRICE_ACCOUNT",
    "PRICE_EXCLUSIVE",
    "PRICE_NETTO",
    "PRICE_BRUTTO",
    "QUANTITY",
    "DISCOUNT_TYPE_ID",
    "DISCOUNT_RATE",
    "DISCOUNT_SUM",
    "TAX_RATE",
    "TAX_INCLUDED",
    "CUSTOMIZED",
    "MEASURE_CODE",
    "MEASURE_NAME",
    "SORT",
    "XML_ID",
    "TYPE",
]
_FILTERS = {
    "id": Field("ID", "integer"),
    "productId": Field("PRODUCT_ID", "integer"),
    "price": Field("PRICE", "double"),
    "quantity": Field("QUANTITY", "double"),
    "sort": Field("SORT", "integer"),
    "productName": Field("PRODUCT_NAME", "string"),
}


def accept(sent: Mapping[str, Any]) -> Row:
    """A stored row from classic names: prices worked out, defaults filled."""
    row: Row = {"PRODUCT_ID": 0, "PRODUCT_NAME": "", "QUANTITY": 1.0, "DISCOUNT_TYPE_ID": 2, "TAX_RATE": None}
    row |= {
        "PRICE": 0.0,
        "DISCOUNT_RATE": 0.0,
        "DISCOUNT_SUM": 0.0,
        "TAX_INCLUDED": "N",
        "MEASURE_CODE": 796,
        "SORT": 0,
    }
    for name in _NUMBERS:
        if sent.get(name) not in (None, ""):
            row[name] = float(values.money(sent[name]))
    for name in _WHOLE:
        if sent.get(name) not in (None, ""):
            row[name] = values.whole(sent[name])
    if sent.get("PRODUCT_NAME"):
        row["PRODUCT_NAME"] = str(sent["PRODUCT_NAME"])
    if sent.get("TAX_INCLUDED"):
        row["TAX_INCLUDED"] = values.flag(sent["TAX_INCLUDED"])
    return row | _discount(row)


def _discount(row: Mapping[str, Any]) -> Row:
    """Whichever of rate and sum was given, the other follows from the price after discount."""
    price, rate, amount = row["PRICE"], row["DISCOUNT_RATE"], row["DISCOUNT_SUM"]
    if row["DISCOUNT_TYPE_ID"] == _AMOUNT:
        return {"DISCOUNT_RATE": amount / (price + amount) * 100 if price + amount else 0.0}
    return {"DISCOUNT_SUM": price * rate / (100 - rate) if rate and rate < 100 else 0.0}


def _prices(row: Mapping[str, Any]) -> Row:
    tax = (row["TAX_RATE"] or 0) / 100
    exclusive = row["PRICE"] / (1 + tax)
    netto = exclusive + row["DISCOUNT_SUM"]
    return {
        "PRICE_EXCLUSIVE": round(exclusive, 4),
        "PRICE_NETTO": round(netto, 4),
        "PRICE_BRUTTO": round(netto * (1 + tax), 4),
    }


def rows_of(portal: FakePortal, type_id: int, holder_id: int) -> list[tuple[int, Row]]:
    """(id, row) of a card's product rows in order of id."""
    table = portal.store["productrow"]
    return [(row_id, table.rows[row_id]) for row_id in table.find("OWNER", owner_key(type_id, holder_id))]


def replace(portal: FakePortal, type_id: int, holder_id: int, rows: list[Row], user_id: int) -> None:
    """Write the whole set of a card's rows and bring its amount in line."""
    for row_id, _ in rows_of(portal, type_id, holder_id):
        portal.store["productrow"].remove(row_id)
    for place, row in enumerate(rows, 1):
        row["SORT"] = row["SORT"] or place * 10
        portal.store["productrow"].add(row | {"OWNER": owner_key(type_id, holder_id)})
    _sum_up(portal, type_id, holder_id, user_id)


def _sum_up(portal: FakePortal, type_id: int, holder_id: int, user_id: int) -> None:
    card = portal.store[CARD_TABLES[type_id]].rows[holder_id]
    if card.get("IS_MANUAL_OPPORTUNITY", "N") != "Y":
        total = sum(row["PRICE"] * row["QUANTITY"] for _, row in rows_of(portal, type_id, holder_id))
        cards.write(portal, type_id, holder_id, {"OPPORTUNITY": values.money(total)}, user_id)


def _plain(number: float) -> float | int:
    return int(number) if float(number).is_integer() else number


def _classic_row(row_id: int, row: Mapping[str, Any]) -> Row:
    type_id, holder_id = row["OWNER"].split(":")
    told: Row = {"ID": str(row_id), "OWNER_ID": holder_id, "OWNER_TYPE": _LETTERS[int(type_id)]}
    told |= {"PRODUCT_ID": row["PRODUCT_ID"], "PRODUCT_NAME": row["PRODUCT_NAME"]}
    told |= {"ORIGINAL_PRODUCT_NAME": row["PRODUCT_NAME"], "PRODUCT_DESCRIPTION": None, "PRICE": _plain(row["PRICE"])}
    told |= {name: _plain(price) for name, price in _prices(row).items()}
    told |= {"PRICE_ACCOUNT": f"{row['PRICE']:.8f}", "QUANTITY": _plain(row["QUANTITY"])}
    told |= {"DISCOUNT_TYPE_ID": row["DISCOUNT_TYPE_ID"], "DISCOUNT_RATE": _plain(row["DISCOUNT_RATE"])}
    told |= {
        "DISCOUNT_SUM": _plain(row["DISCOUNT_SUM"]),
        "TAX_RATE": row["TAX_RATE"],
        "TAX_INCLUDED": row["TAX_INCLUDED"],
    }
    told |= {"CUSTOMIZED": "Y", "MEASURE_CODE": row["MEASURE_CODE"], "MEASURE_NAME": "шт", "SORT": row["SORT"]}
    return told | {"XML_ID": "", "TYPE": 1 if row["PRODUCT_ID"] else 4} | _CLASSIC_ONLY


def _item_row(row_id: int, row: Mapping[str, Any]) -> Row:
    classic = _classic_row(row_id, row)
    classic["PRICE_ACCOUNT"] = _plain(row["PRICE"])
    told: Row = {"id": row_id, "ownerId": int(classic["OWNER_ID"]), "ownerType": classic["OWNER_TYPE"]}
    return told | {camel(name): classic[name] for name in _ITEM_KEYS} | {"taxName": "Без НДС"}


def _holder(portal: FakePortal, letter: Any, holder: Any) -> tuple[int, int]:
    type_id, holder_id = _OWNERS.get(str(letter or "")), values.whole(holder)
    if type_id is None or portal.store[CARD_TABLES[type_id]].get(holder_id) is None:
        raise Fault("OWNER_NOT_FOUND", "Owner not found")
    return type_id, holder_id


def _from_item(sent: Any) -> Row:
    if not isinstance(sent, Mapping):
        raise Fault("INVALID_ARG_VALUE", "Product row is not an object")
    spelled = {camel(name): name for name in _ITEM_KEYS}
    row = accept({spelled[name]: value for name, value in sent.items() if name in spelled})
    if not row["PRODUCT_ID"] and not row["PRODUCT_NAME"]:
        raise Fault("INVALID_ARG_VALUE", "Either productId or productName is required")
    return row


def _existing(call: Call) -> int:
    row_id = values.whole(call.param("id"))
    if call.portal.store["productrow"].get(row_id) is None:
        raise Fault("NOT_FOUND", "Element not found")
    return row_id


def _owner_of(portal: FakePortal, row_id: int) -> tuple[int, int]:
    type_id, holder_id = portal.store["productrow"].rows[row_id]["OWNER"].split(":")
    return int(type_id), int(holder_id)


@method("crm.item.productrow.set")
def item_rows_set(call: Call) -> Answer:
    """Replace the set as a whole: one bad row and nothing changes."""
    holder = _holder(call.portal, call.param("ownerType"), call.param("ownerId"))
    rows = [_from_item(one) for one in listed(call.param("productRows"))]
    replace(call.portal, *holder, rows, call.user_id)
    return Answer({"productRows": [_item_row(row_id, row) for row_id, row in rows_of(call.portal, *holder)]})


@method("crm.item.productrow.add")
def item_row_add(call: Call) -> Answer:
    """One more row."""
    sent = call.param("fields", default={})
    sent = sent if isinstance(sent, Mapping) else {}
    type_id, holder_id = _holder(call.portal, sent.get("ownerType"), sent.get("ownerId"))
    row_id = call.portal.store["productrow"].add(_from_item(sent) | {"OWNER": owner_key(type_id, holder_id)})
    _sum_up(call.portal, type_id, holder_id, call.user_id)
    return Answer({"productRow": _item_row(row_id, call.portal.store["productrow"].rows[row_id])})


@method("crm.item.productrow.get")
def item_row_get(call: Call) -> Answer:
    """One row."""
    row_id = _existing(call)
    return Answer({"productRow": _item_row(row_id, call.portal.store["productrow"].rows[row_id])})


@method("crm.item.productrow.update")
def item_row_update(call: Call) -> Answer:
    """Change some fields of a row."""
    row_id = _existing(call)
    present = _item_row(row_id, call.portal.store["productrow"].rows[row_id])
    sent = call.param("fields", default={})
    changed = _from_item(present | (dict(sent) if isinstance(sent, Mapping) else {}))
    call.portal.store["productrow"].change(row_id, changed)
    _sum_up(call.portal, *_owner_of(call.portal, row_id), call.user_id)
    return Answer({"productRow": _item_row(row_id, call.portal.store["productrow"].rows[row_id])})


@method("crm.item.productrow.delete")
def item_row_delete(call: Call) -> Answer:
    """Answers `null`."""
    row_id = _existing(call)
    holder = _owner_of(call.portal, row_id)
    call.portal.store["productrow"].remove(row_id)
    _sum_up(call.portal, *holder, call.user_id)
    return Answer(None)


@method("crm.item.productrow.list")
def item_row_list(call: Call) -> Answer:
    """Rows by filter; the owner must be named in it."""
    wanted = call.param("filter", default={})
    wanted = dict(wanted) if isinstance(wanted, Mapping) else {}
    letter = wanted.pop("=ownerType", wanted.pop("ownerType", None))
    holder = _holder(call.portal, letter, wanted.pop("=ownerId", wanted.pop("ownerId", None)))
    own = {row_id for row_id, _ in rows_of(call.portal, *holder)}
    fields = _FILTERS | {"own": Field("OWNER", "multifield", pool=lambda _wanted: own)}
    view = listing.Listing(call.portal, call.portal.store["productrow"], fields, strict=True)
    found = listing.read_page(
        view, wanted | {"=own": 1}, call.param("order", default={}), call.param("start", default=0)
    )
    rows = [_item_row(row_id, row) for row_id, row in listing.rows_of(view, found.ids)]
    return Answer({"productRows": rows}, total=found.total, next=found.next, counted=found.counted)


@method("crm.item.productrow.getAvailableForPayment")
def item_rows_for_payment(call: Call) -> Answer:
    """Rows that no payment covers yet; leads have none."""
    type_id, holder_id = _holder(call.portal, call.param("ownerType"), call.param("ownerId"))
    rows = rows_of(call.portal, type_id, holder_id) if type_id == DEAL else []
    return Answer([_item_row(row_id, row) for row_id, row in rows])


def _classic_family(type_id: int) -> None:
    @method(f"crm.{KIND_NAMES[type_id]}.productrows.get")
    def _get(call: Call) -> Answer:
        rows = rows_of(call.portal, type_id, card_id(call, type_id))
        return Answer([_classic_row(row_id, row) for row_id, row in rows])

    @method(f"crm.{KIND_NAMES[type_id]}.productrows.set")
    def _set(call: Call) -> Answer:
        holder_id = card_id(call, type_id)
        rows = [accept(one) for one in listed(call.param("rows")) if isinstance(one, Mapping)]
        replace(call.portal, type_id, holder_id, rows, call.user_id)
        return Answer(True)


for _type_id in (LEAD, DEAL):
    _classic_family(_type_id)
