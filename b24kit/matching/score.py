"""Two groups to a score with named parts, in bits: how much likelier one person is than two who look alike.

0 bits is even odds. The starting odds are those of a person of the pile to stand in it twice; against them stands how
many others are expected to bear the same name or login (`NameShares`). Every further sign adds its likelihood ratio.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from rapidfuzz.distance import DamerauLevenshtein

from b24kit.matching import names
from b24kit.matching.crowd import Crowd
from b24kit.matching.keys import Name
from b24kit.matching.mailbox import own_bits
from b24kit.matching.mailbox_says import INITIAL, IN_FULL, says
from b24kit.matching.portrait import Portrait

PRIOR = 0.15  # of a person of a pile to stand in it a second time under another address
CAP = 9.0  # a name or a login, however rare, stays below what joins automatically
_OTHER_SCRIPT, _FOLDED, _SHORTENED, _SLIPPED = -1.0, -5.0, -6.0, -9.0
_LOGIN, _SAID, _SAID_INITIAL = -1.0, -3.0, -4.0
_INITIAL_SHARE = 0.08  # of given names begin with one letter
_LETTER = 3.0
_MARK_WITH_NAME = 9.0
_SMALL_FIRM, _SMALL_FIRM_SEEN = 30, 3
_FIRM, _COMPANY, _SUBJECT, _MOBILE, _LANDLINE, _MIDDLE = 3.0, 2.0, 3.0, 9.0, 4.0, -6.0
_ADDRESS, _ADDRESS_OF_TWO = 8.0, 2.0
_LONG_SUBJECT = 24
NEVER = -60.0


@dataclass(frozen=True, slots=True)
class Part:
    """One sign: its code (`match.part.<code>` is the sentence), its bits, and what it is about."""

    code: str
    bits: float
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """The parts of a comparison, weightiest first; `bits` their sum."""

    parts: tuple[Part, ...]

    @property
    def bits(self) -> float:
        return sum(part.bits for part in self.parts)

    @property
    def likely(self) -> float:
        """The probability of one person that the bits stand for."""
        return 1 / (1 + 2.0 ** -max(NEVER, min(-NEVER, self.bits)))


def score(one: Portrait, other: Portrait, crowd: Crowd) -> Score:
    """Compare two groups; the strongest sign of who it is starts, what is independent of it is added."""
    starts = [*_by_name(one, other, crowd), *_by_mark(one, other, crowd), *_by_saying(one, other, crowd)]
    starts += [*_by_given_at_firm(one, other, crowd), *_by_contact(one, other, crowd)]
    if not starts:
        return Score((Part("nothing", NEVER),))
    first = max(starts, key=lambda part: (part.bits, part.code))
    parts = [first, *_further(first, one, other, crowd)]
    return Score(tuple(sorted(parts, key=lambda part: (-part.bits, part.code))))


def _odds(expected: float) -> float:
    """The odds of one person against so many expected others, in bits."""
    return min(CAP, math.log2(PRIOR / max(expected, 1e-9)))


def _by_name(one: Portrait, other: Portrait, crowd: Crowd) -> Iterator[Part]:
    for mine, theirs in product(one.full, other.full):
        facts = {"one": mine.text, "other": theirs.text}
        bits = _odds(crowd.namesakes(mine.full.split()))
        if mine.full == theirs.full:
            if mine.exact == theirs.exact:
                yield Part("same_name", bits, facts)
            else:
                scripts = _OTHER_SCRIPT if mine.exact.isascii() != theirs.exact.isascii() else _FOLDED
                yield Part("same_name_folded", bits + scripts, facts)
        elif names.alike(mine.text, theirs.text):
            if common := _common(mine, theirs):
                yield Part("name_shortened", _odds(_with_initial(common, crowd)) + _SHORTENED, facts)
            elif DamerauLevenshtein.distance(mine.full, theirs.full, score_cutoff=1) <= 1:
                yield Part("name_slipped", bits + _SLIPPED, facts)


def _common(mine: Name, theirs: Name) -> tuple[str, ...]:
    """The words of the shorter name that the longer one has too, when no written-out word of it is missing there."""
    shorter, longer = sorted((mine, theirs), key=lambda name: (len(name.full_words), name.text))
    met = tuple(word for word in shorter.full_words if any(names.one_word(word, there) for there in longer.full_words))
    return met if len(met) == len(shorter.full_words) else ()


def _with_initial(common: tuple[str, ...], crowd: Crowd) -> float:
    """Expected others who share a surname and an initial, or more words."""
    return crowd.namesakes(common) * (_INITIAL_SHARE if len(common) == 1 else 1.0)


def _by_mark(one: Portrait, other: Portrait, crowd: Crowd) -> Iterator[Part]:
    """The same unusual login or mailbox name, where no full names speak for themselves."""
    if one.full and other.full:
        return
    words = [word for name in (*one.full, *other.full) for word in name.full_words]
    for mark in one.marks & other.marks:
        own = _LETTER * len(mark) if not words else own_bits(mark, words)
        own = min(own, crowd.mark_bits(mark))
        yield Part("same_login", _odds(crowd.people * 2.0**-own) + _LOGIN, {"login": mark})


def _by_saying(one: Portrait, other: Portrait, crowd: Crowd) -> Iterator[Part]:
    """A login or mailbox name of a group without a full name that says the other group's name."""
    for named, nameless in ((one, other), (other, one)):
        if nameless.full:
            continue
        for name, mark in product(named.full, nameless.marks):
            how = says(mark, name.words)
            facts = {"login": mark, "name": name.text}
            expected = crowd.namesakes(name.full_words)
            if how is IN_FULL:
                yield Part("login_says_name", _odds(expected) + _SAID, facts)
            elif how is INITIAL:
                surname = crowd.namesakes(name.full_words[-1:]) * _INITIAL_SHARE
                yield Part("login_says_surname", _odds(max(surname, expected)) + _SAID_INITIAL, facts)


