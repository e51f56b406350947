"""How many other people of a pile may bear the same name: background shares, raised where the pile itself says more.

The table `name_shares.txt.gz` is built by `tools/name_shares.py`. A name that no table knows is taken as fairly rare,
never as unique, and however rare a name is, it joins nobody by itself.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

UNKNOWN_GIVEN, UNKNOWN_SURNAME = 5e-4, 2e-5
ONE_SEX = 2.0  # given name and surname tell the same sex, so the two shares are not independent
FURTHER_WORD = 1 / 25  # a patronymic or a second given name; they go in families and fashions


class Bearing(NamedTuple):
    """Shares of people with a word as their given name and as their surname."""

    given: float
    surname: float


class NameShares:
    """Shares of full names among the people of one pile; `full_names` are its distinct folded names."""

    def __init__(self, full_names: Iterable[str]) -> None:
        words: Counter[str] = Counter()
        names = 0
        for name in full_names:
            names += 1
            words.update(set(name.split()))
        self.people = names
        self._words = words

    def share(self, words: Sequence[str]) -> float:
        """The share of people with this full name, its words in any order (the likelier reading is taken)."""
        if not words:
            return 1.0
        borne = [self._borne(word) for word in words]
        if len(borne) == 1:
            return max(borne[0])
        best = max(
            one.given * other.surname for at, one in enumerate(borne) for to, other in enumerate(borne) if at != to
        )
        return ONE_SEX * best * FURTHER_WORD ** (len(borne) - 2)

    def surname(self, word: str) -> float:
        """The share of people with this surname."""
        return self._borne(word).surname

    def expected(self, words: Sequence[str], people: int | None = None) -> float:
        """How many other people of that name are to be expected among so many (the whole pile by default)."""
        return self.share(words) * (self.people if people is None else people)

    def _borne(self, word: str) -> Bearing:
        """The background's share, or the pile's own where more of its names hold the word than chance explains."""
        known = background().get(word, Bearing(UNKNOWN_GIVEN, UNKNOWN_SURNAME))
        others = self._words[word] - 1
        if others < 3:
            return known
        seen = others / self.people
        return Bearing(max(known.given, seen), max(known.surname, seen))


def background() -> dict[str, Bearing]:
    """The table of shares by folded word."""
    return _tables()[0]


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, Bearing], frozenset[str]]:
    """Shares by folded word, and the words that are known as given names."""
    packed = resources.files(__package__).joinpath("name_shares.txt.gz").read_bytes()
    found: dict[str, Bearing] = {}
    as_given: set[str] = set()
    for line in gzip.decompress(packed).decode().splitlines():
        if line.startswith("#"):
            continue
        word, given, surname = line.split(" ")
        found[word] = Bearing(_share(given, UNKNOWN_GIVEN), _share(surname, UNKNOWN_SURNAME))
        if given != "-":
            as_given.add(word)
    return found, frozenset(as_given)


def is_given(word: str) -> bool:
    """Whether a folded word is known as a given name."""
    return word in _tables()[1]


def _share(bits: str, floor: float) -> float:
    return floor if bits == "-" else max(floor, 2.0 ** -float(bits))
