"""Who could own an arriving card, rule by rule: the client's own manager, the event's, the people of its source.

Each rule answers with a person who is there now or with the reason why it has none; nothing is chosen in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from b24kit.change.operation import Reason
from b24kit.crm.pipeline import Outcome
from b24kit.matching.addresses import canonical
from b24kit.matching.phones import phones_in
from b24kit.owners.people import People
from b24kit.owners.rules import Owners, SeminarOwner, SourceOwner
from b24kit.owners.turns import Ask, Seat, Turns, Why
from b24kit.robots.answers import emails_of, phones_of
from b24kit.robots.facts import CardFacts
from b24kit.robots.history import source_of
from b24kit.robots.recognise import Recognised, recognise
from b24kit.robots.spec_routing import RoutingSpec


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who is there, and by which rule; `owner` None: the rule has nobody, and says why."""

    owner: str | None
    reason: Reason
    instead: Reason | None = None  # whom he stands in for


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One card in search of an owner."""

    facts: CardFacts
    spec: RoutingSpec
    owners: Owners
    people: People
    turns: Turns
    now: datetime

    def candidates(self) -> Iterator[Candidate]:
        """What every rule says, in the order of the playbook."""
        for rule in self.owners.spec.order:
            if rule == "known_client":
                yield from self._known_client()
            elif rule == "seminars":
                yield from self._event()
            else:
                yield self._source()

    def _known_client(self) -> Iterator[Candidate]:
        """The manager of the contact, else of the deal worked on last, else of the company."""
        facts = self.facts
        if self.owners.spec.known_client == "off":
            yield Candidate(None, Reason("robots.routing.known_off"))
            return
        known = [("known_contact", facts.contact.owner)] if facts.contact is not None and not facts.newcomer else []
        running = [deal for deal in facts.deals if deal.outcome is Outcome.OPEN and deal.ref != facts.card.ref]
        running.sort(key=lambda deal: (deal.changed is not None and deal.changed.timestamp(), deal.id), reverse=True)
        known += [("running_deal", deal.owner) for deal in running]
        known += [("known_company", facts.company.owner)] if facts.company is not None else []
        if not known:
            yield Candidate(None, Reason("robots.routing.not_known"))
        for rule, owner in known:
            if owner is not None:
                yield self._acting(owner, f"robots.routing.{rule}", {})

    def _event(self) -> Iterator[Candidate]:
        if not self.owners.seminars:
            yield Candidate(None, Reason("robots.routing.no_events"))
            return
        found = recognise(self.facts, self.owners.seminars, self.spec.typos)
        if not found:
            yield Candidate(None, Reason("robots.routing.no_event"))
        for one in found:
            facts = {"seminar": one.seminar.spec.name, "said": one.said}
            if one.runs:
                yield self._leader(one, facts)
            else:
                yield Candidate(None, Reason("robots.routing.event_over", facts))

    def _leader(self, one: Recognised, facts: dict[str, str]) -> Candidate:
        """The manager of an event, or his deputy by the table while he is away, or who stands in for them."""
        code = f"robots.routing.event_{one.sign.name.lower()}"
        seminar = one.seminar
        if not self._away_by_table(seminar):
            found = self._acting(seminar.manager.id, code, facts)
            if found.owner is not None or seminar.deputy is None:
                return found
        if seminar.deputy is None:
            return Candidate(None, Reason("robots.routing.nobody", {"user": seminar.manager.name}))
        found = self._acting(seminar.deputy.id, code, facts)
        if found.owner is None:
            return found
        names = {"user": self.people.name(found.owner), "manager": seminar.manager.name}
        return Candidate(found.owner, found.reason, Reason("robots.routing.stands_in", names))

    def _away_by_table(self, seminar: SeminarOwner) -> bool:
        return seminar.is_away(self.now.astimezone(self.people.hours(seminar.manager.id).zone).date())

    def _source(self) -> Candidate:
        source = source_of(self.facts)
        for place, one in enumerate(self.owners.sources):
            if one.code == source:
                return self._of_source(one, f"source-{place}")
        return Candidate(None, Reason("robots.routing.no_source", {"source": source or "—"}))

    def _of_source(self, one: SourceOwner, queue: str) -> Candidate:
        if one.rule.to is not None:
            return self._acting(one.people[0].id, "robots.routing.source", {"source": one.name})
        for members, team in ((one.people, one.rule.team), (one.reserve, one.rule.reserve)):
            seats = self.people.seats(members, self.now, on_shift=self.spec.hours == "next_shift")
            if team is not None and seats:
                found = self._turn(one, f"{queue}/{team}", team, seats)
                if found is not None:
                    return found
        here = self.people.seats((*one.people, *one.reserve), self.now, on_shift=False)
        code = "robots.routing.team_full" if here else "robots.routing.team_away"
        return Candidate(None, Reason(code, {"source": one.name, "team": one.rule.team or ""}))

    def _turn(self, one: SourceOwner, queue: str, team: str, seats: tuple[Seat, ...]) -> Candidate | None:
        sticky = self.spec.sticky
        ask = Ask(
            queue=queue,
            card=str(self.facts.card.ref),
            seats=seats,
            at=self.now,
            clients=client_keys(self.facts) if sticky else (),
            sticky_since=self.now - sticky,
            counted=self.people.load.at,
        )
        turn = self.turns.take(ask)
        if turn is None:
            return None
        code = "robots.routing.team_sticky" if turn.why is Why.STICKY else "robots.routing.team_turn"
        facts = {"source": one.name, "team": team, "user": self.people.name(turn.user)}
        return Candidate(turn.user, Reason(code, facts))

    def _acting(self, owner: str, code: str, facts: dict[str, str]) -> Candidate:
        """The person himself, or who stands in for him now; `code` is said of the person meant."""
        name = self.people.name(owner) or owner
        acting = self.people.stand_in(owner, self.now)
        if acting is None:
            return Candidate(None, Reason("robots.routing.nobody", {"user": name}))
        reason = Reason(code, {**facts, "user": name})
        if acting == owner:
            return Candidate(owner, reason)
        names = {"user": self.people.name(acting), "manager": name}
        return Candidate(acting, reason, Reason("robots.routing.stands_in", names))


def client_keys(facts: CardFacts) -> tuple[str, ...]:
    """What a client is recognised by when he comes again: his contact, his addresses, his numbers."""
    found = [f"contact:{facts.contact.id}"] if facts.contact is not None else []
    found += [f"email:{key}" for raw in emails_of(facts) if (key := canonical(raw)) is not None]
    found += [f"phone:{phone.number}" for raw in phones_of(facts) for phone in phones_in(raw)]
    return tuple(dict.fromkeys(found))