def _by_given_at_firm(one: Portrait, other: Portrait, crowd: Crowd) -> Iterator[Part]:
    """The same given name at one very small firm."""
    if one.full and other.full:
        return
    for firm in one.firms & other.firms:
        if crowd.people_at(firm) > _SMALL_FIRM_SEEN:
            continue
        for mine, theirs in product(one.names, other.names):
            common = _common(mine, theirs) if min(len(mine.words), len(theirs.words)) == 1 else ()
            if common and len(common[0]) > 2:
                expected = crowd.share(common[:1]) * _SMALL_FIRM
                yield Part("given_at_firm", _odds(expected), {"name": theirs.text, "domain": firm})


def _by_contact(one: Portrait, other: Portrait, crowd: Crowd) -> Iterator[Part]:
    """One address or number on both sides that the automatic rules did not believe."""
    theirs = {address.text for address in other.addresses}
    for address in one.addresses:
        if address.text in theirs and address.personal and address.text not in crowd.hubs:
            unlike = names_apart(one, other)
            yield Part("same_address_other_name" if unlike else "same_address",
                       _ADDRESS_OF_TWO if unlike else _ADDRESS, {"address": address.text})  # fmt: skip
    numbers = {phone.number for phone in other.phones}
    for phone in one.phones:
        if phone.number in numbers and not names_apart(one, other):
            code, bits = ("same_mobile", _MOBILE) if phone.mobile else ("same_phone", _LANDLINE)
            yield Part(code, bits - 3.0, {"phone": phone.number})


def names_apart(one: Portrait, other: Portrait) -> bool:
    """Whether some name on one side cannot be a name on the other."""
    return any(names.unlike(mine.text, theirs.text) for mine in one.names for theirs in other.names)


def _further(first: Part, one: Portrait, other: Portrait, crowd: Crowd) -> Iterator[Part]:
    """Signs beside the first one; each is asked only where it is independent of it."""
    named = first.code in ("same_name", "same_name_folded", "name_shortened", "name_slipped")
    if named:
        words = [word for name in (*one.full, *other.full) for word in name.full_words]
        marks = sorted(one.marks & other.marks)
        own = max((min(own_bits(mark, words), crowd.mark_bits(mark)) for mark in marks), default=0.0)
        if own:
            yield Part("and_login", min(own, _MARK_WITH_NAME), {"login": marks[0]})
    if first.code != "given_at_firm" and (firms := sorted(one.firms & other.firms)):
        yield Part("and_firm", _FIRM, {"domain": firms[0]})
    if common := sorted(one.companies & other.companies):
        yield Part("and_company", _COMPANY, {"company": common[0]})
    if long := sorted(stem for stem in one.stems & other.stems if len(stem) >= _LONG_SUBJECT):
        yield Part("and_subject", _SUBJECT, {"subject": long[0]})
    if (near := crowd.nearness(one.moments, other.moments)) > 0:
        yield Part("and_time", near)
    if named and _middle_apart(one, other):
        yield Part("but_middle", _MIDDLE)
    if not first.code.startswith("same_phone") and first.code != "same_mobile":
        numbers = {phone.number for phone in other.phones}
        if shared := sorted(phone.number for phone in one.phones if phone.number in numbers):
            yield Part("and_phone", _LANDLINE, {"phone": shared[0]})


def _middle_apart(one: Portrait, other: Portrait) -> bool:
    middle = {name.initials for name in (*one.full, *other.full)} - {frozenset()}
    return any(not (mine <= theirs or theirs <= mine) for mine in middle for theirs in middle)
