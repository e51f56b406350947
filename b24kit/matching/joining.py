"""Which addresses are surely one person's beyond being the same address; a cluster is checked as a whole.

An equal full name counts only together with a second independent sign: the same firm, or the same unusual mailbox name.
Where anything in the joined cluster disagrees, its addresses stay apart: a miss costs a click, a false
merge costs data.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from b24kit.matching import addresses, domains, names

LARGEST = 10  # addresses of one person; more is a sign of something shared
_SHORTEST_MAILBOX = 5
_DIGITS = re.compile(r"\d+")


class Rule(StrEnum):
    """What joined the rows of a group."""

    ADDRESS = "address"
    NAME_AND_DOMAIN = "name_and_domain"
    NAME_AND_MAILBOX = "name_and_mailbox"


@dataclass(slots=True)
class Box:
    """All rows of one canonical address, with every spelling of its holder's name."""

    address: str
    ids: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    via: bool = False  # a list wrote for somebody at least once
    role: bool = False

    @property
    def local(self) -> str:
        return addresses.split_address(self.address)[0]

    @property
    def name(self) -> str | None:
        """The folded full name, when every full spelling is the same one."""
        keys = {key for spelling in self.names if (key := names.name_key(spelling))}
        return keys.pop() if len(keys) == 1 else None


@dataclass(frozen=True, slots=True)
class _Sign:
    """A value that two addresses of one person may share, together with their full name."""

    rule: Rule
    name: str
    value: str


def holders(spellings: Iterable[str]) -> int:
    """How many people the names seen on one value are, as far as names tell: 1 when nothing disagrees.

    Two names that disagree make two, though a third may be like both of them.
    """
    different = sorted({name for name in spellings if name}, key=lambda name: (-len(name), name))
    apart: list[str] = []
    for name in different:
        if all(names.unlike(name, other) for other in apart):
            apart.append(name)
    if len(apart) > 1:
        return len(apart)
    clash = any(names.unlike(one, other) for one in different for other in different if one < other)
    return 2 if clash else 1


def join(boxes: Sequence[Box], crowded: bool) -> list[tuple[list[Box], tuple[Rule, ...]]]:
    """Clusters of boxes with the rules that made them. `crowded`: so many rows that namesakes are to be expected."""
    by_sign: dict[_Sign, list[Box]] = defaultdict(list)
    for box in boxes:
        for sign in _signs(box):
            by_sign[sign].append(box)
    held = Counter(sign.value for sign in by_sign if sign.rule is Rule.NAME_AND_MAILBOX)
    firms = Counter(sign.name for sign in by_sign if sign.rule is Rule.NAME_AND_DOMAIN)
    kept = {
        sign: found
        for sign, found in by_sign.items()
        if len(found) > 1
        and not (
            sign.rule is Rule.NAME_AND_MAILBOX and held[sign.value] > 1
        )  # a mailbox name that two names use is nobody's mark
        and not (crowded and firms[sign.name] > 1)
        and not (sign.rule is Rule.NAME_AND_DOMAIN and _namesakes(found))
    }
    return list(_clusters(boxes, kept))


def _signs(box: Box) -> Iterator[_Sign]:
    name = box.name
    if name is None or box.role:
        return
    if firm := domains.corporate_domain(box.address):
        yield _Sign(Rule.NAME_AND_DOMAIN, name, firm)
    if len(box.local) >= _SHORTEST_MAILBOX and not made_of(box.local, box.names):
        yield _Sign(Rule.NAME_AND_MAILBOX, name, box.local)


def _clusters(boxes: Sequence[Box], kept: dict[_Sign, list[Box]]) -> Iterator[tuple[list[Box], tuple[Rule, ...]]]:
    """Connected boxes; a cluster that disagrees in itself falls back into single addresses."""
    at = {box.address: place for place, box in enumerate(boxes)}
    parent = list(range(len(boxes)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for found in kept.values():
        places = [root(at[box.address]) for box in found]
        for place in places:
            parent[root(place)] = root(min(places))
    rules: dict[int, set[Rule]] = defaultdict(lambda: {Rule.ADDRESS})
    for sign, found in kept.items():
        rules[root(at[found[0].address])].add(sign.rule)
    together: dict[int, list[Box]] = defaultdict(list)
    for place, box in enumerate(boxes):
        together[root(place)].append(box)
    for place, cluster in together.items():
        if len(cluster) > 1 and _disagrees(cluster):
            yield from (([box], (Rule.ADDRESS,)) for box in cluster)
        else:
            yield cluster, tuple(sorted(rules[place]))


def _disagrees(cluster: Sequence[Box]) -> bool:
    """A cluster is one person only when all its names agree, middle initials too, and it is of a human size."""
    spellings = set().union(*(box.names for box in cluster))
    middle = {names.initials(name) for name in spellings} - {()}
    return len(cluster) > LARGEST or len(middle) > 1 or holders(spellings) > 1


def same_but_digits(mailboxes: set[str]) -> bool:
    """Mailbox names that differ by a number only, as a firm gives them to its second Ivan Petrov."""
    return len({_DIGITS.sub("", local) for local in mailboxes}) < len(mailboxes)


def _namesakes(cluster: Sequence[Box]) -> bool:
    """Signs that one name at one firm is two people: mailboxes differ by a number, or two both say the name."""
    mailboxes = {box.local for box in cluster}
    spellings = set().union(*(box.names for box in cluster))
    spoken = [local for local in mailboxes if made_of(local, spellings)]
    return same_but_digits(mailboxes) or len(spoken) > 1


def made_of(local: str, spellings: Iterable[str]) -> bool:
    """Whether a mailbox name says its holder's name: bykova.e, elena.bykova, ebykova. It is then no second sign."""
    bare = names.fold(local)
    words = {word for name in spellings for word in names.full_words(name) if len(word) >= 3}
    return any(word[:4] in bare for word in words)
