"""What is written about a client on his card: a score with its grade, and a portrait of two to five lines.

Both are made from facts and written again only when facts gave another result.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from b24kit.change.operation import Reason
from b24kit.robots import history
from b24kit.robots.answers import answered, known, value
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.moments import stamp
from b24kit.robots.people import People
from b24kit.robots.rules import Rules
from b24kit.robots.scripts import filled
from b24kit.robots.spec_gates import ScoreSpec
from b24kit.robots.spec_words import gaps_of

_FEWEST = 2
_LONGEST = 5


def decide_portrait(facts: CardFacts, rules: Rules, _people: People, _now: datetime) -> Decision:
    """Score, grade and portrait of an open card, where they differ from what is written."""
    if not history.is_open(facts):
        return Decision()
    actions: list[Action] = []
    because: list[Reason] = []
    if rules.gates.score is not None:
        points, grade = scored(facts, rules, rules.gates.score)
        reason = Reason("robots.score.is", {"points": points, "grade": grade or None})
        because.append(reason)
        written = {rules.gates.score.points_field: str(points), rules.gates.score.grade_field: grade}
        actions += _written(facts, {field: text for field, text in written.items() if field and text}, "score", reason)
    lines = portrait(facts, rules)
    if lines and rules.gates.portrait is not None:
        reason = Reason("robots.portrait.is", {"lines": len(lines)})
        field, text = rules.gates.portrait.field, "\n".join(lines)
        actions += _written(facts, {field: text}, "portrait", reason) if field else _commented(facts, text, reason)
    return Decision(tuple(actions), None, tuple(because))


def scored(facts: CardFacts, rules: Rules, spec: ScoreSpec) -> tuple[int, str]:
    """Points of a client, and the best grade they reach; empty when they reach none."""
    fields = rules.gates.fields
    points = sum(
        one.points
        for one in spec.rules
        if all(known(facts, fields, datum) for datum in one.data) and answered(facts, fields, one.when)
    )
    reached = [(least, grade) for grade, least in spec.grades.items() if points >= least]
    return points, max(reached, default=(0, ""))[1]


def portrait(facts: CardFacts, rules: Rules) -> tuple[str, ...]:
    """The lines whose data are all known; nothing while fewer than two can be said."""
    spec = rules.gates.portrait
    lines: list[str] = []
    for one in spec.lines if spec is not None else ():
        text = one.said(rules.language)
        data = {name: value(facts, rules.gates.fields, name) for name in gaps_of(text)}
        if all(found not in (None, "", [], ()) for found in data.values()):
            lines.append(filled(text, {name: _spelled(found) for name, found in data.items()}))
    return tuple(lines[:_LONGEST]) if len(lines) >= _FEWEST else ()


def _written(facts: CardFacts, values: dict[str, str], rule: str, reason: Reason) -> list[Action]:
    """Fields that hold something else than they should. What is written is compared, so a key only tells one state
    of the card from another; what was taken away after us comes again only when the result is another."""
    wrong = {field: text for field, text in values.items() if not _stands(facts.card.extra.get(field), text)}
    if not wrong:
        return []
    seen = stamp(facts.card.changed) if facts.card.changed is not None else "new"
    digest = _digest(repr(sorted(values.items())))
    key, start = history.key(facts, rule, seen, digest), history.key(facts, rule, "")
    past = [one for one in facts.done if one.startswith(start)]
    latest = max(past, key=lambda one: (one in facts.done_at, facts.done_at.get(one), one), default="")
    emptied = all(facts.card.extra.get(field) in (None, "", [], ()) for field in wrong)
    if key in facts.done or (emptied and latest.endswith(f"~{digest}")):
        return []
    return [Action(kind="fill", key=key, card=facts.card.ref, values={"fields": wrong}, reason=reason)]


def _stands(held: object, text: str) -> bool:
    """Whether a field holds this already; a number may come back with its decimals (`7.00`)."""
    told = "" if held in (None, "", [], ()) else str(held)
    try:
        return told == text or float(told) == float(text)
    except ValueError:
        return False


def _commented(facts: CardFacts, text: str, reason: Reason) -> list[Action]:
    """A comment when the latest one of ours said something else; keys are numbered, so the highest is the latest."""
    start = history.key(facts, "portrait", "")
    past = [one.removeprefix(start).partition("~") for one in facts.done if one.startswith(start)]
    numbered = {int(number): digest for number, _, digest in past if number.isdigit()}
    latest, digest = max(numbered, default=0), _digest(text)
    if numbered.get(latest) == digest:
        return []
    key = history.key(facts, "portrait", str(latest + 1), digest)
    return [Action(kind="comment", key=key, card=facts.card.ref, values={"text": text}, reason=reason)]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _spelled(found: object) -> str:
    return ", ".join(str(one) for one in found) if isinstance(found, list | tuple) else str(found)
