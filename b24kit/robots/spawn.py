"""Cards that end here and go on elsewhere: transfer to perspective, work on refusals, upsell, repeat, reanimation.

The new card is made first and linked, the old one closed last with a neutral outcome, so a transfer cut in half still
looks untransferred and the statistics of both funnels stay true. A resting card is woken on its date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from b24kit.change.operation import Reason
from b24kit.crm.pipeline import Outcome, deals_ladder
from b24kit.robots import history
from b24kit.robots.answers import answered, missing, moment, reason_of, same_words, value
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.moments import after, stamp
from b24kit.robots.people import People
from b24kit.robots.rules import Rules
from b24kit.robots.scripts import close, comment, move, notice, task
from b24kit.robots.spec_spawn import SpawnRule, TargetSpec, WakeRule


def decide_spawn(facts: CardFacts, rules: Rules, people: People, now: datetime) -> Decision:
    """The first rule whose funnel takes this card over; one card goes on in one funnel of a kind."""
    actions: list[Action] = []
    because: list[Reason] = []
    for rule in rules.spawn.rules:
        entered = _holds(facts, rules, rule)
        if entered is None:
            continue
        found, why = _taken_over(facts, rules, people, rule, entered, now)
        because.append(why)
        actions += [action for action in found if action.key not in facts.done]
        if any(action.kind == "close" for action in actions):
            break
    return Decision(tuple(actions), None, tuple(because))


def decide_waking(facts: CardFacts, rules: Rules, people: People, now: datetime) -> Decision:
    """A resting card whose date has come: the next stage and a task for its owner."""
    for rule in rules.spawn.wakes if history.is_open(facts) else ():
        ladder = rules.ladder(rule.pipeline)
        entered = history.entered(facts)
        if ladder != facts.ladder or rules.code(ladder, rule.stage) != facts.card.stage or entered is None:
            continue
        at = wakes_at(facts, rules, people, rule, entered)
        day = at.astimezone(people.hours(facts.card.owner).zone).strftime("%d.%m.%Y")
        stage = rules.code(ladder, rule.to)
        reason = Reason("robots.wake.due", {"day": day, "stage": rules.stage_name(ladder, stage)})
        if at > now:
            return Decision((), at, (Reason("robots.wake.rests", {"day": day}),))
        found = _woken(facts, rules, people, rule, entered, at, reason, now)
        return Decision(tuple(one for one in found if one.key not in facts.done), None, (reason,))
    return Decision()


def wakes_at(facts: CardFacts, rules: Rules, people: People, rule: WakeRule, entered: datetime) -> datetime:
    """The client's own date when it lies ahead of his rest, else so many days by the reason he gave."""
    hours = people.hours(facts.card.owner)
    named = moment(facts, rules.gates.fields, rule.on, hours)
    if named is not None and named >= entered:
        return named
    said = value(facts, rules.gates.fields, "loss_reason")
    spans = (span for reason, span in rule.by_reason.items() if said and same_words(str(said), reason))
    return after(hours, entered, next(spans, rule.after), "calendar")


def opened(
    facts: CardFacts,
    rules: Rules,
    people: People,
    key: str,
    target: TargetSpec,
    carry: tuple[str, ...],
    reason: Reason,
    now: datetime,
) -> Action | None:
    """The new linked card; None where the portal has no such pipeline."""
    ladder = rules.ladder(target.pipeline)
    if ladder is None:
        return None
    fields = rules.gates.fields
    carried = {
        fields[datum][0]: found
        for datum in carry
        if fields.get(datum) and (found := value(facts, fields, datum)) not in (None, "")
    }
    values = {
        "ladder": ladder,
        "stage": rules.code(ladder, target.stage),
        "title": facts.card.title,
        "owner": _owner(facts, people, target.owner, target.team, now),
        "fields": carried,
        "linked": str(facts.card.ref),
    }
    return Action(kind="open_card", key=key, card=facts.card.ref, values=values, reason=reason)


