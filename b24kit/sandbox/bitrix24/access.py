"""Who may call what: incoming webhooks, tokens, scopes, application context, dismissed owners.

Rests on the vendor's pages "Inbound Webhooks", "System Errors" and "Scopes"; HTTP codes are those that its SDKs met.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from b24kit.sandbox.bitrix24 import people, service
from b24kit.sandbox.bitrix24.applications import Application, Grants, Outgoing
from b24kit.sandbox.bitrix24.registry import METHODS, FakePortal, Fault, Method


@dataclass(frozen=True, slots=True)
class Caller:
    """One door into the portal: its name in logs, the employee it acts for, and what it was granted."""

    name: str
    user_id: int
    scopes: frozenset[str]
    application: bool = False
    client_id: str = ""


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
    """All ways in and out: incoming webhooks, installed applications, and webhooks to the outside made by hand."""

    def __init__(self, webhooks: list[Webhook], grants: Grants) -> None:
        self.webhooks, self.grants = webhooks, grants
        self.applications: list[Application] = []
        self.outgoing: list[Outgoing] = []
        self.on_application: Callable[[Application], None] = lambda _: None  # hears of one that was just added

    def as_data(self) -> dict[str, Any]:
        """The settings that hold the doors."""
        return {
            "webhooks": [webhook.as_data() for webhook in self.webhooks],
            "applications": [one.as_data() for one in self.applications],
            "outgoing_webhooks": [one.as_data() for one in self.outgoing],
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """The applications and outgoing webhooks of a kept portal."""
        self.applications = [Application.from_data(one) for one in data.get("applications", ())]
        self.outgoing = [Outgoing.from_data(one) for one in data.get("outgoing_webhooks", ())]

    def take(self, wanted: dict[str, Any]) -> None:
        """Take the own settings out of changed ones. An application that is new is installed, one left out removed."""
        given = wanted.pop("webhooks", None)
        if given is not None:
            self.webhooks = [Webhook.from_data(data) for data in given]
        outgoing = wanted.pop("outgoing_webhooks", None)
        if outgoing is not None:
            self.outgoing = [Outgoing.from_data(data) for data in outgoing]
        applications = wanted.pop("applications", None)
        if applications is not None:
            known = {one.client_id for one in self.applications}
            self.applications = [Application.from_data(data) for data in applications]
            self.grants.keep_only({one.client_id for one in self.applications})
            for one in self.applications:
                if one.client_id not in known:
                    self.on_application(one)

    def application(self, client_id: str) -> Application | None:
        """The installed application of this id."""
        return next((one for one in self.applications if one.client_id == client_id), None)

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
        row = self.grants.by_access(str(token))
        application = None if row is None else self.application(row["APP"])
        if row is None or application is None:
            raise Fault("invalid_token", "Unable to get application by token", 401)
        if self.grants.is_over(row["EXPIRES"]):
            raise Fault("expired_token", "The access token provided has expired.", 401)
        scopes = frozenset(application.scopes)
        return Caller(f"a:{application.client_id}", int(row["USER_ID"]), scopes, True, application.client_id)


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
