"""User fields of cards: crm.{lead,contact,company,deal}.userfield.* and a reading twin, userfieldconfig.*.

A field can be written and read on cards the moment it is added; its values live on the card under its own name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import listing, values
from b24kit.sandbox.bitrix24.conditions import Field
from b24kit.sandbox.bitrix24.fields import KIND_NAMES, USERFIELD_ENTITIES, camel
from b24kit.sandbox.bitrix24.multifields import entries
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.rights import require_crm_admin
from b24kit.sandbox.bitrix24.tables import CARD_TABLES
from b24kit.sandbox.store import Row

LONGEST_NAME = 50
PREFIX = "UF_CRM_"
LANGUAGES = ("ru", "en", "de", "ua", "kz")
TYPES = {
    "string": "Строка",
    "integer": "Целое число",
    "double": "Число",
    "boolean": "Да/Нет",
    "enumeration": "Список",
    "datetime": "Дата/Время",
    "date": "Дата",
    "money": "Деньги",
    "url": "Ссылка",
    "address": "Адрес Google карты",
    "file": "Файл",
    "employee": "Привязка к пользователю",
    "crm_status": "Привязка к справочникам CRM",
    "iblock_section": "Привязка к разделам инф. блоков",
    "iblock_element": "Привязка к элементам инфоблоков",
    "crm": "Привязка к элементам CRM",
}
_SETTINGS: dict[str, dict[str, Any]] = {
    "string": {"SIZE": 20, "ROWS": 1, "REGEXP": "", "MIN_LENGTH": 0, "MAX_LENGTH": 0, "DEFAULT_VALUE": ""},
    "integer": {"SIZE": 20, "MIN_VALUE": 0, "MAX_VALUE": 0, "DEFAULT_VALUE": ""},
    "double": {"PRECISION": 2, "SIZE": 20, "MIN_VALUE": 0, "MAX_VALUE": 0, "DEFAULT_VALUE": ""},
    "boolean": {"DEFAULT_VALUE": 0, "DISPLAY": "CHECKBOX", "LABEL": ["", ""], "LABEL_CHECKBOX": ""},
    "enumeration": {"DISPLAY": "LIST", "LIST_HEIGHT": 1, "CAPTION_NO_VALUE": "", "SHOW_NO_VALUE": "Y"},
}
_SWITCHES = ("MULTIPLE", "MANDATORY", "SHOW_IN_LIST", "EDIT_IN_LIST", "IS_SEARCHABLE")
_LABELS = ("EDIT_FORM_LABEL", "LIST_COLUMN_LABEL", "LIST_FILTER_LABEL", "ERROR_MESSAGE", "HELP_MESSAGE")
_NAME = re.compile(r"[A-Z0-9_]+")
_WHOLE_SETTINGS = ("SIZE", "ROWS", "MIN_LENGTH", "MAX_LENGTH", "LIST_HEIGHT", "PRECISION")
_FILTERS = {
    name: Field(name, kind)
    for name, kind in {
        "ID": "integer", "FIELD_NAME": "string", "USER_TYPE_ID": "string", "XML_ID": "string", "SORT": "integer",
        "MULTIPLE": "char", "MANDATORY": "char", "SHOW_FILTER": "string", "ENTITY_ID": "string",
    }.items()
}  # fmt: skip


def add_field(portal: FakePortal, type_id: int, sent: Mapping[str, Any]) -> int:
    """Create a user field as userfield.add does and give its id; Fault ERROR_CORE for a bad name or type."""
    kind = str(sent.get("USER_TYPE_ID") or "")
    if kind not in TYPES:
        raise Fault("ERROR_CORE", f"Указан неверный пользовательский тип: {kind}<br>")
    name = _checked_name(portal, type_id, str(sent.get("FIELD_NAME") or ""))
    row: Row = {"ENTITY_ID": USERFIELD_ENTITIES[type_id], "FIELD_NAME": name, "USER_TYPE_ID": kind}
    row |= {switch: "Y" if switch in ("SHOW_IN_LIST", "EDIT_IN_LIST") else "N" for switch in _SWITCHES}
    row |= {"SORT": 100, "SHOW_FILTER": "N", "XML_ID": None, "SETTINGS": dict(_SETTINGS.get(kind, {}))}
    changes = _accept(row, sent)
    if not sent.get("EDIT_FORM_LABEL") and sent.get("LABEL"):
        changes["EDIT_FORM_LABEL"] = _label(sent["LABEL"])
    if sent.get("MULTIPLE") is not None:
        changes["MULTIPLE"] = values.flag(sent["MULTIPLE"])
    if kind == "enumeration":
        changes["LIST"] = _entries(portal, [], sent.get("LIST"))
    return portal.store["userfield"].add(row | changes)


def _checked_name(portal: FakePortal, type_id: int, sent: str) -> str:
    """The stored name: upper case, with the prefix, at most 50 characters, unique among this kind's fields."""
    bare = sent.upper().removeprefix(PREFIX)
    name = PREFIX + bare
    if not bare or not _NAME.fullmatch(bare):
        raise Fault("ERROR_CORE", f"Поле FIELD_NAME содержит недопустимые символы: {sent}<br>")
    if len(name) > LONGEST_NAME:
        raise Fault("ERROR_CORE", f"Поле FIELD_NAME длиннее {LONGEST_NAME} символов<br>")
    if any(row["FIELD_NAME"] == name for _, row in _own(portal, type_id)):
        raise Fault("ERROR_CORE", f"Поле {name} для объекта {USERFIELD_ENTITIES[type_id]} уже существует.<br>")
    return name


