"""Who is an active client: every contact and company with what really happened to it, and the segment that follows.

Counted from letters, calls, meetings and deals, never from the portal's own "last activity", which a clean-up moves
itself. Letters still standing on open leads count for the client who surely wrote them. Pure over a snapshot.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.clients import index_clients
from b24kit.cleanup.clusters import find_clusters
from b24kit.cleanup.extract_spec import ExtractSpec, SegmentSpec
from b24kit.cleanup.pile import read_pile
from b24kit.cleanup.reading import read_all
from b24kit.cleanup.spec import CleanSpec, PileSpec
from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.cards import Company, Contact, Deal
from b24kit.crm.pipeline import Outcome
from b24kit.crm.refs import Kind, Ref
from b24kit.matching.groups import natural

_TALKS = frozenset({Channel.EMAIL, Channel.CALL, Channel.MEETING})


@dataclass(slots=True)
class Facts:
    """What happened with one client: letters each way, whether he was ever answered, deals, and the last event."""

    letters_in: int = 0
    letters_out: int = 0
    answered: bool = False
    running: int = 0
    won: int = 0
    won_sums: Counter[str] = field(default_factory=Counter)  # money in hundredths, by currency
    last: datetime | None = None

    def happened(self, moment: datetime | None) -> None:
        """Something took place at this moment."""
        if moment is not None and (self.last is None or moment > self.last):
            self.last = moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One contact or company in its segment; `segment` is empty when no rule took it.

    `days` are since the last event; a card without any counts from the day it was made.
    """

    card: Contact | Company
    segment: str
    facts: Facts
    days: int | None

    @property
    def ref(self) -> Ref:
        return self.card.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """All clients, the liveliest first; `strangers` are stuck leads of people who are nobody's card yet."""

    clients: tuple[Client, ...]
    strangers: int

    def of(self, segment: str) -> list[Client]:
        """The clients of one segment."""
        return [client for client in self.clients if client.segment == segment]


def extract_clients(snapshot: Snapshot, spec: CleanSpec, now: datetime, topics: Collection[str] = ()) -> Extract:
    """Measure every contact and company and put it into the first segment whose rule it meets."""
    whose, strangers = _writers(snapshot, spec, now, topics)
    contacts = {contact.id: contact for contact in snapshot.contacts()}
    companies = {company.id: company for company in snapshot.companies()}
    facts = _gathered(snapshot, whose, contacts, now)
    cards: list[Contact | Company] = [*contacts.values(), *companies.values()]
    clients = [_client(card, facts[card.ref], spec.extract, now) for card in cards]
    return Extract(clients=tuple(sorted(clients, key=_liveliest)), strangers=strangers)


def segment_of(facts: Facts, segments: Sequence[SegmentSpec], now: datetime) -> str:
    """The name of the first segment whose every condition holds; empty when there is none.

    >>> segment_of(Facts(running=1), ExtractSpec().segments, datetime(2026, 1, 1))
    'Активные'
    """
    return next((segment.name for segment in segments if _meets(facts, segment, now)), "")


def _meets(facts: Facts, wanted: SegmentSpec, now: datetime) -> bool:
    age = None if facts.last is None else now - facts.last
    return (
        (wanted.active_within is None or (age is not None and age <= timedelta(days=wanted.active_within)))
        and (wanted.quiet_for is None or age is None or age > timedelta(days=wanted.quiet_for))
        and facts.running >= (wanted.running_deals or 0)
        and facts.won >= (wanted.won_deals or 0)
        and facts.letters_in >= (wanted.letters or 0)
        and (wanted.answered is None or facts.answered is wanted.answered)
    )


