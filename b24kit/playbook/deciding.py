"""A playbook's robots made ready for one portal: one function from facts to a decision, its people kept fresh.

Stages, people and counts of open cards are read again every few minutes, so a person who was dismissed or a stage
that was added does not wait for a restart.
"""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Protocol

from b24kit.clock import Clock
from b24kit.crm.absence import Absence, TellsAbsences
from b24kit.crm.portal import Portal, Where
from b24kit.errors import UsageError
from b24kit.owners.people import Load, People, people_of
from b24kit.owners.rules import Owners, resolve
from b24kit.owners.staff import Staff
from b24kit.owners.turns import Dealer, Turns
from b24kit.playbook.dialects import (
    demanded,
    dialect_of,
    labels_of,
    with_aliases,
    with_failures,
    with_places,
    working,
)
from b24kit.playbook.ruleset import gates_with_ladders, names_on
from b24kit.playbook.schema import Playbook
from b24kit.robots.decide import Rule, decide
from b24kit.robots.decision import Decision
from b24kit.robots.dialect import Dialect
from b24kit.robots.facts import CardFacts
from b24kit.robots.intake import decide_intake
from b24kit.robots.posting import Posting
from b24kit.robots.routing import Routing, routing_rule
from b24kit.robots.rules import Rules

FRESH = timedelta(minutes=5)
_LOOK_BACK, _LOOK_AHEAD = timedelta(days=1), timedelta(days=92)


class Deciding(Protocol):
    """Rules made ready for a portal."""

    def __call__(self, facts: CardFacts, now: datetime) -> Decision: ...

    def away(self) -> frozenset[str] | None:
        """Ids of those whose open cards go to others now, the dismissed among them; None where cards stay."""


def decider(
    playbook: Playbook, portal: Portal, clock: Clock, turns: Turns | None = None, *, sends: bool = False
) -> Deciding:
    """The rules of a playbook on a portal. Without `turns` they are dealt in memory and forgotten with it.

    `sends`: the command, too, lets messages leave; the playbook alone arms nothing.
    """
    return _Deciding(playbook, portal, clock, turns or Dealer(), sends=sends)


def posting(playbook: Playbook, portal: Portal) -> Posting:
    """How messages leave this portal, for a command that lets them; UsageError for a playbook that does not."""
    if playbook.send != "armed":
        raise UsageError("robots.not_armed", playbook=playbook.name)
    return Posting(
        spec=playbook.sending,
        sends=portal.capabilities.sends,
        zone=timezone(timedelta(minutes=portal.facts().utc_offset_minutes)),
        users=portal.users,
        fields=playbook.gates.fields,
        language=playbook.language,
    )


def payment_numbers(playbook: Playbook) -> tuple[str, ...]:
    """The fields of cards in which the number that a payment names is looked for."""
    datum = playbook.payments.number
    return () if datum is None else (*playbook.gates.fields.get(datum, ()), datum)


class _Deciding:
    def __init__(self, playbook: Playbook, portal: Portal, clock: Clock, turns: Turns, *, sends: bool) -> None:
        self._sends = sends
        self._playbook, self._portal, self._clock, self._turns = playbook, portal, clock, turns
        self._lock = threading.Lock()
        self._read: datetime | None = None
        self._rules, self._people, self._owners, self._dialect = self._ask()

    def __call__(self, facts: CardFacts, now: datetime) -> Decision:
        rules, people, owners, dialect = self._known()
        facts = dialect.heard(facts)
        if facts.arriving is not None:  # nothing else is decided about a card that nobody has taken in
            book = self._playbook.routing
            owner = people.anyone(now)
            found = Decision() if book is None else decide_intake(facts, rules, book, owner, now)
            return dialect.said(found, facts)
        first: tuple[Rule, ...] = ()
        if self._playbook.routing is not None:
            routing = Routing(spec=self._playbook.routing, owners=owners, rules=rules)
            first = (routing_rule(routing, people, self._turns),)
        return dialect.said(decide(facts, rules, people, now, first), facts)

    def away(self) -> frozenset[str] | None:
        if self._playbook.routing is None or not self._playbook.routing.hand_over:
            return None
        _, people, _, _ = self._known()
        now = self._clock.now()
        return frozenset(user.id for user in people.staff.users if not people.is_here(user.id, now))

    def _known(self) -> tuple[Rules, People, Owners, Dialect]:
        with self._lock:
            if self._read is None or self._clock.now() - self._read >= FRESH:
                self._rules, self._people, self._owners, self._dialect = self._ask()
            return self._rules, self._people, self._owners, self._dialect

    def _ask(self) -> tuple[Rules, People, Owners, Dialect]:
        portal, book = self._portal, self._playbook
        facts = portal.facts()
        staff = Staff.of(portal.users(), portal.teams(), portal.capabilities)
        owners = resolve(book.owners, staff, portal.sources(), facts, strict=False)
        people = people_of(book.people, staff, owners.last, facts, self._told(staff, facts.now), self._load())
        stages, pipelines = tuple(working(portal.stages(), portal)), tuple(portal.pipelines())
        names = names_on(book, stages, pipelines, portal.capabilities)
        dialect = dialect_of(book, portal, stages, names)
        gates = with_places(gates_with_ladders(book), book, dialect)
        rules = Rules(
            language=book.language,
            stages=with_failures(stages, dialect),
            pipelines=pipelines,
            aliases=with_aliases(names, book, dialect),
            known_as=names.pipelines,
            sla=book.sla,
            cadence=book.cadence,
            gates=gates,
            spawn=book.spawn,
            payments=book.payments,
            native_gates=demanded(gates, book, dialect, portal.gates())
            if portal.capabilities.native_gates
            else frozenset(),
            armed=self._sends and book.send == "armed",
            labels=labels_of(gates, book, dialect),
        )
        self._read = self._clock.now()
        return rules, people, owners, dialect

    def _told(self, staff: Staff, now: datetime) -> list[Absence]:
        """Who is away by the portal's own calendar, yesterday's other time zones included."""
        if not isinstance(self._portal, TellsAbsences):
            return []
        working = [user.id for user in staff.users if user.active]
        return self._portal.absences(working, now.date() - _LOOK_BACK, now.date() + _LOOK_AHEAD)

    def _load(self) -> Load | None:
        """Open cards by owner, counted only where a cap asks for them: that is a walk over all of them."""
        spec = self._playbook.people
        if spec.cap is None and not any(one.cap is not None for one in spec.shares):
            return None
        at = self._clock.now()
        where = Where(open_only=True)
        owners = [lead.owner for lead in self._portal.leads(where)] if self._portal.facts().leads_on else []
        owners += [deal.owner for deal in self._portal.deals(where)]
        return Load(dict(Counter(owner for owner in owners if owner)), at)
