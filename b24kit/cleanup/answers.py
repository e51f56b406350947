"""What people's decisions say of any two cards: one client, different ones, or nothing; and which nobody may touch.

Who is one client with somebody is told apart from whom that one is told apart from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from b24kit.cleanup.standing_decisions import InForce, Pair
from b24kit.crm.refs import Ref

Cards = frozenset[Ref]


@dataclass(frozen=True, slots=True)
class Answers:
    """Groups of cards that are `same` client each, pairs of groups that are `apart`, and `protected` cards."""

    same: tuple[Cards, ...] = ()
    apart: tuple[tuple[Cards, Cards], ...] = ()
    protected: Cards = field(default_factory=frozenset)

    @classmethod
    def of(cls, force: InForce) -> Answers:
        """The decisions in force; a stale "different people" still keeps the two apart."""
        same: list[Cards] = []
        for pair in force.same:
            met = [group for group in same if not group.isdisjoint((*pair.one, *pair.other))]
            same = [group for group in same if group not in met]
            same.append(frozenset((*pair.one, *pair.other)).union(*met))
        apart = tuple((_with_same(pair.one, same), _with_same(pair.other, same)) for pair in force.apart)
        return cls(tuple(same), apart, force.protected)

    def __call__(self, one: Ref, other: Ref) -> bool | None:
        """Whether two cards are one client; None where nobody was asked. A no outweighs a yes."""
        if any((one in a and other in b) or (one in b and other in a) for a, b in self.apart):
            return False
        return True if any(one in group and other in group for group in self.same) else None

    def links(self, cards: Sequence[Ref]) -> Iterator[tuple[int, int]]:
        """Places of cards that are one client, each group's first one with the others."""
        yield from _places(self.same, {ref: place for place, ref in enumerate(cards)})

    def parted(self, place_of: Mapping[Ref, int]) -> set[tuple[int, int]]:
        """Places that hold cards of different people."""
        found: set[tuple[int, int]] = set()
        for sides in self.apart:
            one, other = ({place_of[ref] for ref in side if ref in place_of} for side in sides)
            found |= {(min(a, b), max(a, b)) for a in one for b in other if a != b}
        return found


NOBODY_ASKED = Answers()


def after_merges(force: InForce, into: Mapping[Ref, Ref]) -> InForce:
    """The decisions once cards are merged: what was said of a swallowed card is said of the one that stays."""
    if not into:
        return force

    def told(pair: Pair) -> Pair:
        one, other = (tuple(dict.fromkeys(into.get(ref, ref) for ref in side)) for side in (pair.one, pair.other))
        return replace(pair, one=one, other=other)

    wrong = tuple(frozenset(into.get(ref, ref) for ref in cards) for cards in force.wrong)
    return replace(force, same=tuple(map(told, force.same)), apart=tuple(map(told, force.apart)), wrong=wrong)


def _with_same(side: Sequence[Ref], same: Sequence[Cards]) -> Cards:
    return frozenset(side).union(*(group for group in same if not group.isdisjoint(side)))


def _places(groups: Sequence[Cards], place_of: Mapping[Ref, int]) -> Iterator[tuple[int, int]]:
    for group in groups:
        there = sorted(place_of[ref] for ref in group if ref in place_of)
        yield from ((there[0], other) for other in there[1:])
