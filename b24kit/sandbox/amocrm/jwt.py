"""Access tokens in the form that the vendor gives them: JSON Web Tokens whose claims clients read.

Rests on the vendor's page "OAuth 2.0" and on tokens of live accounts. The signature is no secret of anybody's: a
fake account knows a token by having given it out, never by checking it.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from hashlib import blake2b, sha256
from typing import Any

SCOPES = ["push_notifications", "files", "crm", "files_delete", "notifications"]
DAY = 86_400
LONG_LIFE = 5 * 365 * DAY  # the longest that a long-lived token may be given
_LONG_LIVED_SINCE = 1_767_225_600  # one fixed moment, so that a token not named in the settings is the same every day
_KEY = b"b24kit sandbox"


def claims(
    client_id: str,
    user_id: int,
    account_id: int,
    domains: tuple[str, str],
    issued_at: int,
    expires_at: int,
    number: str,
) -> dict[str, Any]:
    """What stands in a token; `domains`: the host where the account's address can be asked for, the vendor's own."""
    return {
        "aud": client_id, "jti": sha256(f"{client_id}/{number}".encode()).hexdigest(), "iat": issued_at,
        "nbf": issued_at, "exp": expires_at, "sub": str(user_id), "grant_type": "", "account_id": account_id,
        "base_domain": domains[1], "version": 2, "scopes": SCOPES, "hash_uuid": uuid(f"{client_id}/{number}"),
        "api_domain": domains[0],
    }  # fmt: skip


def signed(payload: dict[str, Any]) -> str:
    """The token: three parts in URL-safe base64, parted by dots."""
    head = {"typ": "JWT", "alg": "HS256", "jti": payload["jti"]}
    body = f"{_part(json.dumps(head).encode())}.{_part(json.dumps(payload).encode())}"
    return f"{body}.{_part(hmac.new(_KEY, body.encode(), sha256).digest())}"


def long_lived(client_id: str, user_id: int, domain: str, account_id: int, expires_at: int | None = None) -> str:
    """A long-lived token as the account's settings page shows it once; there is nothing to refresh it with."""
    until = _LONG_LIVED_SINCE + LONG_LIFE if expires_at is None else expires_at
    domains = (domain, base_domain(domain))
    return signed(claims(client_id, user_id, account_id, domains, _LONG_LIVED_SINCE, until, f"long/{user_id}"))


def base_domain(domain: str) -> str:
    """The vendor's own domain behind an account's host: amocrm.ru or kommo.com; any other counts as amocrm.ru."""
    host = domain.partition(":")[0]
    return "kommo.com" if host.endswith((".kommo.com", ".amocrm.com")) else "amocrm.ru"


def uuid(seed: str) -> str:
    """A UUID-shaped text that depends on nothing but its seed."""
    digits = blake2b(seed.encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _part(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
