"""What a mailbox name tells beyond its holder's name: `a.belova` says the name again, `dragonfly` is a sign."""

from __future__ import annotations

import re
from collections.abc import Sequence

from b24kit.matching import names
from b24kit.matching.mailbox_says import in_full, with_initial

LETTER, DIGIT = 3.5, 1.5  # bits; a year of birth (1985) is 6 bits, not 13
_PARTS = re.compile(r"[a-zа-яё]+|\d+")
_SHORTEST_PIECE = 3


def own_bits(local: str, words: Sequence[str]) -> float:
    """Bits of a mailbox name that the folded words of the name do not explain.

    >>> own_bits("a.belova", ("anna", "belova")), own_bits("belova1985", ("anna", "belova"))
    (0.0, 6.0)
    """
    bits, used = 0.0, set[str]()
    for part in _PARTS.findall(local):
        bits += DIGIT * len(part) if part.isdigit() else LETTER * len(_unexplained(part, words, used))
    return bits


def _unexplained(part: str, words: Sequence[str], used: set[str]) -> str:
    """The letters left of a part when pieces of the name, the longest first, and then initials are taken out of it."""
    whole = names.fold(part)
    left = [whole]
    for length in range(min(len(whole), max(map(len, words), default=0)), _SHORTEST_PIECE - 1, -1):
        for word in words:
            piece = word[:length]
            if word in used or len(piece) < length:
                continue
            at = next((index for index, rest in enumerate(left) if piece in rest), None)
            if at is not None:
                before, _, after = left[at].partition(piece)
                left[at : at + 1] = [before, after]
                used.add(word)
    rest = "".join(left)
    for word in words:
        if word not in used and word[:1] in rest:
            rest = rest.replace(word[:1], "", 1)
            used.add(word)
    # Where two words meet, folding may melt letters: stefannaewe.
    melted = rest and (whole in in_full(words) or whole in with_initial(words) or whole in with_initial(words[::-1]))
    return "" if melted else rest
