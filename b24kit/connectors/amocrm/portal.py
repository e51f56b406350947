"""One amoCRM account behind the Portal protocol: composed of the client, translation, reading, settling and prices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime

from b24kit.connectors.amocrm import subscriptions
from b24kit.connectors.amocrm.account import Account
from b24kit.connectors.amocrm.acquaintance import deals_of, known_by
from b24kit.connectors.amocrm.arriving import arriving
from b24kit.connectors.amocrm.calls import plan_writes
from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.amocrm.dossiers import dossiers, surviving
from b24kit.connectors.amocrm.events import AmoHook
from b24kit.connectors.amocrm.facts import CAPABILITIES, ask_facts
from b24kit.connectors.amocrm.fieldlist import card_fields
from b24kit.connectors.amocrm.fields import EXTRA
from b24kit.connectors.amocrm.lookup import read_refs, read_texts
from b24kit.connectors.amocrm.methods import ENTITIES
from b24kit.connectors.amocrm.pricing import price
from b24kit.connectors.amocrm.reading import Reading
from b24kit.connectors.amocrm.remarks import with_remarks
from b24kit.connectors.amocrm.settling import settle
from b24kit.connectors.amocrm.traces import traces_on
from b24kit.connectors.amocrm.translate import stage_numbers
from b24kit.connectors.amocrm.watching import stirred, stories
from b24kit.connectors.turns import carry_in_turns
from b24kit.crm.activity import Activity, Channel
from b24kit.crm.cardfield import CardField
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.dossier import Attachment, Dossier
from b24kit.crm.incoming import Incoming
from b24kit.crm.pipeline import Gate, LossReason, Pipeline, Source, Stage
from b24kit.crm.points import Point
from b24kit.crm.portal import Capabilities, Cost, Feed, Intend, PortalFacts, Seen, Tell, Trace, Where
from b24kit.crm.records import Record, Values
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.subscription import Manner, Palette, Subscription
from b24kit.crm.user import Team, User
from b24kit.crm.watch import Arriving, CardStory, OfflineQueue
from b24kit.crm.writes import Accept, Bind, Create, Decline, LinkIncoming, Merge, Result, Settled, Unbind, Write

# What the account's kept directories are made of: written, they are asked for anew.
_DIRECTORIES = frozenset((Kind.STAGE, Kind.PIPELINE, Kind.FIELD, Kind.GATE))
AT_ONCE = 250  # writes between two looks: as many as five bulks carry


class AmoPortal:
    """Implements `crm.portal.Portal` over an open client, which it closes with itself."""

    def __init__(
        self, client: AmoClient, *, host: str, lead_pipeline: str | None = None, receiver: str | None = None
    ) -> None:
        """`lead_pipeline`: the number of the pipeline that is the ladder of leads; None: the account's main one;
        `receiver`: the secret address at which we hear of events.
        """
        self._receiver = receiver
        self._client = client
        self._host = host
        self._account = Account(client, lead_pipeline)
        self._reading = Reading(client, self._account, receiver)
        self._sent: dict[str, float] = {}

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def facts(self) -> PortalFacts:
        """Who we are here, and in which state the account is (/account, /users)."""
        return ask_facts(self._client, self._host)

    def stages(self) -> list[Stage]:
        return self._reading.stages()

    def pipelines(self) -> list[Pipeline]:
        return self._reading.pipelines()

    def sources(self) -> list[Source]:
        return self._reading.sources()

    def gates(self) -> list[Gate]:
        return self._reading.gates()

    def field_place(self, ref: Ref, values: Values) -> tuple[tuple[Kind, ...], str]:
        """Leads and deals are one entity there, with the same fields."""
        kind = Kind(values["card_kind"])
        return tuple(one for one in CARDS if ENTITIES[one] == ENTITIES[kind]), f"{EXTRA}{ref.id}"

    def loss_reasons(self) -> list[LossReason]:
        return self._reading.loss_reasons()

    def users(self) -> list[User]:
        return self._reading.users()

    def teams(self) -> list[Team]:
        return self._reading.teams()

    def leads(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Lead]:
        return self._reading.cards(Kind.LEAD, where, tell)

    def contacts(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Contact]:
        return self._reading.cards(Kind.CONTACT, where, tell)

    def companies(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Company]:
        return self._reading.cards(Kind.COMPANY, where, tell)

    def deals(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Deal]:
        return self._reading.cards(Kind.DEAL, where, tell)

    def incoming(self, tell: Tell | None = None, *, remarks: bool = False) -> Iterator[Incoming]:
        found = self._reading.incoming(tell)
        return with_remarks(self._client, found) if remarks else found

    def activities(
        self, on: Kind | None = None, channel: Channel | None = None, open_only: bool = False, text: bool = False
    ) -> Iterator[Activity]:
        return self._reading.activities(on, channel, open_only, text)

    def texts(self, activities: Iterable[Ref]) -> Iterator[tuple[Ref, str]]:
        return read_texts(self._client, self._account, activities)

    def read(self, refs: Iterable[Ref]) -> dict[Ref, Record]:
        """Present state by reference; UsageError for kinds without a record class, except tasks (as activities)."""
        return read_refs(self._client, self._account, self._reading, refs)

    def traces(self, ref: Ref) -> list[Trace]:
        return traces_on(self._client, ref)

    def subscriptions(self) -> list[Subscription]:
        return self._reading.subscriptions()

    def wanted_subscriptions(self, manner: Manner, palette: Sequence[Palette] = ()) -> list[Subscription]:
        return subscriptions.wanted(manner, palette, self._receiver)

    def manners(self) -> tuple[Manner, ...]:
        """Webhooks are an administrator's; there is no queue."""
        return (Manner.PUSHED, Manner.POLLED)

    def stories(self, cards: Iterable[Ref], present: Mapping[Ref, Record] | None = None) -> Mapping[Ref, CardStory]:
        wanted = list(dict.fromkeys(cards))
        return stories(self._client, self._account, wanted, self.read(wanted) if present is None else present)

    def deals_of(self, clients: Iterable[Ref]) -> Mapping[Ref, tuple[Ref, ...]]:
        return deals_of(self._client, self._account, clients)

    def known_by(self, cards: Mapping[Ref, Sequence[Point]]) -> Mapping[Ref, tuple[Ref, ...]]:
        return known_by(self._client, cards)

    def stirred(self, since: datetime) -> Iterator[tuple[Ref, datetime]]:
        return stirred(self._client, self._account, since)

    def hook(self, tokens: Collection[str]) -> AmoHook:
        """The account signs nothing: its number must be right, the secret address is the proof."""
        return AmoHook(str(self._account.facts().get("id") or ""), str(self._account.ladders().main))

    def card_fields(self) -> list[CardField]:
        return card_fields(self._client)

    def arriving(self, cards: Iterable[Lead | Deal]) -> Mapping[Ref, Arriving]:
        return arriving(self._client, self._account, self._reading, cards)

    def right_name(self, card: Lead | Deal) -> Ref:
        """A lead in another pipeline than the ladder of leads is a deal of ours."""
        main = stage_numbers(card.stage)[0] == self._account.ladders().main
        return Ref(Kind.LEAD if main else Kind.DEAL, card.id)

    def offline_events(self) -> OfflineQueue | None:
        """None: the account keeps no queue of events."""
        return None

    def dossiers(self, refs: Iterable[Ref]) -> Iterator[Dossier]:
        return dossiers(self._client, self._account, self._reading, refs)

    def belongings(self, refs: Iterable[Ref], whole: Collection[Ref] = ()) -> Iterator[Dossier]:
        """Everything of all of them."""
        return self.dossiers(refs)

    def contents(self, files: Iterable[Attachment]) -> Iterator[tuple[Attachment, bytes | None]]:
        """Nothing of the account's file service is read with this access."""
        return ((file, None) for file in files)

    def surviving(self, refs: Iterable[Ref]) -> set[Ref]:
        return surviving(self._client, refs)

    def carry(self, feed: Feed, tell: Tell | None = None) -> Iterator[Result | Seen]:
        """A list of amoCRM holds either looks or writes: they take turns, so many writes as fill the allowed rate."""
        return carry_in_turns(self, feed, tell, at_once=AT_ONCE)

    def perform(self, writes: Sequence[Write], intend: Intend, tell: Tell | None = None) -> Iterator[Result]:
        """Send the writes; see `crm.portal.PortalWrites`. All are translated before the first leaves."""
        writes = [subscriptions.with_address(write, self._receiver) for write in writes]
        planned = plan_writes(self._account, writes)
        idle = [one.write for one in planned if not one.steps]
        if idle:
            intend(idle)
        for write in idle:
            yield Result(write.key, Settled.DONE)

        def intended(batch: Sequence[Write]) -> None:
            intend(batch)
            now = self._client.clock.now().timestamp()
            self._sent |= {write.key: now for write in batch}

        with closing(self._client.perform([one for one in planned if one.steps], intended, tell)) as results:
            yield from results
        if any(_kind(write) in _DIRECTORIES for write in writes):
            self._account.forget()
        elif any(_kind(write) in CARDS for write in writes):
            self._account.forget_deals()

    def settle(self, writes: Sequence[Write]) -> dict[str, Result]:
        """Look up what became of writes of unknown outcome; the caller has waited long enough for late commits."""
        return settle(self._client, self._account, self._reading, writes, self._sent)

    def price(self, writes: Mapping[str, int], reads: Mapping[str, int] | None = None) -> Cost:
        return price(writes, reads or {}, self._client.batch)

    def requests_sent(self) -> int:
        return self._client.requests

    def close(self) -> None:
        self._client.close()


def _kind(write: Write) -> Kind:
    if isinstance(write, Bind | Unbind):
        return write.activity.kind
    if isinstance(write, Merge):
        return write.survivor.kind
    if isinstance(write, Accept | Decline | LinkIncoming):
        return Kind.LEAD  # its card moves
    return write.kind if isinstance(write, Create) else write.ref.kind
