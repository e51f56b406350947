"""A fresh portal in memory whose methods are called directly, without HTTP: what the tests of handlers stand on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from b24kit.sandbox.bitrix24 import directory, methods
from b24kit.sandbox.bitrix24.registry import METHODS, Answer, Call, FakePortal, Fault
from b24kit.sandbox.bitrix24.tables import tables
from b24kit.sandbox.store import Store

ADMIN, SELLER = 1, 2
LEAD, DEAL, CONTACT, COMPANY = 1, 2, 3, 4
START = datetime(2026, 1, 20, 10, 0, tzinfo=UTC)

assert methods  # importing it registers every method


class FreshPortal:
    """The vendor's default directories, an administrator (1) and a seller without admin rights (2)."""

    def __init__(self, **settings: Any) -> None:
        self.moment = START
        self.portal = FakePortal(Store(tables()), now=lambda: self.moment, settings=dict(settings))
        directory.plant_defaults(self.portal)
        self.portal.store["user"].add({"NAME": "Анна", "ADMIN": "Y", "ACTIVE": "Y"})
        self.portal.store["user"].add({"NAME": "Олег", "ADMIN": "N", "ACTIVE": "Y"})

    def call(self, name: str, params: Mapping[str, Any] | None = None, *, user: int = ADMIN) -> Answer:
        """The whole answer of a method."""
        scopes = frozenset({"crm", "userfieldconfig"})
        return METHODS[name.lower()].handler(Call(self.portal, name, params or {}, user, scopes))

    def ask(self, name: str, params: Mapping[str, Any] | None = None, *, user: int = ADMIN) -> Any:
        """`result` of a method."""
        return self.call(name, params, user=user).result

    def refusal(self, name: str, params: Mapping[str, Any] | None = None, *, user: int = ADMIN) -> Fault:
        """The fault with which a method refuses; a test fails when it does not."""
        try:
            self.call(name, params, user=user)
        except Fault as fault:
            return fault
        raise AssertionError(f"{name} did not refuse")

    def wait(self, **span: float) -> None:
        """Let portal time pass."""
        self.moment += timedelta(**span)

    def lead(self, **fields: Any) -> int:
        """A new lead's id."""
        return int(self.ask("crm.lead.add", {"fields": {"TITLE": "Письмо", **fields}}))

    def row(self, kind: str, card_id: int) -> dict[str, Any]:
        """A card as `crm.{kind}.get` shows it."""
        shown: dict[str, Any] = self.ask(f"crm.{kind}.get", {"id": card_id})
        return shown


def mail(*addresses: str) -> list[dict[str, str]]:
    """EMAIL of a classic add."""
    return [{"VALUE": address, "VALUE_TYPE": "WORK"} for address in addresses]
