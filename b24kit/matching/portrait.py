"""What a group of cards shows about its person, gathered once for comparing it with other groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from b24kit.matching.addresses import GITHUB_NOREPLY
from b24kit.matching.block import blocks
from b24kit.matching.domains import is_role
from b24kit.matching.keys import Address, Keys, Name, Numbers
from b24kit.matching.mailbox_words import NO_MARK
from b24kit.matching.phones import Phone
from b24kit.matching.standing import SetAside

_SEPARATORS = re.compile(r"[\W_]+")
_NOBODYS = (SetAside.ROBOT, SetAside.RELAY, SetAside.OWN)
_SHORTEST_MARK = 4


@dataclass(slots=True)
class Portrait:
    """The distinct names, addresses, numbers and moments of one group; `marks` are its logins and mailbox names."""

    group: int
    names: list[Name] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    phones: list[Phone] = field(default_factory=list)
    companies: set[str] = field(default_factory=set)
    stems: set[str] = field(default_factory=set)
    moments: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    @property
    def full(self) -> list[Name]:
        return [name for name in self.names if name.full]

    @property
    def firms(self) -> set[str]:
        return {address.firm for address in self.addresses if address.firm and address.trouble not in _NOBODYS}

    @property
    def marks(self) -> set[str]:
        """Logins and mailbox names, without separators; those that mark nobody, or the firm, are left out."""
        found = {name.login for name in self.names if name.login}
        found |= {mark_of(address) for address in self.addresses}
        firms = {_SEPARATORS.sub("", firm.partition(".")[0]) for firm in self.firms}
        return found - firms - {""}


def mark_of(address: Address) -> str:
    """A mailbox name without separators, where it may mark a person; the login of a GitHub address."""
    if address.trouble in _NOBODYS or (address.domain != GITHUB_NOREPLY and is_role(address.local)):
        return ""
    bare = _SEPARATORS.sub("", address.local.partition("+")[0])
    return bare if len(bare) >= _SHORTEST_MARK and bare not in NO_MARK else ""


class Gallery:
    """Portraits of the groups of a pile, drawn when they are first asked for."""

    def __init__(self, keys: Keys, group_of_card: Numbers) -> None:
        self.keys = keys
        self.group_of_card = group_of_card
        self._cards = _members(group_of_card)
        self._rows = _members(keys.row_card)
        self._phones = {int(keys.phone_card[at[0]]): at for at in blocks(keys.phone_card, least=1)}
        self._drawn: dict[int, Portrait] = {}

    def portrait(self, group: int) -> Portrait:
        """The portrait of a group."""
        if group not in self._drawn:
            self._drawn[group] = self._draw(group)
        return self._drawn[group]

    def _draw(self, group: int) -> Portrait:
        keys, cards = self.keys, self._cards(group)
        rows = sorted(row for card in cards for row in self._rows(card))
        numbers = {int(keys.phone_number[at]) for card in cards for at in self._phones.get(card, ())}
        return Portrait(
            group,
            names=list({(name.text, name.via): name for card in cards if (name := keys.name(card))}.values()),
            addresses=list({one.text: one for card in cards if (one := keys.address(card))}.values()),
            phones=[keys.phones[at] for at in sorted(numbers)],
            companies=_texts(keys.pile.companies, rows),
            stems=_texts(keys.pile.subjects, rows),
            moments=sorted(moment for row in rows if (moment := float(keys.moments[row])) == moment),
            rows=rows,
        )


class _members:  # noqa: N801 - read as a function: members(of)
    """The places that hold a number, by number, from one sorted order."""

    def __init__(self, numbers: Numbers) -> None:
        self._order = np.argsort(numbers, kind="stable")
        self._starts = np.searchsorted(numbers[self._order], np.arange(int(numbers.max(initial=-1)) + 2))

    def __call__(self, number: int) -> list[int]:
        found: list[int] = self._order[self._starts[number] : self._starts[number + 1]].tolist()
        return found


def _texts(column: Sequence[str], rows: Iterable[int]) -> set[str]:
    return {text for row in rows if (text := " ".join(column[row].casefold().split()))} if column else set()