def _accept(row: Mapping[str, Any], sent: Mapping[str, Any]) -> Row:
    """What an add or an update may set; labels given as one text stand for every language."""
    changes: Row = {}
    for switch in _SWITCHES[1:]:
        if sent.get(switch) not in (None, ""):
            changes[switch] = values.flag(sent[switch])
    if sent.get("SHOW_FILTER") not in (None, ""):
        # Written as Y/N, it comes back as N (no), I (exact) or E (by mask).
        said = str(sent["SHOW_FILTER"]).upper()
        changes["SHOW_FILTER"] = {"Y": "E", "1": "E", "TRUE": "E"}.get(said, said if said in ("I", "E", "S") else "N")
    if sent.get("SORT") not in (None, ""):
        changes["SORT"] = values.whole(sent["SORT"])
    if "XML_ID" in sent:
        changes["XML_ID"] = sent["XML_ID"] or None
    if isinstance(sent.get("SETTINGS"), Mapping):
        changes["SETTINGS"] = dict(row["SETTINGS"]) | _settings(sent["SETTINGS"])
    changes |= {label: _label(sent[label]) for label in _LABELS if label in sent}
    return changes


def _settings(sent: Mapping[str, Any]) -> Row:
    return {name: values.whole(value) if name in _WHOLE_SETTINGS else value for name, value in sent.items()}


def _label(sent: Any) -> Any:
    return dict(sent) if isinstance(sent, Mapping) else dict.fromkeys(LANGUAGES, str(sent)) if sent else None


def _entries(portal: FakePortal, present: list[Row], sent: Any) -> list[Row]:
    """The values of an enumeration: an entry with ID changes or (DEL=Y) goes, without one it is added."""
    kept = {entry["ID"]: dict(entry) for entry in present}
    highest = max((entry["ID"] for _, row in portal.store["userfield"] for entry in row.get("LIST", ())), default=0)
    for entry in entries(sent):
        known = kept.get(values.whole(entry.get("ID")))
        if known is not None and values.flag(entry.get("DEL")) == "Y":
            del kept[known["ID"]]
        elif known is not None:
            known |= {name: entry[name] for name in ("VALUE", "XML_ID") if name in entry}
            known |= {"SORT": values.whole(entry["SORT"])} if entry.get("SORT") else {}
            known |= {"DEF": values.flag(entry["DEF"])} if "DEF" in entry else {}
        elif str(entry.get("VALUE") or ""):
            highest += 1
            kept[highest] = _new_entry(highest, entry, len(kept))
    return sorted(kept.values(), key=lambda entry: (entry["SORT"], entry["ID"]))


def _new_entry(entry_id: int, sent: Mapping[str, Any], before: int) -> Row:
    sort = values.whole(sent.get("SORT")) or (before + 1) * 10
    mark = str(sent.get("XML_ID") or hashlib.md5(f"{entry_id}".encode(), usedforsecurity=False).hexdigest())
    value, chosen = str(sent["VALUE"]), values.flag(sent.get("DEF", "N"))
    return {"ID": entry_id, "SORT": sort, "VALUE": value, "DEF": chosen, "XML_ID": mark}


def _own(portal: FakePortal, type_id: int) -> list[tuple[int, Row]]:
    table = portal.store["userfield"]
    return [(row_id, table.rows[row_id]) for row_id in table.find("ENTITY_ID", USERFIELD_ENTITIES[type_id])]


def field_row(row_id: int, row: Mapping[str, Any], *, by_language: bool) -> Row:
    """A user field on the wire; labels by language in `get`, in the portal's own language in lists."""
    wire: Row = {
        "ID": str(row_id),
        "ENTITY_ID": row["ENTITY_ID"],
        "FIELD_NAME": row["FIELD_NAME"],
        "USER_TYPE_ID": row["USER_TYPE_ID"],
        "XML_ID": row.get("XML_ID"),
        "SORT": str(row.get("SORT", 100)),
    }
    wire |= {switch: row.get(switch, "N") for switch in _SWITCHES[:2]}
    wire["SHOW_FILTER"] = row.get("SHOW_FILTER", "N")
    wire |= {switch: row.get(switch, "N") for switch in _SWITCHES[2:]}
    wire["SETTINGS"] = row.get("SETTINGS") or []
    for label in _LABELS:
        spoken = row.get(label)
        wire[label] = spoken if by_language or not isinstance(spoken, Mapping) else spoken.get("ru")
    if row["USER_TYPE_ID"] == "enumeration":
        texts = ({**entry, "ID": str(entry["ID"]), "SORT": str(entry["SORT"])} for entry in row.get("LIST", ()))
        wire["LIST"] = list(texts)
    return wire


