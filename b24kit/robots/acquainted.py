"""Whether we have met a card's client before: by a lead's own phone and address, or by those of the contact that the
inquiry itself brought, where every inquiry brings one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from b24kit.crm.cards import Contact, Deal, Lead
from b24kit.crm.portal import Portal
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.watch import Watching

_FRESH = timedelta(minutes=10)  # a contact that came to be with its lead was made by the inquiry itself
KNOWN = 3  # of the clients with one phone: more of them are a shared number, not a person


class WatchedPortal(Portal, Watching, Protocol):
    """A portal that robots can work on."""


@dataclass(frozen=True, slots=True)
class Acquainted:
    """`met`: clients by card that a lead is not bound to (yet), the oldest first; `newcomers`: leads whose contact came
    with them, `people` those contacts as they were read.
    """

    met: Mapping[Ref, Sequence[Ref]] = field(default_factory=dict)
    newcomers: frozenset[Ref] = frozenset()
    people: Mapping[Ref, Record] = field(default_factory=dict)

    def clients(self, card: Lead | Deal) -> list[Ref]:
        """Whose card it is: known clients first, then those it is bound to."""
        return [*self.met.get(card.ref, ())[:KNOWN], *bound_to(card)]

    def is_stranger(self, card: Lead | Deal) -> bool:
        """Whether nobody but the fresh contact stands behind it: then nothing of his runs."""
        return card.ref in self.newcomers and not self.met.get(card.ref)


def acquainted(
    portal: WatchedPortal, cards: Sequence[Lead | Deal], done: Mapping[Ref, Mapping[str, datetime]]
) -> Acquainted:
    """Asked of the portal for leads bound to nobody; for fresh contacts only until we have acted on the card."""
    free = {one.ref: one.points for one in cards if isinstance(one, Lead) and not bound_to(one) and one.points}
    met: dict[Ref, Sequence[Ref]] = dict(portal.known_by(free)) if free else {}
    if not portal.capabilities.brings_contacts:
        return Acquainted(met)
    leads = {one.ref: one for one in cards if isinstance(one, Lead) and one.contact}
    people = portal.read(sorted({Ref(Kind.CONTACT, str(one.contact)) for one in leads.values()})) if leads else {}
    fresh: dict[Ref, Contact] = {}
    for ref, lead in leads.items():
        contact = people.get(Ref(Kind.CONTACT, str(lead.contact)))
        if isinstance(contact, Contact) and _came_with(contact, lead):
            fresh[ref] = contact
    asked = {ref: contact.points for ref, contact in fresh.items() if contact.points and not done.get(ref)}
    for ref, found in (portal.known_by(asked) if asked else {}).items():
        older = [one for one in found if one.kind is Kind.COMPANY or int(one.id) < int(fresh[ref].id)]
        met |= {ref: older} if older else {}
    return Acquainted(met, frozenset(fresh), people)


def bound_to(card: Record) -> list[Ref]:
    """The contact and the company that a lead or deal hangs on."""
    if not isinstance(card, Lead | Deal):
        return []
    found = [(Kind.CONTACT, card.contact), (Kind.COMPANY, card.company)]
    return [Ref(kind, one) for kind, one in found if one]


def _came_with(contact: Contact, lead: Lead) -> bool:
    return contact.created is not None and lead.created is not None and contact.created >= lead.created - _FRESH
