"""OAuth of the fake account: codes for tokens, one refresh token for exactly one new pair, and where the account lives.

Rests on the vendor's pages "OAuth 2.0", "Step by step" and "Account subdomain info". The page promises 400 for every
failure; live accounts answer a refresh token that was used before with 401 and `hint` "Token has been revoked".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from b24kit.sandbox.amocrm import jwt, renaming
from b24kit.sandbox.amocrm.integrations import Integration, by_client, is_disabled
from b24kit.sandbox.amocrm.registry import Answer, Call, FakePortal, Problem, route
from b24kit.sandbox.store import Row

CODE_LIFE = 20 * 60
ACCESS_LIFE = jwt.DAY
REFRESH_LIFE = 90 * jwt.DAY  # "three months"
OLD_ACCESS_LIVES = "old_access_lives"  # setting: an access token outlives the refresh that replaced it
PROBLEM_TYPE = "https://developers.amocrm.ru/v3/errors/OAuthProblemJson"


class Refusal(Exception):
    """What the token endpoint answers instead of a pair; `hint` is what clients look at."""

    def __init__(self, status: int, hint: str) -> None:
        super().__init__(hint)
        self.status, self.hint = status, hint


@route("POST", "/oauth2/access_token", everybody=True, api=False)
def access_token(call: Call) -> Answer:
    """A pair for a code, or for the refresh token of the last pair."""
    sent = call.body if isinstance(call.body, Mapping) else {}
    try:
        integration = _integration(call.portal, sent)
        if sent.get("grant_type") == "authorization_code":
            return _json(_by_code(call, integration, sent))
        if sent.get("grant_type") == "refresh_token":
            return _json(_by_refresh(call, integration, sent))
        raise Refusal(400, "Check that all required parameters have been provided")
    except Refusal as refusal:
        return _refused(refusal)


@route("GET", "/oauth2/account/current/subdomain", everybody=True, api=False)
def current_subdomain(call: Call) -> Answer:
    """Where the account lives now, for who has a refresh token that was not used yet."""
    row = _found(call.portal, "refresh", call.headers.get("x-refresh-token"))
    if row is None or row.get("used") or call.portal.unix() >= row["refresh_until"]:
        raise Problem(401, "Invalid user name or password", title="Unauthorized")
    return _json(renaming.address(call.portal, call.base))


@route("GET", "/oauth2/account/subdomain", everybody=True, api=False)
def subdomain(call: Call) -> Answer:
    """The same by an access token: the older way, still answered."""
    row = _found(call.portal, "access", call.headers.get("authorization", "").partition(" ")[2])
    if row is None or row.get("revoked") or call.portal.unix() >= row["expires_at"]:
        raise Problem(401, "Invalid user name or password", title="Unauthorized")
    return _json(renaming.address(call.portal, call.base))


def give_code(portal: FakePortal, client_id: str, user_id: int) -> str:
    """A code for an integration that an administrator just allowed; it lives for twenty minutes."""
    table = portal.store["code"]
    code = _opaque(f"code/{client_id}/{user_id}/{table.last_id + 1}")
    table.add({"code": code, "client_id": client_id, "user_id": user_id, "expires_at": portal.unix() + CODE_LIFE})
    return code


def _integration(portal: FakePortal, sent: Mapping[str, Any]) -> Integration:
    integration = by_client(portal, sent.get("client_id"))
    if integration is None or integration.client_secret != sent.get("client_secret"):
        raise Refusal(401, "Client authentication failed")
    if sent.get("redirect_uri") != integration.redirect_uri:
        raise Refusal(400, "Invalid redirect URI")
    return integration


def _by_code(call: Call, integration: Integration, sent: Mapping[str, Any]) -> Row:
    row = _found(call.portal, "code", sent.get("code"))
    if row is None or row["client_id"] != integration.client_id:
        raise Refusal(400, "Cannot decrypt the authorization code")
    if row.get("used"):
        raise Refusal(400, "Authorization code has been revoked")
    if call.portal.unix() >= row["expires_at"]:
        raise Refusal(400, "Authorization code has expired")
    _mark(call.portal, "code", "code", row, {"used": True})
    return _pair(call, integration, row["user_id"])


def _by_refresh(call: Call, integration: Integration, sent: Mapping[str, Any]) -> Row:
    row = _found(call.portal, "refresh", sent.get("refresh_token"))
    if row is None:
        raise Refusal(401, "Cannot decrypt the refresh token")
    if row["integration"] != integration.client_id:
        raise Refusal(401, "Token is not linked to client")
    if row.get("used") or is_disabled(call.portal, integration.client_id):
        raise Refusal(401, "Token has been revoked")
    if call.portal.unix() >= row["refresh_until"]:
        raise Refusal(401, "Token has expired")
    gone = {} if call.portal.settings.get(OLD_ACCESS_LIVES) else {"revoked": True}
    _mark(call.portal, "token", "refresh", row, {"used": True, **gone})
    return _pair(call, integration, row["user_id"])


def _pair(call: Call, integration: Integration, user_id: int) -> Row:
    """A new pair, remembered, and as the endpoint tells it."""
    portal, now = call.portal, call.portal.unix()
    number = portal.store["token"].last_id + 1
    domains = (renaming.host(portal, call.base), renaming.vendor_domain(portal))
    told = jwt.claims(
        integration.client_id, user_id, portal.account_id, domains, now, now + ACCESS_LIFE, f"{now}/{number}"
    )
    row: Row = {"access": jwt.signed(told), "refresh": _opaque(f"refresh/{integration.client_id}/{now}/{number}")}
    row |= {"integration": integration.client_id, "user_id": user_id, "expires_at": now + ACCESS_LIFE}
    portal.store["token"].add(row | {"refresh_until": now + REFRESH_LIFE})
    pair: Row = {"token_type": "Bearer", "expires_in": ACCESS_LIFE, "server_time": now}
    return pair | {"access_token": row["access"], "refresh_token": row["refresh"]}


def _found(portal: FakePortal, column: str, value: object) -> Row | None:
    table = portal.store["code" if column == "code" else "token"]
    ids = table.find(column, value) if isinstance(value, str) and value else []
    return table.rows[ids[0]] if ids else None


def _mark(portal: FakePortal, name: str, column: str, row: Row, changes: Row) -> None:
    table = portal.store[name]
    table.change(table.find(column, row[column])[0], changes)


def _opaque(seed: str) -> str:
    """A text as long and as meaningless as the vendor's codes and refresh tokens."""
    return "def50200" + "".join(blake2b(f"{part}/{seed}".encode(), digest_size=64).hexdigest() for part in range(5))


def _json(body: Any) -> Answer:
    return Answer(json.dumps(body), kind="application/json")


def _refused(refusal: Refusal) -> Answer:
    body = {
        "hint": refusal.hint, "title": "Некорректный запрос", "type": PROBLEM_TYPE, "status": refusal.status,
        "detail": "В запросе отсутствует ряд параметров или параметры невалидны",
    }  # fmt: skip
    return Answer(json.dumps(body, ensure_ascii=False), refusal.status, kind="application/json")
