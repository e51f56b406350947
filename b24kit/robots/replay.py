"""Rules run over what really happened: cards as they were, what robots would have done, and nothing is written.

History is not changed by what robots would have done: stages and calls stay those of the people. Only the owner, what
was filled in and the keys of actions already done go on with the rules, so that no rule repeats itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from b24kit.crm.pipeline import Outcome
from b24kit.crm.refs import Ref
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts

Decide = Callable[[CardFacts, datetime], Decision]
_MOMENTS = 400  # of one card: more is a rule that wakes for nothing


@dataclass(frozen=True, slots=True)
class Deed:
    """An action that rules would have carried out at this moment."""

    at: datetime
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One card: who has it and who would have got it first, and what the rules would have done to it."""

    card: Ref
    title: str
    created: datetime
    owner: str | None
    owner_by_rules: str | None
    first_touch: datetime | None
    deeds: tuple[Deed, ...]

    @property
    def other_owner(self) -> bool:
        return self.owner_by_rules is not None and self.owner_by_rules != self.owner

    @property
    def missed(self) -> tuple[Deed, ...]:
        """Deadlines that were missed: what the rules of deadlines would have said or done."""
        return tuple(one for one in self.deeds if one.action.key.startswith("sla/"))


def replay(facts: CardFacts, decide: Decide, now: datetime) -> Replayed:
    """Walk through the life of one card, from its creation until now."""
    created = facts.card.created or (facts.moves[0].at if facts.moves else now)
    moments = _moments(facts, created, now)
    done: dict[str, datetime] = {}
    owner: str | None = None
    filled: dict[str, Any] = {}
    deeds: list[Deed] = []
    for _ in range(_MOMENTS):
        if not moments:
            break
        at = moments.pop(0)
        decision = decide(as_of(facts, at, owner, done, filled), at)
        fresh = [one for one in decision.actions if one.key not in done]
        deeds += [Deed(at, one) for one in fresh]
        done |= {one.key: at for one in fresh}
        owner = next((str(one.values["owner"]) for one in reversed(fresh) if one.kind == "assign"), owner)
        for one in fresh:
            filled |= one.values.get("fields", {}) if one.kind == "fill" else {}
        again = at + timedelta(seconds=1) if fresh else decision.wake
        if again is not None and at < again <= now:
            moments = sorted({*moments, again})
    first = next((str(one.action.values["owner"]) for one in deeds if one.action.kind == "assign"), None)
    touches = [touch.at for touch in facts.touches if touch.by is not None]
    return Replayed(
        card=facts.card.ref,
        title=facts.card.title,
        created=created,
        owner=facts.card.owner,
        owner_by_rules=first,
        first_touch=min(touches, default=None),
        deeds=tuple(deeds),
    )


def as_of(
    facts: CardFacts,
    at: datetime,
    owner: str | None,
    done: Mapping[str, datetime],
    filled: Mapping[str, Any] = MappingProxyType({}),
) -> CardFacts:
    """The facts as they were known at a moment; who had the card then is what the rules decided, else unknown.

    `filled` are fields that rules have filled in by then.
    """
    moves = tuple(one for one in facts.moves if one.at <= at)
    stage = moves[-1].stage if moves else facts.card.stage
    outcome = facts.card.outcome if stage == facts.card.stage else Outcome.OPEN
    extra = {**facts.card.extra, **filled}
    card = replace(facts.card, stage=stage, outcome=outcome, owner=owner, changed=at, changed_by=None, extra=extra)
    return replace(
        facts,
        card=card,
        moves=moves,
        touches=tuple(one for one in facts.touches if one.at <= at),
        letters=tuple(one for one in facts.letters if (one.start or one.created or at) <= at),
        tasks=(),  # when a task was made and done is not told
        deals=tuple(one for one in facts.deals if one.created is not None and one.created <= at),
        done=frozenset(done),
        done_at=dict(done),
    )


def replayed(all_facts: Iterable[CardFacts], decide: Decide, now: datetime) -> Iterator[Replayed]:
    """Each card in turn; they are independent but for whose turn it is, so they come by creation."""
    ordered = sorted(all_facts, key=lambda one: (one.card.created or now, one.card.id))
    return (replay(one, decide, now) for one in ordered)


def _moments(facts: CardFacts, created: datetime, now: datetime) -> list[datetime]:
    known = [one.at for one in facts.moves] + [one.at for one in facts.touches]
    return sorted({created, *(at for at in known if created < at <= now)})
