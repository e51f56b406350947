"""Messages that wait to be taken in, where a portal keeps them apart from leads: what becomes of each.

A new writer is taken in, once a person; what more of his waits comes after it. A letter of a known client is no new
client: it is copied to what he has open, and turned down; a chat joins his open card. Forms and calls are taken in
always, since turning them down would lose their fields; routing then hangs the lead on the known client.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from b24kit.change.operation import Reason
from b24kit.crm.incoming import Category, Incoming
from b24kit.crm.refs import Ref
from b24kit.crm.watch import Arriving
from b24kit.robots import history
from b24kit.robots.decision import Action, Decision
from b24kit.robots.dialect import TAKEN
from b24kit.robots.facts import CardFacts
from b24kit.robots.rules import Rules
from b24kit.robots.scripts import inert, told
from b24kit.robots.spec_routing import RoutingSpec

_AGAIN = timedelta(minutes=1)


def decide_intake(facts: CardFacts, rules: Rules, spec: RoutingSpec, owner: str, now: datetime) -> Decision:
    """What becomes of the message that this card waits for; nothing of another pipeline than routing's.

    `owner` is who has the card until routing gives it to somebody, in the same minute.
    """
    found = facts.arriving
    ladder = rules.ladder(spec.pipeline)
    if found is None or found.incoming is None or not spec.take_in or ladder != facts.ladder:
        return Decision()
    one = found.incoming
    if found.behind and not found.clients:
        return Decision(wake=now + _AGAIN, because=(Reason("robots.intake.behind", _facts(one)),))
    if one.category is Category.CHATS and found.cards:
        return _linked(facts, rules, found, one)
    if one.category is Category.MAIL and found.clients:
        return _copied(facts, rules, found, one)
    stage = rules.intake(ladder, spec.intake)
    if stage is None:
        return Decision(because=(Reason("robots.intake.no_stage", _facts(one)),))
    reason = Reason("robots.intake.accepted", _facts(one))
    values: dict[str, object] = {"how": "accept", "uid": one.id, "stage": stage, "owner": owner}
    form = [str(one.extra.get("form_id") or ""), one.subject] if one.category is Category.FORMS else []
    return _done(facts, one, "~".join(["accept", *form]), values, reason)  # which form it was, nothing else remembers


def _linked(facts: CardFacts, _rules: Rules, found: Arriving, one: Incoming) -> Decision:
    card = found.cards[0]
    reason = Reason("robots.intake.linked", {**_facts(one), "card": str(card)})
    contact = next((ref.id for ref in found.clients if ref.kind.value == "contact"), None)
    return _done(facts, one, "link", {"how": "link", "uid": one.id, "card": str(card), "contact": contact}, reason)


def _copied(facts: CardFacts, rules: Rules, found: Arriving, one: Incoming) -> Decision:
    """The letter's words as a comment where the client's work goes on; once they stand there the letter is binned."""
    copied = history.key(facts, TAKEN, one.category.value, "copied")
    place: Ref = next(iter(found.cards), found.clients[0])
    reason = Reason("robots.intake.copied", {**_facts(one), "card": str(place)})
    at = one.created.strftime("%d.%m.%Y %H:%M") if one.created is not None else ""
    letter = {"from": inert(f"{one.sender_name} {one.sender_address}".strip()), "subject": inert(one.subject)}
    text = told(rules, Reason("robots.intake.letter", {**letter, "at": at, "text": inert(one.summary)}))
    values = {"place": str(place), "text": text}
    if copied not in facts.done:
        return Decision((Action(kind="comment", key=copied, card=facts.card.ref, values=values, reason=reason),))
    return _done(facts, one, "decline", {"how": "decline", "uid": one.id}, reason)


def _done(facts: CardFacts, one: Incoming, how: str, values: dict[str, object], reason: Reason) -> Decision:
    key = history.key(facts, TAKEN, one.category.value, how)
    action = Action(kind="take_in", key=key, card=facts.card.ref, values=values, reason=reason)
    return Decision((action,) if key not in facts.done else (), None, (reason,))


def _facts(one: Incoming) -> dict[str, object]:
    return {"from": inert(one.sender_address or one.sender_phone or one.sender_name), "subject": inert(one.subject)}
