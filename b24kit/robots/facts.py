"""What is known of a card when robots decide about it: re-read from the portal, never taken from an event's payload.

Every rule is a pure function of these facts; `gather` fills them, tests write them by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.refs import Ref
from b24kit.crm.watch import Arriving


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One call, letter or message that really happened; `by` is the user, None for the client or a machine.

    `got_through`: the client answered the call, or the letter or message is his own.
    """

    at: datetime
    channel: Channel
    direction: Direction
    got_through: bool
    by: str | None
    ref: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The card came to a stage: a row of the portal's stage history, the first one is its creation."""

    at: datetime
    stage: str
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """A task or to-do of the card. `marker` is the action key that we wrote into it, empty on a person's own task."""

    ref: Ref
    title: str
    deadline: datetime | None
    marker: str
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """A lead or a deal with everything that rules look at; times are aware, tuples stand in order of time."""

    card: Lead | Deal
    ladder: str
    moves: tuple[Move, ...]
    touches: tuple[Touch, ...]
    tasks: tuple[OpenTask, ...]
    letters: tuple[Activity, ...]  # incoming, for recognition of event, mailbox
    contact: Contact | None
    company: Company | None
    deals: tuple[Deal, ...]
    linked: tuple[Ref, ...]
    filled: frozenset[str]  # names of fields that hold a value (card, contact, company)
    done: frozenset[str]  # action keys our runtime has already carried out on this card
    arriving: Arriving | None = None  # nobody has taken the card in yet
    newcomer: bool = False  # the contact was made by this very inquiry: nobody's client yet
    done_at: Mapping[str, datetime] = field(default_factory=dict)  # when they were, as far as it is known
