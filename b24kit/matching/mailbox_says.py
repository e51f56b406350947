"""Whether a login or a mailbox name says somebody's name: `stuartarchibald` and `sarchibald` of Stuart Archibald."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from itertools import permutations

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
    if bare in in_full(words):
        return IN_FULL
    return INITIAL if bare in with_initial(words) else NOTHING


def in_full(words: Sequence[str]) -> set[str]:
    """The logins that write two words or all of a name out, middle initials between them included."""
    full = [word for word in words if len(word) > 1]
    middle = "".join(word[0] for word in words[1:-1])
    found = {names.fold(one + other) for one, other in permutations(full, 2)}
    if len(full) > 1:
        found |= {names.fold("".join(full)), names.fold(full[0] + middle + full[-1])}
    return {shape for shape in found if len(shape) > _LEAST_SURNAME}


def with_initial(words: Sequence[str]) -> set[str]:
    """The logins that write a surname out and initials before or after it."""
    full = [word for word in words if len(word) > 1]
    if len(full) < 2 or len(full[-1]) < _LEAST_SURNAME:
        return set()
    first, last = full[0][0], full[-1]
    middle = "".join(word[0] for word in words[1:-1])
    return {names.fold(shape) for shape in (first + last, last + first, first + middle + last)}


@lru_cache(maxsize=65536)
def folded(mark: str) -> str:
    """A mark as names are folded, digits left out."""
    return names.fold(_LETTERS.sub("", mark.casefold()))
