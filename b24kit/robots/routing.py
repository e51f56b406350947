"""An arriving card gets its owner: by client, by event, by source, else the head's queue; and says why on the card.

`route` is pure but for the turns it takes, and a turn is remembered by card: the same facts give the same decision.
A card is dealt out once. What a person decides afterwards stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from b24kit.change.operation import Reason
from b24kit.crm.cards import Lead
from b24kit.owners.people import People
from b24kit.owners.rules import Owners
from b24kit.owners.turns import Turns
from b24kit.robots import history
from b24kit.robots.candidates import Candidate, Search
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.handover import hand_over
from b24kit.robots.rules import Rules
from b24kit.robots.scripts import move, notice, told
from b24kit.robots.spec_routing import RoutingSpec

RULE = "routing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """The `routing:` section with everybody it names found on the portal, over the portal's ladders."""

    spec: RoutingSpec
    owners: Owners
    rules: Rules

    def takes(self, facts: CardFacts) -> bool:
        """Whether the card stands where cards arrive."""
        if not history.is_open(facts) or self.rules.ladder(self.spec.pipeline) != facts.ladder:
            return False
        created = facts.card.created
        if self.spec.since is not None and created is not None and created.date() < self.spec.since:
            return False
        return facts.card.stage in self._intake(facts.ladder)

    def _intake(self, ladder: str) -> frozenset[str]:
        if self.spec.intake:
            return self.rules.codes(ladder, self.spec.intake)
        return frozenset(stage.code for stage in self.rules.on(ladder)[:1])


def routing_rule(routing: Routing, people: People, turns: Turns) -> Callable[..., Decision]:
    """The rule that goes before all others of `decide`: (facts, rules, people, now) -> Decision."""

    def rule(facts: CardFacts, _rules: object, _people: object, now: datetime) -> Decision:
        return route(facts, routing, people, turns, now)

    return rule


def route(facts: CardFacts, routing: Routing, people: People, turns: Turns, now: datetime) -> Decision:
    """Who owns a card that arrived, why, and what follows; `because` names every rule tried and why not."""
    if not routing.takes(facts):
        return hand_over(facts, people, now, routing.rules) if routing.spec.hand_over else Decision()
    if _is_dealt(facts):
        lent = hand_over(facts, people, now, routing.rules) if routing.spec.hand_over else Decision()
        done = Reason("robots.routing.done", {"user": people.name(facts.card.owner)})
        return lent if lent.because else Decision(wake=lent.wake, because=(done,))
    heads = _heads(facts)
    if heads:
        return _from_queue(facts, routing, people, heads, now)
    if history.source_of(facts) in routing.spec.stay and people.is_here(facts.card.owner, now):
        kept = Candidate(facts.card.owner, Reason("robots.routing.stays", {"user": people.name(facts.card.owner)}))
        return Decision(tuple(_assign(facts, routing, kept)), because=(kept.reason,))
    tried: list[Reason] = []
    search = Search(facts=facts, spec=routing.spec, owners=routing.owners, people=people, turns=turns, now=now)
    for one in search.candidates():
        tried.append(one.reason)
        if one.owner is not None:
            because = (*tried, *((one.instead,) if one.instead else ()))
            return Decision(tuple(_assign(facts, routing, one)), because=because)
    return _to_queue(facts, routing, people, now, tuple(tried))


def _assign(facts: CardFacts, routing: Routing, one: Candidate) -> Iterator[Action]:
    """The owner, the stage, the client's card, the reason on the card and a word to the owner: what is not so yet."""
    card = facts.card
    if one.owner != card.owner:
        values = {"owner": one.owner} | ({"with_contact": True} if facts.newcomer else {})
        yield Action(kind="assign", key=_key(facts, "owner"), card=card.ref, values=values, reason=one.reason)
    stage = _assigned(routing, facts)
    if stage is not None and stage != card.stage:
        yield move(facts, _key(facts, "stage"), stage, one.reason)
    if routing.spec.link:
        yield from _linked(facts)
    told_by = routing.rules
    if one.owner and routing.spec.notify and one.owner != card.owner:
        fresh = Reason("robots.routing.notice", {"card": card.title or str(card.ref), "why": told(told_by, one.reason)})
        yield notice(facts, told_by, _key(facts, "notice"), one.owner, fresh)
    yield from _said(facts, routing, "why", *(reason for reason in (one.reason, one.instead) if reason is not None))


def _linked(facts: CardFacts) -> Iterator[Action]:
    """A card of a known client is bound to him; the portal may then mark the lead as a repeat one, which is final.

    Where every inquiry brings a contact of its own, the known one takes its place.
    """
    contact = facts.contact
    if isinstance(facts.card, Lead) and contact is not None and facts.card.contact != contact.id:
        reason = Reason("robots.routing.linked", {"contact": str(contact.name) or contact.title or contact.id})
        values = {"contact": contact.id}
        yield Action(kind="fill", key=_key(facts, "client"), card=facts.card.ref, values=values, reason=reason)


