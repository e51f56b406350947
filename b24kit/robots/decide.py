"""All rules about one card, in the order in which they may contradict each other: one decision.

Stops come before steps: what ends or returns a card is decided first, and once a card changes its stage, its owner or
its end, whatever the other rules thought of its old state waits for the next look at it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from b24kit.change.operation import Reason
from b24kit.robots.arrival import decide_entrance, decide_heard
from b24kit.robots.cadence import decide_cadence
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.gates import decide_gates
from b24kit.robots.marketing import decide_marketing
from b24kit.robots.parked import decide_parked, decide_reopening
from b24kit.robots.people import People
from b24kit.robots.portrait import decide_portrait
from b24kit.robots.rules import Rules
from b24kit.robots.sla import decide_sla, losers
from b24kit.robots.spawn import decide_spawn, decide_waking
from b24kit.robots.tidy import decide_tidy
from b24kit.robots.voices import without_machines

Rule = Callable[[CardFacts, Rules, People, datetime], Decision]

ORDER: tuple[Rule, ...] = (
    decide_heard,
    decide_entrance,
    decide_gates,
    decide_reopening,
    decide_spawn,
    decide_marketing,
    decide_waking,
    decide_cadence,
    decide_parked,
    decide_sla,
    decide_portrait,
    decide_tidy,
)
TURNING = frozenset({"move", "close", "assign"})  # after these, the card is another one
_SOON = timedelta(minutes=1)


def decide(facts: CardFacts, rules: Rules, people: People, now: datetime, first: Sequence[Rule] = ()) -> Decision:
    """What is to be done about a card at `now`, and when to look at it again; `wake` is never in the past.

    `first` are rules that go before all others (who owns the card). Actions whose keys are done are left out; the
    same facts give the same decision.
    """
    facts = without_machines(facts)
    actions: list[Action] = []
    because: list[Reason] = []
    wakes: list[datetime] = []
    for rule in (*first, *ORDER):
        found = rule(facts, rules, people, now)
        because += found.because
        fresh = [one for one in found.actions if one.key not in facts.done and not _given_back(facts, one)]
        actions += fresh
        if found.wake is not None:
            wakes.append(max(found.wake, now))
        if any(one.kind in TURNING for one in fresh):
            wakes.append(now + _SOON)  # the rest is decided about what the card will be
            break
    return Decision(_once(actions), min(wakes, default=None), tuple(because))


def _given_back(facts: CardFacts, action: Action) -> bool:
    """Whether a card would go back to somebody it was taken away from: no rule may do that, only a person."""
    return action.kind == "assign" and action.values["owner"] in losers(facts)


def _once(actions: Sequence[Action]) -> tuple[Action, ...]:
    """Each key once, in the order of the rules."""
    first: dict[str, Action] = {}
    for one in actions:
        first.setdefault(one.key, one)
    return tuple(first.values())
