"""Rows to comparable keys: every distinct spelling is read once, rows carry only numbers.

A *card* is a distinct pair of a name as written and an address; rows that say the same are one card, so repeated
letters cost nothing. Rows without an address are cards for themselves: a name alone joins nobody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from b24kit.matching import addresses, domains, names
from b24kit.matching.mailbox_words import NOBODY_WORDS
from b24kit.matching.phones import Phone, phones_in
from b24kit.matching.records import Pile
from b24kit.matching.shares import is_given
from b24kit.matching.standing import NOTHING_KNOWN, Known, SetAside, personal_address

Numbers = NDArray[np.int64]
Thing = TypeVar("Thing")
NONE = -1
_SEPARATORS = re.compile(r"[\W_]+")
_MACHINE = re.compile(r"([^\s@<>,;]+)@([^\s@<>,;]+)")
_BOT = re.compile(r"\[bot\]|\bbot\b", re.IGNORECASE)
_NOBODY = frozenset(names.fold(word) for word in NOBODY_WORDS)
_NO_MACHINE = frozenset({"localhost", "(none)", "localhost.localdomain", "localhost.(none)", "none", "unknown", "?"})


@dataclass(frozen=True, slots=True)
class Name:
    """One spelling: `words` folded in order, `full` the order-free key of a full name.

    `login` is a single word that is no given name (`mdcb`, `Habiba-H`), in small letters without separators.
    """

    text: str
    words: tuple[str, ...]
    full: str
    login: str
    via: bool

    @property
    def exact(self) -> str:
        """The key of a full name unfolded: equal when it is spelled the same, case and accents aside."""
        return " ".join(sorted(word for word in plain(self.text).split() if len(word) > 1)) if self.full else ""

    @property
    def full_words(self) -> tuple[str, ...]:
        return tuple(word for word in self.words if len(word) > 1)


@dataclass(frozen=True, slots=True)
class Address:
    """One canonical address. `trouble` says why it may not be one person's; `firm` is the corporate domain or ''.

    `machine`: no address of the public mail system, but the account on a named computer (`anna@anna-laptop.local`).
    """

    text: str
    local: str
    domain: str
    firm: str
    trouble: SetAside | None
    machine: bool = False

    @property
    def personal(self) -> bool:
        """Whether nothing speaks against its being one person's mailbox."""
        return self.trouble is None


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a pile. Arrays hold places in the lists; NONE where a row or a card lacks the value."""

    pile: Pile
    names: list[Name]
    addresses: list[Address]
    phones: list[Phone]
    full_names: list[str]
    row_card: Numbers
    row_trouble: list[SetAside | None]
    card_name: Numbers
    card_address: Numbers
    card_full: Numbers
    phone_card: Numbers  # with phone_number: the distinct pairs of a card and a number on it
    phone_number: Numbers
    moments: NDArray[np.float64]

    @property
    def cards(self) -> int:
        return len(self.card_name)

    def name(self, card: int) -> Name | None:
        """The name on a card."""
        return self.names[at] if (at := int(self.card_name[card])) >= 0 else None

    def address(self, card: int) -> Address | None:
        """The address on a card."""
        return self.addresses[at] if (at := int(self.card_address[card])) >= 0 else None


def read_keys(pile: Pile, known: Known = NOTHING_KNOWN) -> Keys:
    """The keys of every row."""
    rows = len(pile)
    spelled, row_name = _read(pile.names, rows, read_name)
    written, row_text = _read(pile.emails, rows, lambda text: read_address(text, known))
    dialled, row_dialled = _read(pile.phones, rows, phones_in)
    listed_names, to_name = _same(spelled, lambda name: (name.text, name.via) if name.words else None)
    listed, to_address = _same([one[0] for one in written], lambda one: one.text if one else None)
    row_card, card_name, card_address = _cards(_through(row_name, to_name), _through(row_text, to_address))
    full_names, to_full = _same([name.full for name in listed_names], lambda full: full or None)
    numbers, phone_card, phone_number = _phones(dialled, row_dialled, row_card)
    troubles = [one[1] for one in written]
    return Keys(
        pile=pile,
        names=listed_names,
        addresses=[address for address in listed if address is not None],
        phones=numbers,
        full_names=full_names,
        row_card=row_card,
        row_trouble=[troubles[at] if at >= 0 else SetAside.NO_ADDRESS for at in row_text.tolist()],
        card_name=card_name,
        card_address=card_address,
        card_full=_through(card_name, to_full),
        phone_card=phone_card,
        phone_number=phone_number,
        moments=np.asarray(pile.moments, dtype=np.float64) if len(pile.moments) else np.full(rows, np.nan),
    )


def read_name(text: str) -> Name:
    """The keys of one spelling of a name."""
    clean = names.clean_name(text) if not _BOT.search(text) else ""
    words = names.split_words(clean)
    full = tuple(word for word in words if len(word) > 1)
    if len(full) > 1 and " " in clean:
        nobody = not _NOBODY.isdisjoint(full)
        return Name(clean, words, "" if nobody else " ".join(sorted(full)), "", names.is_via(text))
    squashed = _SEPARATORS.sub("", plain(clean)) if " " not in clean else ""
    says_nothing = len(squashed) < 4 or not _NOBODY.isdisjoint(words) or any(is_given(word) for word in words)
    login = "" if says_nothing and len(words) < 2 else squashed
    return Name(clean, words, "", login, names.is_via(text))


def plain(text: str) -> str:
    """Small letters without accents, anything else than letters and digits as a blank.

    >>> plain("Jean-Noël ЁЖИКОВ")
    'jean noel ежиков'
    """
    bare = unicodedata.normalize("NFKD", text.casefold()) if not text.isascii() else text.lower()
    bare = "".join(char for char in bare if not unicodedata.combining(char)) if not bare.isascii() else bare
    return " ".join(_SEPARATORS.sub(" ", bare).split())


def read_address(text: str, known: Known = NOTHING_KNOWN) -> tuple[Address | None, SetAside | None]:
    """The address of a field, and why it may not be one person's; None where there is nothing to compare."""
    canonical, trouble = personal_address(text, known)
    if canonical:
        local, domain = addresses.split_address(canonical)
        return Address(canonical, local, domain, domains.corporate_domain(canonical) or "", trouble), trouble
    machine = _MACHINE.fullmatch(text.strip().lower())
    if machine is None or machine[2] in _NO_MACHINE or trouble is SetAside.SEVERAL_ADDRESSES:
        return None, trouble
    return Address(machine[0], machine[1], machine[2], "", trouble, machine=True), trouble


