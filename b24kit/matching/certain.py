"""The rules of tier A: what surely is one person. Each rule is one mailbox, or a second sign beside an agreeing name.

A rule asks how many other people would show the same by chance (`NameShares.expected`) and joins only where that is
next to none; the cluster that comes out is checked as a whole afterwards (`cluster`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from b24kit.matching.block import blocks
from b24kit.matching.joining import Rule, holders, same_but_digits
from b24kit.matching.keys import Address, Keys, Name
from b24kit.matching.mailbox import own_bits
from b24kit.matching.mailbox_words import NO_MARK
from b24kit.matching.shares import NameShares
from b24kit.matching.standing import SetAside

HUB_NAMES = 3  # so many mutually unlike names make an address everybody's
CHANCE = 0.02  # of another person of the same name with the same second sign
MAILBOX_BITS = 8.0  # from here on a mailbox name is a sign of its own
_FIRM_SIZE, _FIRM_SEEN = 1000, 5  # people at a firm: at least so many, and so many for each one seen
_FIRM_CHANCE, _FIRM_SPOKEN = 0.02, 5e-4  # the second: both mailboxes say the name, as two namesakes' would
_NEAR = 180 * 86_400.0  # seconds; a longer gap says nothing
_LEAST_EXPECTED = 2e-3  # namesakes: relatives and gaps in the tables; no name is rarer than that for sure
_NEAR_CHANCE = 1e-4  # of a namesake who happens to write within the same gap
_LARGEST_BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class Link:
    """Two cards that one rule joins."""

    one: int
    other: int
    rule: Rule


def shared_addresses(keys: Keys) -> dict[int, SetAside]:
    """Addresses (by place) that several people hold by the names seen on them; those of lists among them."""
    found: dict[int, SetAside] = {}
    for cards in blocks(keys.card_address, least=1):
        seen = [name for card in cards.tolist() if (name := keys.name(card))]
        trouble = _not_one_person(seen)
        if trouble is not None:
            found[int(keys.card_address[cards[0]])] = trouble
    return found


def certain_links(keys: Keys, shared: dict[int, SetAside], shares: NameShares) -> Iterator[Link]:
    """Every link of tier A; a block is linked as a chain, not pair by pair."""
    yield from _same_address(keys, shared)
    yield from _same_host(keys, shared)
    yield from _same_mobile(keys)
    yield from _same_name(keys, shared, shares)


def _not_one_person(seen: Sequence[Name]) -> SetAside | None:
    if any(name.via for name in seen):
        return SetAside.HUB
    if len(seen) < 2 or (seen[0].full and len({name.full for name in seen}) == 1):
        return None
    people = holders(name.text for name in seen)
    return None if people < 2 else SetAside.HUB if people >= HUB_NAMES else SetAside.NAMES_DIFFER


def _chain(cards: Sequence[int], rule: Rule) -> Iterator[Link]:
    for one, other in pairwise(sorted(set(cards))):
        yield Link(one, other, rule)


def _same_address(keys: Keys, shared: dict[int, SetAside]) -> Iterator[Link]:
    for cards in blocks(keys.card_address):
        at = int(keys.card_address[cards[0]])
        if at not in shared and keys.addresses[at].personal:
            yield from _chain(cards.tolist(), Rule.ADDRESS)


def _same_host(keys: Keys, shared: dict[int, SetAside]) -> Iterator[Link]:
    """`seagull@mail.firm` and `seagull@firm`: one mailbox of one firm."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, address in enumerate(keys.addresses):
        if address.firm and address.personal and at not in shared and address.local not in NO_MARK:
            places[address.local, address.firm].append(at)
    mailbox = {at: key for key, several in places.items() if len(several) > 1 for at in several}
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for card in np.flatnonzero(np.isin(keys.card_address, list(mailbox))).tolist():
        found[mailbox[int(keys.card_address[card])]].append(card)
    for (local, _), cards in found.items():
        seen = [name for card in cards if (name := keys.name(card))]
        words = sorted({word for name in seen for word in name.full_words})
        if holders(name.text for name in seen) == 1 and own_bits(local, words) >= MAILBOX_BITS:
            yield from _chain(cards, Rule.HOST)


