"""Whether a login or a mailbox name says somebody's name: `stuartarchibald` and `sarchibald` of Stuart Archibald."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache

from b24kit.matching import names

_LETTERS = re.compile(r"[^a-zа-яё]+")
_LEAST_SURNAME = 4


class Says(Enum):
    """How much of a name is said."""

    NOTHING = 0
    INITIAL = 1  # an initial and the surname
    IN_FULL = 2  # two words written out


INITIAL, IN_FULL, NOTHING = Says.INITIAL, Says.IN_FULL, Says.NOTHING


def says(mark: str, words: Sequence[str]) -> Says:
    """What a mark without separators says of a name given by its folded words.

    >>> says("stuartarchibald", ("stuart", "archibald")).name, says("sarchibald7", ("stuart", "archibald")).name
    ('IN_FULL', 'INITIAL')
    >>> says("stuart", ("stuart", "archibald")).name
    'NOTHING'
    """
    bare = folded(mark)
    full = [word for word in words if len(word) > 1]
    if len(full) < 2 or len(bare) < _LEAST_SURNAME + 1:
        return NOTHING
    middle = "".join(word[0] for word in words[1:-1])
    for first, last in ((full[0], full[-1]), (full[-1], full[0])):
        if bare in {first + last, last + first, first + middle + last, "".join(full), names.fold(first + last)}:
            return IN_FULL
    first, last = full[0], full[-1]
    shapes = {first[0] + last, last + first[0], first[0] + middle + last, first + last[0]}
    return INITIAL if bare in shapes and len(last) >= _LEAST_SURNAME else NOTHING


@lru_cache(maxsize=65536)
def folded(mark: str) -> str:
    """A mark as names are folded, digits left out."""
    return names.fold(_LETTERS.sub("", mark.casefold()))
