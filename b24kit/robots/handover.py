"""Open cards of somebody who is away go to who stands in for him, and come back with him.

A card goes back only to the person it was taken from, and only while it still stands with the deputy: whatever people
decided in between stays.
"""

from __future__ import annotations

from datetime import datetime

from b24kit.change.operation import Reason
from b24kit.owners.people import People
from b24kit.robots import history
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.rules import Rules
from b24kit.robots.scripts import notice, told

RULE = "handover"


def hand_over(facts: CardFacts, people: People, now: datetime, rules: Rules) -> Decision:
    """The card to the deputy while its owner is away, and back when he is there again; a card that nothing happens to
    is looked at when an absence of its owner begins."""
    owner = facts.card.owner
    if owner is None or not history.is_open(facts):
        return Decision()
    if not people.is_here(owner, now):
        return _away(facts, people, now, rules, owner)
    lent = _lent(facts, owner)
    leaves = people.leaves_at(owner, now)
    if lent is None:
        return Decision(wake=leaves)
    first, since = lent
    if not people.is_here(first, now):
        reason = Reason("robots.handover.waits", {"user": people.name(owner), "owner": people.name(first)})
        wakes = [at for at in (people.back_at(first, now), leaves) if at is not None]
        return Decision(wake=min(wakes, default=None), because=(reason,))
    reason = Reason("robots.handover.back", {"user": people.name(first), "deputy": people.name(owner)})
    return _given(facts, rules, history.key(facts, RULE, "back", first, owner, since), first, reason)


def _away(facts: CardFacts, people: People, now: datetime, rules: Rules, owner: str) -> Decision:
    taker = people.stand_in(owner, now) or _after_dismissal(people, owner, now)
    back = people.back_at(owner, now)
    if taker is None or taker == owner:
        reason = Reason("robots.handover.nobody", {"user": people.name(owner)})
        return Decision(wake=back, because=(reason,))
    # A card lent on by a deputy who leaves in turn still belongs to whom it was first taken from.
    lent = _lent(facts, owner)
    first, since = lent if lent else (owner, _since(people, owner, now))
    if taker == first:
        reason = Reason("robots.handover.back", {"user": people.name(first), "deputy": people.name(owner)})
        return _given(facts, rules, history.key(facts, RULE, "back", first, owner, since), first, reason)
    reason = Reason("robots.handover.away", {"user": people.name(owner), "deputy": people.name(taker)})
    found = _given(facts, rules, history.key(facts, RULE, "to", first, taker, since), taker, reason)
    return Decision(found.actions, people.back_at(first, now), found.because)


def _given(facts: CardFacts, rules: Rules, key: str, to: str, reason: Reason) -> Decision:
    card = facts.card
    assign = Action(kind="assign", key=key, card=card.ref, values={"owner": to}, reason=reason)
    text = Action(kind="comment", key=f"{key}~why", card=card.ref, values=_text(rules, reason), reason=reason)
    return Decision((assign, text, notice(facts, rules, f"{key}~notice", to, reason)), because=(reason,))


def _after_dismissal(people: People, owner: str, now: datetime) -> str | None:
    """Who gets the cards of somebody who is gone for good and has no deputy: the head of his team, or who acts."""
    if people.staff.is_active(owner):
        return None
    head = people.head(owner)
    return people.stand_in(head, now) if head is not None else None


def _lent(facts: CardFacts, holder: str) -> tuple[str, str] | None:
    """From whom, and since which absence, this holder has the card on loan; None when it is his own."""
    start = history.key(facts, RULE, "to", "")
    returned = history.key(facts, RULE, "back", "")
    loans = sorted(
        (parts for one in facts.done if one.startswith(start) and len(parts := one.split("~")) == 4),
        key=lambda parts: parts[3],
        reverse=True,
    )
    for _, first, taker, since in loans:
        if taker == holder and not any(
            one.startswith(f"{returned}{first}~") and one.split("~")[3] == since for one in facts.done
        ):
            return first, since
    return None


def _since(people: People, owner: str, now: datetime) -> str:
    """The absence as it stands in a key: its first day; a dismissal has none."""
    absence = people.absences.away(owner, now.astimezone(people.hours(owner).zone).date())
    return absence.since.isoformat() if absence else "gone"


def _text(rules: Rules, reason: Reason) -> dict[str, str]:
    return {"text": told(rules, reason)}
