"""The account itself: GET /account, the call that every client begins with.

Rests on the vendor's page "Account": what is not named in `with=` is not told.
"""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.amocrm.registry import Answer, Call, route
from b24kit.sandbox.amocrm.wire import self_link

AMOJO = "8f1c0e7a-5d1b-4a54-9b1e-000000000001"
TASK_TYPES = (
    {"id": 1, "name": "Связаться", "color": None, "icon_id": None, "code": "FOLLOW_UP"},
    {"id": 2, "name": "Встреча", "color": None, "icon_id": None, "code": "MEETING"},
)
_DATES = {
    "date_pattern": "d.m.Y H:i", "short_date_pattern": "d.m.Y", "short_time_pattern": "H:i", "date_format": "d.m.Y",
    "time_format": "H:i:s", "timezone": "Europe/Moscow", "timezone_offset": "+03:00",
}  # fmt: skip
_CASES = ("dative", "default", "genitive", "accusative", "instrumental", "prepositional")
_PLURAL = ("сделкам", "сделки", "сделок", "сделки", "сделками", "сделках")
_SINGULAR = ("сделке", "сделка", "сделки", "сделку", "сделкой", "сделке")
_LEADS: dict[str, Any] = {
    "ru": {
        "gender": "f", "plural_form": dict(zip(_CASES, _PLURAL, strict=True)),
        "singular_form": dict(zip(_CASES, _SINGULAR, strict=True)),
    },
    "en": {"singular_form": {"default": "lead"}, "plural_form": {"default": "leads"}, "gender": "f"},
    "es": {"singular_form": {"default": "acuerdo"}, "plural_form": {"default": "acuerdos"}, "gender": "m"},
}  # fmt: skip


@route("GET", "/account")
def account(call: Call) -> Answer:
    """The account as the token's owner sees it."""
    portal = call.portal
    switches = portal.settings
    row: dict[str, Any] = {
        "id": portal.account_id, "name": switches.get("account_name", "Песочница"),
        "subdomain": switches.get("subdomain", portal.domain.partition(".")[0]),
        "created_at": switches.get("created_at", 1_700_000_000), "created_by": 0,
        "updated_at": switches.get("created_at", 1_700_000_000), "updated_by": 0, "current_user_id": call.user_id,
        "country": "RU", "currency": "RUB", "currency_symbol": "₽", "customers_mode": "segments",
        "is_unsorted_on": bool(switches.get("is_unsorted_on", True)), "mobile_feature_version": 0,
        "is_loss_reason_enabled": bool(switches.get("is_loss_reason_enabled", True)), "is_helpbot_enabled": False,
        "is_technical_account": False, "contact_name_display_order": 1,
    }  # fmt: skip
    asked = {"amojo_id": AMOJO, "uuid": AMOJO, "version": 16, "drive_url": "https://drive-b.amocrm.ru"}
    row |= {word: value for word, value in asked.items() if call.has("amojo_id" if word == "uuid" else word)}
    if call.has("is_api_filter_enabled"):
        row["is_api_filter_enabled"] = bool(switches.get("is_api_filter_enabled", True))
    if call.has("entity_names"):
        row["entity_names"] = {"leads": _LEADS}
    if call.has("invoices_settings"):
        row["invoices_settings"] = {"lang": "ru", "invoices_catalog_id": None}
    inside = {word: value for word, value in _inside(call).items() if call.has(word)}
    return Answer(row | {"_links": self_link(call, "/account")} | ({"_embedded": inside} if inside else {}))


def _inside(call: Call) -> dict[str, Any]:
    groups = [{"id": 0, "name": "Отдел продаж", "uuid": None}]
    groups += [{"id": number, "name": row["name"], "uuid": None} for number, row in call.store["group"]]
    return {
        "amojo_rights": {"can_direct": True, "can_create_groups": True},
        "users_groups": groups,
        "task_types": [*TASK_TYPES, *call.portal.settings.get("task_types", [])],
        "datetime_settings": _DATES | call.portal.settings.get("datetime_settings", {}),
    }
