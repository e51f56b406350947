"""How a route of the fake amoCRM is written and found: a function from Call to Answer, or a raised Problem.

Files beside this one register their handlers by `route`; `methods.py` imports them all. A handler is synchronous,
never sleeps and never speaks HTTP: limits, waiting and faults of the wire are the server's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from b24kit.sandbox.store import Row, Store

API = "/api/v4"
ENTITIES = ("leads", "contacts", "companies")
# What may stand in a path: `{entity}` one of the three, `{uid}`, `{code}` and `{key}` any text, all others digits.
_PLACES = {"entity": "|".join(ENTITIES), "uid": "[^/]+", "code": "[^/]+", "key": "[^/]+"}


class Problem(Exception):
    """The vendor's own refusal: an `application/problem+json` body, with `validation-errors` where there are any."""

    def __init__(
        self, status: int, detail: str, *, title: str | None = None, errors: list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(f"{status}: {detail}")
        self.status, self.detail, self.title, self.errors = status, detail, title, errors


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives. `body` None means zero bytes; `items` are the pieces of work it was (rows read, written).

    `kind` is another content type for an answer that is no JSON (then `body` is its text); `location` redirects.
    """

    body: Any = None
    status: int = 200
    items: int = 1
    kind: str | None = None
    location: str | None = None


NOTHING = Answer(None, 204)  # an empty list, an unknown card, a deletion done: no body at all


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the data, told to whoever listens (webhooks); `before` holds old values where they are told.

    `action` is the vendor's word of a webhook's settings without the entity: add, update, delete, status, ...
    """

    action: str
    entity: str  # leads, contacts, companies, tasks, unsorted, notes
    row_id: int
    user_id: int
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class FakePortal:
    """The state behind the handlers: tables, switches, the account's own clock, and who listens to changes."""

    store: Store
    now: Callable[[], datetime]
    settings: dict[str, Any] = field(default_factory=dict)
    domain: str = "sandbox.b24kit.invalid"
    listeners: list[Callable[[Change], None]] = field(default_factory=list)

    def unix(self) -> int:
        """The account's time in whole seconds, as all its timestamps are."""
        return int(self.now().timestamp())

    def announce(self, change: Change) -> None:
        """Tell a change to all listeners; they must not change data themselves."""
        for listener in self.listeners:
            listener(change)

    @property
    def account_id(self) -> int:
        """The number of the account."""
        return int(self.settings.get("account_id", 31_000_001))


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a handler sees it: `at` the words and numbers of its path, `query` with brackets decoded.

    `user_id` is whom the token acts for; `integration` who asks; `base` the address that links are made with;
    `path` the request's path without the query.
    """

    portal: FakePortal
    at: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any
    user_id: int
    integration: str
    base: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        """The tables."""
        return self.portal.store

    @property
    def entity(self) -> str:
        """leads, contacts or companies, from a path with `{entity}`."""
        return self.at["entity"]

    def number(self, name: str = "id") -> int:
        """A number of the path."""
        return int(self.at[name])

    def row(self, table: str, name: str = "id") -> Row | None:
        """The row that a number of the path names, or None."""
        return self.store[table].get(self.number(name))

    def has(self, word: str) -> bool:
        """Whether `with=` names a word."""
        return word in _words(str(self.query.get("with") or ""))


@lru_cache(maxsize=256)
def _words(text: str) -> frozenset[str]:
    return frozenset(text.replace(" ", "").split(","))


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One address with its handler. `name` is what faults, work profiles and logs know it by: `PATCH /leads/{id}`."""

    verb: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler
    open: bool  # answers without a token

    def name(self, at: Mapping[str, str]) -> str:
        """The route's name, with the entity that was asked for."""
        shown = self.template.replace("{entity}", at.get("entity", "{entity}"))
        return f"{self.verb} {shown.removeprefix(API)}"


ROUTES: list[Route] = []


def route(verb: str, *templates: str, everybody: bool = False, api: bool = True) -> Callable[[Handler], Handler]:
    """Register a handler under paths below /api/v4 (below the root with `api=False`).

    The exact address wins over one with a place to fill. `everybody` answers without a token.
    """

    def register(handler: Handler) -> Handler:
        for template in templates:
            whole = f"{API}{template}" if api else template
            ROUTES.append(Route(verb, whole, _pattern(whole), handler, everybody))
        ROUTES.sort(key=lambda one: one.template.count("{"))
        return handler

    return register


def find(verb: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a request with what its path names; a Problem 404 or 405 when there is none."""
    verbs = set()
    for one in ROUTES:
        found = one.pattern.fullmatch(path)
        if found is None:
            continue
        if one.verb == verb:
            return one, found.groupdict()
        verbs.add(one.verb)
    if verbs:
        raise Problem(405, "Method Not Allowed")
    raise Problem(404, f"Cannot {verb} {path}")


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    text = "".join(
        f"(?P<{part}>{_PLACES.get(part, '[0-9]+')})" if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    )
    return re.compile(text + "/?")
