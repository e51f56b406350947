"""Small dictionaries of the CRM: crm.enum.*, crm.settings.mode.get, crm.currency.list."""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.bitrix24.fields import Column, describe
from b24kit.sandbox.bitrix24.registry import Answer, Call, method

Entry = tuple[int, str]

_OWNER_TYPES = (
    (1, "Лид", "LEAD", "L"),
    (2, "Сделка", "DEAL", "D"),
    (3, "Контакт", "CONTACT", "C"),
    (4, "Компания", "COMPANY", "CO"),
    (5, "Счёт (старая версия)", "INVOICE", "I"),
    (31, "Счёт", "SMART_INVOICE", "SI"),
    (7, "Предложение", "QUOTE", "Q"),
    (8, "Реквизиты", "REQUISITE", "RQ"),
    (36, "Документ", "SMART_DOCUMENT", "DO"),
)
_PLAIN: dict[str, tuple[Entry, ...]] = {
    "activitytype": ((1, "Встреча"), (2, "Звонок"), (3, "Задача"), (4, "Письмо"), (5, "Действие"), (6, "Дело")),
    "activitydirection": ((0, ""), (1, "Входящее"), (2, "Исходящее")),
    "activitypriority": ((0, ""), (1, "Низкая"), (2, "Средняя"), (3, "Высокая")),
    "activitystatus": ((1, "Ожидается"), (2, "Завершено"), (3, "Завершено автоматически")),
    "activitynotifytype": ((1, "минут"), (2, "часов"), (3, "дней")),
    "contenttype": ((0, ""), (1, "Plain text"), (2, "bbCode"), (3, "HTML")),
    "addresstype": (
        (11, "Адрес доставки"),
        (1, "Фактический адрес"),
        (6, "Юридический адрес"),
        (4, "Адрес регистрации"),
        (8, "Адрес для корреспонденции"),
        (9, "Адрес бенефициара"),
    ),
    "settings.mode": ((1, "Классическая CRM"), (2, "Простая CRM")),
}


def _row(entry_id: int, name: str, code: str | None = None, short: str | None = None) -> dict[str, Any]:
    return {"ID": entry_id, "NAME": name, "SYMBOL_CODE": code, "SYMBOL_CODE_SHORT": short}


def _plain(name: str, entries: tuple[Entry, ...]) -> None:
    @method(f"crm.enum.{name}")
    def _entries(_call: Call) -> Answer:
        return Answer([_row(*entry) for entry in entries])


for _name, _listed in _PLAIN.items():
    _plain(_name, _listed)


@method("crm.enum.ownertype")
def owner_types(_call: Call) -> Answer:
    """Kinds of cards with the numbers and letters by which bindings and tasks name them."""
    return Answer([_row(*entry) for entry in _OWNER_TYPES])


@method("crm.enum.getorderownertypes")
def order_owner_types(_call: Call) -> Answer:
    """Kinds of cards that an order may belong to; keys in lower case."""
    return Answer([{"attribute": "DYN", "code": "DEAL", "id": 2, "name": "Сделка"}])


@method("crm.enum.fields")
def enum_fields(_call: Call) -> Answer:
    """Descriptions of the keys of the rows above."""
    names = (("ID", "int"), ("NAME", "string"), ("SYMBOL_CODE", "string"), ("SYMBOL_CODE_SHORT", "string"))
    return Answer({name: describe(Column(name, kind, None, read_only=True)) for name, kind in names})


@method("crm.settings.mode.get")
def settings_mode(call: Call) -> Answer:
    """1: classic CRM with leads; 2: simple CRM without. REST cannot change it."""
    return Answer(int(call.portal.settings.get("crm_mode", 1)))


@method("crm.currency.list")
def currencies(call: Call) -> Answer:
    """The portal's currencies, its own first."""
    base = str(call.portal.settings.get("currency", "RUB"))
    codes = [base, *(code for code in ("RUB", "USD", "EUR") if code != base)]
    rows = [
        {
            "CURRENCY": code,
            "AMOUNT_CNT": "1",
            "AMOUNT": "1.0000",
            "SORT": str(place * 100),
            "BASE": "Y" if code == base else "N",
            "FULL_NAME": code,
            "LID": "ru",
            "FORMAT_STRING": "# " + code,
            "DEC_POINT": ".",
            "DECIMALS": "2",
            "THOUSANDS_SEP": " ",
        }
        for place, code in enumerate(codes, 1)
    ]
    return Answer(rows, total=len(rows))
