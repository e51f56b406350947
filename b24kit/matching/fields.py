"""Records with several independent fields (name, birthday, street, passport): every agreeing field adds its bits.

For lists where people filled in a form; letters with a name and an address alone go through `tiers`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from b24kit.matching.cluster import components
from b24kit.matching.keys import plain
from b24kit.matching.tiers import labelled

ENOUGH = 20.0  # bits
_MOST, _NEAR_SHARE, _APART = 12.0, 0.6, -3.0
_NEAR_WORD, _NEAR_DIGITS = 0.88, 2
_LARGEST_BLOCK = 40


def group_records(records: Sequence[Mapping[str, str]], fields: Sequence[str], ids: Sequence[str]) -> list[str]:
    """The cluster of each record (its smallest id); `fields` are compared, `ids` name the records."""
    rows = [tuple(plain(record.get(field) or "") for field in fields) for record in records]
    weights = [_weights(column) for column in zip(*rows, strict=True)]
    pairs = [
        (one, other) for one, other in sorted(_candidates(rows)) if _bits(rows[one], rows[other], weights) >= ENOUGH
    ]
    return labelled(ids, components(len(rows), [one for one, _ in pairs], [other for _, other in pairs]))


def _candidates(rows: Sequence[tuple[str, ...]]) -> set[tuple[int, int]]:
    """Pairs that share a rare value, or two values at once; blocks that are too large are not searched."""
    found: dict[tuple[tuple[int, str], ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        for key in _keys(row):
            found[key].append(place)
    return {pair for block in found.values() if len(block) <= _LARGEST_BLOCK for pair in combinations(block, 2)}


def _keys(row: tuple[str, ...]) -> Iterator[tuple[tuple[int, str], ...]]:
    values = [(column, value) for column, value in enumerate(row) if value]
    yield from ((value,) for value in values)
    yield from combinations(values, 2)


def _bits(one: tuple[str, ...], other: tuple[str, ...], weights: Sequence[Mapping[str, float]]) -> float:
    """The sum over fields; two words of neighbouring fields that changed places count as near."""
    total = 0.0
    for column, (mine, theirs) in enumerate(zip(one, other, strict=True)):
        if not mine or not theirs:
            continue
        weight = min(weights[column][mine], weights[column][theirs])
        if mine == theirs:
            total += weight
        elif _near(mine, theirs) or mine in other or theirs in one:
            total += _NEAR_SHARE * weight
        else:
            total += _APART
    return total


def _weights(column: Sequence[str]) -> dict[str, float]:
    """Bits of an agreeing value: rare ones tell more."""
    return {value: min(_MOST, math.log2(len(column) / often)) for value, often in Counter(column).items()}


def _near(mine: str, theirs: str) -> bool:
    if mine.isdigit() and theirs.isdigit():
        return DamerauLevenshtein.distance(mine, theirs, score_cutoff=_NEAR_DIGITS) <= _NEAR_DIGITS and len(mine) > 3
    return JaroWinkler.similarity(mine, theirs) >= _NEAR_WORD
