"""From one touch to the next: the task with its script, the farewell, closing, and what a reply changes.

A person's own plans come first: while he has set himself a task for later, robots set none and close nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from b24kit.change.operation import Reason
from b24kit.robots import history
from b24kit.robots.attempts import Course, course, reaches
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.moments import after, stamp
from b24kit.robots.people import People
from b24kit.robots.rules import Rules
from b24kit.robots.scripts import close, move, notice, spoken, task
from b24kit.robots.spec_cadence import CloseSpec, EntryTaskSpec, FarewellSpec
from b24kit.robots.spec_words import CHANNEL_OF, Script

_GOODBYE = Script(ru="Попрощаться: {first_name}", en="Say goodbye: {first_name}")
Due = tuple[datetime, list[Action]]  # what is to be done from a moment on


def decide_cadence(facts: CardFacts, rules: Rules, people: People, now: datetime) -> Decision:
    """The next touch of an open card: entry tasks, then the sequence that holds on its stage."""
    if not history.is_open(facts):
        return Decision()
    actions = list(_entry_tasks(facts, rules, people))
    because: list[Reason] = []
    wakes: list[datetime] = []
    for sequence in rules.cadence.sequences:
        found = course(facts, rules, sequence)
        if found is None:
            continue
        at, steps = _next(facts, rules, people, found, now)
        fresh = [action for action in steps if action.key not in facts.done]
        if fresh and at <= now:
            actions += fresh
        elif fresh:
            wakes.append(at)
        because.append(_because(found))
    return Decision(tuple(actions), min(wakes, default=None), tuple(because))


def _next(facts: CardFacts, rules: Rules, people: People, found: Course, now: datetime) -> Due:
    """What comes next in a sequence and from when."""
    if found.reply is not None:
        return now, list(_answered(facts, rules, found))
    planned = history.own_task(facts, now)
    step = _moved_on(facts, rules, found)
    if step is not None:
        return now, [step]
    if planned is not None:  # he has a plan: what the rules would do waits until it is over
        return planned, list(_onward(facts, rules, people, found, now)[1])
    return _onward(facts, rules, people, found, now)


def _onward(facts: CardFacts, rules: Rules, people: People, found: Course, now: datetime) -> Due:
    at = found.upcoming
    if at is not None:
        return now, [_step_task(facts, rules, people, found, at, now)]
    return _ending(facts, rules, people, found)


def _answered(facts: CardFacts, rules: Rules, found: Course) -> Iterator[Action]:
    """The client spoke: the sequence stops, the card goes where talks are held."""
    sequence = found.sequence
    if sequence.on_reply is None or found.reply is None:
        return
    stage = rules.code(facts.ladder, sequence.on_reply)
    if stage == facts.card.stage:
        return
    key = _key(facts, found, "reply", stamp(found.reply.at))
    reason = Reason("robots.cadence.reply", {"attempts": found.made, "stage": rules.stage_name(facts.ladder, stage)})
    if facts.card.owner is not None:
        yield notice(facts, rules, f"{key}~owner", facts.card.owner, _titled(facts, reason))
    yield move(facts, key, stage, reason)


def _moved_on(facts: CardFacts, rules: Rules, found: Course) -> Action | None:
    """The move that the latest attempt brings (from the request to waiting for contact), once."""
    made = [at for at, touch in enumerate(found.touches) if touch is not None]
    steps = [at for at in made if found.sequence.steps[at].then_stage is not None]
    if not steps:
        return None
    name = found.sequence.steps[steps[-1]].then_stage or ""
    stage, key = rules.code(facts.ladder, name), _key(facts, found, "stage", str(steps[-1] + 1))
    if key in facts.done or stage == facts.card.stage:
        return None
    facts_of = {"attempts": found.made, "stage": rules.stage_name(facts.ladder, stage)}
    reason = Reason("robots.cadence.waiting", facts_of)
    return move(facts, key, stage, reason)


def _step_task(facts: CardFacts, rules: Rules, people: People, found: Course, at: int, now: datetime) -> Action:
    """The task of the next attempt: it is set at once, so that every open card has a next step."""
    step = found.sequence.steps[at]
    hours = people.hours(facts.card.owner)
    due = max(after(hours, found.last or found.began, step.after, step.days), hours.next_start(now))
    reason = Reason("robots.cadence.attempt", {"number": at + 1, "of": len(found.sequence.steps)})
    key = _key(facts, found, "attempt", str(at + 1))
    return task(facts, rules, people, key, (step.title, step.script), due, reason)


def _ending(facts: CardFacts, rules: Rules, people: People, found: Course) -> Due:
    """All attempts are made: farewell, then the end. A client nobody could reach out to is a matter for the head."""
    sequence, hours = found.sequence, people.hours(facts.card.owner)
    last = found.last or found.began
    farewell = sequence.farewell
    if found.made and farewell is not None and reaches(facts, CHANNEL_OF[farewell.by]):
        at = after(hours, last, farewell.after, farewell.days)
        said = _said(facts, rules, found, farewell, last, at)
        if said is None and not _by_robot(rules, farewell):
            return last, [_goodbye(facts, rules, people, found, farewell, at)]
        if said is None:
            return _undisturbed(facts, found, at), [_farewell(facts, rules, people, found, farewell)]
        last = said
    if sequence.close is None or not found.made:
        return last, list(_exhausted(facts, rules, people, found))
    at = after(hours, last, sequence.close.after, sequence.close.days)
    return _undisturbed(facts, found, at), [_closing(facts, rules, found, sequence.close)]


def _said(
    facts: CardFacts, rules: Rules, found: Course, farewell: FarewellSpec, last: datetime, due: datetime
) -> datetime | None:
    """When the farewell was said: our word after the last attempt, or the moment the robot handed it over."""
    channel, key = CHANNEL_OF[farewell.by], _key(facts, found, "farewell")
    words = [one.at for one in history.reached_out(facts, found.began) if one.channel is channel and one.at > last]
    if words:
        return words[0]
    return facts.done_at.get(key, due) if _by_robot(rules, farewell) and key in facts.done else None


def _by_robot(rules: Rules, farewell: FarewellSpec) -> bool:
    """Whether the farewell goes by itself; where nothing may be sent, a person says it."""
    return farewell.sent_by == "robot" and rules.armed


def _goodbye(
    facts: CardFacts, rules: Rules, people: People, found: Course, farewell: FarewellSpec, due: datetime
) -> Action:
    reason = Reason("robots.cadence.farewell", {"attempts": found.made})
    return task(facts, rules, people, _key(facts, found, "goodbye"), (_GOODBYE, farewell.script), due, reason)


def _farewell(facts: CardFacts, rules: Rules, people: People, found: Course, farewell: FarewellSpec) -> Action:
    reason = Reason("robots.cadence.farewell", {"attempts": found.made})
    text = spoken(facts, rules, people, farewell.script)
    values = {"channel": farewell.by, "subject": "", "text": text, "sender": facts.card.owner}
    return Action(kind="message", key=_key(facts, found, "farewell"), card=facts.card.ref, values=values, reason=reason)


def _closing(facts: CardFacts, rules: Rules, found: Course, end: CloseSpec) -> Action:
    reason = Reason("robots.cadence.close", {"attempts": found.made, "reason": end.reason})
    return close(facts, rules, _key(facts, found, "close"), end.stage, end.reason, reason)


def _exhausted(facts: CardFacts, rules: Rules, people: People, found: Course) -> Iterator[Action]:
    """Nobody closes the card by rule: the head decides."""
    head = people.head(facts.card.owner)
    if head is not None:
        reason = Reason("robots.cadence.exhausted", {"attempts": found.made, "card": facts.card.title})
        yield notice(facts, rules, _key(facts, found, "exhausted"), head, reason)


def _undisturbed(facts: CardFacts, found: Course, at: datetime) -> datetime:
    """Put off what a robot does by itself while a person has just been at it."""
    touched = history.hand_touch(facts)
    return at if touched is None else max(at, touched + found.sequence.quiet_for)


def _entry_tasks(facts: CardFacts, rules: Rules, people: People) -> Iterator[Action]:
    entered = history.entered(facts)
    for spec in rules.cadence.entry_tasks:
        if entered is not None and _holds(facts, rules, spec):
            key = history.key(facts, "entry", spec.name, facts.card.stage, stamp(entered))
            due = after(people.hours(facts.card.owner), entered, spec.within, spec.days)
            stage = rules.stage_name(facts.ladder, facts.card.stage)
            reason = Reason("robots.cadence.entry", {"stage": stage})
            if key not in facts.done:
                yield task(facts, rules, people, key, (spec.title, spec.script), due, reason)


def _holds(facts: CardFacts, rules: Rules, spec: EntryTaskSpec) -> bool:
    return rules.covers(spec, facts) and facts.card.stage in rules.codes(facts.ladder, spec.stages)


def _key(facts: CardFacts, found: Course, *occasion: str) -> str:
    return history.key(facts, "cadence", found.sequence.name, stamp(found.began), *occasion)


def _because(found: Course) -> Reason:
    of = len(found.sequence.steps)
    if found.reply is not None:
        return Reason("robots.cadence.stopped", {"attempts": found.made, "of": of})
    told_of = {"attempts": found.made, "of": of, "skipped": len(found.skipped)}
    return Reason("robots.cadence.at", told_of)


def _titled(facts: CardFacts, reason: Reason) -> Reason:
    return Reason("robots.cadence.reply_owner", {**reason.facts, "card": facts.card.title})
