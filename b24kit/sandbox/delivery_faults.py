"""What goes wrong with hooks on the way, on purpose: never delivered, twice, late, in another order.

Chance comes from a seed, as with the faults of requests; who waits and sends is `delivery.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from b24kit.sandbox.faults import draw
from b24kit.sandbox.posting import Parcel

Kind = Literal[
    "lost",  # the portal believes it was sent; nobody ever hears of it
    "twice",  # delivered two times
    "late",  # leaves `seconds` of portal time later
    "shuffled",  # held back until `window` have come (or `seconds` have passed), then sent in a drawn order
]


class DeliveryFault(BaseModel):
    """One kind of trouble and its conditions, all of which must hold; parcels that fit are numbered from 1."""

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    probability: float | None = Field(default=None, ge=0, le=1)
    seed: int = 1
    numbers: list[int] | None = None
    every: int | None = Field(default=None, ge=1)
    count: int | None = Field(default=None, ge=0)
    events: list[str] | None = None  # only these, such as `add_lead`
    seconds: float = Field(default=60, ge=0)
    window: int = Field(default=5, ge=2)


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A parcel as it goes on: at once, or `delay` portal seconds later."""

    parcel: Parcel
    kind: str | None = None
    delay: float = 0.0


class DeliveryFaults:
    """The rules in force, their counts, and the parcels that wait for company.

    `flush_in` is told when the first parcel begins to wait: whoever sends calls `release` so many seconds later.
    """

    def __init__(self, rules: list[DeliveryFault], flush_in: Callable[[float], object]) -> None:
        self.rules = rules
        self._flush_in = flush_in
        self._seen = [0] * len(rules)
        self._struck = [0] * len(rules)
        self._held: list[Parcel] = []
        self._released = 0

    def of(self, parcel: Parcel) -> Iterator[Spoilt]:
        """What becomes of one parcel: nothing, one or several sendings."""
        rule = self._first(parcel)
        if rule is None:
            yield Spoilt(parcel)
        elif rule.kind == "twice":
            yield from (Spoilt(parcel, "twice"), Spoilt(parcel, "twice"))
        elif rule.kind == "late":
            yield Spoilt(parcel, "late", delay=rule.seconds)
        elif rule.kind == "lost":
            yield Spoilt(parcel, "lost")
        else:
            yield from self._hold(parcel, rule)

    def release(self) -> list[Parcel]:
        """Let the held parcels go, in a drawn order."""
        held, self._held = self._held, []
        self._released += 1
        drawn = {number: draw(self._released, "place", number) for number in range(len(held))}
        return [held[number] for number in sorted(drawn, key=lambda number: drawn[number])]

    def held(self) -> int:
        """How many wait for company."""
        return len(self._held)

    def told(self) -> list[dict[str, Any]]:
        """The rules with what became of them."""
        return [
            rule.model_dump(exclude_defaults=True) | {"seen": seen, "struck": struck}
            for rule, seen, struck in zip(self.rules, self._seen, self._struck, strict=True)
        ]

    def _hold(self, parcel: Parcel, rule: DeliveryFault) -> Iterator[Spoilt]:
        if not self._held:
            self._flush_in(rule.seconds)
        self._held.append(parcel)
        if len(self._held) >= rule.window:
            yield from (Spoilt(one, "shuffled") for one in self.release())

    def _first(self, parcel: Parcel) -> DeliveryFault | None:
        struck: DeliveryFault | None = None
        for place, rule in enumerate(self.rules):
            if rule.events is not None and parcel.event not in rule.events:
                continue
            self._seen[place] += 1
            if struck is None and self._falls(rule, place):
                self._struck[place] += 1
                struck = rule
        return struck

    def _falls(self, rule: DeliveryFault, place: int) -> bool:
        seen = self._seen[place]
        return (
            (rule.count is None or self._struck[place] < rule.count)
            and (rule.numbers is None or seen in rule.numbers)
            and (rule.every is None or seen % rule.every == 0)
            and (rule.probability is None or draw(rule.seed, rule.kind, seen) < rule.probability)
        )
