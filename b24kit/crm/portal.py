"""What features know of a portal: small roles for reading and writing, and what its vendor is able to do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from b24kit.crm.activity import Activity, Channel
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.dossier import Attachment, Dossier
from b24kit.crm.incoming import Incoming
from b24kit.crm.pipeline import Gate, LossReason, Pipeline, Source, Stage
from b24kit.crm.records import Record, Values
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.user import Team, User
from b24kit.crm.writes import Result, Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Carries:
    """Fields that mean the same on a lead and on a contact, by the vendor's names: a client's card may take them over.

    Those of `together` and of `origin` (how he came to us) make sense only as one lead has them.
    """

    alone: frozenset[str] = frozenset()
    together: tuple[frozenset[str], ...] = ()
    origin: frozenset[str] = frozenset()
    money: Mapping[str, str] = field(default_factory=dict)  # a lead's fields by a deal's `amount` and `currency`


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What this vendor's API can do at all; a feature asks here instead of asking which vendor it is."""

    vendor: str
    has_leads: bool
    deletes: frozenset[Kind]  # kinds that can be removed again
    restores_stage_code: bool  # a removed stage may be made again under its old code
    quiet_creation: frozenset[Kind]  # kinds that can be created without firing robots
    merges: bool
    native_gates: bool  # required data by stage can be set through the API
    own_stage_codes: bool
    renames_system_stages: bool
    stage_code_limit: int
    colours: tuple[str, ...] | None = None  # None: any colour
    # Beginnings of vendor fields that quiet creation does not carry: written by a change of their own afterwards.
    quiet_forgets: tuple[str, ...] = ()
    # For merging, of the vendor's own fields in `extra`: those that no write makes equal (two cards that differ in one
    # are not merged), and those that a merge does not look at.
    merge_blockers: frozenset[str] = frozenset()
    merge_ignores: frozenset[str] = frozenset()
    carries: Carries = Carries()
    lacks: Mapping[Kind, frozenset[str]] = field(default_factory=dict)  # fields of a record that this vendor has not
    refuses: frozenset[str] = frozenset()  # writes by `write_name` that its API has no way for, beside deletions
    keeps_incoming: bool = False  # incoming leads stand apart until somebody takes them in
    brings_contacts: bool = False  # every inquiry comes with a fresh contact of its own, known client or not
    empties_removed_stages: bool = False  # a stage with cards can be removed; they move to the ladder's first one
    system_names_only: bool = False  # of the vendor's own stages nothing but the name can be written
    one_failure: bool = False  # a ladder has one stage of failure; which failure it was, a loss reason tells
    stage_numbers: tuple[int, int] | None = None  # (first, step) where the vendor numbers a ladder's own stages anew
    prompt_levels: tuple[str, ...] = ()  # sellers for whom a stage can carry prompts, from the novice on
    prompt_length: int = 0  # characters of one prompt at most
    loss_reasons: bool = False
    automation_page: str = ""  # path of the one page where automation of every ladder is set; "": a page a ladder
    remakes_stages: bool = False  # a removed stage can be made again only as another one, which its cards then follow
    sends: frozenset[Channel] = frozenset()  # by which its API lets a word to a client leave
    # Paths of the vendor's own pages by what people go there for (mailboxes, exceptions, doubles), and of a card by its
    # kind, with {id}. What is not here has no page.
    pages: Mapping[str, str] = field(default_factory=dict)
    keeps_last_stage: bool = False  # a ladder's last working stage cannot be removed, only the ladder with it
    fields_of: Mapping[Kind, Kind] = field(default_factory=dict)  # kinds of cards that share the fields of another
    lays_out: bool = False  # the view of cards that everybody sees can be written through the API
    marks_need_field: bool = False  # an origin is kept only once our own field B24KIT_ID stands on the cards


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalFacts:
    """Who we are on this portal and in which state it is; asked once at the start of every command."""

    id: str  # stable and free of secrets: the portal's host name
    leads_on: bool  # False: simple CRM mode, leads do not exist
    user: str  # whose rights this access has
    user_name: str
    admin: bool
    scopes: frozenset[str]
    missing_scopes: frozenset[str]
    now: datetime  # the portal's own time
    utc_offset_minutes: int
    access: str  # "webhook" | "application"


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which cards to read. Empty fields do not narrow."""

    open_only: bool = False
    stages: tuple[str, ...] = ()
    changed_since: datetime | None = None
    above_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The price of a list of writes and reads at this portal's limits, before or during a run."""

    requests: int
    method_seconds: Mapping[str, float] = field(default_factory=dict)  # running time by the vendor's method
    seconds_low: float = 0.0  # wall time if work is as quick as the cheapest known
    seconds_high: float = 0.0

    @property
    def running_seconds(self) -> float:
        return sum(self.method_seconds.values())


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long read or write is; `seconds_left` is a promise made from what was measured so far, or None."""

    done: int
    total: int | None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that hangs on a card: left there by a robot, a person or the portal itself.

    `what` is activity, task, workflow or comment; `title` is the portal's own text, `at` when it came to be.
    """

    what: str
    id: str
    title: str = ""
    at: datetime | None = None


BELONGINGS = "belongings"  # and one of which only what a plan may move is counted
DOSSIER = "dossier"  # what a card with everything that hangs on it is called where reads are priced
ROUND_TRIP = "request"  # what a request that goes by itself is called there, whatever it asks