def running_in(facts: CardFacts, ladder: str | None) -> str | None:
    """The title of an open deal of this client on that ladder: what goes on already is not begun twice."""
    for deal in facts.deals:
        if deal.outcome is Outcome.OPEN and deals_ladder(deal.pipeline) == ladder and deal.ref != facts.card.ref:
            return deal.title or str(deal.ref)
    return None


def _holds(facts: CardFacts, rules: Rules, rule: SpawnRule) -> datetime | None:
    """Since when the card asks to be taken over; None while it does not."""
    if facts.card.outcome is not Outcome(rule.outcome) or not rules.covers(rule, facts):
        return None
    if rule.stages and facts.card.stage not in rules.codes(facts.ladder, rule.stages):
        return None
    fields = rules.gates.fields
    said = {reason_of(facts, fields), rules.stage_name(facts.ladder, facts.card.stage)}
    if rule.reasons and not any(same_words(one, reason) for one in said for reason in rule.reasons):
        return None
    return history.entered(facts) if answered(facts, fields, rule.only_if) else None


def _taken_over(
    facts: CardFacts, rules: Rules, people: People, rule: SpawnRule, entered: datetime, now: datetime
) -> tuple[list[Action], Reason]:
    key = history.key(facts, "spawn", rule.name, stamp(entered))
    ladder = rules.ladder(rule.to.pipeline)
    told_of = {"funnel": rule.to.pipeline, "card": facts.card.title}
    lacking = missing(facts, rules.gates.fields, rule.requires)
    if lacking:
        reason = Reason("robots.spawn.lacks", {**told_of, "data": rules.called(lacking)})
        owner = facts.card.owner
        return ([notice(facts, rules, f"{key}~lacks", owner, reason)] if owner else []), reason
    reason = Reason(f"robots.spawn.{rule.kind}", told_of)
    begun = key in facts.done
    running = None if begun else running_in(facts, ladder)
    if running is not None:
        reason = Reason("robots.spawn.running", {"funnel": rule.to.pipeline, "card": running})
        return list(_closed(facts, rules, rule, key, reason)), reason
    card = opened(facts, rules, people, key, rule.to, rule.carry, reason, now)
    if card is None:
        return [], Reason("robots.spawn.no_funnel", {"funnel": rule.to.pipeline})
    return [card, comment(facts, rules, f"{key}~comment", reason), *_closed(facts, rules, rule, key, reason)], reason


def _closed(facts: CardFacts, rules: Rules, rule: SpawnRule, key: str, reason: Reason) -> Iterator[Action]:
    """The neutral end of a card that was still open."""
    if rule.close is not None and history.is_open(facts):
        yield close(facts, rules, f"{key}~close", rule.close.stage, rule.close.reason, reason)


def _woken(
    facts: CardFacts,
    rules: Rules,
    people: People,
    rule: WakeRule,
    entered: datetime,
    at: datetime,
    reason: Reason,
    now: datetime,
) -> Iterator[Action]:
    """The task first, the stage last: once it has moved on, nothing more is decided here."""
    key = history.key(facts, "wake", rule.name, stamp(entered))
    taker = _owner(facts, people, "keep", rule.team, now)
    if taker is not None and taker != facts.card.owner:
        yield Action(kind="assign", key=f"{key}~owner", card=facts.card.ref, values={"owner": taker}, reason=reason)
    hours = people.hours(taker)
    due = after(hours, hours.next_start(at), rule.within)
    made = task(facts, rules, people, f"{key}~task", (rule.title, rule.script), due, reason)
    yield Action(kind="task", key=made.key, card=made.card, values={**made.values, "owner": taker}, reason=reason)
    yield move(facts, key, rules.code(facts.ladder, rule.to), reason)


def _owner(facts: CardFacts, people: People, owner: str, team: str | None, now: datetime) -> str | None:
    if team is not None:
        return people.successor(facts.card.ref, team, (), now) or facts.card.owner
    if owner == "keep":
        return facts.card.owner
    return None if owner == "none" else people.named(owner)
