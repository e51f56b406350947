"""Where the account lives: its customer may rename it, and the old address then opens nothing any more.

Setting `renamed`: {"from": ["old.example:8024", ...], "to": "new.example:8024", "answer": 401, 404 or 302}. What a
live account's old address answers the vendor does not say; its own library looks for the new one on 401 and 404.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from b24kit.sandbox.amocrm.jwt import base_domain
from b24kit.sandbox.amocrm.registry import FakePortal, Problem

SETTING = "renamed"
_ASKING = "/oauth2/account/"  # the address that tells the new one is asked at a host that is no account's


def host(portal: FakePortal, base: str) -> str:
    """The account's host (with its port) as it is now; `base` is the address that was asked."""
    return str(portal.settings.get(SETTING, {}).get("to") or urlsplit(base).netloc)


def vendor_domain(portal: FakePortal) -> str:
    """The vendor's own domain behind the account: by its newest name, or the one that the sandbox was opened under."""
    return base_domain(str(portal.settings.get(SETTING, {}).get("to") or portal.domain))


def address(portal: FakePortal, base: str) -> dict[str, Any]:
    """id, subdomain, domain and top-level domain, as the page "Account subdomain info" shows them."""
    domain = host(portal, base)
    is_foreign = vendor_domain(portal) == "kommo.com"
    names = {"subdomain": domain.partition(".")[0], "domain": domain}
    return {"id": portal.account_id, **names, "top_level_domain": "com" if is_foreign else "ru"}


def moved_to(portal: FakePortal, asked: str, path: str) -> str | None:
    """The host to redirect to when an old one was asked, None when the address is good; else a Problem."""
    renamed = portal.settings.get(SETTING) or {}
    if asked not in renamed.get("from", ()) or path.startswith(_ASKING):
        return None
    answer = int(renamed.get("answer", 401))
    if answer == 302:
        return str(renamed["to"])
    if answer == 404:
        raise Problem(404, "Not Found")
    raise Problem(401, "Invalid user name or password", title="Unauthorized")