def _said(facts: CardFacts, routing: Routing, occasion: str, *reasons: Reason) -> Iterator[Action]:
    """A comment on the card in the words of these reasons."""
    if routing.spec.comment:
        text = ". ".join(told(routing.rules, reason).rstrip(".") for reason in reasons)
        key = _key(facts, occasion)
        yield Action(kind="comment", key=key, card=facts.card.ref, values={"text": text}, reason=reasons[0])


def _assigned(routing: Routing, facts: CardFacts) -> str | None:
    """The code of the stage "Manager assigned"; None where no move is wanted, or the portal has no such stage."""
    if routing.spec.assigned is None:
        return None
    found = routing.rules.stage(facts.ladder, routing.spec.assigned)
    return None if found is None else found.code


def _to_queue(facts: CardFacts, routing: Routing, people: People, now: datetime, tried: tuple[Reason, ...]) -> Decision:
    """The head gets the card to assign by hand, with a deadline of his own; it stays where it arrived."""
    head = people.anyone(now)
    due = _due(facts, routing, people, head, now)
    reason = Reason("robots.routing.queue", {"user": people.name(head), "due": _local(due, people, head)})
    actions: list[Action] = []
    card = facts.card
    if card.owner != head:
        key = _key(facts, "queue", head, "owner")
        actions.append(Action(kind="assign", key=key, card=card.ref, values={"owner": head}, reason=reason))
    title = told(routing.rules, Reason("robots.routing.task", {"card": card.title or str(card.ref)}))
    why = [told(routing.rules, one) for one in tried]
    values = {"title": title, "text": "\n".join(why), "owner": head, "deadline": due.isoformat()}
    actions.append(Action(kind="task", key=_key(facts, "queue", head), card=card.ref, values=values, reason=reason))
    actions += _said(facts, routing, "queued", reason, *tried)
    return Decision(tuple(actions), wake=max(due, now), because=(*tried, reason))


def _from_queue(facts: CardFacts, routing: Routing, people: People, heads: tuple[str, ...], now: datetime) -> Decision:
    """A queued card: assigned by hand it goes on by itself; not assigned in time the head above hears of it.

    A head who went away meanwhile hands his queue to who acts for him.
    """
    owner = facts.card.owner
    if owner is not None and owner not in heads:
        by_hand = Candidate(owner, Reason("robots.routing.by_hand", {"user": people.name(owner)}))
        return Decision(tuple(_assign(facts, routing, by_hand)), because=(by_hand.reason,))
    head = owner or heads[0]
    if not people.is_here(head, now) and people.anyone(now) not in heads:
        away = Reason("robots.routing.nobody", {"user": people.name(head)})
        return _to_queue(facts, routing, people, now, (away,))
    due = _task_deadline(facts, head) or _due(facts, routing, people, head, now)
    waiting = {"user": people.name(head), "due": _local(due, people, head)}
    if now < due:
        return Decision(wake=due, because=(Reason("robots.routing.waits", waiting),))
    late = Reason("robots.routing.late", {**waiting, "card": facts.card.title or str(facts.card.ref)})
    told_to = dict.fromkeys(user for user in (head, people.head(head)) if user)
    keys = [(user, _key(facts, "late", user)) for user in told_to]
    actions = [notice(facts, routing.rules, key, user, late) for user, key in keys if key not in facts.done]
    return Decision(tuple(actions), because=(late,))


def _due(facts: CardFacts, routing: Routing, people: People, head: str, now: datetime) -> datetime:
    """Counted from the card's arrival; a card found late gives the head his time from now."""
    hours, within = people.hours(head), routing.spec.queue.within
    arrived = history.entered(facts) or facts.card.created or now
    due = hours.add(arrived, within)
    return due if due > now else hours.add(now, within)


def _task_deadline(facts: CardFacts, head: str) -> datetime | None:
    key = _key(facts, "queue", head)
    return next((task.deadline for task in facts.tasks if task.marker == key), None)


def _is_dealt(facts: CardFacts) -> bool:
    """Whether this card had its owner, stage or reason from us before: it is dealt out once."""
    return any(_key(facts, occasion) in facts.done for occasion in ("owner", "stage", "why"))


def _heads(facts: CardFacts) -> tuple[str, ...]:
    """Those in whose queue the card was put, by the keys of what was done."""
    start = _key(facts, "queue", "")
    return tuple(sorted({key.removeprefix(start).partition("~")[0] for key in facts.done if key.startswith(start)}))


def _local(at: datetime, people: People, user: str) -> str:
    return f"{at.astimezone(people.hours(user).zone):%d.%m.%Y %H:%M}"


def _key(facts: CardFacts, *occasion: str) -> str:
    return history.key(facts, RULE, *occasion)
