"""To-dos of ours that are over: the attempt was made, the client spoke, or the card went on. Robots tick those off.

A person's own tasks, and ours that he ticked off himself, are left alone. Ticking off counts for nothing: attempts are
counted from what really happened.
"""

from __future__ import annotations

from datetime import datetime

from b24kit.change.operation import Reason
from b24kit.crm.refs import Kind
from b24kit.robots import history
from b24kit.robots.attempts import Course, course
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts, OpenTask
from b24kit.robots.moments import stamp
from b24kit.robots.people import People
from b24kit.robots.rules import Rules
from b24kit.robots.spec_words import CHANNEL_OF


def decide_tidy(facts: CardFacts, rules: Rules, _people: People, _now: datetime) -> Decision:
    """Tick off what no attempt needs any more."""
    ours = [one for one in facts.tasks if not one.done and one.ref.kind is Kind.TODO and _is_attempt(facts, one)]
    if not ours:
        return Decision()
    found = [course(facts, rules, one) for one in rules.cadence.sequences] if history.is_open(facts) else []
    needed = {key for one in found if one is not None and one.reply is None for key in _needed(facts, one)}
    reasons = {True: Reason("robots.tidy.made"), False: Reason("robots.tidy.over")}
    running = {_prefix(facts, one) for one in found if one is not None and one.reply is None}
    actions = tuple(
        Action(
            kind="finish",
            key=history.key(facts, "tidy", one.ref.id),
            card=facts.card.ref,
            values={"task": str(one.ref)},
            reason=reasons[any(one.marker.startswith(prefix) for prefix in running)],
        )
        for one in ours
        if one.marker not in needed
    )
    return Decision(tuple(one for one in actions if one.key not in facts.done))


def _is_attempt(facts: CardFacts, task: OpenTask) -> bool:
    """Whether a sequence of attempts on this card set it."""
    rule, _, rest = task.marker.partition("/")
    occasions = rest.rpartition("/")[2].split("~")
    return rule == "cadence" and rest.startswith(f"{facts.card.ref}/") and bool({"attempt", "goodbye"} & set(occasions))


def _needed(facts: CardFacts, found: Course) -> set[str]:
    """Keys of the tasks that still have to be done: steps without a touch, and the farewell until it was said."""
    prefix = _prefix(facts, found)
    keys = {f"{prefix}attempt~{at + 1}" for at, touch in enumerate(found.touches) if touch is None}
    farewell = found.sequence.farewell
    if farewell is not None and found.last is not None:
        channel = CHANNEL_OF[farewell.by]
        said = [one for one in history.reached_out(facts, found.last) if one.channel is channel and one.at > found.last]
        keys |= set() if said else {f"{prefix}goodbye"}
    return keys


def _prefix(facts: CardFacts, found: Course) -> str:
    return history.key(facts, "cadence", found.sequence.name, stamp(found.began), "")
