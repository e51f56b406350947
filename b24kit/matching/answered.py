"""Answers to the questions about a file of rows, put into force on its clusters: matching without a portal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from b24kit.errors import UsageError
from b24kit.matching.cluster import components
from b24kit.matching.keys import Numbers
from b24kit.matching.review import Pair
from b24kit.matching.tiers import Automatic
from b24kit.matching.verdicts import Judgement, Verdict, contradictions

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Answered:
    """Pairs of groups by answer; `unsure` are joined by nobody for now."""

    same: frozenset[Pair]
    different: frozenset[Pair]
    unsure: frozenset[Pair]

    def of_group(self, groups: int) -> Numbers:
        """The client of each group when only what was answered with yes is joined."""
        pairs = sorted(self.same)
        return components(groups, [one for one, _ in pairs], [other for _, other in pairs])


def answered(found: Automatic, labels: Sequence[str], judgements: Iterable[Judgement]) -> Answered:
    """What the answers say of the groups of tier A; `labels` name the cluster of each row.

    UsageError when an id is not in the file, or when answers contradict each other.
    """
    ids = found.keys.pile.ids
    group_of = dict(zip(ids, found.of_row.tolist(), strict=True))
    label_of = dict(zip(ids, labels, strict=True))
    given = [_of_clusters(one, label_of) for one in judgements]
    unknown = [one.where for one in given if one.one[0] not in group_of or one.other[0] not in group_of]
    if unknown:
        raise UsageError("review.unknown_rows", file="--answers", rows=", ".join(unknown[:_SHOWN]))
    wrong = contradictions(given)
    if wrong:
        told = "; ".join(" + ".join(one.where) for one in wrong)
        raise UsageError("review.contradiction", rows=told, count=len(wrong))
    pairs: dict[Verdict, set[Pair]] = {verdict: set() for verdict in Verdict}
    for one in given:
        ends = group_of[one.one[0]], group_of[one.other[0]]
        pairs[one.verdict].add((min(ends), max(ends)))
    open_ones = pairs[Verdict.UNSURE] | pairs[Verdict.PROTECT]
    return Answered(*(frozenset(some) for some in (pairs[Verdict.SAME], pairs[Verdict.DIFFERENT], open_ones)))


def _of_clusters(one: Judgement, label_of: Mapping[str, str]) -> Judgement:
    """The judgement about whole clusters, each by the id that names it; a quote before a label is Excel's."""
    ends = [label_of.get(end) or label_of.get(end.removeprefix("'"), end) for end in (one.one[0], one.other[0])]
    return replace(one, one=(ends[0],), other=(ends[1],))


def groups_of(found: Automatic) -> int:
    """How many groups tier A made."""
    return int(np.max(found.clusters.of_card, initial=-1)) + 1
