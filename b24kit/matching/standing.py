"""Whose address it is: one person's, or why it joins nobody. What the caller knows beforehand has its say here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from b24kit.matching import addresses, domains
from b24kit.matching.addresses import ALL_ALIASES, Aliases

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


def personal_address(raw: str, known: Known = NOTHING_KNOWN) -> tuple[str, SetAside | None]:
    """The canonical address of a field when it may be one person's, else why it is not."""
    found = {key for text in addresses.addresses_in(raw) if (key := addresses.canonical_of(text, known.aliases))}
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