def _same_mobile(keys: Keys) -> Iterator[Link]:
    for places in blocks(keys.phone_number, most=_LARGEST_BLOCK):
        if not keys.phones[int(keys.phone_number[places[0]])].mobile:
            continue
        named = {card: name for card in keys.phone_card[places].tolist() if (name := keys.name(card)) and not name.via}
        if len(named) > 1 and _one_holder(named.values()):
            yield from _chain(list(named), Rule.MOBILE)


def _one_holder(seen: Iterable[Name]) -> bool:
    """Whether the names on a number agree, and each of them is a person's."""
    listed = list(seen)
    if listed[0].full and len({name.full for name in listed}) == 1:
        return True
    return not any(name.login for name in listed) and holders(name.text for name in listed) == 1


def _same_name(keys: Keys, shared: dict[int, SetAside], shares: NameShares) -> Iterator[Link]:
    marks = _Marks(keys)
    for cards in blocks(keys.card_full, most=_LARGEST_BLOCK):
        kept = [card for card in cards.tolist() if keys.card_address[card] >= 0]
        kept = [card for card in kept if (name := keys.name(card)) and not name.via]
        if len(kept) > 1:
            yield from _on_shared_address(keys, kept, shared, shares)
            if len({int(keys.card_address[card]) for card in kept}) > 1:
                yield from _at_one_firm(keys, kept, shares, marks)
                yield from _one_mailbox(keys, kept, shares, marks)
                yield from _near_in_time(keys, kept, shares, marks)


class _Marks:
    """What a single block cannot know: how many names use a mailbox name, how many people a firm shows, the dates."""

    def __init__(self, keys: Keys) -> None:
        locals_of = [address.local for address in keys.addresses]
        numbers = {local: place for place, local in enumerate(dict.fromkeys(locals_of))}
        local = np.array([numbers[text] for text in locals_of] or [0], dtype=np.int64)
        with_both = (keys.card_full >= 0) & (keys.card_address >= 0)
        pairs = np.stack([local[np.maximum(keys.card_address, 0)], keys.card_full], axis=1)[with_both]
        used = np.unique(np.unique(pairs, axis=0)[:, 0], return_counts=True)
        self._names_of_local: dict[int, int] = dict(zip(used[0].tolist(), used[1].tolist(), strict=True))
        self._numbers = numbers
        self._people: dict[str, int] = defaultdict(int)
        for address in keys.addresses:
            self._people[address.firm] += 1
        order = np.argsort(keys.row_card, kind="stable")
        self._moments = keys.moments[order]
        self._starts = np.searchsorted(keys.row_card[order], np.arange(keys.cards + 1))
        self._written = np.sort(keys.moments[~np.isnan(keys.moments)])

    def names_with(self, local: str) -> int:
        """How many full names are seen with a mailbox name."""
        return self._names_of_local.get(self._numbers.get(local, -1), 0)

    def people_at(self, firm: str) -> int:
        """A generous guess of how many people a firm has."""
        return max(_FIRM_SIZE, _FIRM_SEEN * self._people[firm])

    def moments(self, card: int) -> list[float]:
        """When the rows of a card were written."""
        found = self._moments[self._starts[card] : self._starts[card + 1]]
        return [moment for moment in found.tolist() if moment == moment]

    def share_within(self, earlier: float, later: float) -> float:
        """The share of the pile's letters that lie between two moments, both included."""
        first = int(np.searchsorted(self._written, earlier, side="left"))
        last = int(np.searchsorted(self._written, later, side="right"))
        return (last - first) / len(self._written)


def _words(keys: Keys, cards: Sequence[int]) -> tuple[str, ...]:
    return tuple(keys.full_names[int(keys.card_full[cards[0]])].split())


