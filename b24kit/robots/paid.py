"""Money that came: the card goes to its paid stage, a part of it is told to the owner, and nothing is done twice."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

from b24kit.change.operation import Reason
from b24kit.robots import history
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.people import People
from b24kit.robots.rules import Rules
from b24kit.robots.scripts import comment, move, notice


def decide_paid(facts: CardFacts, rules: Rules, people: People, _now: datetime) -> Decision:
    """What the payments of a card bring; the latest of them names the occasion."""
    if not facts.payments:
        return Decision()
    last = facts.payments[-1].id
    key = history.key(facts, "paid", last)
    paid, needed, currency = sum_of(facts)
    told_of = {"paid": f"{paid:.2f}", "needed": f"{needed:.2f}", "currency": currency, "card": facts.card.title}
    found = [comment(facts, rules, f"{key}~came", Reason("robots.paid.came", told_of))]
    rule = next((one for one in rules.payments.rules if rules.covers(one, facts)), None)
    if rule is None:
        return _fresh(facts, found)
    stage = rules.stage(facts.ladder, rule.to)
    standing = facts.card.stage in rules.codes(facts.ladder, rule.stages)
    if stage is not None and stage.code == facts.card.stage:
        return _fresh(facts, found)
    enough = paid > 0 and (rule.need == "any" or (needed > 0 and paid >= needed))
    if enough and standing and history.is_open(facts) and stage is not None:
        reason = Reason("robots.paid.moved", {**told_of, "stage": stage.name})
        return _fresh(facts, [*found, move(facts, key, stage.code, reason)])
    code = "robots.paid.part" if not enough else "robots.paid.elsewhere"
    user = facts.card.owner or people.head(None)
    if user is not None:
        found.append(notice(facts, rules, f"{key}~owner", user, Reason(code, told_of)))
    return _fresh(facts, found)


def sum_of(facts: CardFacts) -> tuple[Decimal, Decimal, str]:
    """What was paid in the card's currency, what the card asks for, and the currency.

    A payment that names no currency is in the card's; one in another currency is not added up.
    """
    currency = str(getattr(facts.card, "currency", "") or facts.card.extra.get("CURRENCY_ID") or "")
    ours = [one for one in facts.payments if not currency or one.currency in ("", currency)]
    told = getattr(facts.card, "amount", "") or facts.card.extra.get("OPPORTUNITY") or "0"
    return sum((Decimal(one.amount) for one in ours), Decimal()), _number(told), currency


def _number(told: object) -> Decimal:
    try:
        found = Decimal(str(told))
    except InvalidOperation:
        return Decimal()
    return found if found.is_finite() else Decimal()


def _fresh(facts: CardFacts, actions: list[Action]) -> Decision:
    because = (actions[0].reason,) if actions else ()
    return Decision(tuple(one for one in actions if one.key not in facts.done), None, because)
