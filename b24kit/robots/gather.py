"""The facts of many cards from a portal, in a handful of requests: cards, their stories, their clients, their deals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.pipeline import LEADS, deals_ladder
from b24kit.crm.portal import Portal
from b24kit.crm.records import Record, values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.watch import CardStory, CardTask, Watching
from b24kit.robots.facts import CardFacts, Move, OpenTask, Touch

_MARK = re.compile(r"\[b24kit:robots\.([^\]\s]+)\]")
_FRESH = timedelta(minutes=10)  # a contact that came to be with its lead was made by the inquiry itself
_KNOWN = 3  # of the clients with one phone: more of them are a shared number, not a person
_SPOKEN = (Channel.EMAIL, Channel.CALL, Channel.MESSAGE, Channel.MEETING)


class WatchedPortal(Portal, Watching, Protocol):
    """A portal that robots can work on."""


def gather(
    portal: WatchedPortal, cards: Sequence[Ref], done: Mapping[Ref, Mapping[str, datetime]]
) -> dict[Ref, CardFacts]:
    """Facts of these leads and deals; those that are gone are absent. `done` are the action keys of each."""
    present = portal.read(cards)
    alive = [ref for ref in cards if isinstance(present.get(ref), Lead | Deal)]
    if not alive:
        return {}
    stories = portal.stories(alive)
    guessed = _guessed(portal, [present[ref] for ref in alive])
    guessed |= _met_before(portal, [present[ref] for ref in alive]) if portal.capabilities.brings_contacts else {}
    clients = {ref for card in alive for ref in (*_clients(present[card]), *guessed.get(card, ())[:_KNOWN])}
    deals = portal.deals_of(sorted(clients)) if clients else {}
    others = {deal for found in deals.values() for deal in found} - set(alive)
    known: dict[Ref, Record] = {**present, **(portal.read(sorted(clients | others)) if clients else {})}
    return {
        ref: _facts(
            ref,
            known,
            stories.get(ref, CardStory()),
            deals,
            done.get(ref, {}),
            [*guessed.get(ref, ())[:_KNOWN], *_clients(known[ref])],
            newcomers=portal.capabilities.brings_contacts,
        )
        for ref in alive
    }


def _guessed(portal: WatchedPortal, cards: Sequence[Record]) -> dict[Ref, Sequence[Ref]]:
    """Clients with a lead's phone or address, for leads that are bound to none yet."""
    free = {one.ref: one.points for one in cards if isinstance(one, Lead) and not _clients(one) and one.points}
    return dict(portal.known_by(free)) if free else {}


def _met_before(portal: WatchedPortal, cards: Sequence[Record]) -> dict[Ref, Sequence[Ref]]:
    """Where every inquiry brings a contact of its own: older contacts with the same phone or address, the oldest
    first. A lead that hangs on a contact from before its day is known already."""
    leads = {one.ref: one for one in cards if isinstance(one, Lead) and one.contact}
    people = portal.read(sorted({Ref(Kind.CONTACT, str(one.contact)) for one in leads.values()})) if leads else {}
    fresh = {}
    for ref, lead in leads.items():
        contact = people.get(Ref(Kind.CONTACT, str(lead.contact)))
        if isinstance(contact, Contact) and contact.points and _came_with(contact, lead):
            fresh[ref] = contact
    found = portal.known_by({ref: contact.points for ref, contact in fresh.items()}) if fresh else {}
    return {
        ref: [one for one in refs if one.kind is Kind.COMPANY or int(one.id) < int(fresh[ref].id)]
        for ref, refs in found.items()
    }


def _came_with(contact: Contact, lead: Lead) -> bool:
    return contact.created is not None and lead.created is not None and contact.created >= lead.created - _FRESH


def _facts(
    ref: Ref,
    known: Mapping[Ref, Record],
    story: CardStory,
    deals: Mapping[Ref, Sequence[Ref]],
    done: Mapping[str, datetime],
    clients: Sequence[Ref],
    *,
    newcomers: bool = False,
) -> CardFacts:
    card = known[ref]
    assert isinstance(card, Lead | Deal)
    contact, company = _client(clients, known)
    linked = [deal for client in clients for deal in deals.get(client, ()) if deal != ref]
    found = [known[deal] for deal in dict.fromkeys(linked) if deal in known]
    return CardFacts(
        card=card,
        ladder=LEADS if isinstance(card, Lead) else deals_ladder(card.pipeline),
        moves=tuple(Move(at=one.at, stage=one.stage, by=one.by) for one in story.entries),
        touches=tuple(touches_of(story)),
        tasks=tuple(_task(one) for one in story.tasks),
        letters=tuple(one for one in story.happened if one.direction is Direction.IN),
        contact=contact,
        company=company,
        deals=tuple(one for one in found if isinstance(one, Deal)),
        linked=tuple(dict.fromkeys(linked)),
        newcomer=newcomers and isinstance(card, Lead) and contact is not None and _came_with(contact, card),
        filled=frozenset(_filled(card, contact, company)),
        done=frozenset(done),
        done_at=dict(done),
    )


def touches_of(story: CardStory) -> Iterator[Touch]:
    """What really happened: letters, messages and meetings that took place, calls that are over.

    A planned call is none; a letter that we sent has not got through until the client answers.
    """
    for one in story.happened:
        at = _moment(one)
        if at is None or one.channel not in _SPOKEN or one.direction is Direction.NONE or not _happened(one):
            continue
        incoming = one.direction is Direction.IN
        answered = one.id in story.answered or (incoming and one.channel is not Channel.CALL)
        by = None if incoming else one.responsible
        yield Touch(at=at, channel=one.channel, direction=one.direction, got_through=answered, by=by, ref=one.ref)


def marker_of(text: str) -> str:
    """The action key in a text of ours, empty when there is none.

    >>> marker_of("Позвонить\\n[b24kit:robots.cadence/lead:7/NEW~1]")
    'cadence/lead:7/NEW~1'
    """
    found = _MARK.search(text)
    return found[1] if found else ""


def _happened(activity: Activity) -> bool:
    return activity.done or activity.direction is Direction.IN or activity.channel is Channel.EMAIL


def _moment(activity: Activity) -> datetime | None:
    return activity.start or activity.created


def _task(task: CardTask) -> OpenTask:
    return OpenTask(ref=task.ref, title=task.title, deadline=task.deadline, marker=marker_of(task.text), done=task.done)


def _clients(card: Record) -> list[Ref]:
    if not isinstance(card, Lead | Deal):
        return []
    found = [(Kind.CONTACT, card.contact), (Kind.COMPANY, card.company)]
    return [Ref(kind, one) for kind, one in found if one]


def _client(clients: Sequence[Ref], known: Mapping[Ref, Record]) -> tuple[Contact | None, Company | None]:
    """The first contact and the first company of these."""
    records = [known[ref] for ref in clients if ref in known]
    contact = next((one for one in records if isinstance(one, Contact)), None)
    company = next((one for one in records if isinstance(one, Company)), None)
    return contact, company


def _filled(*cards: Lead | Deal | Contact | Company | None) -> Iterable[str]:
    """Names of fields that hold a value: ours, the vendor's own, and the sorts of points (`phone`, `email`)."""
    for card in cards:
        if card is None:
            continue
        values = values_of(card)
        yield from (name for name, value in values.items() if value not in (None, "", [], {}, "0") and name != "extra")
        yield from (name for name, value in card.extra.items() if value not in (None, "", [], {}, False))
        yield from (point.kind.value for point in card.points)