def _writers(snapshot: Snapshot, spec: CleanSpec, now: datetime, topics: Collection[str]) -> tuple[dict[Ref, Ref], int]:
    """The client of each lead: the card it is tied to, else who surely wrote it; and how many were strangers."""
    whose: dict[Ref, Ref] = {}
    for lead in snapshot.leads():
        if lead.contact or lead.company:
            whose[lead.ref] = Ref(Kind.CONTACT, lead.contact) if lead.contact else Ref(Kind.COMPANY, str(lead.company))
    pile = read_pile(snapshot, spec.model_copy(update={"pile": PileSpec()}), now)
    people = [item for item in pile.items if item.verdict.is_clients and not item.doubt]
    index = index_clients(snapshot.contacts(), snapshot.companies(), snapshot.deals(), pile.known.aliases)
    readings = read_all(pile.items, find_clusters(people, index, pile.known).clusters, index, topics)
    strangers = 0
    for item in people:
        client = readings[item.lead.id].client
        if client is not None:
            whose.setdefault(item.lead.ref, client)
        elif item.lead.ref not in whose:
            strangers += 1
    return whose, strangers


def _gathered(
    snapshot: Snapshot, whose: Mapping[Ref, Ref], contacts: Mapping[str, Contact], now: datetime
) -> dict[Ref, Facts]:
    """The facts of every card; what happens to a contact happens to his company too."""
    facts: dict[Ref, Facts] = defaultdict(Facts)
    deals = {deal.ref: deal for deal in snapshot.deals()}
    for deal in deals.values():
        for card in _with_company({*_sides(deal)}, contacts):
            _count_deal(facts[card], deal)
    for activity in snapshot.activities():
        cards: set[Ref] = set()
        for card in {activity.card, *(activity.bindings or ())}:
            cards |= {*_sides(deals[card])} if card in deals else {whose.get(card, card)}
        for card in _with_company(cards, contacts):
            _count_activity(facts[card], activity, now)
    return facts


def _sides(deal: Deal) -> Iterable[Ref]:
    if deal.contact:
        yield Ref(Kind.CONTACT, deal.contact)
    if deal.company:
        yield Ref(Kind.COMPANY, deal.company)


def _with_company(cards: Collection[Ref], contacts: Mapping[str, Contact]) -> set[Ref]:
    found = {card for card in cards if card.kind in (Kind.CONTACT, Kind.COMPANY)}
    people = (contacts[card.id] for card in cards if card.kind is Kind.CONTACT and card.id in contacts)
    firms = (firm for person in people for firm in (person.company, *person.companies))
    return found | {Ref(Kind.COMPANY, firm) for firm in firms if firm}


def _count_deal(facts: Facts, deal: Deal) -> None:
    facts.happened(deal.created)
    if deal.outcome is Outcome.OPEN:
        facts.running += 1
    elif deal.outcome is Outcome.WON:
        facts.won += 1
        facts.won_sums[deal.currency] += _hundredths(deal.amount)


def _hundredths(amount: str) -> int:
    try:
        return round(Decimal(amount or "0") * 100)
    except InvalidOperation:
        return 0


def _count_activity(facts: Facts, activity: Activity, now: datetime) -> None:
    """Letters, calls and meetings that have taken place; a reminder of ours is no event in a client's life."""
    moment = activity.start or activity.created
    if activity.channel not in _TALKS or (moment is not None and moment > now):
        return
    facts.happened(moment)
    theirs = activity.direction is not Direction.OUT
    if activity.channel is Channel.EMAIL:
        facts.letters_in += theirs
        facts.letters_out += not theirs
        facts.answered |= not theirs
    else:
        facts.answered |= activity.done or not theirs


def _client(card: Contact | Company, facts: Facts, spec: ExtractSpec, now: datetime) -> Client:
    known = facts.last or card.created
    measured = Facts(
        facts.letters_in, facts.letters_out, facts.answered, facts.running, facts.won, facts.won_sums, known
    )
    days = None if known is None else max(0, (now - known).days)
    return Client(card=card, segment=segment_of(measured, spec.segments, now), facts=measured, days=days)


def _liveliest(client: Client) -> tuple[int, float, str, tuple[tuple[int, int | str], ...]]:
    last = client.facts.last.timestamp() if client.facts.last else 0.0
    return (-client.facts.running, -last, client.ref.kind.value, natural(client.ref.id))
