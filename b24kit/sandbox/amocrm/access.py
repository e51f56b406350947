"""Who may call: bearer tokens of integrations, long-lived ones from the settings and those that OAuth gave out.

Rests on the vendor's pages "OAuth 2.0" and "Scopes": a missing, expired or revoked token is a plain 401.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from b24kit.sandbox.amocrm import jwt
from b24kit.sandbox.amocrm.integrations import is_disabled
from b24kit.sandbox.amocrm.registry import FakePortal, Problem

REFUSED = "Invalid user name or password"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the name of the token in logs, the integration whose limit it lives by, the employee it acts for."""

    name: str
    integration: str
    user_id: int
    scopes: frozenset[str] = frozenset({"crm"})


@dataclass(frozen=True, slots=True)
class Token:
    """A long-lived token as the settings hold it. It is a password: nothing but the control API shows it."""

    user_id: int
    token: str = field(repr=False)
    integration: str
    expires_at: int | None = None  # unix seconds; None: never
    scopes: tuple[str, ...] = ("crm",)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Token:
        """From {user_id, token?, integration?, expires_at?, scopes?}; what is not given is made, alike every time."""
        user_id, integration = int(data["user_id"]), str(data.get("integration") or "integration-1")
        token = str(data.get("token") or made_token(user_id, integration, data.get("expires_at")))
        return cls(user_id, token, integration, data.get("expires_at"), tuple(data.get("scopes") or ("crm",)))

    def as_data(self) -> dict[str, Any]:
        """What `from_data` reads."""
        return {
            "user_id": self.user_id, "token": self.token, "integration": self.integration,
            "expires_at": self.expires_at, "scopes": list(self.scopes),
        }  # fmt: skip


def made_token(user_id: int, integration: str, expires_at: int | None = None) -> str:
    """A long-lived token for a fake account on loopback; it need not be secret."""
    return jwt.long_lived(integration, user_id, "sandbox.b24kit.invalid", 31_000_001, expires_at)


class Doors:
    """All ways in: `tokens` from the settings, and the rows of table `token` that OAuth wrote."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = list(tokens)

    def as_data(self) -> dict[str, Any]:
        """The settings that hold the doors."""
        return {"tokens": [token.as_data() for token in self.tokens]}

    def take(self, wanted: dict[str, Any]) -> None:
        """Take the own settings out of changed ones."""
        given = wanted.pop("tokens", None)
        if given is not None:
            self.tokens = [Token.from_data(data) for data in given]

    def open(self, portal: FakePortal, header: str | None) -> Caller:
        """The caller behind an Authorization header; a Problem 401 when it opens nothing."""
        kind, _, token = (header or "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise Problem(401, REFUSED, title="Unauthorized")
        caller = self._long_lived(token.strip(), portal.unix()) or self._issued(portal, token.strip())
        if caller is None or is_disabled(portal, caller.integration):
            raise Problem(401, REFUSED, title="Unauthorized")
        return caller

    def _long_lived(self, token: str, now: int) -> Caller | None:
        for number, one in enumerate(self.tokens, 1):
            if one.token == token and (one.expires_at is None or now < one.expires_at):
                return Caller(f"t{number}", one.integration, one.user_id, frozenset(one.scopes))
        return None

    @staticmethod
    def _issued(portal: FakePortal, token: str) -> Caller | None:
        """Rows of `token`: {access, integration, user_id, expires_at, scopes?, revoked?}."""
        for row_id in portal.store["token"].find("access", token):
            row = portal.store["token"].rows[row_id]
            if not row.get("revoked") and portal.unix() < row["expires_at"]:
                scopes = frozenset(row.get("scopes") or ["crm"])
                return Caller(f"o{row_id}", row["integration"], row["user_id"], scopes)
        return None


def acting(portal: FakePortal, user_id: int, named: str | None) -> int:
    """In whose name a request works: an administrator's token may name a user, any other header is passed over."""
    users = portal.store["user"]
    owner = users.get(user_id)
    if named is None or not named.isdecimal() or owner is None or not owner.get("is_admin"):
        return user_id
    return int(named) if users.get(int(named)) else user_id
