"""Deadlines in working time: measured from facts, and who hears of them when nothing happens.

A clock starts when the card comes to a rule's stages, or when a client writes. Before its end the owner is warned,
at its end told, later the head is told, at last the card is taken away and passed on, each owner having his own time.
Nothing stops the measure but what was waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from b24kit.change.operation import Reason
from b24kit.crm.activity import Channel, Direction
from b24kit.robots import history
from b24kit.robots.answers import missing, moment
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts, Touch
from b24kit.robots.moments import after, read_stamp, shifted, stamp
from b24kit.robots.people import Hours, People
from b24kit.robots.rules import Rules
from b24kit.robots.scripts import notice
from b24kit.robots.spec_sla import SlaRule
from b24kit.robots.spec_words import CHANNEL_OF

_ANSWERS = frozenset({Channel.CALL, Channel.MESSAGE, Channel.EMAIL, Channel.MEETING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One owner's time on a deadline; `number` grows each time the card is taken away."""

    number: int
    begun: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One clock of a card. `due` is the present owner's; `waited` and `late` are working time since `started`.

    `late` counts from the first owner's deadline: passing the card on excuses nobody.
    """

    rule: SlaRule
    started: datetime
    due: datetime
    turn: Turn
    waited: timedelta
    late: timedelta


def decide_sla(facts: CardFacts, rules: Rules, people: People, now: datetime) -> Decision:
    """Warnings, notices and hand-overs that are due at `now` for every deadline that runs on this card."""
    actions: list[Action] = []
    because: list[Reason] = []
    wakes: list[datetime] = []
    for deadline in running(facts, rules, people, now):
        steps = list(_steps(facts, people, deadline, now))
        actions += _due(facts, rules, people, deadline, steps, now)
        wakes += [at for at, step in steps if at > now and _key(facts, deadline, step) not in facts.done]
        because.append(_reason(facts, rules, people, deadline, "over" if now >= deadline.due else "runs"))
        if any(action.kind == "assign" for action in actions):
            break  # one hand-over at a time: the next deadline belongs to somebody else
    return Decision(tuple(actions), min(wakes, default=None), tuple(because))


def running(facts: CardFacts, rules: Rules, people: People, now: datetime) -> list[Deadline]:
    """Every clock that runs on this card at `now`, in the order of the playbook; those that are met are left out."""
    if not history.is_open(facts):
        return []
    found = (_deadline(facts, rules, people, rule, now) for rule in rules.sla.rules if rules.covers(rule, facts))
    return [one for one in found if one is not None]


def _deadline(facts: CardFacts, rules: Rules, people: People, rule: SlaRule, now: datetime) -> Deadline | None:
    started = _started(facts, rules, rule)
    if started is None or started > now or _met(facts, rules, rule, started):
        return None
    hours = people.hours(facts.card.owner)
    turn = _turn(facts, rule, started)
    span = rule.span(history.source_of(facts))
    until = moment(facts, rules.gates.fields, rule.pause_until, hours)
    pauses = history.spent(facts, rules.codes(facts.ladder, rule.pause_stages) if rule.pause_stages else (), started)
    pauses += [(started, until)] if until is not None and until > started else []
    due, first = (shifted(hours, at, after(hours, at, span), pauses) for at in (turn.begun, started))
    task = history.own_task(facts, now) if rule.wait_for_task else None
    due = max(due, task) if task is not None else due
    idle = sum((hours.between(begun, min(ended, now)) for begun, ended in pauses), timedelta())
    late = hours.between(max(first, task) if task is not None else first, now)
    waited = max(timedelta(), hours.between(started, now) - idle)
    return Deadline(rule=rule, started=started, due=due, turn=turn, waited=waited, late=late)


def _started(facts: CardFacts, rules: Rules, rule: SlaRule) -> datetime | None:
    """When the clock began; None while the card is on other stages, on a pausing one, or nobody waits."""
    stages = rules.codes(facts.ladder, rule.stages)
    pausing = rules.codes(facts.ladder, rule.pause_stages) if rule.pause_stages else frozenset()
    if facts.card.stage not in stages or facts.card.stage in pausing:
        return None
    begun = history.stay(facts, stages | pausing)
    if begun is None or rule.since == "entry":
        return begun
    return _unanswered(facts, rule)


def _unanswered(facts: CardFacts, rule: SlaRule) -> datetime | None:
    """The first word of the client since we last answered him."""
    waiting: datetime | None = None
    for touch in sorted(facts.touches, key=lambda one: one.at):
        if history.is_talk(touch):
            waiting = None  # he was answered while he spoke
        elif touch.direction is Direction.IN:
            waiting = waiting or touch.at  # a missed call asks for an answer as a letter does
        elif _answers(rule, touch):
            waiting = None
    return waiting


def _met(facts: CardFacts, rules: Rules, rule: SlaRule, started: datetime) -> bool:
    if rule.action == "leave" or rule.since == "inquiry":
        return False  # the clock would not run any more
    if rule.action == "fill":
        return not missing(facts, rules.gates.fields, rule.data)
    return any(_answers(rule, touch) for touch in facts.touches if touch.at >= started)


def _answers(rule: SlaRule, touch: Touch) -> bool:
    """Whether a touch is what the rule waits for; only ours count, and a call the client made and we took."""
    if touch.direction is Direction.IN:
        return history.is_talk(touch) and rule.action in ("answer", "call", touch.channel.value)
    if rule.action in ("answer", "leave", "fill"):
        return touch.channel in _ANSWERS
    return touch.channel is CHANNEL_OF[rule.action]


def _turn(facts: CardFacts, rule: SlaRule, started: datetime) -> Turn:
    """Whose time it is, read from the hand-overs that are done: each key says from whom and when.

    A hand-over that came late (nobody ran the robots) starts the next owner's time when it was really made.
    """
    start = f"{history.key(facts, 'sla', rule.name, stamp(started))}~pass~"
    begun, number = started, 0
    for one in facts.done:
        parts = one.removeprefix(start).split("~")
        if one.startswith(start) and len(parts) == 2:
            number += 1
            begun = max(begun, read_stamp(parts[1]), facts.done_at.get(one, begun))
    return Turn(number=number, begun=begun)


def _steps(facts: CardFacts, people: People, deadline: Deadline, now: datetime) -> Iterator[tuple[datetime, str]]:
    """(when, what) of this owner's turn, in order of time."""
    rule, hours = deadline.rule, people.hours(facts.card.owner)
    if rule.warn_before is not None:
        yield max(deadline.turn.begun, hours.add(deadline.due, -rule.warn_before)), "warn"
    yield deadline.due, "owner"
    if rule.head_after is not None:
        yield _later(hours, _told(facts, deadline, now), rule.head_after), "head"
    if rule.pass_after is not None:
        yield _later(hours, _told(facts, deadline, now), rule.pass_after), "pass"


