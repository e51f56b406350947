"""Required data by stage: a card that went on without them goes back once, with a list of what is missing.

Where the portal refuses such a step by itself nothing is done here, and a step that another rule made is not refused:
the next one, which a person makes, will be. A person who insists is not fought with: the
second time the card stays and the head is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from b24kit.change.operation import Reason
from b24kit.crm.pipeline import Outcome
from b24kit.robots import history
from b24kit.robots.answers import answered, missing
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts, Move
from b24kit.robots.moments import after, stamp
from b24kit.robots.people import People
from b24kit.robots.rules import Rules
from b24kit.robots.scripts import comment, move, notice
from b24kit.robots.spec_gates import GateSpec


def decide_gates(facts: CardFacts, rules: Rules, people: People, now: datetime) -> Decision:
    """The step back, or the word to the head, when the card stands where its data do not allow."""
    way = history.way(facts)
    if not way or way[-1].stage != facts.card.stage:
        return Decision()
    entry, gate = way[-1], _gate(facts, rules, facts.card.stage)
    lacking = _lacking(facts, rules)
    if not lacking or _before_rules(rules, people, facts, entry) or history.by_robots(facts, entry):
        return Decision()
    because = (Reason("robots.gates.lacks", {"data": list(lacking)}),)
    grace = gate.grace if gate is not None else None
    ready = entry.at if grace is None else after(people.hours(facts.card.owner), entry.at, grace)
    if ready > now:
        return Decision((), ready, because)
    return Decision(tuple(_refused(facts, rules, people, entry, lacking)), None, because)


def asked_here(facts: CardFacts, rules: Rules) -> tuple[str, ...]:
    """The data to be found out on this stage that are not there yet: what the seller asks for next."""
    gate = _gate(facts, rules, facts.card.stage)
    return () if gate is None else missing(facts, rules.gates.fields, (*gate.enter, *_leaving(facts, rules, gate)))


def _lacking(facts: CardFacts, rules: Rules) -> tuple[str, ...]:
    """Data that earlier stages asked for, and those without which nobody stands on this one."""
    here = _gate(facts, rules, facts.card.stage)
    wanted = list(here.enter) if here is not None else []
    if facts.card.outcome is not Outcome.LOST:  # a client may be lost from any stage, whatever is known of him
        for gate in _passed(facts, rules, facts.card.stage):
            wanted += _leaving(facts, rules, gate)
    asked = [datum for datum in wanted if datum not in rules.native_gates]  # those the portal itself asks for
    return missing(facts, rules.gates.fields, asked)


def _passed(facts: CardFacts, rules: Rules, stage: str) -> Iterator[GateSpec]:
    """Gates of the stages before this one, in the order of the ladder."""
    place, stood = rules.place(facts.ladder, stage), {move.stage for move in facts.moves}
    for at, one in enumerate(rules.on(facts.ladder)):
        gate = _gate(facts, rules, one.code) if at < place and one.outcome is Outcome.OPEN else None
        if gate is not None and (one.code in stood or not gate.visited):
            yield gate


def _leaving(facts: CardFacts, rules: Rules, gate: GateSpec) -> tuple[str, ...]:
    """What this gate asks of this client: of everybody, and by his answers."""
    fields = rules.gates.fields
    asked = [datum for one in gate.questions if answered(facts, fields, one.when) for datum in one.ask]
    return (*gate.leave, *asked)


def _gate(facts: CardFacts, rules: Rules, stage: str) -> GateSpec | None:
    found = (one for one in rules.gates.gates if rules.ladder(one.pipeline) == facts.ladder)
    return next((one for one in found if rules.code(facts.ladder, one.stage) == stage), None)


def _before_rules(rules: Rules, people: People, facts: CardFacts, entry: Move) -> bool:
    since = rules.gates.since
    return since is not None and entry.at.astimezone(people.hours(facts.card.owner).zone).date() < since


def _refused(facts: CardFacts, rules: Rules, people: People, entry: Move, lacking: tuple[str, ...]) -> Iterator[Action]:
    back, told_key = history.back_key(facts, entry), _head_key(facts, entry)
    if back in facts.done or told_key in facts.done:
        return  # once per entry: a portal that put it back here by itself is not fought with
    stage = _target(facts, rules)
    told_of = {"data": list(lacking), "stage": rules.stage_name(facts.ladder, facts.card.stage)}
    won = facts.card.outcome is Outcome.WON  # a client was made of it: that is not undone by a robot
    if stage is None or won or _sent_back(facts, entry) >= rules.gates.patience:
        head = people.head(facts.card.owner)
        reason = Reason("robots.gates.insists", {**told_of, "card": facts.card.title})
        yield comment(facts, rules, f"{told_key}~comment", reason)
        if head is not None:
            yield notice(facts, rules, told_key, head, reason)
        return
    reason = Reason("robots.gates.back", {**told_of, "to": rules.stage_name(facts.ladder, stage)})
    yield comment(facts, rules, f"{back}~comment", reason)
    yield move(facts, back, stage, reason)


def _target(facts: CardFacts, rules: Rules) -> str | None:
    """Where it goes back to: whence it came, or the earlier stage whose data are missing, so that nothing is missing
    there. None when it came from nowhere."""
    way = history.way(facts)
    came = way[-2].stage if len(way) > 1 else None
    lacking = {one.stage for one in _passed(facts, rules, facts.card.stage) if _unmet(facts, rules, one)}
    places = [rules.place(facts.ladder, rules.code(facts.ladder, stage)) for stage in lacking]
    if came is not None:
        places.append(rules.place(facts.ladder, came))
    standing = rules.on(facts.ladder)
    fitting = [at for at in places if 0 <= at < len(standing) and standing[at].code != facts.card.stage]
    working = [at for at in fitting if standing[at].outcome is Outcome.OPEN]
    return standing[min(working)].code if working else None


def _unmet(facts: CardFacts, rules: Rules, gate: GateSpec) -> bool:
    return bool(missing(facts, rules.gates.fields, _leaving(facts, rules, gate)))


def _sent_back(facts: CardFacts, entry: Move) -> int:
    """How often this card was sent back from this stage before."""
    start = history.key(facts, "gates", "back", entry.stage, "")
    return sum(one.startswith(start) and not one.endswith("~comment") for one in facts.done)


def _head_key(facts: CardFacts, entry: Move) -> str:
    return history.key(facts, "gates", "head", entry.stage, stamp(entry.at))