Intend = Callable[[Sequence[Write]], None]
Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands at these references now; those that are gone are absent from `present`."""

    refs: tuple[Ref, ...]
    present: Mapping[Ref, Record]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run wants next: objects to look at, and writes."""

    looks: Sequence[Ref] = ()
    writes: Sequence[Write] = ()


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a run has not asked for yet: writes by `write_name`, rows to be looked at by kind."""

    writes: Mapping[str, int]
    reads: Mapping[str, int]


class Feed(Protocol):
    """A run as the portal sees it: asked for more whenever something may be sent."""

    @property
    def open(self) -> bool:
        """Whether answers may still bring more to `more`."""

    def more(self) -> Wanted:
        """What may be done now and was not handed out before."""

    def intend(self, writes: Sequence[Write]) -> Collection[str]:
        """These are about to leave: journal them, and name the keys of those that must not leave any more.

        Writes that the portal refused for speed come here again before they leave again.
        """

    def ahead(self) -> Ahead:
        """What will follow, for the promise of time; empty when all was handed out."""


class PortalReads(Protocol):
    """Reading. Lists of cards come by ascending id and lose no row while people work on the portal.

    A row that a list without cursors (amoCRM) hid behind somebody's deletion is found by a second look and comes last.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def facts(self) -> PortalFacts: ...

    def stages(self) -> list[Stage]:
        """Stages of every ladder, each ladder in its order."""

    def pipelines(self) -> list[Pipeline]: ...

    def sources(self) -> list[Source]: ...

    def gates(self) -> list[Gate]:
        """Fields of cards with the stages that demand them; none where the vendor keeps no such gates."""

    def field_place(self, ref: Ref, values: Values) -> tuple[tuple[Kind, ...], str]:
        """On which kinds of cards a custom field, made with these values, stands, and how `extra` calls its value."""

    def loss_reasons(self) -> list[LossReason]:
        """In their order; none where the vendor has stages of failure instead."""

    def users(self) -> list[User]: ...

    def teams(self) -> list[Team]: ...

    def leads(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Lead]: ...

    def contacts(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Contact]: ...

    def companies(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Company]: ...

    def deals(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Deal]: ...

    def incoming(self, tell: Tell | None = None, *, remarks: bool = False) -> Iterator[Incoming]:
        """Incoming leads that nobody has taken in, oldest first; none where the vendor keeps them as leads.

        `remarks` asks for the number of notes that people left on each.
        """

    def activities(
        self,
        on: Kind | None = None,
        channel: Channel | None = None,
        open_only: bool = False,
        text: bool = False,
    ) -> Iterator[Activity]:
        """Activities by ascending id, optionally only those owned by one kind of card; `text` asks for bodies."""

    def texts(self, activities: Iterable[Ref]) -> Iterator[tuple[Ref, str]]:
        """Bodies of these activities as they are stored, some hundreds in memory at a time; empty ones are left out."""

    def read(self, refs: Iterable[Ref]) -> dict[Ref, Record]:
        """Present state of these objects in as few requests as possible; those that are gone are absent.

        For activities `bindings` is filled.
        """

    def traces(self, ref: Ref) -> list[Trace]:
        """What hangs on this card: activities and to-dos, tasks, running workflows; how robots are found out."""

    def dossiers(self, refs: Iterable[Ref]) -> Iterator[Dossier]:
        """Cards with everything that hangs on them, some dozens in memory at a time; those that are gone are absent.

        Files are named, not fetched.
        """

    def belongings(self, refs: Iterable[Ref], whole: Collection[Ref] = ()) -> Iterator[Dossier]:
        """As `dossiers`, for counting: of cards not among `whole` only what a plan may move, in far fewer requests.

        Those come with their own activities, comments, tasks, links, stage history and the product rows that cost
        something; requisites and activities that only hang on a lead or a deal and belong to another card are left out.
        """

    def contents(self, files: Iterable[Attachment]) -> Iterator[tuple[Attachment, bytes | None]]:
        """Files with their names, sizes and contents, one at a time; None for one that this access may not read."""

    def surviving(self, refs: Iterable[Ref]) -> set[Ref]:
        """Which of these activities, comments and tasks are still there, on whatever card."""


class PortalWrites(Protocol):
    """Writing. Only `change/executor` calls these."""

    def perform(self, writes: Sequence[Write], intend: Intend, tell: Tell | None = None) -> Iterator[Result]:
        """Send the writes in as few requests as limits allow; one Result each, in the order answers come.

        `intend(batch)` is called in the caller's thread just before a batch leaves, so that it can be journalled.
        Refusals for speed and paused methods are waited for and repeated inside (the portal did not execute them);
        an answer that never came yields UNKNOWN and is not repeated. Closing the iterator stops sending new batches,
        waits for those in flight and yields nothing more.
        """

    def carry(self, feed: Feed, tell: Tell | None = None) -> Iterator[Result | Seen]:
        """Look and write as the feed asks, side by side, in as few requests as limits allow.

        Ends when nothing is on its way and the feed wants nothing. One Result for each write that left and one Seen
        for each object, in the order answers come; the feed may ask for more on hearing any of them. Otherwise as
        `perform`; `tell` counts results, and promises the time until all of the feed is done.
        """

    def settle(self, writes: Sequence[Write]) -> dict[str, Result]:
        """Look on the portal what became of writes of unknown outcome: DONE with its id, or NOT_EXECUTED if absent."""

    def price(self, writes: Mapping[str, int], reads: Mapping[str, int] | None = None) -> Cost:
        """Requests and time for so many writes by `write_name`, and so many rows read by kind, or dossiers."""


class Portal(PortalReads, PortalWrites, Protocol):
    """One portal of one vendor."""

    def close(self) -> None: ...
