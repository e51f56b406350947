"""Stuck leads counted in every way a head of sales asks: by stage, age, source, owner and cause, and one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from statistics import median
from typing import Any

from b24kit.audit.findings import Sheet
from b24kit.change.operation import Reason
from b24kit.crm.cards import Deal, Lead

# Upper ends of the age buckets in days; the last one is open.
BUCKETS: tuple[int, ...] = (14, 30, 90, 180, 365, 730)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLead:
    """An open lead as the audit sees it. `cause` is what its letters are, a code after `audit.cause.`.

    `client` is the id of the contact that is known to write from this address, `deals` that client's running deals,
    `deal` the one that its letter is about. `again`: its writer wrote before; None where nobody can tell.
    """

    lead: Lead
    stuck: bool
    age: timedelta | None
    cause: str
    client: str | None = None
    deals: tuple[Deal, ...] = ()
    again: bool | None = None
    deal: str | None = None

    @property
    def days(self) -> int | None:
        return None if self.age is None else max(0, self.age.days)


@dataclass(frozen=True, slots=True)
class Names:
    """What people call stages, sources and users, by code or id."""

    stages: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)


def stuck_sheets(cards: Sequence[OpenLead], names: Names) -> list[Sheet]:
    """The sheets about open and stuck leads, largest piles first; `audit.sheet.stuck_list` names every stuck lead."""
    stuck = [card for card in cards if card.stuck]
    if not cards:
        return []
    return [
        _grouped("stage", cards, lambda card: names.stages.get(card.lead.stage, card.lead.stage)),
        _ages(stuck),
        _grouped("source", cards, lambda card: _named(card.lead.source, names.sources)),
        _grouped("owner", cards, lambda card: _named(card.lead.owner, names.users)),
        _grouped("cause", cards, lambda card: Reason(f"audit.cause.{card.cause}")),
        _grouped("writer", cards, _writer),
        _listed(stuck, names),
    ]


def money(deals: Iterable[Deal]) -> dict[str, Decimal]:
    """The sum of deals by currency; amounts that are no numbers count as nothing."""
    found: dict[str, Decimal] = {}
    for deal in deals:
        try:
            amount = Decimal(deal.amount or "0")
        except InvalidOperation:
            continue
        if amount.is_finite() and amount:
            found[deal.currency] = found.get(deal.currency, Decimal(0)) + amount
    return dict(sorted(found.items()))


def clients_deals(cards: Iterable[OpenLead]) -> list[Deal]:
    """Running deals of the known clients whose letters lie among stuck leads, each once."""
    found = {deal.id: deal for card in cards if card.stuck for deal in card.deals}
    return list(found.values())


def _writer(card: OpenLead) -> Reason:
    """Whether the client behind a letter wrote for the first time or again."""
    return (
        Reason("audit.none")
        if card.again is None
        else Reason("audit.writer.again" if card.again else "audit.writer.first")
    )


def _named(key: str | None, names: Mapping[str, str]) -> Any:
    return names.get(key, key) if key else Reason("audit.none")


def _grouped(name: str, cards: Sequence[OpenLead], label: Callable[[OpenLead], Any]) -> Sheet:
    groups: dict[str, tuple[Any, list[OpenLead]]] = {}
    for card in cards:
        shown = label(card)
        key = shown.code if isinstance(shown, Reason) else str(shown)
        groups.setdefault(key, (shown, []))[1].append(card)
    rows = [_row(shown, found) for shown, found in groups.values()]
    rows.sort(key=lambda row: (-row[2], -row[1]))
    columns = ("open", "stuck", "share", "median_days", "oldest_days")
    return Sheet(f"audit.sheet.by_{name}", (f"audit.column.{name}", *(f"audit.column.{c}" for c in columns)), rows)


def _row(shown: Any, found: Sequence[OpenLead]) -> tuple[Any, ...]:
    stuck = [card for card in found if card.stuck]
    days = [card.days for card in stuck if card.days is not None]
    middle = int(median(days)) if days else None
    return (shown, len(found), len(stuck), round(100 * len(stuck) / len(found)), middle, max(days, default=None))


def _ages(stuck: Sequence[OpenLead]) -> Sheet:
    counts: dict[int | None, int] = dict.fromkeys((*BUCKETS, -1, None), 0)
    for card in stuck:
        days = card.days
        counts[None if days is None else next((end for end in BUCKETS if days <= end), -1)] += 1
    rows = [(_bucket(end), count, round(100 * count / len(stuck))) for end, count in counts.items() if count]
    return Sheet("audit.sheet.by_age", ("audit.column.age", "audit.column.stuck", "audit.column.share"), rows)


def _bucket(end: int | None) -> Reason:
    if end is None:
        return Reason("audit.age.unknown")
    if end == -1:
        return Reason("audit.age.over", {"days": BUCKETS[-1]})
    at = BUCKETS.index(end)
    return Reason("audit.age.between", {"low": BUCKETS[at - 1] + 1 if at else 0, "high": end})


def _listed(stuck: Sequence[OpenLead], names: Names) -> Sheet:
    rows = [
        (
            card.lead.id,
            card.lead.title,
            names.stages.get(card.lead.stage, card.lead.stage),
            _named(card.lead.source, names.sources),
            _named(card.lead.owner, names.users),
            card.days,
            Reason(f"audit.cause.{card.cause}"),
            card.client,
            _writer(card),
            card.deal,
        )
        for card in stuck
    ]
    columns = ("lead", "title", "stage", "source", "owner", "days", "cause", "client", "writer", "deal")
    return Sheet("audit.sheet.stuck_list", tuple(f"audit.column.{name}" for name in columns), rows)
