"""A card that arrives and a client who writes: the stage where cards of its source begin, and a word to the owner.

Both are decided from facts: a card that anybody has worked on is left where it stands, and each message is told once.
"""

from __future__ import annotations

from datetime import datetime

from b24kit.change.operation import Reason
from b24kit.crm.activity import Direction
from b24kit.robots import history
from b24kit.robots.decision import Decision
from b24kit.robots.facts import CardFacts, Touch
from b24kit.robots.people import People
from b24kit.robots.rules import Rules
from b24kit.robots.scripts import move, notice


def decide_entrance(facts: CardFacts, rules: Rules, _people: People, _now: datetime) -> Decision:
    """The stage where cards of this source begin; nothing once the card has moved or somebody has spoken."""
    untouched = len(history.way(facts)) <= 1 and all(touch.direction is Direction.IN for touch in facts.touches)
    for spec in rules.cadence.entrance if history.is_open(facts) and untouched else ():
        found = rules.stage(facts.ladder, spec.to)
        if not rules.covers(spec, facts) or found is None or found.code == facts.card.stage:
            continue
        if facts.card.stage in rules.codes(facts.ladder, spec.stages):
            reason = Reason("robots.arrival.entrance", {"source": history.source_of(facts), "stage": found.name})
            action = move(facts, history.key(facts, "entrance", facts.card.stage), found.code, reason)
            return Decision((action,) if action.key not in facts.done else (), None, (reason,))
    return Decision()


def decide_heard(facts: CardFacts, rules: Rules, _people: People, now: datetime) -> Decision:
    """A word to the owner about each message of the client that is new and not answered yet."""
    owner = facts.card.owner
    spec = next((one for one in rules.cadence.heard if rules.covers(one, facts)), None)
    if spec is None or owner is None or not history.is_open(facts):
        return Decision()
    if facts.card.stage not in rules.codes(facts.ladder, spec.stages):
        return Decision()
    reason = Reason("robots.arrival.heard", {"card": facts.card.title or str(facts.card.ref)})
    keys = [history.key(facts, "heard", str(touch.ref)) for touch in _unanswered(facts) if now - touch.at < spec.fresh]
    return Decision(tuple(notice(facts, rules, key, owner, reason) for key in keys if key not in facts.done))


def _unanswered(facts: CardFacts) -> list[Touch]:
    last = max((touch.at for touch in facts.touches if touch.direction is Direction.OUT), default=None)
    return [one for one in facts.touches if one.direction is Direction.IN and (last is None or one.at > last)]
