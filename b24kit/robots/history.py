"""A card's way read from its facts: since when it stands where it stands, what was said since, who moved it back."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import pairwise

from b24kit.crm.activity import Channel, Direction
from b24kit.crm.pipeline import Outcome
from b24kit.robots.facts import CardFacts, Move, Touch
from b24kit.robots.moments import Pause, stamp

_SAME = timedelta(minutes=2)  # between the portal's note of a step and ours of the same one
_OUR_STEP = re.compile(r"^entrance/[^~]*$|^reopen/[^~]*~[^~]*$|^cadence/.*~(reply|stage)~[^~]*$")


def way(facts: CardFacts) -> tuple[Move, ...]:
    """The moves of the card without those that a gate took back: a refused step neither starts nor stops a clock."""
    kept: list[Move] = []
    for move in facts.moves:
        if len(kept) > 1 and kept[-2].stage == move.stage and back_key(facts, kept[-1]) in facts.done:
            kept.pop()
        elif not kept or kept[-1].stage != move.stage:
            kept.append(move)
    if not kept or kept[-1].stage != facts.card.stage:
        at = getattr(facts.card, "moved", None) or facts.card.changed or facts.card.created
        if at is not None:
            kept.append(Move(at=at, stage=facts.card.stage, by=None))
    return tuple(kept)


def back_key(facts: CardFacts, entry: Move) -> str:
    """The key of the gate's step back from this entry."""
    return key(facts, "gates", "back", entry.stage, stamp(entry.at))


def key(facts: CardFacts, rule: str, *occasion: str) -> str:
    """An action's key: "<rule>/<card kind>:<id>/<occasion>"."""
    return f"{rule}/{facts.card.ref}/{'~'.join(occasion)}"


def by_robots(facts: CardFacts, entry: Move) -> bool:
    """Whether one of our own rules brought the card here: it was done when the portal wrote the step down."""
    return any(abs(at - entry.at) <= _SAME and _OUR_STEP.search(one) for one, at in facts.done_at.items())


def is_open(facts: CardFacts) -> bool:
    return facts.card.outcome is Outcome.OPEN


def source_of(facts: CardFacts) -> str | None:
    """The code of the card's source; deals carry it among the vendor's own fields."""
    found = getattr(facts.card, "source", None) or facts.card.extra.get("SOURCE_ID")
    return str(found) if found else None


def entered(facts: CardFacts) -> datetime | None:
    """When the card came to its present stage."""
    return stay(facts, (facts.card.stage,))


def stay(facts: CardFacts, stages: Collection[str]) -> datetime | None:
    """When the card came to these stages to stay in them until now; None when it stands elsewhere."""
    found: datetime | None = None
    for move in reversed(way(facts)):
        if move.stage not in stages:
            break
        found = move.at
    return found


def spent(facts: CardFacts, stages: Collection[str], since: datetime) -> list[Pause]:
    """The stretches since then during which the card stood in these stages; an unended one is left out."""
    moves = way(facts)
    return [
        (max(move.at, since), following.at)
        for move, following in pairwise(moves)
        if move.stage in stages and following.at > since
    ]


def replies(facts: CardFacts, since: datetime) -> list[Touch]:
    """What the client answered after that moment: a talk that took place, or his own word after one of ours.

    The inquiry that made the card is no reply, though portals often file it a moment after the card.
    """
    first = min((touch.at for touch in facts.touches if touch.direction is Direction.OUT), default=None)
    return [touch for touch in facts.touches if touch.at > since and (is_talk(touch) or _after(touch, first))]


def is_talk(touch: Touch) -> bool:
    """Whether both sides spoke: a call or a meeting that took place, whoever began it."""
    return touch.got_through and touch.channel in (Channel.CALL, Channel.MEETING)


def is_reply(touch: Touch) -> bool:
    """Whether the client said something: his own word, or a talk that took place."""
    return touch.direction is Direction.IN or is_talk(touch)


def _after(touch: Touch, first: datetime | None) -> bool:
    return touch.direction is Direction.IN and first is not None and touch.at > first


def reached_out(facts: CardFacts, since: datetime) -> list[Touch]:
    """Our calls, letters and messages from that moment on."""
    return [touch for touch in facts.touches if touch.at >= since and touch.direction is Direction.OUT]


def hand_touch(facts: CardFacts) -> datetime | None:
    """When a person of ours last spoke or wrote to the client."""
    by_hand = [touch.at for touch in facts.touches if touch.by is not None and touch.direction is Direction.OUT]
    return max(by_hand, default=None)


def own_task(facts: CardFacts, now: datetime) -> datetime | None:
    """The latest future deadline of a task that a person set himself: he has a plan, robots wait for it."""
    planned = [
        task.deadline
        for task in facts.tasks
        if not task.marker and not task.done and task.deadline is not None and task.deadline > now
    ]
    return max(planned, default=None)
