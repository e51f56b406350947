"""Whose turn it is: leads dealt out by weight, under a cap of open cards, the same client to the same person.

A card is dealt once: asked again, the dealer names the same person, so a repeated decision or two workers with one
card give nobody two turns. Who comes back from an absence joins at the present round and is not flooded.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Protocol


class Why(StrEnum):
    """What decided a turn."""

    AGAIN = "again"  # this card was dealt to him before
    STICKY = "sticky"  # this client was dealt to him before
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class Seat:
    """One person who takes part: `open` cards are counted at the moment `Ask.counted`; `cap` None is no limit."""

    user: str
    weight: int = 1
    cap: int | None = None
    open: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A card to be dealt in a queue. `clients` are keys the client is known by, `sticky_since` how long they bind."""

    queue: str
    card: str
    seats: tuple[Seat, ...]
    at: datetime
    clients: tuple[str, ...] = ()
    sticky_since: datetime | None = None
    counted: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Who got the card, and why."""

    user: str
    why: Why


@dataclass(frozen=True, slots=True)
class Dealt:
    """One card that was dealt: what a dealer remembers."""

    queue: str
    card: str
    user: str
    at: datetime
    clients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """How far a queue is: the next start of each person in rounds, and the start of the card dealt last."""

    starts: dict[str, Fraction] = field(default_factory=dict)
    now: Fraction = Fraction(0)


class Turns(Protocol):
    """A dealer of turns; the same card with the same seats always gets the same answer."""

    def take(self, ask: Ask) -> Turn | None:
        """The person for this card, remembered; None when every seat is full or there is none."""


def room(seat: Seat, pending: int) -> bool:
    """Whether a seat may take one more card; `pending` were dealt to it since its open cards were counted."""
    return seat.weight > 0 and (seat.cap is None or seat.open + pending < seat.cap)


def choose(seats: Iterable[Seat], passed: Round) -> Seat | None:
    """The seat whose next start comes first, of equal ones the earlier in the list: fair by weight at any moment."""
    return min(seats, key=lambda seat: _start(seat, passed), default=None)


def after(seat: Seat, passed: Round) -> Round:
    """The queue once this seat took a card."""
    start = _start(seat, passed)
    return Round({**passed.starts, seat.user: start + Fraction(1, seat.weight)}, start)


def _start(seat: Seat, passed: Round) -> Fraction:
    return max(passed.starts.get(seat.user, passed.now), passed.now)


class Dealer:
    """Turns kept in memory: for a plan, a replay and tests; safe to share between threads."""

    def __init__(self, dealt: Sequence[Dealt] = ()) -> None:
        self._lock = threading.Lock()
        self._cards: dict[tuple[str, str], Dealt] = {}
        self._clients: dict[tuple[str, str], Dealt] = {}
        self._of: dict[str, dict[tuple[str, str], datetime]] = {}
        self._rounds: dict[str, Round] = {}
        for one in dealt:
            self._remember(one)

    def take(self, ask: Ask) -> Turn | None:
        """The person for this card, remembered; None when every seat is full or there is none."""
        with self._lock:
            found = self._decide(ask)
            if found is None:
                return None
            seat, why = found
            if why is Why.TURN:
                self._rounds[ask.queue] = after(seat, self._rounds.get(ask.queue, Round()))
            if why is not Why.AGAIN:
                self._remember(Dealt(ask.queue, ask.card, seat.user, ask.at, ask.clients))
            return Turn(seat.user, why)

    def _decide(self, ask: Ask) -> tuple[Seat, Why] | None:
        seats = {seat.user: seat for seat in ask.seats}
        before = self._cards.get((ask.queue, ask.card))
        if before is not None and before.user in seats:
            return seats[before.user], Why.AGAIN
        free = {seat.user: seat for seat in ask.seats if room(seat, self._pending(ask, seat.user))}
        for client in ask.clients:
            known = self._clients.get((ask.queue, client))
            bound = known is not None and (ask.sticky_since is None or known.at >= ask.sticky_since)
            if known is not None and bound and known.user in free:
                return free[known.user], Why.STICKY
        seat = choose(free.values(), self._rounds.get(ask.queue, Round()))
        return None if seat is None else (seat, Why.TURN)

    def _pending(self, ask: Ask, user: str) -> int:
        if ask.counted is None:
            return 0
        return sum(at >= ask.counted for at in self._of.get(user, {}).values())

    def _remember(self, dealt: Dealt) -> None:
        card = (dealt.queue, dealt.card)
        if card in self._cards:
            del self._of[self._cards[card].user][card]
        self._cards[card] = dealt
        self._of.setdefault(dealt.user, {})[card] = dealt.at
        for client in dealt.clients:
            self._clients[dealt.queue, client] = dealt
