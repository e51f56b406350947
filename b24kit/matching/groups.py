"""Rows that are surely one person, grouped; rows that only might be are set aside, each with the reason.

The automatic tier: an equal canonical address that belongs to one person. A value held by mutually unlike full names
is shared by people and joins nobody. The outcome does not depend on the order of the rows.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from b24kit.matching import addresses, domains, names
from b24kit.matching.addresses import ALL_ALIASES, Aliases

HUB_NAMES = 3  # so many mutually unlike full names make an address everybody's
MANY_ROWS = 10_000  # from here on namesakes inside one firm are to be expected
_DIGITS = re.compile(r"(\d+)")


class Rule(StrEnum):
    """What joined the rows of a group."""

    ADDRESS = "address"
    NAME_AND_DOMAIN = "name_and_domain"


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


@dataclass(slots=True)
class _Box:
    """All rows of one canonical address."""

    address: str
    ids: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    via: bool = False  # a list wrote for somebody at least once
    role: bool = False


@lru_cache(maxsize=65536)
def natural(identifier: str) -> tuple[tuple[int, int | str], ...]:
    """Order of ids as people read them: 9 before 10, also inside L9 and L10."""
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in _DIGITS.split(identifier) if part)


def group_rows(rows: Iterable[Row], known: Known = NOTHING_KNOWN) -> Grouping:
    """Group rows by what surely is one person; the rest is set aside with its reason."""
    aside: dict[str, SetAside] = {}
    boxes: dict[str, _Box] = {}
    for row in rows:
        address, trouble = personal_address(row.address, known)
        if trouble is not None and trouble is not SetAside.ROLE:
            aside[row.id] = trouble
            continue
        box = boxes.setdefault(address, _Box(address, role=trouble is SetAside.ROLE))
        box.ids.append(row.id)
        box.names.add(names.clean_name(row.name))
        box.via = box.via or names.is_via(row.name)
    for box in list(boxes.values()):
        trouble = _not_one_person(box)
        if trouble is not None:
            aside.update(dict.fromkeys(box.ids, trouble))
            del boxes[box.address]
    crowded = sum(len(box.ids) for box in boxes.values()) >= MANY_ROWS
    groups = [_group(*cluster) for cluster in _joined(sorted(boxes.values(), key=lambda box: box.address), crowded)]
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


def shared_by(spellings: Iterable[str]) -> SetAside | None:
    """Whether the names seen on one value are several people: HUB from three on, NAMES_DIFFER for two.

    Two rows disagree already when any two of their names do, though a third is like both of them.
    """
    different = sorted({name for name in spellings if name}, key=lambda name: (-len(name), name))
    apart: list[str] = []
    clash = False
    for name in different:
        against = [names.unlike(name, other) for other in apart]
        clash = clash or any(against)
        if all(against):
            apart.append(name)
            if len(apart) >= HUB_NAMES:
                return SetAside.HUB
    clash = clash or any(names.unlike(one, other) for one in different for other in different if one < other)
    return SetAside.NAMES_DIFFER if clash else None


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


def _not_one_person(box: _Box) -> SetAside | None:
    if box.via:
        return SetAside.HUB
    if box.role and not all(name and _owns_domain(name, box.address) for name in box.names):
        return SetAside.ROLE
    return shared_by(box.names)


def _owns_domain(name: str, address: str) -> bool:
    """info@ivan-petrov.example of Иван Петров is no department: the firm's name is the person's."""
    owner = domains.registrable(addresses.split_address(address)[1]) or ""
    label = names.fold(owner.partition(".")[0])
    words = names.full_words(name)
    spelled = all(len(word) >= 3 and word in label for word in words)
    return spelled and names.is_full(name) and any(names.is_given(word) for word in names.clean_name(name).split())


def _joined(boxes: list[_Box], crowded: bool) -> list[tuple[list[_Box], Rule]]:
    """Addresses of one firm that one full name writes from are one person; checked as a whole, not pair by pair."""
    together: dict[tuple[str, str], list[_Box]] = defaultdict(list)
    joined: list[tuple[list[_Box], Rule]] = []
    for box in boxes:
        key = _name_at_firm(box)
        if key is None:
            joined.append(([box], Rule.ADDRESS))
        else:
            together[key].append(box)
    seen = Counter(name for name, _ in together)
    for (name, _), cluster in together.items():
        common = crowded and seen[name] > 1
        if len(cluster) == 1 or common or _namesakes(cluster):
            joined += [([box], Rule.ADDRESS) for box in cluster]
        else:
            joined.append((cluster, Rule.NAME_AND_DOMAIN))
    return joined


def _name_at_firm(box: _Box) -> tuple[str, str] | None:
    """Full name and corporate domain, when every full spelling at this address is the same name."""
    keys = {key for name in box.names if (key := names.name_key(name))}
    domain = domains.corporate_domain(box.address)
    return (keys.pop(), domain) if len(keys) == 1 and domain and not box.role else None


def _namesakes(cluster: list[_Box]) -> bool:
    """Signs that one name at one firm is two people: other middle initials, or mailboxes that
    differ by a number, or two mailboxes that both say the name."""
    spellings = set().union(*(box.names for box in cluster))
    middle = {names.initials(name) for name in spellings} - {()}
    locals_ = {addresses.split_address(box.address)[0] for box in cluster}
    stems = {_DIGITS.sub("", local) for local in locals_}
    spoken = [local for local in locals_ if _made_of(local, spellings)]
    return len(middle) > 1 or len(stems) < len(locals_) or len(spoken) > 1 or shared_by(spellings) is not None


def _made_of(local: str, spellings: Iterable[str]) -> bool:
    """Whether a mailbox name says its holder's name: bykova.e, elena.bykova. A firm gives each of two namesakes one."""
    bare = names.fold(local)
    return any(word[:5] in bare for name in spellings for word in names.full_words(name) if len(word) >= 3)


def _group(boxes: list[_Box], rule: Rule) -> Group:
    ids = sorted((identifier for box in boxes for identifier in box.ids), key=natural)
    spellings = sorted({name for box in boxes for name in box.names if name})
    rules = (Rule.ADDRESS,) if rule is Rule.ADDRESS else (Rule.ADDRESS, rule)
    return Group(tuple(ids), tuple(sorted(box.address for box in boxes)), tuple(spellings), rules)
