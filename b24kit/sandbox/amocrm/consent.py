"""The page on which an administrator lets an integration in: a test person chooses who he is and says yes or no.

Rests on the vendor's page "Step by step": after the choice the browser goes to the integration's own address with
`code`, `referer`, `state`, `platform` and `client_id`, or with `error=access_denied`.
"""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from b24kit.sandbox.amocrm import renaming
from b24kit.sandbox.amocrm.integrations import Integration, by_client
from b24kit.sandbox.amocrm.oauth import give_code
from b24kit.sandbox.amocrm.registry import Answer, Call, Problem, route

_PAGE = """<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><title>Доступ к аккаунту</title></head><body>
<h1>{name} просит доступ</h1>
<p>Аккаунт: <b>{host}</b> (песочница). Права: данные аккаунта.</p>
<form method="post" action="/oauth">
<input type="hidden" name="client_id" value="{client_id}"><input type="hidden" name="state" value="{state}">
<p><label>Кто разрешает: <select name="user_id">{people}</select></label></p>
<button name="answer" value="allow">Разрешить</button> <button name="answer" value="deny">Отказать</button>
</form></body></html>
"""


@route("GET", "/oauth", everybody=True, api=False)
def ask(call: Call) -> Answer:
    """The page; only administrators can be chosen."""
    integration = _integration(call, str(call.query.get("client_id", "")))
    people = "".join(
        f'<option value="{user_id}">{escape(str(row["name"]))}</option>'
        for user_id, row in call.store["user"]
        if _may_allow(call, user_id)
    )
    shown = {"name": integration.name, "host": renaming.host(call.portal, call.base)}
    shown |= {"client_id": integration.client_id, "state": str(call.query.get("state", ""))}
    text = _PAGE.format(people=people, **{name: escape(value, quote=True) for name, value in shown.items()})
    return Answer(text, kind="text/html; charset=utf-8")


@route("POST", "/oauth", everybody=True, api=False)
def answer(call: Call) -> Answer:
    """The choice: back to the integration's address, with a code or with the refusal."""
    sent = call.body if isinstance(call.body, dict) else {}
    integration = _integration(call, str(sent.get("client_id", "")))
    state = {"state": str(sent["state"])} if sent.get("state") else {}
    if sent.get("answer") != "allow":
        return _back(integration, {"error": "access_denied", **state})
    user_id = str(sent.get("user_id", ""))
    if not user_id.isdecimal() or not _may_allow(call, int(user_id)):
        raise Problem(403, "Only an administrator may let an integration in")
    host = renaming.host(call.portal, call.base)
    code = give_code(call.portal, integration.client_id, int(user_id))
    platform = "2" if renaming.vendor_domain(call.portal) == "kommo.com" else "1"
    given = {"code": code, "referer": host, "platform": platform, "client_id": integration.client_id}
    return _back(integration, {**given, **state})


def _integration(call: Call, client_id: str) -> Integration:
    found = by_client(call.portal, client_id)
    if found is None:
        raise Problem(404, "Unknown integration")
    return found


def _may_allow(call: Call, user_id: int) -> bool:
    row = call.store["user"].get(user_id)
    return row is not None and bool(row.get("is_admin")) and row.get("is_active", True)


def _back(integration: Integration, given: dict[str, str]) -> Answer:
    joint = "&" if "?" in integration.redirect_uri else "?"
    return Answer(None, 302, kind="text/html", location=f"{integration.redirect_uri}{joint}{urlencode(given)}")
