"""What people answer to the question "are these two one client?", and whether their answers agree with each other.

Answers name their two sides by record ids, so they outlive the order of a file and the numbers of clusters.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

TWO = "~"  # between the two sides of a question's key


class Verdict(StrEnum):
    """One answer. `RIGHT` and `WRONG` are said of a whole cluster that was joined automatically."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"
    PROTECT = "protect"
    SPLIT = "split"
    RIGHT = "right"
    WRONG = "wrong"


# What people type instead of choosing from the list, in small letters; the words of the list are in the catalogues.
_WORDS: Mapping[Verdict, str] = {
    Verdict.SAME: "same|same client|yes|y|1|+|one|один клиент|один|да|д|тот же",
    Verdict.DIFFERENT: "different|different people|no|n|0|-|разные люди|разные|нет|н",
    Verdict.UNSURE: "unsure|not sure|later|?|не уверен|не уверена|не знаю|позже",
    Verdict.PROTECT: "protect|never touch|do not touch|не трогать|защитить",
    Verdict.SPLIT: "split|split out|split this one out|вынести|отделить",
    Verdict.RIGHT: "right|correct|верно|правильно",
    Verdict.WRONG: "wrong|incorrect|неверно|ошибка",
}
_MEANT = {word: verdict for verdict, words in _WORDS.items() for word in words.split("|")}


def read_verdict(text: str) -> Verdict | None:
    """The verdict that a word means in either language; None for a word that is none.

    >>> read_verdict("  Разные люди ").value
    'different'
    """
    return _MEANT.get(" ".join(text.casefold().replace("ё", "е").split()))


def question_key(one: str, other: str) -> str:
    """The key of a question about two sides, each by the id that stands for it: the same in either order."""
    return TWO.join(sorted((one, other)))


@dataclass(frozen=True, slots=True)
class Judgement:
    """One answered question. The first id of a side stands for it; `where` is the row it was read from."""

    key: str
    one: tuple[str, ...]
    other: tuple[str, ...]
    verdict: Verdict
    where: str = ""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Answers that cannot all be true, by where they stand."""

    where: tuple[str, ...]


def contradictions(judgements: Iterable[Judgement]) -> list[Contradiction]:
    """Every answer that others exclude: one question answered twice, or A = B, B = C and yet A is not C.

    Members of a side are one client already; a member that is split out belongs to its side no more.
    """
    given = list(judgements)
    found = list(_answered_twice(given))
    links = _links(given)
    for one in given:
        if one.verdict in (Verdict.DIFFERENT, Verdict.SPLIT):
            way = _way(links, _head(one.one, ()), _head(one.other, ()))
            if way and any(way):
                found.append(Contradiction(tuple(dict.fromkeys([*filter(None, way), one.where]))))
    return list(dict.fromkeys(found))


def _answered_twice(given: Sequence[Judgement]) -> Iterator[Contradiction]:
    by_key: dict[str, list[Judgement]] = defaultdict(list)
    for one in given:
        by_key[one.key].append(one)
    for several in by_key.values():
        if len({one.verdict for one in several}) > 1:
            yield Contradiction(tuple(one.where for one in several))


def _links(given: Sequence[Judgement]) -> dict[str, list[tuple[str, str]]]:
    """By id, the ids that are the same client, each with the row that says so ('' where the cards themselves do)."""
    out = {one.one[0] for one in given if one.verdict is Verdict.SPLIT}
    apart = {frozenset((one.one[0], member)) for one in given if one.verdict is Verdict.SPLIT for member in one.other}
    links: dict[str, list[tuple[str, str]]] = defaultdict(list)

    def tie(one: str, other: str, where: str) -> None:
        if one != other and (where or frozenset((one, other)) not in apart):
            links[one].append((other, where))
            links[other].append((one, where))

    for judgement in given:
        if judgement.verdict in (Verdict.SAME, Verdict.DIFFERENT):
            for side in (judgement.one, judgement.other):
                for member in side:
                    if member not in out or len(side) == 1:
                        tie(_head(side, out), member, "")
        if judgement.verdict is Verdict.SAME:
            tie(_head(judgement.one, out), _head(judgement.other, out), judgement.where or judgement.key)
    return links


def _head(side: Sequence[str], out: Iterable[str]) -> str:
    """The id that stands for a side: its first that is not split out."""
    gone = set(out)
    return next((member for member in side if member not in gone), side[0])


def _way(links: Mapping[str, Sequence[tuple[str, str]]], start: str, end: str) -> list[str] | None:
    """The rows along the shortest way from one id to another; None where no way leads."""
    came: dict[str, tuple[str, str]] = {start: ("", "")}
    waiting = deque([start])
    while waiting:
        at = waiting.popleft()
        if at == end:
            rows: list[str] = []
            while at != start:
                at, where = came[at]
                rows.append(where)
            return rows[::-1]
        for beyond, where in links.get(at, ()):
            if beyond not in came:
                came[beyond] = (at, where)
                waiting.append(beyond)
    return None
