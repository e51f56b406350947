"""A counter at which tests call handlers of the fake portal directly: no HTTP, no waiting, the clock in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from b24kit.sandbox.bitrix24 import cards, methods
from b24kit.sandbox.bitrix24.registry import METHODS, Answer, Call, FakePortal, Fault
from b24kit.sandbox.bitrix24.tables import tables
from b24kit.sandbox.seeds import plant
from b24kit.sandbox.store import Store

NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # noon in the portal's zone
SCOPES = frozenset({"crm", "user", "task", "im", "bizproc", "department"})
assert methods.LOADED


@dataclass(slots=True)
class Counter:
    """One portal and one caller; `user_id` is the webhook's owner."""

    user_id: int = 1
    scopes: frozenset[str] = SCOPES
    moment: datetime = NOON
    portal: FakePortal = field(init=False)

    def __post_init__(self) -> None:
        self.portal = FakePortal(Store(tables()), lambda: self.moment)

    def planted(self, **spec: Any) -> dict[str, Any]:
        """Plant a seed and give what it tells."""
        return plant(self.portal, spec)

    def answer(self, method: str, params: Mapping[str, Any] | None = None, **named: Any) -> Answer:
        """The whole answer of a method."""
        call = Call(self.portal, method, {**(params or {}), **named}, self.user_id, self.scopes)
        return METHODS[method.lower()].handler(call)

    def ask(self, method: str, params: Mapping[str, Any] | None = None, **named: Any) -> Any:
        """What stands under `result`."""
        return self.answer(method, params, **named).result

    def refusal(self, method: str, params: Mapping[str, Any] | None = None, **named: Any) -> tuple[str | int, str]:
        """Code and text with which a method refuses; an answer fails the test."""
        try:
            found = self.answer(method, params, **named)
        except Fault as fault:
            return fault.code, fault.text
        raise AssertionError(f"{method} answered {found.result!r}")

    def card(self, type_id: int, **fields: Any) -> int:
        """A new card without robots."""
        return cards.create(self.portal, type_id, fields, self.user_id, robots=False)

    def wait(self, **time: float) -> None:
        """Let portal time pass (days=, hours=...)."""
        self.moment += timedelta(**time)
