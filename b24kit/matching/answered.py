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
    out: tuple[frozenset[str], ...] = ()  # ids that belong to their cluster no more, together for each answer

    def of_group(self, groups: int) -> Numbers:
        """The client of each group when only what was answered with yes is joined."""
        pairs = sorted(self.same)
        return components(groups, [one for one, _ in pairs], [other for _, other in pairs])


def answered(found: Automatic, labels: Sequence[str], judgements: Iterable[Judgement]) -> Answered:
    """What the answers say of the groups of tier A; `labels` name the cluster of each row.

    UsageError when an id is not in the file, or when answers contradict each other.
    """
    every = list(judgements)
    ids = found.keys.pile.ids
    group_of = dict(zip(ids, found.of_row.tolist(), strict=True))
    label_of = dict(zip(ids, labels, strict=True))
    splits = [one for one in every if one.verdict is Verdict.SPLIT]
    given = [_of_clusters(one, label_of) for one in every if one.verdict is not Verdict.SPLIT]
    named = [*given, *splits]
    unknown = [one.where for one in named if one.one[0] not in group_of or one.other[0] not in group_of]
    if unknown:
        raise UsageError("review.unknown_rows", file="--answers", rows=", ".join(unknown[:_SHOWN]))
    wrong = contradictions(named)
    if wrong:
        told = "; ".join(" + ".join(one.where) for one in wrong)
        raise UsageError("review.contradiction", rows=told, count=len(wrong))
    pairs: dict[Verdict, set[Pair]] = {verdict: set() for verdict in Verdict}
    for one in given:
        ends = group_of[one.one[0]], group_of[one.other[0]]
        pairs[one.verdict].add((min(ends), max(ends)))
    # Nothing of a file is written, so "never touch" only means: not joined for now.
    open_ones = pairs[Verdict.UNSURE] | pairs[Verdict.PROTECT]
    out = tuple(frozenset(one.one) for one in splits)
    return Answered(frozenset(pairs[Verdict.SAME]), frozenset(pairs[Verdict.DIFFERENT]), frozenset(open_ones), out)


def split_out(numbers: Numbers, ids: Sequence[str], out: Iterable[Iterable[str]]) -> Numbers:
    """The cluster of each row once those that people split out stand for themselves."""
    row_of = {identifier: row for row, identifier in enumerate(ids)}
    found = numbers.copy()
    for fresh, several in enumerate(out, int(np.max(numbers, initial=-1)) + 1):
        found[[row_of[identifier] for identifier in several if identifier in row_of]] = fresh
    return found


def _of_clusters(one: Judgement, label_of: Mapping[str, str]) -> Judgement:
    """The judgement about whole clusters, each by the id that names it; a quote before a label is Excel's."""
    ends = [label_of.get(end) or label_of.get(end.removeprefix("'"), end) for end in (one.one[0], one.other[0])]
    return replace(one, one=(ends[0],), other=(ends[1],))


def groups_of(found: Automatic) -> int:
    """How many groups tier A made."""
    return int(np.max(found.clusters.of_card, initial=-1)) + 1
