"""Who may call what: incoming webhooks, tokens, scopes, application context, dismissed owners.

Rests on the vendor's pages "Inbound Webhooks", "System Errors" and "Scopes"; HTTP codes are those that its SDKs met.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from b24kit.sandbox.bitrix24 import people, service
from b24kit.sandbox.bitrix24.registry import METHODS, FakePortal, Fault, Method


@dataclass(frozen=True, slots=True)
class Caller:
    """One door into the portal: its name in logs, the employee it acts for, and what it was granted."""

    name: str
    user_id: int
    scopes: frozenset[str]
    application: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """An incoming webhook as the settings hold it. The code is a password: nothing but the control API shows it."""

    user_id: int
    code: str = field(repr=False)
    scopes: tuple[str, ...] = tuple(service.ALL_SCOPES)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Webhook:
        """From {user_id, code?, scopes?}; a code not given is made of the user's id, the same on every start."""
        user_id = int(data["user_id"])
        scopes = tuple(data.get("scopes") or service.ALL_SCOPES)
        return cls(user_id, str(data.get("code") or made_code(user_id, scopes)), scopes)

    def as_data(self) -> dict[str, Any]:
        """What `from_data` reads."""
        return {"user_id": self.user_id, "code": self.code, "scopes": list(self.scopes)}


def made_code(user_id: int, scopes: tuple[str, ...], seed: str = "sandbox") -> str:
    """A webhook code of the vendor's length. It opens a fake portal on loopback only, so it need not be secret."""
    return blake2b(f"{seed}/{user_id}/{','.join(scopes)}".encode(), digest_size=8).hexdigest()


class Doors:
    """All ways in. `tokens` is where an OAuth server would put what it gave out; nothing fills it by itself."""

    def __init__(self, webhooks: list[Webhook]) -> None:
        self.webhooks = webhooks
        self.tokens: dict[str, Caller] = {}
        self.expired: set[str] = set()

    def as_data(self) -> dict[str, Any]:
        """The settings that hold the doors."""
        return {"webhooks": [webhook.as_data() for webhook in self.webhooks]}

    def take(self, wanted: dict[str, Any]) -> None:
        """Take the own settings out of changed ones."""
        given = wanted.pop("webhooks", None)
        if given is not None:
            self.webhooks = [Webhook.from_data(data) for data in given]

    def by_webhook(self, user_id: str, code: str) -> Caller:
        """The caller behind /rest/{user_id}/{code}/."""
        for number, webhook in enumerate(self.webhooks, 1):
            if str(webhook.user_id) == user_id and webhook.code == code:
                return Caller(f"w{number}", webhook.user_id, frozenset(webhook.scopes))
        raise Fault("INVALID_CREDENTIALS", "Invalid request credentials", 401)

    def by_token(self, token: object) -> Caller:
        """The caller behind an access token of an application."""
        if not token:
            raise Fault("NO_AUTH_FOUND", "Wrong authorization data", 401)
        if str(token) in self.expired:
            raise Fault("expired_token", "The access token provided has expired.", 401)
        if str(token) not in self.tokens:
            raise Fault("invalid_token", "Unable to get application by token", 401)
        return self.tokens[str(token)]


def check_owner(portal: FakePortal, caller: Caller) -> None:
    """A webhook of a dismissed employee is dead; the owner of an empty portal need not exist."""
    if caller.user_id in portal.store["user"].rows and not people.is_active(portal, caller.user_id):
        raise Fault("authorization_error", "Unable to authorize user", 401)


def admit(portal: FakePortal, caller: Caller, name: str) -> Method:
    """The method of this name (any case), when this caller may call it."""
    found = METHODS.get(name.lower())
    if found is None:
        raise Fault("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
    if not service.opens(caller.scopes, found.scope):
        carrier = "access token" if caller.application else "webhook token"
        raise Fault("insufficient_scope", f"The request requires higher privileges than provided by the {carrier}", 401)
    if found.application_only and not caller.application:
        raise Fault("ACCESS_DENIED", "Access denied! Application context required", 403)
    if found.admin_only and portal.store["user"].rows and not people.is_admin(portal, caller.user_id):
        raise Fault("ACCESS_DENIED", "Access denied!", 403)
    return found
