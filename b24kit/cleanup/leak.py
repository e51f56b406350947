"""The leak test: did letters make new leads since the mailboxes were closed, and which mailbox did.

Reads only what came since; the setting itself cannot be read, a lead that should not have come can.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.cards import Lead
from b24kit.crm.incoming import Category
from b24kit.crm.portal import PortalReads, Where
from b24kit.crm.refs import Kind, Ref
from b24kit.matching.groups import natural

LOOKED = 50  # so many new leads are looked at one by one for their letters; one request each
ENOUGH = 3.0  # so many leads would have come by now, were the tap still open


class Verdict(StrEnum):
    """What the test says: leads came; none came though some would have; none came but it is too early to tell."""

    OPEN = "open"
    CLOSED = "closed"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Leaking:
    """A mailbox that made leads since the moment; the name is empty where the portal does not tell it."""

    mailbox: str
    leads: int
    last: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """New leads since a moment: of letters by mailbox, from elsewhere, and those whose letters were not looked at.

    `per_day` is how many a day came before, None where nobody counted.
    """

    since: datetime
    until: datetime
    mailboxes: tuple[Leaking, ...]
    others: int
    unlooked: int
    per_day: float | None

    @property
    def leads(self) -> int:
        """Leads that letters made, as far as was looked."""
        return sum(one.leads for one in self.mailboxes)

    @property
    def hours(self) -> float:
        return (self.until - self.since).total_seconds() / 3600

    @property
    def expected(self) -> float | None:
        """How many would have come in this time at the old rate."""
        return None if self.per_day is None else self.per_day * self.hours / 24

    @property
    def verdict(self) -> Verdict:
        if self.mailboxes:
            return Verdict.OPEN
        sure = not self.unlooked and self.expected is not None and self.expected >= ENOUGH
        return Verdict.CLOSED if sure else Verdict.QUIET


def find_leak(
    portal: PortalReads, since: datetime, now: datetime, *, above: str | None = None, per_day: float | None = None
) -> Leak:
    """Look at the leads that came since. `above` is the id of the last lead that was there at that moment: it tells
    new leads for sure, also where the portal's clock is not ours; without it the day of creation has to."""
    where = Where(above_id=above) if above is not None else Where(changed_since=since)
    fresh = [lead for lead in portal.leads(where) if above is not None or _since(lead, since)]
    fresh.sort(key=lambda lead: natural(lead.id), reverse=True)  # the newest say best whether it goes on
    waiting = _waiting(portal) if fresh and portal.capabilities.keeps_incoming else {}
    boxes: dict[str, list[Lead]] = defaultdict(list)
    others = 0
    for lead in fresh[:LOOKED]:
        mailbox = waiting[lead.id] if lead.id in waiting else _mailbox(portal, lead)
        if mailbox is None:
            others += 1
        else:
            boxes[mailbox].append(lead)
    leaking = [Leaking(name, len(leads), _last(leads)) for name, leads in boxes.items()]
    return Leak(
        since=since,
        until=now,
        mailboxes=tuple(sorted(leaking, key=lambda one: (-one.leads, one.mailbox))),
        others=others,
        unlooked=max(0, len(fresh) - LOOKED),
        per_day=per_day,
    )


def _since(lead: Lead, since: datetime) -> bool:
    return lead.created is not None and lead.created >= since


def _waiting(portal: PortalReads) -> dict[str, str | None]:
    """Leads that nobody has taken in, by id, with the mailbox of the letter; None for what came another way."""
    return {
        one.lead: one.source.lower() if one.category is Category.MAIL else None
        for one in portal.incoming()
        if one.lead is not None
    }


def _mailbox(portal: PortalReads, lead: Lead) -> str | None:
    """The mailbox of the lead's first incoming letter; None when no letter made it."""
    hanging = [Ref(Kind.ACTIVITY, trace.id) for trace in portal.traces(lead.ref) if trace.what == "activity"]
    found = (one for one in portal.read(hanging).values() if isinstance(one, Activity)) if hanging else ()
    letters = sorted(_incoming(found), key=lambda one: natural(one.id))
    if not letters:
        return None
    return next((one.letter.mailbox.lower() for one in letters if one.letter and one.letter.mailbox), "")


def _incoming(activities: Iterable[Activity]) -> list[Activity]:
    return [one for one in activities if one.channel is Channel.EMAIL and one.direction is not Direction.OUT]


def _last(leads: Iterable[Lead]) -> datetime | None:
    return max((lead.created for lead in leads if lead.created), default=None)
