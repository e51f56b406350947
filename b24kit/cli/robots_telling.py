"""What robots decided, or would have decided, before a person's eyes: `robots explain` and `robots replay`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from b24kit.cli.context import Desk
from b24kit.reports.plan_text import duration
from b24kit.reports.tables import inert
from b24kit.reports.wording import moment_text, reason_text

if TYPE_CHECKING:
    from datetime import datetime

    from b24kit.robots.backlog import Promise
    from b24kit.robots.decision import Decision
    from b24kit.robots.facts import CardFacts
    from b24kit.robots.replay import Replayed

SHOWN = 50


def say_decision(at: Desk, facts: CardFacts, decision: Decision, now: datetime) -> None:
    """The card, what rules want of it now and why, and when they look again."""
    if at.screen.as_json:
        at.screen.document("robots_explain", **_decision_document(facts, decision))
        return
    card = facts.card
    at.screen.say("robots.explain_card", card=str(card.ref), stage=card.stage, owner=card.owner or "—")
    for action in decision.actions:
        why = reason_text(action.reason, at.lang, {})
        at.screen.sign("+", inert(f"{at.screen.text(f'robots.kind.{action.kind}')}: {why}"))
    if not decision.actions:
        at.screen.say("robots.explain_nothing")
    for reason in decision.because:
        at.screen.line(inert(f"  {reason_text(reason, at.lang, {})}"))
    for key, when in sorted(facts.done_at.items(), key=lambda item: item[1]):
        at.screen.say("robots.explain_done", at=moment_text(when, at.lang), key=key)
    if decision.wake is not None:
        at.screen.say("robots.explain_wake", at=moment_text(max(decision.wake, now), at.lang))


def say_replay(at: Desk, cards: Sequence[Replayed], days: int) -> None:
    """How many cards would have had another owner or missed a deadline, and which."""
    other = [one for one in cards if one.other_owner]
    missed = [one for one in cards if one.missed]
    kinds = Counter(deed.action.kind for one in cards for deed in one.deeds)
    if at.screen.as_json:
        rows = [_replayed_document(one) for one in cards]
        at.screen.document("replay", days=days, other_owner=len(other), missed=len(missed), kinds=kinds, cards=rows)
        return
    at.screen.say("robots.replay", n=len(cards), days=days, other=len(other), missed=len(missed))
    for kind, count in sorted(kinds.items()):
        at.screen.line(f"  {at.screen.text(f'robots.kind.{kind}')}: {count}")
    for one in [*other, *(card for card in missed if not card.other_owner)][:SHOWN]:
        touch = moment_text(one.first_touch, at.lang) if one.first_touch else "—"
        at.screen.say(
            "robots.replay_card",
            card=str(one.card),
            owner=one.owner or "—",
            by_rules=one.owner_by_rules or "—",
            touch=touch,
            missed=len(one.missed),
        )


def say_heap(at: Desk, heap: Promise | None) -> None:
    """When a heap of due cards will be worked off, if there is one."""
    if heap is not None:
        low, high = (duration(seconds, at.lang) for seconds in heap.seconds(at.clock.now()))
        at.screen.say(
            "robots.heap" if heap.done else "robots.heap_before", n=heap.left, done=heap.done, low=low, high=high
        )


def heap_document(heap: Promise | None, now: datetime) -> dict[str, Any] | None:
    """The same for programs; None while there is no heap."""
    if heap is None:
        return None
    return {
        "left": heap.left,
        "done": heap.done,
        "seconds": list(heap.seconds(now)),
        "requests": heap.requests,
        "running_seconds": heap.running_seconds,
    }


def _decision_document(facts: CardFacts, decision: Decision) -> dict[str, Any]:
    return {
        "card": str(facts.card.ref),
        "stage": facts.card.stage,
        "owner": facts.card.owner,
        "actions": [
            {"kind": one.kind, "key": one.key, "values": dict(one.values), "why": one.reason.code}
            for one in decision.actions
        ],
        "because": [{"code": one.code, "facts": dict(one.facts)} for one in decision.because],
        "done": dict(facts.done_at),
        "wake": decision.wake,
    }


def _replayed_document(one: Replayed) -> dict[str, Any]:
    deeds = [{"at": deed.at, "kind": deed.action.kind, "key": deed.action.key} for deed in one.deeds]
    return {
        "card": str(one.card),
        "created": one.created,
        "owner": one.owner,
        "owner_by_rules": one.owner_by_rules,
        "first_touch": one.first_touch,
        "missed": len(one.missed),
        "deeds": deeds,
    }
