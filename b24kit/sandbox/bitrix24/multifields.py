"""Phones, e-mail addresses and other multifields of cards: one row a value, ids global over all cards and types.

Semantics of the vendor: adding never replaces and never dedupes, a value is changed or deleted only by its id
(data type crm_multifield; universal methods: the key of an entry in `fm` says what to do).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from b24kit.sandbox.bitrix24.fields import MULTIFIELD_TYPES
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import owner_key
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row

_EXTENSION = re.compile(r"[;,]|\b(?:ext|доб)\b\.?", re.IGNORECASE)
_NOT_DIGITS = re.compile(r"\D+")
_HAS = {"PHONE": "HAS_PHONE", "EMAIL": "HAS_EMAIL", "IM": "HAS_IMOL"}


def search_key(type_id: str, value: str) -> str:
    """The indexed form by which values are found: e-mail without case, phone as digits without its extension."""
    if type_id == "EMAIL":
        return f"EMAIL:{value.strip().lower()}"
    if type_id == "PHONE":
        digits = _NOT_DIGITS.sub("", _EXTENSION.split(value, maxsplit=1)[0])
        return f"PHONE:{'7' + digits[1:] if len(digits) == 11 and digits[0] == '8' else digits}"
    return f"{type_id}:{value.strip()}"


def values_of(portal: FakePortal, type_id: int, card_id: int) -> list[tuple[int, Row]]:
    """(id, row) of every value of a card, in order of id."""
    table = portal.store["multifield"]
    return [(row_id, table.rows[row_id]) for row_id in table.find("OWNER", owner_key(type_id, card_id))]


def add(portal: FakePortal, type_id: int, card_id: int, kind: str, value: str, value_type: str) -> int:
    """Store one value of a card and give its id."""
    row = {
        "OWNER": owner_key(type_id, card_id),
        "KEY": search_key(kind, value),
        "TYPE_ID": kind,
        "VALUE_TYPE": value_type or "WORK",
        "VALUE": value,
    }
    return portal.store["multifield"].add(row)


def write_classic(portal: FakePortal, type_id: int, card_id: int, fields: Mapping[str, Any]) -> bool:
    """Apply PHONE, EMAIL, WEB, IM, LINK of a classic add or update; True when something changed."""
    changed = False
    for kind in MULTIFIELD_TYPES:
        for entry in entries(fields.get(kind)):
            changed |= _write_entry(portal, type_id, card_id, kind, entry)
    return changed


def write_items(portal: FakePortal, type_id: int, card_id: int, fm: Any) -> bool:
    """Apply `fm` of a universal method; True when something changed.

    In a map the key decides: a known id changes or (empty value) deletes, any other key adds. Without `typeId` an
    entry does nothing and the answer is a success all the same.
    """
    keyed = (
        fm.items()
        if isinstance(fm, Mapping)
        else ((f"n{place}", entry) for place, entry in enumerate(fm if isinstance(fm, list) else []))
    )
    changed = False
    for key, entry in keyed:
        if isinstance(entry, Mapping):
            changed |= _write_item(portal, type_id, card_id, str(key), entry)
    return changed


def entries(sent: Any) -> Iterable[Mapping[str, Any]]:
    """The entries of one multifield however they came: a list, or a map by number from a PHP form."""
    listed = sent.values() if isinstance(sent, Mapping) else sent if isinstance(sent, list) else ()
    return [entry for entry in listed if isinstance(entry, Mapping)]


def presence(portal: FakePortal, type_id: int, card_id: int) -> Row:
    """HAS_PHONE, HAS_EMAIL and HAS_IMOL as the server keeps them."""
    kinds = set()
    for _, row in values_of(portal, type_id, card_id):
        if row["TYPE_ID"] != "IM" or str(row["VALUE"]).startswith("imol|"):
            kinds.add(row["TYPE_ID"])
    return {column: "Y" if kind in kinds else "N" for kind, column in _HAS.items()}


def remove_all(portal: FakePortal, type_id: int, card_id: int) -> None:
    """Forget every value of a card that is going away."""
    for row_id, _ in values_of(portal, type_id, card_id):
        portal.store["multifield"].remove(row_id)


def owners(portal: FakePortal, kind: str, value: str) -> list[tuple[int, int]]:
    """(type, id) of cards that hold this value exactly, in the order the values were stored."""
    table = portal.store["multifield"]
    found = dict.fromkeys(table.rows[row_id]["OWNER"] for row_id in table.find("KEY", search_key(kind, value)))
    return [(int(owner.split(":")[0]), int(owner.split(":")[1])) for owner in found]


def _write_entry(portal: FakePortal, type_id: int, card_id: int, kind: str, entry: Mapping[str, Any]) -> bool:
    value = entry.get("VALUE")
    text = "" if value is None else str(value)
    sort = str(entry.get("VALUE_TYPE") or entry.get("TYPE") or "")
    row_id = whole(entry.get("ID"))
    if row_id == 0:
        if text:
            add(portal, type_id, card_id, kind, text, sort)
        return bool(text)
    known = portal.store["multifield"].get(row_id)
    if known is None or known["OWNER"] != owner_key(type_id, card_id):
        return False
    if str(entry.get("DELETE", "")).upper() == "Y" or not text:
        portal.store["multifield"].remove(row_id)
        return True
    return _change(portal, row_id, kind, text, sort)


def _write_item(portal: FakePortal, type_id: int, card_id: int, key: str, entry: Mapping[str, Any]) -> bool:
    kind, text = str(entry.get("typeId") or ""), str(entry.get("value") or "")
    if not kind:
        return False
    sort = str(entry.get("valueType") or "")
    known = portal.store["multifield"].get(int(key)) if key.isdigit() else None
    if known is None or known["OWNER"] != owner_key(type_id, card_id):
        if text:
            add(portal, type_id, card_id, kind, text, sort)
        return bool(text)
    if not text:
        portal.store["multifield"].remove(int(key))
        return True
    return _change(portal, int(key), kind, text, sort)


def _change(portal: FakePortal, row_id: int, kind: str, text: str, sort: str) -> bool:
    table = portal.store["multifield"]
    row = table.rows[row_id]
    changes = {"KEY": search_key(kind, text), "TYPE_ID": kind, "VALUE": text, "VALUE_TYPE": sort or row["VALUE_TYPE"]}
    if all(row[column] == value for column, value in changes.items()):
        return False
    table.change(row_id, changes)
    return True
