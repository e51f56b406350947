"""Rows that are surely one person, grouped; rows that only might be are set aside, each with the reason.

The automatic tier: an equal canonical address that belongs to one person. A value held by mutually unlike full names
is shared by people and joins nobody. The outcome does not depend on the order of the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from b24kit.matching import addresses, domains, names
from b24kit.matching.addresses import ALL_ALIASES, Aliases
from b24kit.matching.joining import Box, Rule, holders, join

HUB_NAMES = 3  # so many mutually unlike names make an address everybody's
MANY_ROWS = 10_000  # from here on namesakes inside one firm are to be expected
_DIGITS = re.compile(r"(\d+)")


class SetAside(StrEnum):
    """Why a row joins nobody automatically."""

    NO_ADDRESS = "no_address"
    BROKEN_ADDRESS = "broken_address"
    SEVERAL_ADDRESSES = "several_addresses"
    OWN = "own_address"
    ROBOT = "robot"
    RELAY = "relay"
    ROLE = "role_mailbox"
    NAMES_DIFFER = "names_differ"
    HUB = "shared_mailbox"


@dataclass(frozen=True, slots=True)
class Row:
    """One letter or card as it came: any id, the address and the name as written."""

    id: str
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one person, in order of id; `addresses` are canonical, `rules` say what joined them."""

    ids: tuple[str, ...]
    addresses: tuple[str, ...]
    names: tuple[str, ...]
    rules: tuple[Rule, ...]

    @property
    def key(self) -> str:
        """The smallest id: the same group keeps its key while its first row stays."""
        return self.ids[0]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Every row is in one group or set aside."""

    groups: tuple[Group, ...]
    aside: Mapping[str, SetAside]


@dataclass(frozen=True, slots=True)
class Known:
    """What the caller knows beforehand: own addresses and domains are nobody's clients, relays speak for others."""

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    relays: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    persons: frozenset[str] = frozenset()  # role-like addresses that the caller knows to be one person's
    aliases: Aliases = ALL_ALIASES


NOTHING_KNOWN = Known()


@lru_cache(maxsize=65536)
def natural(identifier: str) -> tuple[tuple[int, int | str], ...]:
    """Order of ids as people read them: 9 before 10, also inside L9 and L10."""
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in _DIGITS.split(identifier) if part)


def group_rows(rows: Iterable[Row], known: Known = NOTHING_KNOWN) -> Grouping:
    """Group rows by what surely is one person; the rest is set aside with its reason."""
    aside: dict[str, SetAside] = {}
    boxes: dict[str, Box] = {}
    for row in rows:
        address, trouble = personal_address(row.address, known)
        if trouble is not None and trouble is not SetAside.ROLE:
            aside[row.id] = trouble
            continue
        box = boxes.setdefault(address, Box(address, role=trouble is SetAside.ROLE))
        box.ids.append(row.id)
        box.names.add(names.clean_name(row.name))
        box.via = box.via or names.is_via(row.name)
    for box in list(boxes.values()):
        trouble = _not_one_person(box)
        if trouble is not None:
            aside.update(dict.fromkeys(box.ids, trouble))
            del boxes[box.address]
    crowded = sum(len(box.ids) for box in boxes.values()) >= MANY_ROWS
    groups = [_group(*cluster) for cluster in join(sorted(boxes.values(), key=lambda box: box.address), crowded)]
    return Grouping(tuple(sorted(groups, key=lambda group: natural(group.key))), aside)


def personal_address(raw: str, known: Known = NOTHING_KNOWN) -> tuple[str, SetAside | None]:
    """The canonical address of a field when it may be one person's, else why it is not."""
    found = {key for text in addresses.addresses_in(raw) if (key := addresses.canonical(text, known.aliases))}
    if not found:
        return "", SetAside.BROKEN_ADDRESS if "@" in raw else SetAside.NO_ADDRESS
    if len(found) > 1:
        return "", SetAside.SEVERAL_ADDRESSES
    address = found.pop()
    return address, _not_personal(address, known)


def _not_personal(address: str, known: Known) -> SetAside | None:
    local, domain = addresses.split_address(address)
    owner = domains.registrable(domain)
    if address in known.addresses or domain in known.domains or (owner and owner in known.domains):
        return SetAside.OWN
    if domains.is_robot(local):
        return SetAside.ROBOT
    if domains.is_relay(domain, known.relays):
        return SetAside.RELAY
    if (domains.is_role(local) or local in known.roles) and address not in known.persons:
        return SetAside.ROLE
    return None


def _not_one_person(box: Box) -> SetAside | None:
    if box.via:
        return SetAside.HUB
    if box.role and not all(name and _owns_domain(name, box.address) for name in box.names):
        return SetAside.ROLE
    people = holders(box.names)
    return None if people < 2 else SetAside.HUB if people >= HUB_NAMES else SetAside.NAMES_DIFFER


def _owns_domain(name: str, address: str) -> bool:
    """info@ivan-petrov.example of Иван Петров is no department: the firm's name is the person's."""
    owner = domains.registrable(addresses.split_address(address)[1]) or ""
    label = names.fold(owner.partition(".")[0])
    words = names.full_words(name)
    spelled = all(len(word) >= 3 and word in label for word in words)
    return spelled and names.is_full(name) and any(names.is_given(word) for word in names.clean_name(name).split())


def _group(boxes: list[Box], rules: tuple[Rule, ...]) -> Group:
    ids = sorted((identifier for box in boxes for identifier in box.ids), key=natural)
    spellings = sorted({name for box in boxes for name in box.names if name})
    return Group(tuple(ids), tuple(sorted(box.address for box in boxes)), tuple(spellings), rules)
