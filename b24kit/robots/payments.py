"""Payments that a bank or 1C told us of: read with everything capped, kept once by their ids, brought to their cards.

A payment is a fact like a letter: it moves no card by itself. The card is woken, re-read, and the rules decide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from b24kit.crm.cards import Deal, Lead
from b24kit.crm.portal import Portal, Where
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.watch import WATCHED
from b24kit.errors import UsageError
from b24kit.robots.facts import CardFacts, Payment
from b24kit.robots.sql import Row
from b24kit.robots.store import Event, Store, from_stamp

MAX_BYTES = 16 * 1024
AGAIN = timedelta(minutes=5)  # between two searches for the card of a payment's number
GIVEN_UP = timedelta(days=7)
_MOST = Decimal(10) ** 12
_ID = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_KEYS = frozenset({"id", "amount", "currency", "card", "number", "paid_at"})


class BadPayment(UsageError):
    """The message is no payment; `facts["why"]` names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One payment as it was told: of a card, or of a number that some card holds."""

    payment: Payment
    card: Ref | None
    number: str


def parse_payment(body: bytes, now: datetime) -> Told:
    """`{"id", "amount", "currency", "card" or "number", "paid_at"}` as JSON; BadPayment when anything is odd."""
    try:
        data = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise BadPayment("payment.refused", why="json") from None
    if not isinstance(data, dict) or not data.keys() <= _KEYS:
        raise BadPayment("payment.refused", why="fields")
    number, named = _text(data, "number", required=False), _text(data, "card", required=False)
    if bool(number) == bool(named):
        raise BadPayment("payment.refused", why="card")
    payment = Payment(
        id=_text(data, "id"), at=_moment(data.get("paid_at"), now), amount=_amount(data), currency=_currency(data)
    )
    return Told(payment=payment, card=_card(named) if named else None, number=number)


class Payments:
    """What one portal's receiver was told of money."""

    def __init__(self, store: Store, portal: str) -> None:
        self._store, self._portal = store, portal

    def keep(self, told: Told, now: datetime) -> bool:
        """Keep a payment once and wake its card; False when its id is known with other contents."""
        body = json.dumps(_body(told), sort_keys=True, ensure_ascii=False)
        with self._store.base.transaction():
            fresh = self._store.base.run(
                "INSERT INTO payments (portal, id, card, number, body, heard, due) VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (portal, id) DO NOTHING",
                (self._portal, told.payment.id, str(told.card or ""), told.number, body, now.timestamp(),
                 None if told.card else now.timestamp()),
            )  # fmt: skip
            if fresh and told.card is not None:
                self._store.put_inside(self._portal, [Event(told.card, "paid")], now)
        if fresh:
            return True
        kept = self._store.base.rows(
            "SELECT body FROM payments WHERE portal = ? AND id = ?", (self._portal, told.payment.id)
        )
        return bool(kept) and _same(json.loads(kept[0][0]), json.loads(body))

    def of(self, cards: Sequence[Ref]) -> dict[Ref, tuple[Payment, ...]]:
        """The payments of these cards, oldest first; cards without any are left out."""
        found: dict[Ref, list[Payment]] = {}
        for at in range(0, len(cards), 500):
            part = [str(card) for card in cards[at : at + 500]]
            rows = self._store.base.rows(
                f"SELECT card, body FROM payments WHERE portal = ? AND card IN ({', '.join('?' for _ in part)})",
                (self._portal, *part),
            )
            for card, body in rows:
                found.setdefault(Ref.parse(card), []).append(_payment(json.loads(body)))
        return {card: tuple(sorted(paid, key=lambda one: (one.at, one.id))) for card, paid in found.items()}

    def with_facts(self, facts: Mapping[Ref, CardFacts]) -> dict[Ref, CardFacts]:
        """The facts of cards with what was paid for them."""
        paid = self.of(list(facts))
        return {ref: replace(one, payments=paid[ref]) if ref in paid else one for ref, one in facts.items()}

    def place(self, portal: Portal, codes: Sequence[str], now: datetime) -> int:
        """Look for the cards of payments that only name a number; how many were found.

        A number on several open cards is a person's to solve, as is one that no card has held for a week.
        """
        rows = self._store.base.rows(
            "SELECT id, number, heard FROM payments WHERE portal = ? AND card = '' AND due <= ?",
            (self._portal, now.timestamp()),
        )
        if not rows:
            return 0
        cards = _by_number(portal, codes, {_folded(number) for _, number, _ in rows}) if codes else {}
        placed = 0
        with self._store.base.transaction():
            for payment, number, heard in rows:
                found = cards.get(_folded(number), [])
                if len(found) == 1:
                    self._settle(payment, str(found[0]), None)
                    self._store.put_inside(self._portal, [Event(found[0], "paid")], now)
                    placed += 1
                else:
                    given_up = len(found) > 1 or now - from_stamp(heard) > GIVEN_UP
                    self._settle(payment, "", None if given_up else now + AGAIN)
        return placed

    def listed(self) -> list[tuple[Told, datetime, bool]]:
        """All that was told, newest first: with the moment, and whether its card is still being looked for."""
        rows = self._store.base.rows(
            "SELECT card, number, body, heard, due FROM payments WHERE portal = ? ORDER BY heard DESC, id",
            (self._portal,),
        )
        return [(_told(row), from_stamp(row[3]), row[4] is not None) for row in rows]

    def _settle(self, payment: str, card: str, due: datetime | None) -> None:
        self._store.base.run(
            "UPDATE payments SET card = ?, due = ? WHERE portal = ? AND id = ?",
            (card, None if due is None else due.timestamp(), self._portal, payment),
        )


