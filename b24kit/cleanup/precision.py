"""How far a sample of clusters looked at by eye lets one trust the others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from b24kit.cleanup.decisions import About, Decision
from b24kit.matching.verdicts import Verdict

CONFIDENCE = 0.95
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Precision:
    """So many of the clusters looked at were right."""

    right: int
    looked_at: int

    @property
    def at_least(self) -> float:
        """The share of right clusters that is exceeded with 95 % confidence (Clopper and Pearson, one-sided).

        >>> round(Precision(20, 20).at_least, 3)
        0.861
        """
        if not self.right:
            return 0.0
        from scipy.special import betaincinv

        return float(betaincinv(self.right, self.looked_at - self.right + 1, 1 - CONFIDENCE))


def precision(decisions: Iterable[Decision]) -> Precision:
    """What the answers about sampled clusters come to; "not sure" is no answer.

    A cluster that somebody split a member out of is wrong, whatever else was said of it.
    """
    given = list(decisions)
    split_out = {card for one in given if one.verdict is Verdict.SPLIT for card in one.one}
    said = [
        one.verdict is Verdict.RIGHT and split_out.isdisjoint(one.one)
        for one in given
        if one.about is About.CLUSTER and one.verdict is not Verdict.UNSURE
    ]
    return Precision(sum(said), len(said))


def drawn(things: Sequence[tuple[str, Thing]], size: int, seed: int) -> list[Thing]:
    """So many of the keyed things, in an order that the seed alone decides: the same seed draws the same again."""

    def place(pair: tuple[str, Thing]) -> str:
        return hashlib.sha256(f"{seed} {pair[0]}".encode()).hexdigest()

    return [thing for _, thing in sorted(things, key=place)[:size]]
