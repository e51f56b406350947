"""What joins cards, and how many people the names seen on one value are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum

from b24kit.matching import names

LARGEST = 10  # addresses of one person; more is a sign of something shared
_DIGITS = re.compile(r"\d+")


class Rule(IntEnum):
    """What joined two cards, the surest first: the weakest rule of a cluster that disagrees is given up first."""

    ADDRESS = 0  # one mailbox
    MOBILE = 1  # one mobile number under names that agree
    HOST = 2  # one unusual mailbox name at one firm, whose hosts differ
    NAME_AND_ADDRESS = 3  # one full name on an address that others use too
    NAME_AND_DOMAIN = 4  # one full name at one firm
    NAME_AND_MAILBOX = 5  # one full name with one unusual mailbox name
    NAME_AND_TIME = 6  # one rare full name from two addresses within a short time


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


def same_but_digits(mailboxes: set[str]) -> bool:
    """Mailbox names that differ by a number only, as a firm gives them to its second Ivan Petrov."""
    return len({_DIGITS.sub("", local) for local in mailboxes}) < len(mailboxes)
