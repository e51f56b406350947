"""Finding a seminar's words in a subject although Russian declines them: «по охране труда» is «Охрана труда».

Words are compared by their stems: the ending goes, the rest must be equal. Short words (of, и, по) are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from operator import eq

_WORD = re.compile(r"[^\W_]+")
_ENDING = re.compile(
    r"(?:иями|ями|ами|иях|ием|иям|ого|его|ому|ему|ыми|ими|ией|ях|ах|ов|ев|ей|ой|ый|ий|ая|яя|ое|ее|ые|ие|ую|юю|ом|ем|"
    r"ам|ям|ых|их|ым|им|ью|ия|ии|ию|ье|ья|а|я|о|е|ы|и|у|ю|ь|й)$"
)
_SHORTEST_STEM = 3
_GAP = 2  # words that may stand between two words of a phrase


@lru_cache(maxsize=65536)
def stems(text: str) -> tuple[str, ...]:
    """The stems of a text's words in order, function words of one or two letters left out."""
    words = (word.lower().replace("ё", "е") for word in _WORD.findall(text))
    return tuple(_stem(word) for word in words if len(word) > 2 or word.isdigit() or not word.isalpha())


def mentions(text: str, phrase: str, same: Callable[[str, str], bool] = eq) -> bool:
    """Whether a text speaks of a phrase: its words in their order and near each other, in any case and number.

    `same(there, wanted)` tells whether two stems are one word.

    >>> mentions("Хотим на курс по охране труда и пожарной безопасности", "Охрана труда")
    True
    >>> mentions("Охрана офиса", "Охрана труда")
    False
    """
    wanted, there = stems(phrase), stems(text)
    if not wanted:
        return False
    return any(_follows(there, start, wanted, same) for start, stem in enumerate(there) if same(stem, wanted[0]))


def _follows(there: tuple[str, ...], start: int, wanted: tuple[str, ...], same: Callable[[str, str], bool]) -> bool:
    at = start
    for stem in wanted[1:]:
        ahead = there[at + 1 : at + 2 + _GAP]
        place = next((place for place, found in enumerate(ahead) if same(found, stem)), None)
        if place is None:
            return False
        at += 1 + place
    return True


def _stem(word: str) -> str:
    found = _ENDING.sub("", word, count=1)
    return found if len(found) >= _SHORTEST_STEM else word
