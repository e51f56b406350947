"""Webhooks of the account: who is told about what. One row an address; the same address again changes its row.

Rests on the vendor's page "Webhooks" (API): GET, POST and DELETE /webhooks, for administrators.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from b24kit.sandbox.amocrm.problems import Wrong, invalid_one, missing, no_choice, single, wrong_type
from b24kit.sandbox.amocrm.registry import NOTHING, Answer, Call, FakePortal, Problem, route
from b24kit.sandbox.amocrm.rights import require_admin
from b24kit.sandbox.amocrm.wire import dictionary
from b24kit.sandbox.store import Row

MOST = 100
_BY_ACTION = {
    "add": "lead contact company customer task talk",
    "update": "lead contact company customer task talk",
    "delete": "lead contact company customer task",
    "restore": "lead contact company",
    "responsible": "lead contact company customer task",
    "note": "lead contact company customer",
    "status": "lead",
}
SETTINGS = frozenset(f"{action}_{entity}" for action, words in _BY_ACTION.items() for entity in words.split()) | {
    "add_chat_template_review"
}
# Sent by live accounts and chosen in their pages, but missing from the API's table: setting `unsorted_hooks` allows.
UNSORTED = frozenset({"add_unsorted", "update_unsorted", "delete_unsorted"})


@route("GET", "/webhooks")
def webhooks(call: Call) -> Answer:
    """All of them, or the one whose address is exactly `filter[destination]`."""
    require_admin(call)
    table, wanted = call.store["webhook"], call.query.get("filter")
    ids = table.ids()
    if isinstance(wanted, Mapping) and wanted.get("destination"):
        ids = table.find("destination", str(wanted["destination"]))
    if not ids:
        return NOTHING
    return dictionary(call, "webhooks", ids, lambda row_id: shown(call.portal, row_id))


@route("POST", "/webhooks")
def subscribe(call: Call) -> Answer:
    """One subscription; a known address takes the new settings and is switched on again."""
    require_admin(call)
    sent = single(call.body)
    if wrong := _wrong(call.portal, sent):
        raise invalid_one(wrong)
    table, now = call.store["webhook"], call.portal.unix()
    row: Row = {"settings": list(dict.fromkeys(sent["settings"])), "updated_at": now, "disabled": False}
    found = table.find("destination", sent["destination"])
    if found:
        table.change(found[0], row)
        row_id = found[0]
    elif len(table) >= MOST:
        raise Problem(422, f"Webhooks limit {MOST} is reached")
    else:
        made = {"destination": sent["destination"], "created_at": now, "created_by": call.user_id}
        row_id = table.add(made | row)
    body = shown(call.portal, row_id)
    if call.portal.settings.get("hook_settings_as_object"):  # seen once on a live account
        body["settings"] = dict.fromkeys(body["settings"], 1)
    return Answer(body, 201)


@route("DELETE", "/webhooks")
def unsubscribe(call: Call) -> Answer:
    """Nothing more to this address."""
    require_admin(call)
    sent = single(call.body)
    if not isinstance(sent.get("destination"), str):
        raise invalid_one(missing("destination"))
    found = call.store["webhook"].find("destination", sent["destination"])
    if not found:
        raise Problem(404, "Webhook not found")
    call.store["webhook"].remove(found[0])
    return NOTHING


def shown(portal: FakePortal, row_id: int) -> Row:
    """A webhook as the API shows it; `sort` is its place, whatever was sent."""
    table = portal.store["webhook"]
    row = table.rows[row_id]
    told = {"id": row_id, "destination": row["destination"], "created_at": row["created_at"]}
    told |= {"updated_at": row["updated_at"], "account_id": portal.account_id, "created_by": row["created_by"]}
    return told | {
        "sort": table.ids().index(row_id) + 1, "disabled": row["disabled"], "settings": list(row["settings"])
    }  # fmt: skip


def _wrong(portal: FakePortal, sent: Mapping[str, Any]) -> Wrong | None:
    for key in ("destination", "settings"):
        if key not in sent:
            return missing(key)
    if not is_address(sent["destination"]):
        return Wrong("InvalidUrl", "destination", "This value is not a valid URL.")
    if not isinstance(sent["settings"], list):
        return wrong_type("settings", "array")
    known = SETTINGS | (UNSORTED if portal.settings.get("unsorted_hooks") else frozenset())
    return next((no_choice(f"settings.{i}") for i, one in enumerate(sent["settings"]) if one not in known), None)


def is_address(value: object) -> bool:
    """Whether the vendor would send there: http(s) and a host in plain letters (Cyrillic domains are refused)."""
    if not isinstance(value, str) or not value.isascii():
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
