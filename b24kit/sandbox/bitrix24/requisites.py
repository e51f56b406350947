"""crm.requisite.*, its bankdetail.* and preset.list, and crm.address.*: plain rows, texts on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from b24kit.sandbox.bitrix24 import listing, values
from b24kit.sandbox.bitrix24.arguments import listed, sent_fields
from b24kit.sandbox.bitrix24.conditions import Field
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, COMPANY, CONTACT
from b24kit.sandbox.store import Row

REQUISITE = 8  # the owner type of requisites, to which addresses belong
_PRESETS = ((1, "Организация"), (2, "ИП"), (3, "Физ. лицо"), (4, "Организация (доп.)"))
_REQUISITE_TEXTS = [
    "RQ_NAME",
    "RQ_FIRST_NAME",
    "RQ_LAST_NAME",
    "RQ_SECOND_NAME",
    "RQ_COMPANY_NAME",
    "RQ_COMPANY_FULL_NAME",
    "RQ_COMPANY_REG_DATE",
    "RQ_DIRECTOR",
    "RQ_ACCOUNTANT",
    "RQ_CONTACT",
    "RQ_EMAIL",
    "RQ_PHONE",
    "RQ_INN",
    "RQ_KPP",
    "RQ_OGRN",
    "RQ_OGRNIP",
    "RQ_OKPO",
    "RQ_OKTMO",
    "RQ_OKVED",
]
_BANK_TEXTS = [
    "RQ_BANK_NAME",
    "RQ_BANK_ADDR",
    "RQ_BIK",
    "RQ_COR_ACC_NUM",
    "RQ_ACC_NUM",
    "RQ_ACC_NAME",
    "RQ_ACC_CURRENCY",
    "RQ_SWIFT",
    "COMMENTS",
]
_ADDRESS_TEXTS = [
    "ADDRESS_1",
    "ADDRESS_2",
    "CITY",
    "POSTAL_CODE",
    "REGION",
    "PROVINCE",
    "COUNTRY",
    "COUNTRY_CODE",
    "LOC_ADDR_ID",
]


@dataclass(frozen=True, slots=True)
class Book:
    """A kind of row: its table, what a row must name, and the keys of its wire form in order."""

    table: str
    required: tuple[str, ...]
    columns: tuple[str, ...]


_REQUISITES = Book(
    "requisite",
    ("ENTITY_TYPE_ID", "ENTITY_ID", "PRESET_ID"),
    ("ENTITY_TYPE_ID", "ENTITY_ID", "PRESET_ID", "DATE_CREATE", "DATE_MODIFY", "CREATED_BY_ID", "MODIFY_BY_ID", "NAME",
     "CODE", "XML_ID", "ORIGINATOR_ID", "ACTIVE", "ADDRESS_ONLY", "SORT", *_REQUISITE_TEXTS),
)  # fmt: skip
_BANKS = Book(
    "bankdetail",
    ("ENTITY_ID",),
    ("ENTITY_ID", "COUNTRY_ID", "DATE_CREATE", "DATE_MODIFY", "CREATED_BY_ID", "MODIFY_BY_ID", "NAME", "CODE", "XML_ID",
     "ACTIVE", "SORT", *_BANK_TEXTS),
)  # fmt: skip
_NUMBERS = frozenset(
    {"ENTITY_TYPE_ID", "ENTITY_ID", "PRESET_ID", "COUNTRY_ID", "SORT", "CREATED_BY_ID", "MODIFY_BY_ID"}
)
_KEPT = frozenset({"DATE_CREATE", "DATE_MODIFY", "CREATED_BY_ID", "MODIFY_BY_ID"})


def _view(portal: FakePortal, book: Book) -> listing.Listing:
    known = {name: Field(name, "integer" if name in _NUMBERS else "string") for name in ("ID", *book.columns)}
    return listing.Listing(portal, portal.store[book.table], known | {"ID": Field("ID", "integer")})


def _wire(portal: FakePortal, book: Book, row_id: int, select: list[str]) -> Row:
    row = portal.store[book.table].rows[row_id]
    told: Row = {"ID": str(row_id)}
    for name in book.columns:
        value = row.get(name)
        if name in ("DATE_CREATE", "DATE_MODIFY"):
            told[name] = values.to_local(value, values.offset_of(portal)) if value else ""
        else:
            told[name] = None if value is None else str(value)
    return {name: told[name] for name in told if not select or "*" in select or name in select}


def _accept(book: Book, sent: Mapping[str, Any]) -> Row:
    row: Row = {}
    for name in book.columns:
        if name in sent and name not in _KEPT:
            row[name] = values.whole(sent[name]) if name in _NUMBERS else str(sent[name] or "") or None
    return row


def _require(portal: FakePortal, book: Book, row: Mapping[str, Any]) -> None:
    for name in book.required:
        if not row.get(name):
            raise Fault("", f"{name} is not defined or invalid.")
    if book is _REQUISITES:
        type_id = row["ENTITY_TYPE_ID"]
        if type_id not in (CONTACT, COMPANY):
            raise Fault("", "ENTITY_TYPE_ID is not defined or invalid.")
        if portal.store[CARD_TABLES[type_id]].get(row["ENTITY_ID"]) is None:
            raise Fault("", "ENTITY_ID is not defined or invalid.")


def _existing(call: Call, book: Book) -> int:
    row_id = values.whole(call.param("id"))
    if row_id <= 0:
        raise Fault("", "ID is not defined or invalid.")
    if call.portal.store[book.table].get(row_id) is None:
        raise Fault("", f"The element with ID '{row_id}' is not found")
    return row_id


def _list(call: Call, book: Book) -> Answer:
    view = _view(call.portal, book)
    found = listing.read_page(
        view, call.param("filter", default={}), call.param("order", default={}), call.param("start", default=0)
    )
    select = [str(name) for name in listed(call.param("select"))]
    rows = [_wire(call.portal, book, row_id, select) for row_id in found.ids]
    return Answer(rows, total=found.total, next=found.next, counted=found.counted)


def _get(call: Call, book: Book) -> Answer:
    return Answer(_wire(call.portal, book, _existing(call, book), []))


def _add(call: Call, book: Book) -> Answer:
    row = {"ACTIVE": "Y", "SORT": 500} | _accept(book, sent_fields(call))
    if book is _REQUISITES:
        row.setdefault("ADDRESS_ONLY", "N")
    _require(call.portal, book, row)
    row |= {"DATE_CREATE": values.now_text(call.portal), "CREATED_BY_ID": call.user_id}
    return Answer(call.portal.store[book.table].add(row))


def _update(call: Call, book: Book) -> Answer:
    row_id = _existing(call, book)
    changes = _accept(book, sent_fields(call))
    changes = {name: value for name, value in changes.items() if name not in book.required}
    changes |= {"DATE_MODIFY": values.now_text(call.portal), "MODIFY_BY_ID": call.user_id}
    call.portal.store[book.table].change(row_id, changes)
    return Answer(True)


def _delete(call: Call, book: Book) -> Answer:
    row_id = _existing(call, book)
    call.portal.store[book.table].remove(row_id)
    if book is _REQUISITES:
        for bank_id, row in call.portal.store["bankdetail"]:
            if row["ENTITY_ID"] == row_id:
                call.portal.store["bankdetail"].remove(bank_id)
        for address_id, row in call.portal.store["address"]:
            if row["ENTITY_TYPE_ID"] == REQUISITE and row["ENTITY_ID"] == row_id:
                call.portal.store["address"].remove(address_id)
    return Answer(True)


_ACTIONS = {"list": _list, "get": _get, "add": _add, "update": _update, "delete": _delete}


def _family(prefix: str, book: Book) -> None:
    for name, action in _ACTIONS.items():

        def handler(call: Call, action: Any = action) -> Answer:
            answer: Answer = action(call, book)
            return answer

        method(f"{prefix}.{name}")(handler)


_family("crm.requisite", _REQUISITES)
_family("crm.requisite.bankdetail", _BANKS)


@method("crm.requisite.preset.list")
def presets(_call: Call) -> Answer:
    """The four templates of a Russian portal."""
    return Answer([{"ID": str(preset_id), "NAME": name} for preset_id, name in _PRESETS], total=len(_PRESETS))


def _address_key(sent: Mapping[str, Any]) -> tuple[int, int, int]:
    key = tuple(values.whole(sent.get(name)) for name in ("TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID"))
    for name, value in zip(("TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID"), key, strict=True):
        if value <= 0:
            raise Fault("", f"{name} is not defined or invalid.")
    return key[0], key[1], key[2]


def _address(portal: FakePortal, key: tuple[int, int, int]) -> int | None:
    for row_id, row in portal.store["address"]:
        if (row["TYPE_ID"], row["ENTITY_TYPE_ID"], row["ENTITY_ID"]) == key:
            return row_id
    return None


def _write_address(call: Call, *, must_exist: bool) -> Answer:
    """Addresses have no id of their own: type and owner name them."""
    sent = sent_fields(call)
    key = _address_key(sent)
    row_id = _address(call.portal, key)
    texts: Row = {name: str(sent[name] or "") or None for name in _ADDRESS_TEXTS if name in sent}
    if row_id is None and must_exist:
        raise Fault("", "TypeAddress not found")
    if row_id is None:
        named = dict(zip(("TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID"), key, strict=True))
        call.portal.store["address"].add(named | texts)
    else:
        call.portal.store["address"].change(row_id, texts)
    return Answer(True)


@method("crm.address.add")
def address_add(call: Call) -> Answer:
    """Answers true; the same type on the same owner is overwritten."""
    return _write_address(call, must_exist=False)


@method("crm.address.update")
def address_update(call: Call) -> Answer:
    """Answers true."""
    return _write_address(call, must_exist=True)


@method("crm.address.delete")
def address_delete(call: Call) -> Answer:
    """Answers true."""
    row_id = _address(call.portal, _address_key(sent_fields(call)))
    if row_id is None:
        raise Fault("", "TypeAddress not found")
    call.portal.store["address"].remove(row_id)
    return Answer(True)


@method("crm.address.list")
def address_list(call: Call) -> Answer:
    """Addresses by filter. `total` is the size of a page, whatever there is: a known flaw of the method."""
    keys = ("TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID")
    known = {name: Field(name, "integer") for name in keys} | {name: Field(name, "string") for name in _ADDRESS_TEXTS}
    view = listing.Listing(call.portal, call.portal.store["address"], known)
    found = listing.read_page(
        view, call.param("filter", default={}), call.param("order", default={}), call.param("start", default=0)
    )
    select = [str(name) for name in listed(call.param("select"))]
    rows = []
    for row_id in found.ids:
        row = call.portal.store["address"].rows[row_id]
        told = {name: str(row[name]) for name in keys} | {name: row.get(name) for name in _ADDRESS_TEXTS}
        told |= {"ANCHOR_TYPE_ID": told["ENTITY_TYPE_ID"], "ANCHOR_ID": told["ENTITY_ID"]}
        rows.append({name: told[name] for name in told if not select or "*" in select or name in select})
    total = min(found.total, listing.PAGE)
    return Answer(rows, total=total, next=found.next, counted=found.counted)