def _told(facts: CardFacts, deadline: Deadline, now: datetime) -> datetime:
    """When the owner heard of his breach: nobody is reported or loses a card before he was told himself."""
    if facts.card.owner is None:
        return deadline.due
    key = _key(facts, deadline, "owner")
    return max(deadline.due, facts.done_at.get(key, deadline.due) if key in facts.done else now)


def _later(hours: Hours, start: datetime, span: timedelta) -> datetime:
    return after(hours, start, span) if span else start


Steps = list[tuple[datetime, str]]


def _due(
    facts: CardFacts, rules: Rules, people: People, deadline: Deadline, steps: Steps, now: datetime
) -> Iterator[Action]:
    """What of this turn is over time and not done yet."""
    over = {step for at, step in steps if at <= now}
    if "owner" in over:
        over -= {"warn"}  # nothing to warn of any more
    for at, step in steps:
        key = _key(facts, deadline, step)
        if step not in over or key in facts.done:
            continue
        if step == "pass":
            yield from _pass_on(facts, rules, people, deadline, at, now)
            continue
        user = people.head(facts.card.owner) if step == "head" else facts.card.owner
        if user is not None:
            yield notice(facts, rules, key, user, _reason(facts, rules, people, deadline, step))


def _pass_on(
    facts: CardFacts, rules: Rules, people: People, deadline: Deadline, at: datetime, now: datetime
) -> Iterator[Action]:
    """Take the card away; when nobody is left to have it, the head hears so, once."""
    rule, owner = deadline.rule, facts.card.owner
    if _key(facts, deadline, "nobody") in facts.done:
        return  # the head was asked; what he decides stands
    taker = people.successor(facts.card.ref, rule.pass_to, losers(facts) | {owner or ""}, now)
    if taker is None:
        head, key = people.head(owner), _key(facts, deadline, "nobody")
        if head is not None:
            yield notice(facts, rules, key, head, _reason(facts, rules, people, deadline, "nobody"))
        return
    reason = _reason(facts, rules, people, deadline, "pass", taker)
    key = _key(facts, deadline, "pass", owner or "none", stamp(at))
    for user, whom in ((taker, "taker"), (owner, "loser")):
        if user is not None:
            yield notice(facts, rules, f"{key}~{whom}", user, reason)
    yield Action(kind="assign", key=key, card=facts.card.ref, values={"owner": taker}, reason=reason)


def losers(facts: CardFacts) -> set[str]:
    """Everybody this card was ever taken away from, by any deadline: it never goes back to him."""
    start = history.key(facts, "sla", "")
    passes = (one.split("~") for one in facts.done if one.startswith(start) and "~pass~" in one)
    return {parts[-2] for parts in passes if len(parts) == 5}


def _key(facts: CardFacts, deadline: Deadline, step: str, *more: str) -> str:
    """One step of one clock; each owner's turn has its own warnings."""
    turn = more or (str(deadline.turn.number),)
    return history.key(facts, "sla", deadline.rule.name, stamp(deadline.started), step, *turn)


def _reason(
    facts: CardFacts, rules: Rules, people: People, deadline: Deadline, step: str, taker: str | None = None
) -> Reason:
    hours = people.hours(facts.card.owner)
    told = {
        "card": facts.card.title,
        "rule": deadline.rule.name,
        "stage": rules.stage_name(facts.ladder, facts.card.stage),
        "due": deadline.due.astimezone(hours.zone).strftime("%d.%m.%Y %H:%M"),
        "minutes": int(deadline.late.total_seconds() // 60),
        "owner": people.name(facts.card.owner) or None,
        "to": people.name(taker) or taker,
    }
    return Reason(f"robots.sla.{step}", told)