def _by_number(portal: Portal, codes: Sequence[str], wanted: set[str]) -> dict[str, list[Ref]]:
    """Open cards that hold one of these numbers in one of these fields."""
    found: dict[str, list[Ref]] = {}
    where = Where(open_only=True)
    cards: list[Iterable[Lead | Deal]] = [portal.deals(where)]
    if portal.facts().leads_on:
        cards.append(portal.leads(where))
    for part in cards:
        for card in part:
            for number in {_folded(card.extra.get(code)) for code in codes} & wanted:
                found.setdefault(number, []).append(card.ref)
    return found


def _text(data: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    value = data.get(name, "")
    if not isinstance(value, str) or ((required or value) and not _ID.fullmatch(value)):
        raise BadPayment("payment.refused", why=name)
    return value.strip()


def _card(named: str) -> Ref:
    kind, _, number = named.partition(":")
    sound = kind in [one.value for one in WATCHED] and number.isascii() and number.isdigit() and len(number) < 19
    if not sound or int(number) < 1:
        raise BadPayment("payment.refused", why="card")
    return Ref(Kind(kind), number)


def _amount(data: Mapping[str, Any]) -> str:
    value = data.get("amount")
    try:
        amount = Decimal(value) if isinstance(value, str) and len(value) < 20 else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount < _MOST or amount != amount.quantize(Decimal("0.01")):
        raise BadPayment("payment.refused", why="amount")
    return f"{amount:.2f}"


def _currency(data: Mapping[str, Any]) -> str:
    value = data.get("currency", "")
    if not isinstance(value, str) or (value and not _CURRENCY.fullmatch(value)):
        raise BadPayment("payment.refused", why="currency")
    return value


def _moment(told: Any, now: datetime) -> datetime:
    """When it was paid; the present where nothing was told."""
    if told is None:
        return now
    try:
        at = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not datetime(2000, 1, 1, tzinfo=UTC) < at < now + timedelta(days=1):
        raise BadPayment("payment.refused", why="paid_at")
    return at


def _folded(value: Any) -> str:
    return " ".join(str(value).casefold().split()) if value not in (None, "") else ""


def _body(told: Told) -> dict[str, str]:
    paid = told.payment
    at = paid.at.astimezone(UTC).isoformat(timespec="seconds")
    named = {"card": str(told.card or ""), "number": told.number}
    return {"id": paid.id, "amount": paid.amount, "currency": paid.currency, "at": at, **named}


def _same(kept: Mapping[str, str], told: Mapping[str, str]) -> bool:
    """Whether two messages speak of one payment; the moment may differ where none was told."""
    return all(kept[name] == told[name] for name in kept if name != "at")


def _payment(body: Mapping[str, str]) -> Payment:
    at = datetime.fromisoformat(body["at"])
    return Payment(id=body["id"], at=at, amount=body["amount"], currency=body["currency"])


def _told(row: Row) -> Told:
    card, number, body = row[:3]
    return Told(payment=_payment(json.loads(body)), card=Ref.parse(card) if card else None, number=number)