def _existing(call: Call, type_id: int) -> int:
    row_id = values.whole(call.param("id"))
    row = call.portal.store["userfield"].get(row_id)
    if row is None or row["ENTITY_ID"] != USERFIELD_ENTITIES[type_id]:
        raise Fault("ERROR_NOT_FOUND", f"The entity with ID '{row_id}' is not found.")
    return row_id


def _add(call: Call, type_id: int) -> Answer:
    require_crm_admin(call)
    sent = call.param("fields", default={})
    return Answer(add_field(call.portal, type_id, sent if isinstance(sent, Mapping) else {}))


def _get(call: Call, type_id: int) -> Answer:
    row_id = _existing(call, type_id)
    return Answer(field_row(row_id, call.portal.store["userfield"].rows[row_id], by_language=True))


def _list(call: Call, type_id: int) -> Answer:
    """All fields of a kind of card at once, filtered and ordered; SORT is the default order."""
    table = call.portal.store["userfield"]
    view = listing.Listing(call.portal, table, _FILTERS)
    wanted, order = call.param("filter", default={}), call.param("order", default={})
    own = {"=ENTITY_ID": USERFIELD_ENTITIES[type_id]}
    ids = listing.find_ordered(
        view, (dict(wanted) if isinstance(wanted, Mapping) else {}) | own, order or {"SORT": "ASC"}
    )
    return Answer([field_row(row_id, table.rows[row_id], by_language=False) for row_id in ids], total=len(ids))


def _update(call: Call, type_id: int) -> Answer:
    require_crm_admin(call)
    row_id = _existing(call, type_id)
    row = call.portal.store["userfield"].rows[row_id]
    sent = call.param("fields", default={})
    sent = sent if isinstance(sent, Mapping) else {}
    changes = _accept(row, sent)
    if row["USER_TYPE_ID"] == "enumeration" and "LIST" in sent:
        changes["LIST"] = _entries(call.portal, row.get("LIST", []), sent["LIST"])
    call.portal.store["userfield"].change(row_id, changes)
    return Answer(True)


def _delete(call: Call, type_id: int) -> Answer:
    """The field goes, and with it its values on every card."""
    require_crm_admin(call)
    row_id = _existing(call, type_id)
    name = call.portal.store["userfield"].remove(row_id)["FIELD_NAME"]
    cards = call.portal.store[CARD_TABLES[type_id]]
    for card_id, row in cards:
        if name in row:
            row.pop(name)
            cards.dirty.add(card_id)
    return Answer(True)


_ACTIONS = {"add": _add, "get": _get, "list": _list, "update": _update, "delete": _delete}


def _family(type_id: int) -> None:
    for name, action in _ACTIONS.items():

        def handler(call: Call, action: Any = action) -> Answer:
            answer: Answer = action(call, type_id)
            return answer

        method(f"crm.{KIND_NAMES[type_id]}.userfield.{name}")(handler)


for _type_id in KIND_NAMES:
    _family(_type_id)


@method("crm.userfield.types")
def userfield_types(_call: Call) -> Answer:
    """The kinds of user fields that cards can have."""
    return Answer([{"ID": kind, "title": title} for kind, title in TYPES.items()])


@method("userfieldconfig.list", scope="userfieldconfig")
def userfieldconfig_list(call: Call) -> Answer:
    """camelCase twin of the lists above, for module `crm`, 50 a page."""
    if str(call.param("moduleId", default="")) != "crm":
        raise Fault("ERROR_CORE", "Parameter 'moduleId' is required")
    table = call.portal.store["userfield"]
    known = {camel(name): field for name, field in _FILTERS.items()}
    view = listing.Listing(call.portal, table, known, strict=True)
    found = listing.read_page(
        view, call.param("filter", default={}), call.param("order", default={}), call.param("start", default=0)
    )
    rows = [_config_row(row_id, table.rows[row_id]) for row_id in found.ids]
    return Answer({"fields": rows}, total=found.total, next=found.next, counted=found.counted)


def _config_row(row_id: int, row: Mapping[str, Any]) -> Row:
    told = {camel(name): value for name, value in field_row(row_id, row, by_language=True).items() if name != "LIST"}
    return told | {"languageId": {"ru": "ru"}}
