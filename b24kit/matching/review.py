"""The doubtful middle as questions: "are these two groups one client?", best first; all of them said yes is tier A+B.

A question joins whole groups, and a group that an earlier question would join already is not asked about twice, so the
queue is as short as the answers need.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from b24kit.matching.block import Price
from b24kit.matching.candidates import candidates
from b24kit.matching.cluster import first_numbered, names_disagree
from b24kit.matching.crowd import Crowd
from b24kit.matching.keys import Numbers
from b24kit.matching.portrait import Gallery
from b24kit.matching.score import Score, score
from b24kit.matching.standing import SetAside
from b24kit.matching.tiers import Automatic

ASK = -1.0  # bits, for one name spelled the same: below, a yes is less likely than one in three
ASK_OTHERWISE = 2.5  # where names are spelled differently or only said by a login, the odds are known less well
LARGEST = 12  # groups that questions may join to one client


@dataclass(frozen=True, slots=True)
class Question:
    """Whether two groups of tier A (by number) are one client, and why one might think so."""

    one: int
    other: int
    score: Score


@dataclass(frozen=True, slots=True)
class Review:
    """The queue, best first; `of_group` gives the suggested client of each group when every answer is yes."""

    questions: tuple[Question, ...]
    of_group: Numbers
    gallery: Gallery
    prices: tuple[Price, ...]


Pair = tuple[int, int]


def review(
    found: Automatic,
    ask: float = ASK,
    *,
    apart: Collection[Pair] = (),
    same: Collection[Pair] = (),
    settled: int | None = None,
) -> Review:
    """Questions over the groups of tier A, without those that earlier answers imply.

    `same` and `apart` are pairs of groups that people called one client and different people. `settled`: from this
    number on, groups are compared with those before them and not with each other.
    """
    groups = int(found.clusters.of_card.max(initial=-1)) + 1
    gallery = Gallery(found.keys, found.clusters.of_card)
    hubs = {found.keys.addresses[at].text for at, why in found.shared.items() if why is SetAside.HUB}
    crowd = Crowd(found.keys, found.shares, groups, hubs)
    asked = candidates(gallery, groups)
    scored = []
    different = {(min(pair), max(pair)) for pair in apart}
    for one, other in asked.pairs:
        if (one, other) in different or (settled is not None and min(one, other) >= settled):
            continue
        result = score(gallery.portrait(one), gallery.portrait(other), crowd)
        if result.bits >= (ask if result.has("same_name") else ask + ASK_OTHERWISE - ASK):
            scored.append(Question(one, other, result))
    names = _group_names(found, groups)
    scored.sort(key=lambda question: (-question.score.bits, *sorted((names[question.one], names[question.other]))))
    kept, of_group = _joined(scored, gallery, _Clients(groups, same), different)
    return Review(tuple(kept), of_group, gallery, tuple(asked.prices))


def _group_names(found: Automatic, groups: int) -> list[tuple[int, str]]:
    """The smallest id of each group, so that the order of equally good questions does not hang on the order of rows."""
    best: dict[int, tuple[int, str]] = {}
    for identifier, group in zip(found.keys.pile.ids, found.of_row.tolist(), strict=True):
        key = len(identifier), identifier
        best[group] = min(best.get(group, key), key)
    return [best[group] for group in range(groups)]


class _Clients:
    """Groups joined to clients as answers come; `same` pairs are joined from the start."""

    def __init__(self, groups: int, same: Collection[Pair]) -> None:
        self.of = list(range(groups))
        self.members: dict[int, list[int]] = {group: [group] for group in range(groups)}
        for one, other in same:
            self.join(self.of[one], self.of[other])

    def join(self, one: int, other: int) -> None:
        """Make two clients one."""
        if one != other:
            low, high = sorted((one, other))
            for group in self.members[high]:
                self.of[group] = low
            self.members[low] += self.members.pop(high)


def _joined(
    scored: Sequence[Question], gallery: Gallery, clients: _Clients, different: Collection[Pair]
) -> tuple[list[Question], Numbers]:
    """The questions that are needed, best first; one whose clients would then contradict is not asked."""
    kept: list[Question] = []
    for question in scored:
        one, other = sorted((clients.of[question.one], clients.of[question.other]))
        if one == other or not _agree(clients.members[one], clients.members[other], gallery):
            continue
        if different and _told_apart(clients.members[one], clients.members[other], different):
            continue
        kept.append(question)
        clients.join(one, other)
    return kept, first_numbered(np.array(clients.of, dtype=np.int64))


def _told_apart(ones: Sequence[int], others: Sequence[int], different: Collection[Pair]) -> bool:
    return any((min(one, other), max(one, other)) in different for one in ones for other in others)


def _agree(ones: Sequence[int], others: Sequence[int], gallery: Gallery) -> bool:
    """Whether nobody in the joined client stands in the way; one address under two names is itself the question."""
    if len(ones) + len(others) > LARGEST:
        return False
    if _addresses(ones, gallery) & _addresses(others, gallery):
        return True
    mine = {name.text: name for group in ones for name in gallery.portrait(group).names}
    theirs = {name.text: name for group in others for name in gallery.portrait(group).names}
    return not any(names_disagree([one, other]) for one in mine.values() for other in theirs.values())


def _addresses(groups: Sequence[int], gallery: Gallery) -> set[str]:
    """The addresses of a client that may be one person's."""
    return {address.text for group in groups for address in gallery.portrait(group).addresses if address.personal}
