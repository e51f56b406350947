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
from b24kit.matching.mailbox import LETTER, own_bits
from b24kit.matching.mailbox_says import IN_FULL, INITIAL, says
from b24kit.matching.portrait import Portrait
from b24kit.matching.standing import SetAside

PRIOR = 0.15  # of a person of a pile to stand in it a second time under another address
CAP = 9.0  # a name or a login, however rare, stays below what joins automatically
_OTHER_SCRIPT, _FOLDED, _SHORTENED, _SLIPPED = -1.0, -11.0, -11.0, -12.0
_LOGIN, _SAID, _SAID_INITIAL = -1.0, -3.0, -6.0
_BOTH_USE = 3.0
_INITIAL_SHARE = 0.08  # of given names begin with one letter
_MARK_WITH_NAME = 9.0
_SMALL_FIRM, _SMALL_FIRM_SEEN = 30, 3
_OTHER_GIVEN = -4.0  # two given names at one address or number: rather a family than a person
_FIRM, _COMPANY, _SUBJECT, _MOBILE, _LANDLINE, _MIDDLE, _OTHER_FIRM = 3.0, 2.0, 3.0, 9.0, 4.0, -6.0, -3.0
_ADDRESS, _ADDRESS_OF_TWO, _ADDRESS_OF_ROLE, _HOST, _CONTACT_ALONE = 8.0, 3.0, 3.0, 4.0, -1.0
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
        return math.fsum(part.bits for part in self.parts)

    def has(self, code: str) -> bool:
        """Whether a part is among the reasons."""
        return any(part.code == code for part in self.parts)

    @property
    def likely(self) -> float:
        """The probability of one person that the bits stand for."""
        return 1 / (1 + math.pow(2, -max(NEVER, min(-NEVER, self.bits))))


def score(one: Portrait, other: Portrait, crowd: Crowd) -> Score:
    """Compare two groups; the strongest sign of who it is starts, what is independent of it is added."""
    starts = [*_by_name(one, other, crowd), *_by_mark(one, other, crowd), *_by_saying(one, other, crowd)]
    starts += [*_by_given_at_firm(one, other, crowd), *_by_contact(one, other, crowd)]
    if not starts:
        return Score((Part("nothing", NEVER),))
    first = max(starts, key=lambda part: (part.bits, part.code, sorted(part.facts.items())))
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
    return crowd.namesakes(common) if len(common) > 1 else crowd.of_surname(common[0]) * _INITIAL_SHARE


def _by_mark(one: Portrait, other: Portrait, crowd: Crowd) -> Iterator[Part]:
    """The same unusual login or mailbox name, where no full names speak for themselves."""
    if one.full and other.full:
        return
    words = [word for name in (*one.full, *other.full) for word in name.full_words]
    for mark in sorted(one.marks & other.marks):
        own = LETTER * len(mark) if not words else own_bits(mark, words)
        own = min(own, crowd.mark_bits(mark))
        yield Part("same_login", _odds(crowd.people * 2.0**-own) + _LOGIN, {"login": mark})


def _by_saying(one: Portrait, other: Portrait, crowd: Crowd) -> Iterator[Part]:
    """A login or mailbox name of a group without a full name that says the other group's name."""
    for named, nameless in ((one, other), (other, one)):
        if nameless.full:
            continue
        for name, mark in product(named.full, sorted(nameless.marks)):
            how = says(mark, name.words)
            facts = {"login": mark, "name": name.text}
            expected = crowd.namesakes(name.full_words)
            if how is IN_FULL:
                yield Part("login_says_name", _odds(expected) + _SAID, facts)
            elif how is INITIAL:
                surname = crowd.of_surname(name.full_words[-1]) * _INITIAL_SHARE
                both = _BOTH_USE if mark in named.marks else 0.0
                yield Part("login_says_surname", _odds(max(surname, expected)) + _SAID_INITIAL + both, facts)


