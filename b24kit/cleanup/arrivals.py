"""Inquiries that come with cards of their own: a fresh contact for every letter, and incoming leads that still wait.

Where a vendor does so, the pile is read as if each lead carried the writer itself, so that one planner finds the same
clients everywhere; `taking_in` then says what the found means for the cards that are really there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from b24kit.change.operation import Reason
from b24kit.change.plan import LeftAlone
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.pile import WAITS
from b24kit.crm.activity import Activity, Channel, Direction, Letter
from b24kit.crm.cards import Contact, Deal, Lead, PersonName
from b24kit.crm.incoming import Category, Incoming
from b24kit.crm.pipeline import Outcome
from b24kit.crm.points import Point, PointKind
from b24kit.crm.portal import Capabilities
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind, Ref
from b24kit.i18n import LANGUAGES, say

AT_ONCE = timedelta(seconds=60)  # a contact that was made with its lead is no older and no younger than it
_OTHERS = (Kind.STAGE, Kind.PIPELINE, Kind.SOURCE, Kind.LOSS_REASON, Kind.USER, Kind.TEAM, Kind.COMPANY, Kind.DEAL)
# By which source the playbook's rules know an inquiry where the vendor's leads have none.
_SOURCES = {Channel.EMAIL: "EMAIL", Channel.CALL: "CALL"}


@dataclass(frozen=True, slots=True)
class Arrivals:
    """`snapshot` is the pile with its writers on the leads; `fresh` are contacts by lead, `waiting` incoming leads by
    the lead they stand on; `left` are those that a person settles.
    """

    snapshot: Snapshot
    fresh: Mapping[str, Contact] = field(default_factory=dict)
    waiting: Mapping[str, Incoming] = field(default_factory=dict)
    left: tuple[LeftAlone, ...] = ()


def unfold(snapshot: Snapshot, capabilities: Capabilities, *, mail: bool = True, everything: bool = False) -> Arrivals:
    """The pile of a portal whose inquiries bring their contacts; any other snapshot comes back as it is.

    `mail`: incoming letters are a part of the pile. `everything`: so is what people settle, for who only counts.
    """
    if not capabilities.brings_contacts:
        return Arrivals(snapshot)
    worked_on = frozenset[str]() if everything else _worked_on(snapshot.activities())
    waiting, left = _waiting(snapshot.incoming(), mail, worked_on)
    hidden = {one.lead for one in snapshot.incoming() if one.lead}
    leads = list(snapshot.leads())
    fresh = fresh_contacts(
        (lead for lead in leads if lead.id not in hidden), snapshot.contacts(), leads, list(snapshot.deals())
    )
    records = _records(snapshot, leads, fresh, waiting, set() if everything else hidden, capabilities)
    texts = {one.id: body for one in snapshot.activities() if (body := snapshot.body(one.id)) is not None}
    texts |= {_letter_id(one): one.summary for one in waiting.values() if one.summary}
    return Arrivals(Snapshot.of(records, snapshot.facts, snapshot.taken_at, texts), fresh, waiting, left)


def fresh_contacts(
    leads: Iterable[Lead], contacts: Iterable[Contact], every: Iterable[Lead], deals: Iterable[Deal]
) -> dict[str, Contact]:
    """By open lead: the contact that was made together with it and that nothing else speaks of."""
    by_id = {contact.id: contact for contact in contacts}
    cards: list[Lead | Deal] = [*every, *deals]
    held = Counter(number for card in cards for number in _contacts_of(card))
    found = {}
    for lead in leads:
        contact = by_id.get(lead.contact or "")
        if contact is None or lead.outcome is not Outcome.OPEN or held[contact.id] > 1 or contact.company:
            continue
        if lead.created and contact.created and abs(lead.created - contact.created) <= AT_ONCE:
            found[lead.id] = contact
    return found


def loser_tags() -> frozenset[str]:
    """The tag of a double in every language: such a card is nobody's any more."""
    return frozenset(say("clean.text.loser_tag", lang) for lang in LANGUAGES)


def _contacts_of(card: Lead | Deal) -> Iterator[str]:
    if card.contact:
        yield card.contact
    yield from (str(one) for one in card.extra.get("contacts") or ())


