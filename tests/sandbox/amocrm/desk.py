"""A desk at which tests call routes of the fake amoCRM account directly: no HTTP, no waiting, the clock in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from b24kit.sandbox.amocrm import methods, opening
from b24kit.sandbox.amocrm.registry import Answer, Call, Change, FakePortal, Problem, find
from b24kit.sandbox.amocrm.tables import tables
from b24kit.sandbox.seeds.amocrm import plant
from b24kit.sandbox.store import Row, Store
from b24kit.sandbox.wireform import parse_query

NOON = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BASE = "http://account.example"
assert methods.LOADED


@dataclass(slots=True)
class Desk:
    """One account as the vendor hands it over (administrator 1, seller 2), and everything that was announced."""

    settings: dict[str, Any] = field(default_factory=dict)
    moment: datetime = NOON
    portal: FakePortal = field(init=False)
    heard: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.portal = FakePortal(Store(tables()), lambda: self.moment, self.settings)
        self.portal.listeners.append(self.heard.append)

    def built(self) -> Desk:
        """With walls, the administrator and a seller."""
        opening.plant_walls(self.portal)
        opening.add_user(self.portal, "Ольга Продавец", "olga@portal.example")
        return self

    def planted(self, **spec: Any) -> dict[str, Any]:
        """Plant a seed and give what it tells."""
        return plant(self.portal, spec)

    def answer(
        self, verb: str, address: str, body: Any = None, *, user: int = 1, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The whole answer to a request below /api/v4, or to an address with `//` before it below the root."""
        path, _, query = address.partition("?")
        path = path[1:] if path.startswith("//") else f"/api/v4{path}"
        route, at = find(verb, path)
        call = Call(self.portal, at, parse_query(query), body, user, "tests", BASE, path, dict(headers or {}))
        return route.handler(call)

    def ask(self, verb: str, address: str, body: Any = None, *, user: int = 1) -> Any:
        """The body of an answer that must be good; None when it has none."""
        return self.answer(verb, address, body, user=user).body

    def refusal(self, verb: str, address: str, body: Any = None, *, user: int = 1) -> Problem:
        """The problem with which a request is refused; an answer fails the test."""
        try:
            found = self.answer(verb, address, body, user=user)
        except Problem as problem:
            return problem
        raise AssertionError(f"{verb} {address} answered {found.body!r}")

    def places(self, verb: str, address: str, body: Any = None) -> list[str]:
        """Paths of the validation errors with which a request is refused."""
        errors = self.refusal(verb, address, body).errors
        assert errors is not None
        return [wrong["path"] for one in errors for wrong in one["errors"]]

    def row(self, table: str, row_id: int) -> Row:
        """A row as it stands in the tables."""
        return self.portal.store[table].rows[row_id]

    def wait(self, **span: float) -> None:
        """Let the account's time pass."""
        self.moment += timedelta(**span)

    def told(self) -> list[str]:
        """What was announced since the last question: `add leads`."""
        words = [f"{change.action} {change.entity}" for change in self.heard]
        self.heard.clear()
        return words


def form(name: str = "Заявка", contact: str = "Анна", **more: Any) -> dict[str, Any]:
    """One incoming request of a site."""
    phone = {"field_code": "PHONE", "values": [{"value": "+7 912 000-00-01", "enum_code": "WORK"}]}
    inside = {"leads": [{"name": name}], "contacts": [{"name": contact, "custom_fields_values": [phone]}]}
    metadata = {"form_id": "f1", "form_name": name, "form_sent_at": 1_700_000_000}
    return {"source_name": "Сайт", "source_uid": "u1", "metadata": metadata, "_embedded": inside, **more}
