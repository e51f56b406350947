"""The policy: A is joined automatically, B is asked, C is never linked.

A false merge loses data and cannot be undone; a miss costs a click. So A joins where the chance of an error is below
one in a hundred, B asks while the answer may well be yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from b24kit.matching.certain import certain_links, shared_addresses
from b24kit.matching.cluster import Clusters, cluster
from b24kit.matching.keys import Keys, Numbers
from b24kit.matching.shares import NameShares
from b24kit.matching.standing import SetAside


@dataclass(frozen=True, slots=True)
class Automatic:
    """Tier A: the clusters, what they were made with, and the addresses that several people hold."""

    keys: Keys
    shares: NameShares
    shared: dict[int, SetAside]
    clusters: Clusters

    @property
    def of_row(self) -> Numbers:
        """The cluster of each row."""
        return self.clusters.of_card[self.keys.row_card]


def automatic(keys: Keys) -> Automatic:
    """Tier A over a whole pile."""
    shares = NameShares(_names_of_people(keys))
    shared = shared_addresses(keys)
    return Automatic(keys, shares, shared, cluster(keys, certain_links(keys, shared, shares)))


def _names_of_people(keys: Keys) -> list[str]:
    """The distinct full names of the pile: repeated letters must not make a name look common."""
    used = np.unique(keys.card_full[keys.card_full >= 0])
    return [keys.full_names[place] for place in used.tolist()]


def labelled(ids: Sequence[str], clusters: Numbers) -> list[str]:
    """The name of each row's cluster: its smallest id, shorter ids first, so that L9 stands before L10."""
    best: dict[int, str] = {}
    for identifier, number in zip(ids, clusters.tolist(), strict=True):
        if (len(identifier), identifier) < (len(best.get(number, identifier)), best.get(number, identifier)):
            best[number] = identifier
        else:
            best.setdefault(number, identifier)
    return [best[number] for number in clusters.tolist()]
