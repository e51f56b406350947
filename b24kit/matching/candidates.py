"""Which groups are worth comparing: those that share a key of a blocking rule, blocks of a readable size only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from b24kit.matching.block import Price
from b24kit.matching.keys import Name
from b24kit.matching.mailbox_says import folded, in_full, with_initial
from b24kit.matching.portrait import Gallery, Portrait

_LARGEST = {"address": 12, "name": 12, "surname": 25, "sound": 12, "mark": 12, "said": 12, "phone": 6, "given": 4}
_VOWELS = str.maketrans("", "", "aeiou")
_LEAST_SURNAME = 4


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of groups, the smaller number first, and what each rule cost."""

    pairs: list[tuple[int, int]]
    prices: list[Price]


def candidates(gallery: Gallery, groups: int) -> Candidates:
    """Every pair of groups that some rule's block holds; a block above its rule's cap is not searched."""
    found: dict[str, dict[str, list[int]]] = {rule: defaultdict(list) for rule in _LARGEST}
    for group in range(groups):
        for rule, key in set(_keys(gallery.portrait(group))):
            found[rule][key].append(group)
    prices = [_price(rule, found[rule].values()) for rule in _LARGEST]
    pairs = {
        pair
        for rule, most in _LARGEST.items()
        for block in found[rule].values()
        if 1 < len(block) <= most
        for pair in combinations(block, 2)
    }
    return Candidates(sorted(pairs), prices)


def _price(rule: str, blocks: Iterable[list[int]]) -> Price:
    sizes = [len(block) for block in blocks if len(block) > 1]
    kept = [size for size in sizes if size <= _LARGEST[rule]]
    return Price(rule, sum(size * (size - 1) // 2 for size in kept), len(kept), len(sizes) - len(kept))


def _keys(portrait: Portrait) -> Iterator[tuple[str, str]]:
    for address in portrait.addresses:
        yield "address", address.text
        if address.firm:
            yield "address", f"{address.local} {address.firm}"
    for phone in portrait.phones:
        yield "phone", phone.number
    for mark in portrait.marks:
        yield "mark", mark
    for name in portrait.full:
        yield from _name_keys(name)
    if not portrait.full:
        for mark in portrait.marks:
            yield "said", folded(mark)
        for name in portrait.names:
            for firm in portrait.firms:
                yield "given", f"{name.words[0]} {firm}"


def _name_keys(name: Name) -> Iterator[tuple[str, str]]:
    yield "name", name.full
    words = name.full_words
    for at, word in enumerate(words):
        others = [other for to, other in enumerate(name.words) if other is not word or to != at]
        if len(word) >= _LEAST_SURNAME:
            yield from (("surname", f"{word} {other[0]}") for other in others)
    yield "sound", " ".join(sorted(word[0] + word[1:].translate(_VOWELS) for word in words))
    yield from (("said", shape) for shape in in_full(name.words) | with_initial(name.words))
