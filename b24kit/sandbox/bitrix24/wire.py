"""How a stored card looks on the wire: a classic UPPER_CASE row of texts, or a camelCase item with numbers.

Rows are sparse, so rendering copies a template of defaults and converts only what is set: a batch answers with
2,500 rows of 46 fields, and every microsecond a field is a tenth of a second there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from b24kit.sandbox.bitrix24 import card_links, fields, multifields, values
from b24kit.sandbox.bitrix24.fields import COLUMNS, MULTIFIELD_TYPES, Column
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, COMPANY, CONTACT, DEAL, LEAD
from b24kit.sandbox.store import Row

Convert = Callable[[Any], Any]

_EMPTY_DATES = frozenset({"BIRTHDATE", "DATE_CLOSED", "BEGINDATE", "CLOSEDATE"})
# Keys that the item of a kind carries and no field description names (page "crm.item.get").
_ITEM_EXTRAS: dict[int, dict[str, Any]] = {
    LEAD: {"isConvert": None, "webformId": 0, "productId": None, "login": None, "shortName": None, "address": None},
    DEAL: {"productId": None, "webformId": None, "eventDate": None, "eventId": None, "eventDescription": None,
           "orderStage": None, "searchContent": None},
    CONTACT: {"webformId": 0, "shortName": None, "login": None, "address": None, "categoryId": 0},
    COMPANY: {"webformId": 0, "address": None, "addressLegal": None, "categoryId": 0},
}  # fmt: skip
_ITEM_ADDRESSES = ("phoneMobile", "phoneWork", "phoneMailing", "emailHome", "emailWork", "emailMailing")


@dataclass(frozen=True, slots=True)
class Shape:
    """A row to be: its defaults in order of keys, a converter for each stored column, and the multifields asked for."""

    template: Mapping[str, Any]
    converters: Mapping[str, tuple[str, Convert]]
    with_id: bool
    multifields: frozenset[str]


def classic_rows(portal: FakePortal, type_id: int, ids: Iterable[int], select: Iterable[str]) -> list[Row]:
    """Rows of a classic list: what `select` names, or everything but multifields when it names nothing."""
    shape = _classic_shape(portal, type_id, tuple(str(name) for name in select), whole_card=False)
    return [_classic_row(portal, type_id, row_id, shape) for row_id in ids]


def classic_card(portal: FakePortal, type_id: int, card_id: int) -> Row:
    """The row of a classic `get`: every field and every multifield that has a value."""
    select = ("*", "UF_*", *(MULTIFIELD_TYPES if type_id != DEAL else ()))
    return _classic_row(portal, type_id, card_id, _classic_shape(portal, type_id, select, whole_card=True))


def item_rows(
    portal: FakePortal, type_id: int, ids: Iterable[int], select: Iterable[str], *, original_names: bool = False
) -> list[Row]:
    """Items of a universal method; `*` (or nothing) gives the whole item with `fm`."""
    names = tuple(str(name) for name in select) or ("*",)
    shape = _item_shape(portal, type_id, names, original_names)
    return [_item_row(portal, type_id, row_id, shape) for row_id in ids]


def _classic_row(portal: FakePortal, type_id: int, row_id: int, shape: Shape) -> Row:
    stored = portal.store[CARD_TABLES[type_id]].rows[row_id]
    wire = dict(shape.template)
    if shape.with_id:
        wire["ID"] = str(row_id)
    converters = shape.converters
    for column, value in stored.items():
        known = converters.get(column)
        if known is not None and value is not None:
            wire[known[0]] = known[1](value)
    if shape.multifields:
        _add_multifields(portal, type_id, row_id, wire, shape.multifields)
    return wire


def _add_multifields(portal: FakePortal, type_id: int, row_id: int, wire: Row, asked: frozenset[str]) -> None:
    for value_id, value in multifields.values_of(portal, type_id, row_id):
        kind = value["TYPE_ID"]
        if kind in asked:
            told = {"ID": str(value_id), "VALUE_TYPE": value["VALUE_TYPE"], "VALUE": value["VALUE"], "TYPE_ID": kind}
            wire.setdefault(kind, []).append(told)


def _classic_shape(portal: FakePortal, type_id: int, select: tuple[str, ...], *, whole_card: bool) -> Shape:
    custom = tuple(
        (row["FIELD_NAME"], row["USER_TYPE_ID"], row.get("MULTIPLE") == "Y")
        for row in fields.custom_fields(portal, type_id)
    )
    return _plan_classic(type_id, select, custom, values.offset_of(portal), whole_card)


@lru_cache(maxsize=512)
def _plan_classic(
    type_id: int, select: tuple[str, ...], custom: tuple[tuple[str, str, bool], ...], offset: str, whole_card: bool
) -> Shape:
    everything, all_custom = not select or "*" in select, not select or "UF_*" in select
    named = frozenset(select)
    asked = frozenset(MULTIFIELD_TYPES) & named if type_id != DEAL else frozenset()
    template: Row = {}
    converters: dict[str, tuple[str, Convert]] = {}
    for name, column in COLUMNS[type_id].items():
        # Multiple links (CONTACT_IDS) are neither shown nor selectable in classic methods.
        if not column.multiple and (everything or name in named or (name == "ID" and asked)):
            template[name] = _classic_default(name, column)
            converters[name] = (name, _classic_convert(column.kind, offset))
    for name, kind, multiple in custom:
        if all_custom or name in named:
            template[name] = _empty_custom(multiple, whole_card)
            converters[name] = (name, partial(_classic_custom, kind, offset))
    if not template:
        template["ID"] = None
    return Shape(template, converters, "ID" in template, asked)


def _classic_default(name: str, column: Column) -> Any:
    if column.kind == "char":
        return "N"
    if column.kind in values.MONEY:
        return "0.00"
    return "" if name in _EMPTY_DATES else None


def _classic_convert(kind: str, offset: str) -> Convert:
    if kind in values.NUMBERS:
        return str
    if kind == "datetime":
        return lambda text: values.to_local(text, offset)
    if kind == "date":
        return lambda day: values.day_to_local(day, offset)
    return _as_is


def _as_is(value: Any) -> Any:
    return value


def _empty_custom(multiple: bool, whole_card: bool) -> Any:
    if whole_card:
        return [] if multiple else ""
    return False if multiple else None


def _classic_custom(kind: str, offset: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_classic_custom(kind, offset, one) for one in value]
    if kind == "boolean":
        return "1" if value == "Y" else "0"
    if kind in ("datetime", "date"):
        return _classic_convert(kind, offset)(value)
    return str(value)


def _item_shape(portal: FakePortal, type_id: int, select: tuple[str, ...], original_names: bool) -> Shape:
    custom = tuple((row["FIELD_NAME"], row["USER_TYPE_ID"]) for row in fields.custom_fields(portal, type_id))
    return _plan_item(type_id, select, custom, values.offset_of(portal), original_names)


@lru_cache(maxsize=512)
def _plan_item(
    type_id: int, select: tuple[str, ...], custom: tuple[tuple[str, str], ...], offset: str, original_names: bool
) -> Shape:
    everything, named = "*" in select, frozenset(select)
    template: Row = {}
    converters: dict[str, tuple[str, Convert]] = {}
    for item, column in fields.item_columns(type_id).items():
        # Names in upper case are accepted in `select` as well, as the vendor's own SDK sends `ID`.
        if everything or item in named or column.name in named:
            template[item] = _item_default(column)
            converters[column.name] = (item, _item_convert(column.kind, offset))
    for name, kind in custom:
        item = name if original_names else fields.custom_camel(name)
        if everything or item in named or name in named:
            template[item] = None
            converters[name] = (item, partial(_item_custom, kind, offset))
    if everything or "observers" in named:
        template["observers"] = []
        converters["OBSERVERS"] = ("observers", _as_is)
    if everything:
        template |= _ITEM_EXTRAS[type_id]
        template["entityTypeId"] = type_id
    fm = frozenset(MULTIFIELD_TYPES) if everything and type_id != DEAL else frozenset()
    return Shape(template, converters, "id" in template, fm)


def _item_row(portal: FakePortal, type_id: int, row_id: int, shape: Shape) -> Row:
    stored = portal.store[CARD_TABLES[type_id]].rows[row_id]
    wire = dict(shape.template)
    if shape.with_id:
        wire["id"] = row_id
    for column, value in stored.items():
        known = shape.converters.get(column)
        if known is not None and value is not None:
            wire[known[0]] = known[1](value)
    for key, many, one in (("contactIds", "CONTACT_IDS", "CONTACT_ID"), ("companyIds", "COMPANY_IDS", "COMPANY_ID")):
        if key in wire:
            wire[key] = card_links.linked(stored, many, one)
    if shape.multifields:
        _add_fm(portal, type_id, row_id, wire)
    return wire


def _add_fm(portal: FakePortal, type_id: int, row_id: int, wire: Row) -> None:
    """`fm` and the flat copies of the first address of a kind that items carry beside it."""
    wire |= dict.fromkeys((*_ITEM_ADDRESSES, "email", "phone"), "")
    wire["fm"] = []
    for value_id, value in multifields.values_of(portal, type_id, row_id):
        kind, sort = value["TYPE_ID"], value["VALUE_TYPE"]
        wire["fm"].append({"id": value_id, "valueType": sort, "value": value["VALUE"], "typeId": kind})
        if kind in ("EMAIL", "PHONE"):
            short = kind.lower()
            wire[short] = wire[short] or value["VALUE"]
            exact = short + sort.capitalize()
            if exact in _ITEM_ADDRESSES:
                wire[exact] = wire[exact] or value["VALUE"]


def _item_default(column: Column) -> Any:
    if column.multiple:
        return []
    if column.kind == "char":
        return "N"
    if column.kind in values.MONEY or column.name in ("COMPANY_ID", "CONTACT_ID"):
        return 0
    return None


def _item_convert(kind: str, offset: str) -> Convert:
    if kind in values.NUMBERS:
        return _as_is
    if kind in values.MONEY:
        return _number
    return _classic_convert(kind, offset)


def _number(text: Any) -> float | int:
    amount = float(text)
    return int(amount) if amount.is_integer() else amount


def _item_custom(kind: str, offset: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_item_custom(kind, offset, one) for one in value]
    if kind in ("datetime", "date"):
        return _classic_convert(kind, offset)(value)
    return _number(value) if kind in ("double", "money_amount") else value
