"""The pile as a crowd: how many others are expected to show the same name, login or moment by chance."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from b24kit.matching.given_names import forms
from b24kit.matching.keys import Keys
from b24kit.matching.names import fold
from b24kit.matching.portrait import mark_of
from b24kit.matching.shares import NameShares, is_given

_FEW_NAMES = 2
_FEW_ADDRESSES = 3
_GIVEN_BITS = 6.0
_MOST_NEAR = 4.0
_NEAR = 180 * 86_400.0


class Crowd:
    """Counts over one pile, taken once; `people` is how many groups it has."""

    def __init__(self, keys: Keys, shares: NameShares, people: int, hubs: Iterable[str] = ()) -> None:
        self.people = max(people, 1)
        self.hubs = frozenset(hubs)
        self._shares = shares
        self._at: Counter[str] = Counter(address.firm for address in keys.addresses if address.firm)
        self._users = _users(keys)
        self._written = np.sort(keys.moments[~np.isnan(keys.moments)])

    def share(self, words: Sequence[str]) -> float:
        """The share of people with this name."""
        return self._shares.share(words)

    def namesakes(self, words: Sequence[str]) -> float:
        """How many others of this name are expected in the pile."""
        return self._shares.share(words) * self.people

    def of_surname(self, word: str) -> float:
        """How many others of this surname are expected in the pile."""
        return self._shares.surname(word) * self.people

    def people_at(self, firm: str) -> int:
        """How many addresses of a firm the pile shows."""
        return self._at[firm]

    def mark_bits(self, mark: str) -> float:
        """At most so many bits a login or mailbox name tells: few where it is a given name or many names use it."""
        users = self._users.get(mark, 1)
        if is_given(fold(mark)) or fold(mark) in _GIVEN:
            return _GIVEN_BITS
        return 60.0 if users <= _FEW_NAMES else math.log2(self.people / users)

    def nearness(self, one: Sequence[float], other: Sequence[float]) -> float:
        """Bits for two series of letters (moments in order) that come close to each other, measured in letters."""
        if not one or not other:
            return 0.0
        gap, earlier, later = min((abs(a - b), min(a, b), max(a, b)) for a in one for b in other)
        if gap > _NEAR:
            return 0.0
        first = int(np.searchsorted(self._written, earlier, side="left"))
        last = int(np.searchsorted(self._written, later, side="right"))
        chance = 2 * max(len(one), len(other)) * (last - first) / len(self._written)
        return min(_MOST_NEAR, max(0.0, math.log2(0.25 / chance)))


def _users(keys: Keys) -> dict[str, int]:
    """How many people seem to use each mark: the full names seen with it, or its addresses beyond a person's few."""
    named: dict[str, set[int]] = defaultdict(set)
    marks = [mark_of(address) for address in keys.addresses]
    for address, full in zip(keys.card_address.tolist(), keys.card_full.tolist(), strict=True):
        if address >= 0 and full >= 0 and marks[address]:
            named[marks[address]].add(full)
    found = {mark: len(names) for mark, names in named.items() if len(names) > 1}
    for mark, addresses in Counter(marks).items():
        if mark and addresses > _FEW_ADDRESSES and len(named.get(mark, ())) != 1:
            found[mark] = max(found.get(mark, 0), addresses)
    return found


_GIVEN = frozenset(fold(word) for word in forms())
