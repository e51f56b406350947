"""One Bitrix24 portal behind the Portal protocol: composed of the client, translation, reading, settling and prices."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime

from b24kit.connectors.bitrix24 import subscriptions
from b24kit.connectors.bitrix24.absences import absences
from b24kit.connectors.bitrix24.acquaintance import known_by
from b24kit.connectors.bitrix24.belongings import read_belongings
from b24kit.connectors.bitrix24.calls import PlannedCall, calls_for, results_of
from b24kit.connectors.bitrix24.calls_create import userfield_name
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.dossiers import read_dossiers
from b24kit.connectors.bitrix24.events import BitrixHook
from b24kit.connectors.bitrix24.facts import CAPABILITIES, ask_facts
from b24kit.connectors.bitrix24.files import read_contents
from b24kit.connectors.bitrix24.lookup import read_refs, read_texts
from b24kit.connectors.bitrix24.offline import BitrixQueue
from b24kit.connectors.bitrix24.orders import Orders
from b24kit.connectors.bitrix24.pricing import price
from b24kit.connectors.bitrix24.reading import Reading
from b24kit.connectors.bitrix24.settling import settle
from b24kit.connectors.bitrix24.surviving import still_there
from b24kit.connectors.bitrix24.traces import traces_on
from b24kit.connectors.bitrix24.userfields import card_fields
from b24kit.connectors.bitrix24.watching import deals_of, stirred, stories
from b24kit.connectors.commands import Command
from b24kit.crm.absence import Absence
from b24kit.crm.activity import Activity, Channel
from b24kit.crm.cardfield import CardField
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.dossier import Attachment, Dossier
from b24kit.crm.incoming import Incoming
from b24kit.crm.pipeline import Gate, LossReason, Pipeline, Source, Stage
from b24kit.crm.points import Point
from b24kit.crm.portal import Capabilities, Cost, Feed, Intend, PortalFacts, Progress, Seen, Tell, Trace, Where
from b24kit.crm.records import Record, Values
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.subscription import Manner, Palette, Subscription
from b24kit.crm.user import Team, User
from b24kit.crm.watch import Arriving, CardStory, OfflineQueue
from b24kit.crm.writes import Create, Result, Settled, Write
from b24kit.errors import UsageError


class BitrixPortal:
    """Implements `crm.portal.Portal` over an open client, which it closes with itself."""

    def __init__(
        self,
        client: RestClient,
        *,
        host: str,
        access: str = "webhook",
        receiver: str | None = None,
        sends: bool = False,
    ) -> None:
        """`receiver`: the secret address at which we hear of events. `sends`: letters to clients may leave."""
        self._sends = sends
        self._client = client
        self._host = host
        self._access, self._receiver = access, receiver
        self._manners: tuple[Manner, ...] | None = None  # asked for once: a plan seldom changes
        self._reading = Reading(client, application=access == "application", receiver=receiver)

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def facts(self) -> PortalFacts:
        """Who we are here, and in which state the portal is (profile, scope, server.time, crm.settings.mode.get)."""
        return ask_facts(self._client, self._host, self._access)

    def stages(self) -> list[Stage]:
        return self._reading.stages()

    def pipelines(self) -> list[Pipeline]:
        return self._reading.pipelines()

    def gates(self) -> list[Gate]:
        """None: what a stage demands is set on the portal's pages and no method tells of it."""
        return []

    def field_place(self, ref: Ref, values: Values) -> tuple[tuple[Kind, ...], str]:
        """A user field stands on its own kind of cards, under the name it was made by."""
        return (Kind(values["card_kind"]),), userfield_name(str(values["code"]))

    def loss_reasons(self) -> list[LossReason]:
        """None: every failure has a stage of its own."""
        return []

    def sources(self) -> list[Source]:
        return self._reading.sources()

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
        """None: Bitrix24 makes a lead of everything that comes."""
        return iter(())

    def activities(
        self, on: Kind | None = None, channel: Channel | None = None, open_only: bool = False, text: bool = False
    ) -> Iterator[Activity]:
        return self._reading.activities(on, channel, open_only, text)

    def texts(self, activities: Iterable[Ref]) -> Iterator[tuple[Ref, str]]:
        return read_texts(self._client, activities)

    def read(self, refs: Iterable[Ref]) -> dict[Ref, Record]:
        """Present state by reference; UsageError for kinds without a record class, except to-dos (as activities)."""
        return read_refs(self._client, self._reading, refs)

    def traces(self, ref: Ref) -> list[Trace]:
        return traces_on(self._client, ref)

    def subscriptions(self) -> list[Subscription]:
        return self._reading.subscriptions()

    def wanted_subscriptions(self, manner: Manner, palette: Sequence[Palette] = ()) -> list[Subscription]:
        return subscriptions.wanted(manner, palette, self._receiver)

    def manners(self) -> tuple[Manner, ...]:
        """An incoming webhook can bind nothing itself; a webhook made by hand still pushes."""
        if self._access != "application":
            return (Manner.POLLED,)
        if self._manners is None:
            self._manners = subscriptions.manners(self._client)
        return self._manners

    def offline_events(self) -> OfflineQueue | None:
        """The portal's own queue of events, None where this access or plan has none.

        Whoever reads it does not want to hear of himself: from now on our writes are kept out of it.
        """
        if Manner.QUEUED not in self.manners():
            return None
        self._client.hush(subscriptions.CONNECTOR)
        return BitrixQueue(self._client)

    def stories(self, cards: Iterable[Ref], present: Mapping[Ref, Record] | None = None) -> Mapping[Ref, CardStory]:
        return stories(self._client, cards)

    def deals_of(self, clients: Iterable[Ref]) -> Mapping[Ref, tuple[Ref, ...]]:
        return deals_of(self._client, clients)

    def known_by(self, cards: Mapping[Ref, Sequence[Point]]) -> Mapping[Ref, tuple[Ref, ...]]:
        return known_by(self._client, cards)

    def absences(self, users: Iterable[str], first: date, last: date) -> list[Absence]:
        return absences(self._client, users, first, last)

    def requests_sent(self) -> int:
        return self._client.requests

    def stirred(self, since: datetime) -> Iterator[tuple[Ref, datetime]]:
        return stirred(self._client, since)

    def hook(self, tokens: Collection[str]) -> BitrixHook:
        return BitrixHook(tokens)  # as they stand: an installation may bring one more

    def card_fields(self) -> list[CardField] | None:
        return card_fields(self._client)

    def arriving(self, cards: Iterable[Lead | Deal]) -> Mapping[Ref, Arriving]:
        """None: what comes is a lead at once."""
        return {}

    def right_name(self, card: Lead | Deal) -> Ref:
        """Its own: events tell leads from deals."""
        return card.ref

    def dossiers(self, refs: Iterable[Ref]) -> Iterator[Dossier]:
        return read_dossiers(self._client, self._reading, refs)

    def belongings(self, refs: Iterable[Ref], whole: Collection[Ref] = ()) -> Iterator[Dossier]:
        return read_belongings(self._client, self._reading, refs, whole)

    def contents(self, files: Iterable[Attachment]) -> Iterator[tuple[Attachment, bytes | None]]:
        return read_contents(self._client, files)

    def surviving(self, refs: Iterable[Ref]) -> set[Ref]:
        return still_there(self._client, refs)

    def perform(self, writes: Sequence[Write], intend: Intend, tell: Tell | None = None) -> Iterator[Result]:
        """Send the writes; see `crm.portal.PortalWrites`. All are translated before the first leaves."""
        writes = [self._ready(write) for write in writes]
        planned = {call.command.key: call for call in calls_for(writes)}
        yield from _without_call(writes, planned.values(), intend)

        def intended(commands: Sequence[Command]) -> None:
            intend([write for command in commands for write in planned[command.key].writes])

        counted = _Counted(len(writes), tell)
        commands = [call.command for call in planned.values()]
        outcomes = self._client.run(commands, intend=intended, tell=counted.hear)
        with ExitStack() as ending:
            if isinstance(outcomes, Generator):
                ending.callback(outcomes.close)  # closed with this iterator: nothing more is sent, lanes are waited for
            for outcome in outcomes:
                results = results_of(planned[outcome.key], outcome)
                counted.add(len(results))
                yield from results

    def carry(self, feed: Feed, tell: Tell | None = None) -> Iterator[Result | Seen]:
        """Look and write side by side; see `crm.portal.PortalWrites`."""
        orders = Orders(feed, self.read, self._ready)
        counted = _Counted(None, tell)
        going = True
        while going:
            outcomes = self._client.carry(orders, intend=orders.intended, tell=counted.hear)
            going = False
            with ExitStack() as ending:
                if isinstance(outcomes, Generator):
                    ending.callback(outcomes.close)
                for outcome in outcomes:
                    orders.hear(outcome)
                    yield from orders.events()
                    counted.say()
            for event in orders.events():  # of what needed no command; it may free more
                going = True
                yield event

    def settle(self, writes: Sequence[Write]) -> dict[str, Result]:
        """Look up what became of writes of unknown outcome; the caller has waited long enough for late commits."""
        return settle(self._client, self._reading, [self._dressed(write) for write in writes])

    def price(self, writes: Mapping[str, int], reads: Mapping[str, int] | None = None) -> Cost:
        return price(self._client, writes, reads or {})

    def _ready(self, write: Write) -> Write:
        """As it leaves; UsageError for a letter on a portal that was not opened for sending."""
        if isinstance(write, Create) and write.kind is Kind.LETTER and not self._sends:
            raise UsageError("letters_not_armed", key=write.key)
        return self._dressed(write)

    def _dressed(self, write: Write) -> Write:
        return subscriptions.with_address(write, self._receiver)

    def close(self) -> None:
        self._client.close()


class _Counted:
    """Turns progress in commands into progress in writes, keeping the promise of time."""

    def __init__(self, total: int | None, tell: Tell | None) -> None:
        self._total = total
        self._tell = tell
        self._done = 0
        self._left: float | None = None

    def hear(self, progress: Progress) -> None:
        """The client tells after each batch and every few seconds of a wait; what the caller raises ends the run."""
        self._left = progress.seconds_left
        self.say()

    def add(self, writes: int) -> None:
        """So many more writes have their result."""
        self._done += writes
        self.say()

    def say(self) -> None:
        """Tell the caller."""
        if self._tell is not None:
            self._tell(Progress(self._done, self._total, self._left))


def _without_call(writes: Sequence[Write], planned: Iterable[PlannedCall], intend: Intend) -> Iterator[Result]:
    """Changes that differ in nothing are done as they stand."""
    sent = {write.key for call in planned for write in call.writes}
    idle = [write for write in writes if write.key not in sent]
    if idle:
        intend(idle)
    for write in idle:
        yield Result(write.key, Settled.DONE)
