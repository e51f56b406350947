"""What hangs on contacts and companies, counted once over a snapshot, and which of a client's cards that lets stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from b24kit.cleanup.doubles import Client
from b24kit.cleanup.keep import EMPTY
from b24kit.crm.cards import Contact, Deal, Lead
from b24kit.crm.pipeline import Outcome
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.matching.groups import natural


@dataclass(frozen=True, slots=True)
class Standing:
    """What hangs on each card, by reference: running deals, deals, activities; and everything a merge has to carry."""

    running: Mapping[str, int] = field(default_factory=dict)
    deals: Mapping[str, int] = field(default_factory=dict)
    activities: Mapping[str, int] = field(default_factory=dict)
    links: Mapping[str, Sequence[str]] = field(default_factory=dict)


def standing_of(
    contacts: Iterable[Contact], deals: Iterable[Deal], leads: Iterable[Lead], acts: Iterable[Ref]
) -> Standing:
    """What hangs on contacts and companies, counted once over a snapshot. `acts` are the cards that own activities."""
    running: Counter[str] = Counter()
    every: Counter[str] = Counter()
    links: dict[str, list[str]] = {}
    for deal in deals:
        for ref in _linked(deal):
            every[ref] += 1
            running[ref] += deal.outcome is Outcome.OPEN
            links.setdefault(ref, []).append(str(deal.ref))
    for lead in leads:
        for ref in _linked(lead):
            links.setdefault(ref, []).append(str(lead.ref))
    for contact in contacts:
        for firm in dict.fromkeys(filter(None, (contact.company, *contact.companies))):
            links.setdefault(str(Ref(Kind.COMPANY, firm)), []).append(str(contact.ref))
    return Standing(running, every, Counter(str(ref) for ref in acts), links)


def _linked(card: Deal | Lead) -> list[str]:
    found = [Ref(Kind.CONTACT, card.contact)] if card.contact else []
    found += [Ref(Kind.COMPANY, card.company)] if card.company else []
    return [str(ref) for ref in found]


def by_standing(cards: Iterable[Client], standing: Standing, rule: str) -> list[Client]:
    """The survivor first, then the others; the rule decides, then deals, then activities, then the older number."""

    def first(card: Client) -> tuple[float, ...]:
        ref = str(card.ref)
        run, deals, acts = (from_.get(ref, 0) for from_ in (standing.running, standing.deals, standing.activities))
        made = card.created.timestamp() if card.created else float("inf")
        by_rule = {"oldest": made, "richest": -filled(card), "most_active": -acts}.get(rule, -run)
        return (by_rule, -run, -deals, -acts)

    return sorted(cards, key=lambda card: (first(card), natural(card.id)))


def filled(card: Client) -> int:
    """How many things a card tells: its filled fields, each phone and address counted."""
    values = values_of(card)
    plain = sum(value not in EMPTY for name, value in values.items() if name not in ("points", "extra", "name"))
    parts = sum(bool(part) for part in (values.get("name") or {}).values())
    return plain + parts + len(card.points) + sum(value not in EMPTY for value in card.extra.values())
