"""What robots decided, or would have decided, before a person's eyes: `robots explain` and `robots replay`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from b24kit.cli.context import Desk
from b24kit.i18n import has
from b24kit.reports.plan_text import duration
from b24kit.reports.tables import inert
from b24kit.reports.wording import moment_text, reason_text

if TYPE_CHECKING:
    from datetime import datetime

    from b24kit.crm.portal import Portal
    from b24kit.robots.backlog import Promise
    from b24kit.robots.decision import Decision
    from b24kit.robots.facts import CardFacts
    from b24kit.robots.replay import Replayed

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Names:
    """How people of a portal and its stages are called."""

    users: Mapping[str, str]
    stages: Mapping[tuple[str, str], str]

    @classmethod
    def of(cls, portal: Portal) -> Names:
        """Read from the portal."""
        users = {user.id: user.name for user in portal.users() if user.name}
        return cls(users, {(stage.ladder, stage.code): stage.name for stage in portal.stages()})

    def user(self, number: str | None) -> str:
        """A person's name; his number where it is not known, a dash for nobody."""
        return self.users.get(number, number) if number else "—"

    def stage(self, ladder: str, code: str) -> str:
        return self.stages.get((ladder, code), code)


def say_decision(at: Desk, facts: CardFacts, decision: Decision, now: datetime, portal: Portal) -> None:
    """The card, what rules want of it now and why, and when they look again."""
    if at.screen.as_json:
        at.screen.document("robots_explain", **_decision_document(facts, decision))
        return
    card, names = facts.card, Names.of(portal)
    stage, owner = names.stage(facts.ladder, card.stage), names.user(card.owner)
    at.screen.say("robots.explain_title", card=str(card.ref), title=inert(card.title), stage=stage, owner=owner)
    for action in decision.actions:
        why = reason_text(action.reason, at.lang, {})
        at.screen.sign("+", inert(f"{at.screen.text(f'robots.kind.{action.kind}')}: {why}"))
    if not decision.actions:
        at.screen.say("robots.explain_nothing")
    for reason in decision.because:
        at.screen.line(inert(f"  {reason_text(reason, at.lang, {})}"))
    for when, rule, count in _deeds(at, facts):
        at.screen.say("robots.explain_done", at=when, rule=inert(rule), n=count)
    if decision.wake is not None:
        at.screen.say("robots.explain_wake", at=moment_text(max(decision.wake, now), at.lang))


def _deeds(at: Desk, facts: CardFacts) -> list[tuple[str, str, int]]:
    """What robots did to the card, a line a minute and rule; keys may hold words of strangers and are not shown."""
    found: Counter[tuple[str, str]] = Counter()
    for key, when in sorted(facts.done_at.items(), key=lambda item: item[1]):
        rule = key.partition("/")[0]
        code = f"robots.deed.{rule}"
        found[moment_text(when, at.lang), at.screen.text(code) if has(code, at.lang) else rule] += 1
    return [(when, rule, count) for (when, rule), count in found.items()]


def say_replay(at: Desk, cards: Sequence[Replayed], days: int, portal: Portal) -> None:
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
    names = Names.of(portal)
    for one in [*other, *(card for card in missed if not card.other_owner)][:SHOWN]:
        touch = moment_text(one.first_touch, at.lang) if one.first_touch else "—"
        at.screen.say(
            "robots.replay_title",
            card=str(one.card),
            title=inert(one.title),
            owner=names.user(one.owner),
            by_rules=names.user(one.owner_by_rules),
            touch=touch,
            missed=len(one.missed),
        )


def say_heap(at: Desk, heap: Promise | None) -> None:
    """When a heap of due cards will be worked off, if there is one."""
    if heap is not None:
        low, high = (duration(seconds, at.lang) for seconds in heap.seconds(at.clock.now()))
        span = low if low == high else f"{low} – {high}"
        at.screen.say("robots.heap" if heap.done else "robots.heap_before", n=heap.left, done=heap.done, span=span)


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
