"""How a REST method of the fake Bitrix24 is written and found: a function from Call to Answer, or a raised Fault.

Files beside this one register their methods by importing `method`; `methods.py` imports them all. A handler is
synchronous, never sleeps and never speaks HTTP: limits, waiting and faults of the wire are the server's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from b24kit.sandbox.store import Store


class Fault(Exception):
    """The vendor's own refusal. `code` may be an empty string or a number, as on a real portal."""

    def __init__(self, code: str | int, text: str, status: int = 400) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text, self.status = code, text, status


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method gives: `result`, list marks, and how much work it was (for the sandbox's running-time model)."""

    result: Any
    total: int | None = None
    next: int | None = None
    items: int = 1  # pieces of work done: contacts imported, records merged; 1 for everything else
    counted: bool = False  # a list that counted its rows: costs the profile's `count` on top


@dataclass(slots=True)
class FakePortal:
    """The state behind the methods: tables, switches, and the portal's own clock."""

    store: Store
    now: Callable[[], datetime]
    settings: dict[str, Any] = field(default_factory=dict)
    domain: str = "sandbox.b24kit.invalid"


@dataclass(frozen=True, slots=True)
class Call:
    """One REST call as a handler sees it, wherever it came from: query, form, JSON or a command of a batch."""

    portal: FakePortal
    method: str
    params: Mapping[str, Any]
    user_id: int
    scopes: frozenset[str]
    application: bool = False  # True under OAuth; an incoming webhook has no application context
    client_id: str = ""  # the application's, under OAuth

    def param(self, *names: str, default: Any = None) -> Any:
        """A top-level parameter under any of its spellings (`id`, `ID`); case does not matter."""
        lowered = {str(key).lower(): value for key, value in self.params.items()}
        for name in names:
            if name.lower() in lowered:
                return lowered[name.lower()]
        return default


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Method:
    name: str
    handler: Handler
    scope: str | None  # None: open to every token
    application_only: bool
    admin_only: bool
    batchable: bool


METHODS: dict[str, Method] = {}


def method(
    name: str, *, scope: str | None = "crm", application: bool = False, admin: bool = False, batchable: bool = True
) -> Callable[[Handler], Handler]:
    """Register a handler under its documented name (looked up in lower case, as the server does)."""

    def register(handler: Handler) -> Handler:
        METHODS[name.lower()] = Method(name, handler, scope, application, admin, batchable)
        return handler

    return register