def _by_address(
    keys: Keys, cards: Sequence[int], wanted: dict[int, SetAside] | None = None
) -> Iterator[tuple[Address, int]]:
    for card in cards:
        at = int(keys.card_address[card])
        if wanted is None or at in wanted or not keys.addresses[at].personal:
            yield keys.addresses[at], card


def _on_shared_address(
    keys: Keys, cards: Sequence[int], shared: dict[int, SetAside], shares: NameShares
) -> Iterator[Link]:
    """An address of several people, of a department or of a machine: the same full name on it is the same person."""
    found: dict[Address, list[int]] = defaultdict(list)
    for address, card in _by_address(keys, cards, shared):
        if address.trouble not in (SetAside.ROBOT, SetAside.RELAY, SetAside.OWN):
            found[address].append(card)
    for several in found.values():
        if len(several) > 1 and shares.expected(_words(keys, several), _FIRM_SIZE) <= _FIRM_CHANCE:
            yield from _chain(several, Rule.NAME_AND_ADDRESS)


def _at_one_firm(keys: Keys, cards: Sequence[int], shares: NameShares, marks: _Marks) -> Iterator[Link]:
    found: dict[str, list[tuple[Address, int]]] = defaultdict(list)
    for address, card in _by_address(keys, cards):
        if address.firm and address.trouble in (None, SetAside.ROLE):
            found[address.firm].append((address, card))
    words = _words(keys, cards)
    for firm, several in found.items():
        mailboxes = {address.local for address, _ in several}
        if len({address.text for address, _ in several}) < 2:
            continue
        spoken = sum(own_bits(local, words) < MAILBOX_BITS / 2 for local in mailboxes)
        chance = shares.expected(words, marks.people_at(firm))
        if chance <= (_FIRM_SPOKEN if spoken > 1 else _FIRM_CHANCE) and not same_but_digits(mailboxes):
            yield from _chain([card for _, card in several], Rule.NAME_AND_DOMAIN)


def _one_mailbox(keys: Keys, cards: Sequence[int], shares: NameShares, marks: _Marks) -> Iterator[Link]:
    found: dict[str, list[int]] = defaultdict(list)
    for address, card in _by_address(keys, cards):
        if address.trouble is None or address.machine:
            found[address.local].append(card)
    words = _words(keys, cards)
    for local, several in found.items():
        if len(several) < 2 or local in NO_MARK or marks.names_with(local) > 1:
            continue
        bits = own_bits(local, words)
        if bits >= MAILBOX_BITS and shares.expected(words) * 2.0**-bits <= CHANCE:
            yield from _chain(several, Rule.NAME_AND_MAILBOX)


def _near_in_time(keys: Keys, cards: Sequence[int], shares: NameShares, marks: _Marks) -> Iterator[Link]:
    """A rare name, spelled the same, that writes from two addresses within a short gap: a person changing the mailbox.

    The gap is measured in letters of the pile, so a pile that was written or imported in one day says nothing.
    """
    expected = max(_LEAST_EXPECTED, shares.expected(_words(keys, cards)))
    if expected > CHANCE:
        return
    alike: dict[str, list[tuple[float, str, int]]] = defaultdict(list)
    for address, card in _by_address(keys, cards):
        name = keys.name(card)
        if name and (address.trouble in (None, SetAside.ROLE) or address.machine):
            alike[name.exact] += [(moment, address.text, card) for moment in marks.moments(card)]
    for written in alike.values():
        letters = Counter(card for *_, card in written)
        for (earlier, _, one), (later, _, other) in pairwise(sorted(written)):
            if one == other or later - earlier > _NEAR:
                continue
            tries = 2 * max(letters[one], letters[other])
            if expected * tries * marks.share_within(earlier, later) <= _NEAR_CHANCE:
                yield Link(min(one, other), max(one, other), Rule.NAME_AND_TIME)