def _by_given_at_firm(one: Portrait, other: Portrait, crowd: Crowd) -> Iterator[Part]:
    """The same given name at one very small firm."""
    if one.full and other.full:
        return
    for firm in sorted(one.firms & other.firms):
        if crowd.people_at(firm) > _SMALL_FIRM_SEEN:
            continue
        for mine, theirs in product(one.names, other.names):
            common = _common(mine, theirs) if min(len(mine.words), len(theirs.words)) == 1 else ()
            if common and len(common[0]) > 2:
                expected = crowd.share(common[:1]) * _SMALL_FIRM
                yield Part("given_at_firm", _odds(expected), {"name": theirs.text, "domain": firm})


def _by_contact(one: Portrait, other: Portrait, crowd: Crowd) -> Iterator[Part]:
    """One address, mailbox of a firm or number on both sides that the automatic rules did not believe."""
    apart = names_apart(one, other)
    theirs = {address.text for address in other.addresses}
    for address in one.addresses:
        facts = {"address": address.text}
        if address.text not in theirs or address.text in crowd.hubs:
            continue
        if address.personal:
            code, bits = ("same_address_other_name", _ADDRESS_OF_TWO) if apart else ("same_address", _ADDRESS)
            yield Part(code, bits, facts)
        elif address.trouble is SetAside.ROLE and one.names and other.names and not apart:
            yield Part("same_role_address", _ADDRESS_OF_ROLE, facts)
    if not apart:
        if not (one.full and other.full):
            yield from _one_mailbox_of_firm(one, other)
        yield from _same_number(one, other)


def _one_mailbox_of_firm(one: Portrait, other: Portrait) -> Iterator[Part]:
    theirs = {(address.local, address.firm): address for address in other.addresses if address.firm}
    for address in one.addresses:
        fellow = theirs.get((address.local, address.firm))
        if fellow is not None and fellow.text != address.text and address.personal:
            yield Part("same_mailbox_at_firm", _HOST, {"one": address.text, "other": fellow.text})


def _same_number(one: Portrait, other: Portrait) -> Iterator[Part]:
    numbers = {phone.number for phone in other.phones}
    for phone in one.phones:
        if phone.number in numbers:
            code, bits = ("same_mobile", _MOBILE) if phone.mobile else ("same_phone", _LANDLINE)
            yield Part(code, bits + _CONTACT_ALONE, {"phone": phone.number})


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
    elif first.code.startswith("login_says") and one.firms and other.firms:
        yield Part("but_other_firm", _OTHER_FIRM)
    if common := sorted(one.companies & other.companies):
        yield Part("and_company", _COMPANY, {"company": common[0]})
    if long := sorted(stem for stem in one.stems & other.stems if len(stem) >= _LONG_SUBJECT):
        yield Part("and_subject", _SUBJECT, {"subject": long[0]})
    if (near := crowd.nearness(one.moments, other.moments)) > 0:
        yield Part("and_time", near)
    if named and _middle_apart(one, other):
        yield Part("but_middle", _MIDDLE)
    if not named and _given_apart(one, other):
        yield Part("but_other_given", _OTHER_GIVEN)
    if not first.code.startswith("same_phone") and first.code != "same_mobile":
        numbers = {phone.number for phone in other.phones}
        if shared := sorted(phone.number for phone in one.phones if phone.number in numbers):
            yield Part("and_phone", _LANDLINE, {"phone": shared[0]})


def _given_apart(one: Portrait, other: Portrait) -> bool:
    """Whether the sides bear given names of two people: then what they share is a household's, or a desk's."""
    pairs = list(product(one.names, other.names))
    return bool(pairs) and all(names.other_given(mine.text, theirs.text) for mine, theirs in pairs)


def _middle_apart(one: Portrait, other: Portrait) -> bool:
    return any(names.initials_clash(mine.words, theirs.words) for mine, theirs in product(one.full, other.full))
