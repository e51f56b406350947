"""What robots ask of a portal beside its cards: where a card stood and when, what happened on it, what is to be done.

A role of its own, since only robots need it: a portal that does not offer it can be cleaned up, but not watched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from b24kit.crm.activity import Activity
from b24kit.crm.cards import Deal, Lead
from b24kit.crm.incoming import Incoming
from b24kit.crm.points import Point
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind, Ref


@dataclass(frozen=True, slots=True)
class StageEntry:
    """A row of the portal's stage history: the card came to this stage; `by` where the portal tells."""

    at: datetime
    stage: str
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTask:
    """A task or a to-do that hangs on a card; `text` is its description, which may hold a mark of ours."""

    ref: Ref
    title: str
    text: str = ""
    deadline: datetime | None = None
    owner: str | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class CardStory:
    """What a portal remembers of one card, each part in order of time.

    `happened` are its letters, calls, messages and meetings; `answered` names those of them (calls) that the other
    side took, by activity id; `origins` are the marks of what a program of ours has made of it.
    """

    entries: tuple[StageEntry, ...] = ()
    happened: tuple[Activity, ...] = ()
    tasks: tuple[CardTask, ...] = ()
    answered: frozenset[str] = frozenset()
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """A card that waits to be taken in: the message it came as (None: somebody settled it just now).

    `behind`: an earlier message of the same writer waits too; `clients` are contacts and companies he is known as,
    `cards` the open leads and deals of those, the newest first.
    """

    incoming: Incoming | None
    behind: bool = False
    clients: tuple[Ref, ...] = ()
    cards: tuple[Ref, ...] = ()


class Watching(Protocol):
    """Reading for robots, in as few requests as limits allow."""

    def stories(self, cards: Iterable[Ref], present: Mapping[Ref, Record] | None = None) -> Mapping[Ref, CardStory]:
        """The stories of these leads and deals; cards that are gone have empty ones. `present`: what was just read of
        them, so that no vendor asks for it again."""

    def deals_of(self, clients: Iterable[Ref]) -> Mapping[Ref, tuple[Ref, ...]]:
        """The open deals of these contacts and companies, oldest first."""

    def known_by(self, cards: Mapping[Ref, Sequence[Point]]) -> Mapping[Ref, tuple[Ref, ...]]:
        """Contacts, then companies, that share a phone or an address with a card; cards nobody knows are left out."""

    def stirred(self, since: datetime) -> Iterable[tuple[Ref, datetime]]:
        """Leads and deals on which something happened since (a letter, a call, a task), though the card itself may
        not have changed; with the moment it happened."""

    def arriving(self, cards: Iterable[Lead | Deal]) -> Mapping[Ref, Arriving]:
        """Those of these cards that nobody has taken in yet, where the vendor lets them wait."""

    def right_name(self, card: Lead | Deal) -> Ref:
        """What this card is called here, where the vendor's event cannot tell a lead from a deal."""

    def requests_sent(self) -> int:
        """How many requests have left so far: what they cost is learned by asking twice."""

    def offline_events(self) -> OfflineQueue | None:
        """The portal's own queue of events that wait to be fetched, None where this access has none."""


class OfflineQueue(Protocol):
    """Events kept by the portal until they are confirmed; only the latest of each object is kept."""

    def reserve(self, limit: int) -> tuple[str, list[tuple[Ref, str]]]:
        """A ticket, and the cards with what happened to them (`added`, `changed`, `deleted`)."""

    def confirm(self, ticket: str) -> None:
        """They are stored on our side: the portal may forget them."""


WATCHED = (Kind.LEAD, Kind.DEAL)
