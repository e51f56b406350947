"""The columns of an activity: vendor types, how a row looks on the wire, and crm.activity.fields.

Stored natively: ids and enums are ints, times ISO UTC, COMPLETED "Y"/"N", SETTINGS and COMMUNICATIONS as structures.
"""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.bitrix24 import disk, moments
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, method
from b24kit.sandbox.store import Row

MEETING, CALL, TASK, EMAIL, ACTION, PROVIDER = 1, 2, 3, 4, 5, 6
INCOMING, OUTGOING = 1, 2

# name, vendor type, marks (R required, r read-only, i immutable, m multiple), title: the page crm.activity.fields
_TABLE = """\
ID|integer|r|ID
OWNER_ID|integer|i|ID владельца
OWNER_TYPE_ID|crm_enum_ownertype|i|Тип владельца
TYPE_ID|crm_enum_activitytype|Ri|Тип
PROVIDER_ID|string||ID провайдера
PROVIDER_TYPE_ID|string||Тип провайдера
PROVIDER_GROUP_ID|string||Тип коннектора
ASSOCIATED_ENTITY_ID|integer|r|ID связанной с делом сущности
SUBJECT|string|R|Тема
START_TIME|datetime||Начало
END_TIME|datetime||Срок
DEADLINE|datetime||Срок исполнения
COMPLETED|char||Выполнено
STATUS|crm_enum_activitystatus||Статус
RESPONSIBLE_ID|user|R|Ответственный
PRIORITY|crm_enum_activitypriority||Важность
NOTIFY_TYPE|crm_enum_activitynotifytype||Тип уведомлений
NOTIFY_VALUE|integer||Параметр уведомления
DESCRIPTION|string||Описание
DESCRIPTION_TYPE|crm_enum_contenttype||Тип описания
DIRECTION|crm_enum_activitydirection||Направление
LOCATION|string||Место
CREATED|datetime|r|Дата создания
AUTHOR_ID|user|r|Создал
LAST_UPDATED|datetime|r|Дата изменения
EDITOR_ID|user|r|Изменил
SETTINGS|object||Настройки
ORIGIN_ID|string||Внешний код
ORIGINATOR_ID|string||Внешний источник
RESULT_STATUS|integer||RESULT_STATUS
RESULT_STREAM|integer||RESULT_STREAM
RESULT_SOURCE_ID|string||RESULT_SOURCE_ID
PROVIDER_PARAMS|object||Параметры провайдера
PROVIDER_DATA|string||Данные провайдера
RESULT_MARK|integer||RESULT_MARK
RESULT_VALUE|double||RESULT_VALUE
RESULT_SUM|double||RESULT_SUM
RESULT_CURRENCY_ID|string||RESULT_CURRENCY_ID
AUTOCOMPLETE_RULE|integer||Автозаполнение
BINDINGS|crm_activity_binding|rim|Привязки
COMMUNICATIONS|crm_activity_communication|Rim|Канал коммуникации
FILES|diskfile|im|Файлы
WEBDAV_ELEMENTS|diskfile|im|Добавленные файлы
IS_INCOMING_CHANNEL|char|r|IS_INCOMING_CHANNEL"""
_SPECS = {name: (kind, marks, title) for name, kind, marks, title in (line.split("|") for line in _TABLE.splitlines())}

# Never in a row unless named in `select` (COMMUNICATIONS, FILES) or never in a row at all (BINDINGS, WEBDAV_ELEMENTS).
ON_REQUEST = ("COMMUNICATIONS", "FILES")
_HIDDEN = {*ON_REQUEST, "BINDINGS", "WEBDAV_ELEMENTS"}
KINDS: dict[str, str] = {
    name: "integer" if kind.startswith("crm_enum") else kind
    for name, (kind, _, _) in _SPECS.items()
    if name not in _HIDDEN and kind != "object"
}
SHOWN = [name for name in _SPECS if name not in _HIDDEN]
WRITABLE = [name for name, (_, marks, _) in _SPECS.items() if "r" not in marks and name not in _HIDDEN]
IMMUTABLE = {name for name, (_, marks, _) in _SPECS.items() if "i" in marks}
_NUMBERS = {name for name, kind in KINDS.items() if kind in ("integer", "user")}
_TIMES = {name for name, kind in KINDS.items() if kind == "datetime"}
_STRUCTURES = {"SETTINGS", "PROVIDER_PARAMS"}
# What a row holds when nobody set the column.
_DEFAULTS: dict[str, Any] = {
    "ASSOCIATED_ENTITY_ID": "0",
    "COMPLETED": "N",
    "STATUS": "1",
    "PRIORITY": "2",
    "NOTIFY_TYPE": "0",
    "NOTIFY_VALUE": "0",
    "DESCRIPTION": "",
    "DESCRIPTION_TYPE": "1",
    "DIRECTION": "0",
    "LOCATION": "",
    "SUBJECT": "",
    "RESULT_STATUS": "0",
    "RESULT_STREAM": "0",
    "RESULT_MARK": "0",
    "AUTOCOMPLETE_RULE": "0",
    "IS_INCOMING_CHANNEL": "N",
    **dict.fromkeys(_TIMES, ""),
}


def wire_row(portal: FakePortal, activity_id: int, row: Row, columns: list[str]) -> Row:
    """A stored activity as answers show it: strings for numbers, the portal's offset, `[]` for empty structures."""
    shown: Row = {}
    for name in columns:
        if name == "ID":
            shown[name] = str(activity_id)
            continue
        value = row.get(name)
        if name == "FILES":
            shown[name] = disk.as_activity_shows(portal, value or [])
        elif name in _STRUCTURES or name in ON_REQUEST:
            shown[name] = _filled(value)
        elif value is None:
            shown[name] = _DEFAULTS.get(name)
        elif name in _TIMES:
            shown[name] = moments.shown(portal, value)
        else:
            shown[name] = str(value) if name in _NUMBERS else value
    return shown


@method("crm.activity.fields")
def activity_fields(_: Call) -> Answer:
    """crm.activity.fields: code -> description."""
    return Answer({name: _description(*spec) for name, spec in _SPECS.items()})


@method("crm.activity.communication.fields")
def communication_fields(_: Call) -> Answer:
    """crm.activity.communication.fields: the parts of one communication."""
    specs = {
        "ID": ("integer", "r", "ID"),
        "ACTIVITY_ID": ("integer", "r", "Дело"),
        "ENTITY_ID": ("integer", "", "ID элемента сущности"),
        "ENTITY_TYPE_ID": ("integer", "", "Тип сущности"),
        "TYPE": ("string", "", "Тип"),
        "VALUE": ("string", "", "Значение"),
    }
    return Answer({name: _description(*spec) for name, spec in specs.items()})


def _filled(value: Any) -> Any:
    return value if value else []  # PHP has one empty array for a list and a map


def _description(kind: str, marks: str, title: str) -> Row:
    return {
        "type": kind,
        "isRequired": "R" in marks,
        "isReadOnly": "r" in marks,
        "isImmutable": "i" in marks,
        "isMultiple": "m" in marks,
        "isDynamic": False,
        "title": title,
    }
