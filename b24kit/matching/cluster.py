"""Links to clusters: connected cards, each cluster checked as a whole, the weakest links of one that disagrees cut.

Components are transitive, so two ends that nobody compared may contradict; only the whole cluster shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from b24kit.matching import names
from b24kit.matching.block import blocks
from b24kit.matching.certain import Link
from b24kit.matching.joining import LARGEST, Rule, holders
from b24kit.matching.keys import Keys, Name, Numbers


@dataclass(frozen=True, slots=True)
class Cut:
    """A cluster that disagreed in itself: its cards, and the weakest rule that was given up."""

    cards: tuple[int, ...]
    rule: Rule


@dataclass(frozen=True, slots=True)
class Clusters:
    """`of_card` numbers the clusters; `marks` holds by cluster a bit for each rule; `cuts` are left to people."""

    of_card: Numbers
    marks: Numbers
    cuts: tuple[Cut, ...]

    def rules(self, number: int) -> tuple[Rule, ...]:
        """The rules that joined a cluster, the surest first; a cluster of one card stands on its address."""
        return tuple(rule for rule in Rule if int(self.marks[number]) >> rule & 1) or (Rule.ADDRESS,)


def components(cards: int, one: Sequence[int] | Numbers, other: Sequence[int] | Numbers) -> Numbers:
    """The number of each card's connected component, numbered by first card."""
    ones = np.ones(len(one), dtype=np.int8)
    ends = np.asarray(one, dtype=np.int64), np.asarray(other, dtype=np.int64)
    graph = coo_array((ones, ends), shape=(cards, cards))
    labels = connected_components(graph, directed=False)[1]
    return first_numbered(labels)


def first_numbered(labels: Numbers) -> Numbers:
    """Labels renumbered by the first place where each stands."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[inverse]


def cluster(keys: Keys, links: Iterable[Link]) -> Clusters:
    """Clusters of cards that agree in themselves."""
    listed = [(link.one, link.other, int(link.rule)) for link in links]
    table = np.array(sorted(set(listed)), dtype=np.int64).reshape(-1, 3)
    cuts: list[Cut] = []
    labels = components(keys.cards, table[:, 0], table[:, 1])
    suspects = np.ones(len(table), dtype=bool)
    while True:
        drop = _weakest_of_disagreeing(keys, table, labels, suspects, cuts)
        if not drop.any():
            break
        suspects = np.isin(labels[table[:, 0]], np.unique(labels[table[drop, 0]]))[~drop]
        table = table[~drop]
        labels = components(keys.cards, table[:, 0], table[:, 1])
    marks = np.zeros(int(labels.max(initial=-1)) + 1, dtype=np.int64)
    np.bitwise_or.at(marks, labels[table[:, 0]], 1 << table[:, 2])
    return Clusters(labels, marks, tuple(cuts))


def _weakest_of_disagreeing(
    keys: Keys, table: Numbers, labels: Numbers, suspects: np.ndarray[tuple[int], np.dtype[np.bool_]], cuts: list[Cut]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which links to cut: those of the weakest rule of each suspect cluster that disagrees."""
    drop = np.zeros(len(table), dtype=bool)
    places = np.flatnonzero(suspects)
    for block in blocks(labels[table[places, 0]], least=1):
        rows = places[block]
        cards = np.unique(table[rows, :2])
        if disagrees(keys, cards.tolist()):
            rule = int(table[rows, 2].max())
            drop[rows[table[rows, 2] == rule]] = True
            cuts.append(Cut(tuple(cards.tolist()), Rule(rule)))
    return drop


def disagrees(keys: Keys, cards: Sequence[int]) -> bool:
    """Whether cards cannot all be one person's: names apart, middle initials apart, too many addresses or numbers."""
    places = {int(keys.card_address[card]) for card in cards}
    seen = {name.text: name for card in cards if (name := keys.name(card))}
    if len(places) > LARGEST:
        return True
    return len(seen) > 1 and names_disagree(list(seen.values()))


def names_disagree(seen: Sequence[Name]) -> bool:
    """Whether some of the names cannot be one person's, middle initials included."""
    if seen[0].full and all(name.full == seen[0].full and len(name.words) == len(seen[0].words) for name in seen):
        return len({tuple(sorted(name.words)) for name in seen}) > 1
    written = [name.words for name in seen if name.full]
    initials = [words for words in written if min(map(len, words)) == 1]
    apart = any(names.initials_clash(words, others) for words in initials for others in written)
    return apart or holders(name.text for name in seen) > 1
