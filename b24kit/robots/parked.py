"""Clients who asked for time, and clients who come back: the date that was named, and a reply after the end.

A parked client is spoken to on his own date, else every so often; a closed card whose client writes is opened again
or goes on as a new linked one, never twice for one reply.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from b24kit.change.operation import Reason
from b24kit.crm.activity import Direction
from b24kit.crm.pipeline import Outcome
from b24kit.robots import history
from b24kit.robots.answers import moment
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts, Touch
from b24kit.robots.moments import after, stamp
from b24kit.robots.people import People
from b24kit.robots.rules import Rules
from b24kit.robots.scripts import comment, move, notice, task
from b24kit.robots.spec_cadence import ParkedSpec, ReopenSpec


def decide_parked(facts: CardFacts, rules: Rules, people: People, now: datetime) -> Decision:
    """A task for the day to contact a parked client; none while a person has his own plan for him."""
    actions: list[Action] = []
    because: list[Reason] = []
    wakes: list[datetime] = []
    for spec in rules.cadence.parked if history.is_open(facts) else ():
        if rules.ladder(spec.pipeline) != facts.ladder or facts.card.stage not in rules.codes(
            facts.ladder, spec.stages
        ):
            continue
        action = _contact(facts, rules, people, spec)
        planned = history.own_task(facts, now)
        because.append(action.reason)
        if action.key in facts.done:
            continue
        if planned is not None:
            wakes.append(planned)
        else:
            actions.append(action)
    return Decision(tuple(actions), min(wakes, default=None), tuple(because))


def _contact(facts: CardFacts, rules: Rules, people: People, spec: ParkedSpec) -> Action:
    """The next contact: on the client's date, else so long after the last word of ours or the arrival."""
    hours = people.hours(facts.card.owner)
    entered = history.entered(facts) or facts.card.created
    assert entered is not None
    said = moment(facts, rules.gates.fields, spec.until, hours)
    named = None if said is None else said - spec.ahead
    base = max([entered, *(touch.at for touch in history.reached_out(facts, entered))])
    dated = named is not None and named >= base
    due = named if dated and named is not None else hours.next_start(after(hours, base, spec.every, spec.days))
    key = history.key(facts, "parked", facts.card.stage, "on" if dated else "after", stamp(due if dated else base))
    day = due.astimezone(hours.zone).strftime("%d.%m.%Y")
    reason = Reason("robots.parked.dated" if dated else "robots.parked.every", {"day": day})
    return task(facts, rules, people, key, (spec.title, spec.script), due, reason)


def decide_reopening(facts: CardFacts, rules: Rules, _people: People, _now: datetime) -> Decision:
    """A reply after closing: the same card within the window, a linked one after it, nothing while another is open."""
    closed = history.entered(facts)
    if facts.card.outcome is not Outcome.LOST or closed is None:
        return Decision()
    reply = next((one for one in facts.touches if one.at > closed and _wants(one)), None)
    spec = next((one for one in rules.cadence.reopen if _ended_here(facts, rules, one)), None)
    if reply is None or spec is None:
        return Decision()
    other = next((deal for deal in facts.deals if deal.outcome is Outcome.OPEN and deal.ref != facts.card.ref), None)
    if other is not None:
        return Decision(because=(Reason("robots.reopen.other", {"card": other.title or str(other.ref)}),))
    actions = _again(facts, rules, spec, reply, reply.at - closed <= spec.window)
    fresh = tuple(action for action in actions if action.key not in facts.done)
    return Decision(fresh, None, (actions[0].reason,))


def _again(facts: CardFacts, rules: Rules, spec: ReopenSpec, reply: Touch, soon: bool) -> list[Action]:
    key = history.key(facts, "reopen", facts.card.stage, stamp(history.entered(facts) or reply.at))
    if soon:
        stage = rules.code(facts.ladder, spec.to)
        reason = Reason("robots.reopen.same", {"stage": rules.stage_name(facts.ladder, stage)})
        again = move(facts, key, stage, reason)
    else:
        ladder = rules.ladder(spec.later_pipeline) if spec.later_pipeline else facts.ladder
        stage = rules.code(ladder or facts.ladder, spec.later_stage or spec.to)
        reason = Reason("robots.reopen.linked", {"days": spec.window.days})
        values: dict[str, Any] = {
            "ladder": ladder or facts.ladder,
            "stage": stage,
            "title": facts.card.title,
            "owner": facts.card.owner,
            "fields": {},
            "linked": str(facts.card.ref),
        }
        again = Action(kind="open_card", key=key, card=facts.card.ref, values=values, reason=reason)
    told_to = [notice(facts, rules, f"{key}~owner", facts.card.owner, reason)] if facts.card.owner else []
    return [*told_to, comment(facts, rules, f"{key}~comment", reason), again]


def _wants(touch: Touch) -> bool:
    return touch.direction is Direction.IN


def _ended_here(facts: CardFacts, rules: Rules, spec: ReopenSpec) -> bool:
    here = rules.ladder(spec.pipeline) == facts.ladder
    return here and facts.card.stage in rules.codes(facts.ladder, spec.stages)