def _read(values: Sequence[str], rows: int, read: Callable[[str], Thing]) -> tuple[list[Thing], Numbers]:
    """Every distinct text read once, and by row its place in that list (NONE for blank texts)."""
    places: dict[str, int] = {}
    at = np.full(rows, NONE, dtype=np.int64)
    for row, text in enumerate(values):
        if text and not text.isspace():
            at[row] = places.setdefault(text, len(places))
    return [read(text) for text in places], at


def _same(things: Sequence[Thing], key: Callable[[Thing], Hashable | None]) -> tuple[list[Thing], Numbers]:
    """Distinct things by key, and by place of the old list the place in the new one; no key, no place."""
    places: dict[Hashable, int] = {}
    kept: list[Thing] = []
    to = np.full(len(things), NONE, dtype=np.int64)
    for old, thing in enumerate(things):
        if (mark := key(thing)) is not None:
            place = places.setdefault(mark, len(kept))
            if place == len(kept):
                kept.append(thing)
            to[old] = place
    return kept, to


def _through(at: Numbers, to: Numbers) -> Numbers:
    """Places carried over: NONE stays NONE."""
    if not len(to):
        return np.full(len(at), NONE, dtype=np.int64)
    return np.where(at >= 0, to[np.maximum(at, 0)], NONE)


def _cards(row_name: Numbers, row_address: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """The card of each row, and the name and address of each card."""
    width = int(row_address.max(initial=NONE)) + 2
    alone = np.arange(len(row_name), dtype=np.int64) + (int(row_name.max(initial=NONE)) + 2) * width
    mark = np.where(row_address >= 0, (row_name + 1) * width + row_address, alone)
    _, first, card = np.unique(mark, return_index=True, return_inverse=True)
    return card.astype(np.int64), row_name[first], row_address[first]


def _phones(
    dialled: Sequence[tuple[Phone, ...]], row_dialled: Numbers, row_card: Numbers
) -> tuple[list[Phone], Numbers, Numbers]:
    """Distinct numbers (the extension does not count), and the distinct pairs of card and number."""
    numbers: dict[str, int] = {}
    listed: list[Phone] = []
    of_text: list[list[int]] = []
    for found in dialled:
        for phone in found:
            if numbers.setdefault(phone.number, len(listed)) == len(listed):
                listed.append(phone)
        of_text.append([numbers[phone.number] for phone in found])
    rows = np.flatnonzero(row_dialled >= 0).tolist()
    pairs = [(int(row_card[row]), number) for row in rows for number in of_text[row_dialled[row]]]
    distinct = np.unique(np.array(pairs, dtype=np.int64).reshape(-1, 2), axis=0)
    return listed, distinct[:, 0], distinct[:, 1]