def _worked_on(activities: Iterable[Activity]) -> frozenset[str]:
    """Leads that people set tasks on or answered: turning one down would take that to the bin."""
    people = (one for one in activities if one.channel is Channel.TODO or one.direction is Direction.OUT)
    return frozenset(one.card.id for one in people if one.card.kind is Kind.LEAD)


def _waiting(
    incoming: Iterable[Incoming], mail: bool, worked_on: frozenset[str]
) -> tuple[dict[str, Incoming], tuple[LeftAlone, ...]]:
    """Incoming letters by their lead, and what people settle, with the reason."""
    taken: dict[str, Incoming] = {}
    left = []
    for one in incoming:
        if one.category is Category.MAIL and mail and one.lead in worked_on:
            left.append(LeftAlone(one.ref, Reason("clean.left.incoming_worked_on")))
        elif one.category is Category.MAIL and mail and one.remarks:
            left.append(LeftAlone(one.ref, Reason("clean.left.incoming_remarked")))
        elif one.category is Category.MAIL and mail and one.lead and one.contacts:
            taken[one.lead] = one
        elif one.category is not Category.MAIL:
            left.append(LeftAlone(one.ref, Reason(f"clean.left.incoming_{one.category.value}")))
        elif mail:
            left.append(LeftAlone(one.ref, Reason("clean.left.incoming_empty")))
    return taken, tuple(left)


def _records(
    snapshot: Snapshot,
    leads: Iterable[Lead],
    fresh: Mapping[str, Contact],
    waiting: Mapping[str, Incoming],
    hidden: set[str],
    capabilities: Capabilities,
) -> Iterator[Record]:
    for kind in _OTHERS:
        yield from snapshot.records(kind)
    own, doubles = {contact.id for contact in fresh.values()}, loser_tags()
    for contact in snapshot.contacts():
        if contact.id not in own and not doubles & set(contact.extra.get("tags") or ()):
            yield contact
    came_by = _channels(snapshot.activities()) if "source" in capabilities.lacks.get(Kind.LEAD, ()) else {}
    for lead in leads:
        if lead.id in waiting:
            yield _of_letter(lead, waiting[lead.id])
        elif lead.id not in hidden:
            yield _with_writer(lead, fresh.get(lead.id), came_by.get(lead.ref))
    yield from snapshot.activities()
    for one in waiting.values():
        yield _letter(one)


def _channels(activities: Iterable[Activity]) -> dict[Ref, str]:
    found: dict[Ref, str] = {}
    for one in activities:
        if one.channel in _SOURCES and one.direction is not Direction.OUT:
            found.setdefault(one.card, _SOURCES[one.channel])
    return found


def _with_writer(lead: Lead, contact: Contact | None, source: str | None) -> Lead:
    """A lead that says itself who wrote."""
    known = replace(lead, source=lead.source or source)
    if contact is None:
        return known
    told = {name: value for name, value in contact.extra.items() if name != "tags"}
    extra = {**told, **lead.extra}
    points = tuple(replace(point, id=None) for point in contact.points)
    return replace(known, points=points, name=contact.name, contact=None, extra=extra)


def _of_letter(lead: Lead, one: Incoming) -> Lead:
    """The lead of an incoming letter; nothing is known of its contact before somebody takes it in."""
    points = (Point(PointKind.EMAIL, one.sender_address),) if one.sender_address else ()
    return replace(
        lead,
        points=points,
        name=PersonName(one.sender_name),
        contact=None,
        source=_SOURCES[Channel.EMAIL],
        created=one.created or lead.created,
        extra={**lead.extra, WAITS: one.id},
    )


def _letter(one: Incoming) -> Activity:
    sender = f"{one.sender_name} <{one.sender_address}>" if one.sender_name else one.sender_address
    return Activity(
        id=_letter_id(one),
        channel=Channel.EMAIL,
        direction=Direction.IN,
        subject=one.subject,
        card=Ref(Kind.LEAD, one.lead or ""),
        done=True,
        created=one.created,
        start=one.created,
        letter=Letter(sender=sender, to=one.source, mailbox=one.source),
    )


def _letter_id(one: Incoming) -> str:
    return f"incoming/{one.id}"
