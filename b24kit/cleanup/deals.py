"""Whose running deal a letter belongs to, with the sign that told: its number, its words, or that there is no other.

A company's deal is a letter's only when the letter speaks of it; a contact's own needs no more than to be the only one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from b24kit.crm.cards import Deal
from b24kit.matching.groups import natural
from b24kit.owners.phrases import mentions, stems

BEFORE = timedelta(days=30)  # people write about a project some weeks before its deal is made, not years
_NUMBER = re.compile(r"(?<![\d+.,/-])\d{3,7}(?![\d.,/-]*\d)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_NAMED = re.compile(r"(?:сделк\w*|заказ\w*|проект\w*|deal|order|project)\s*(?:№|#|no\.?|номер)?\s*(\d+)", re.IGNORECASE)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Sign(StrEnum):
    """How a deal was told."""

    NUMBER = "number"
    SUBJECT = "subject"
    ONLY = "only"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Running:
    """The open deals a client may write about: his own, and those of his company that are not his."""

    own: tuple[Deal, ...] = ()
    of_company: tuple[Deal, ...] = ()


@dataclass(frozen=True, slots=True)
class DealFound:
    deal: Deal
    sign: Sign


def deal_of(
    text: str, when: datetime | None, running: Running, topics: Collection[str] = (), ignoring: str = ""
) -> DealFound | None:
    """The deal that a letter is about, None when it is about none. `topics` are the names of our events.

    `ignoring` are names of the client and his firm: deals are called by them, and letters are signed with them.
    A letter that names an event which none of the deals names is a new matter, as is one older than a deal by a month.
    """
    own = [deal for deal in running.own if _could_be(deal, when)]
    every = [*own, *(deal for deal in running.of_company if _could_be(deal, when))]
    for sign, found in (
        (Sign.NUMBER, _by_number(text, every)),
        (Sign.SUBJECT, _by_words(text, every, frozenset(stems(ignoring)))),
    ):
        if found is not None:
            return DealFound(found, sign)
    named = [topic for topic in topics if mentions(text, topic)]
    fitting = own
    if named:
        silent = [deal for deal in own if not any(mentions(deal.title, topic) for topic in topics)]
        fitting = [deal for deal in own if any(mentions(deal.title, topic) for topic in named)] or silent
    if not fitting:
        return None
    newest = max(fitting, key=lambda deal: (_last(deal), natural(deal.id)))
    return DealFound(newest, Sign.ONLY if len(fitting) == 1 else Sign.NEWEST)


def _could_be(deal: Deal, when: datetime | None) -> bool:
    return when is None or deal.created is None or deal.created <= when + BEFORE


def _last(deal: Deal) -> datetime:
    return deal.last_activity or deal.changed or deal.created or _NEVER


def _by_number(text: str, deals: Sequence[Deal]) -> Deal | None:
    """A deal called by its id, or by a number (of a contract, an order) that stands in its title alone."""
    called = set(_NAMED.findall(text))
    found = [deal for deal in deals if deal.id in called]
    if len(found) != 1:
        there = _numbers(text)
        found = [deal for deal in deals if there & _numbers(deal.title)]
    return found[0] if len(found) == 1 else None


def _numbers(text: str) -> set[str]:
    return {number for number in _NUMBER.findall(text) if not _YEAR.fullmatch(number)}


def _by_words(text: str, deals: Sequence[Deal], names: frozenset[str]) -> Deal | None:
    """The deal whose own words a letter uses: words that all deals share say nothing, nor does one word of many."""
    said = set(stems(text))
    titles = [frozenset(stems(deal.title)) for deal in deals]
    shared = frozenset.intersection(*titles) if len(titles) > 1 else frozenset[str]()
    weights = []
    for deal, title in zip(deals, titles, strict=True):
        own = title - shared - names
        met = len(own & said)
        weights.append((met if own and met >= 2 and met * 3 >= len(own) else 0, deal))
    best = max((weight for weight, _ in weights), default=0)
    found = [deal for weight, deal in weights if weight == best]
    return found[0] if best and len(found) == 1 else None
