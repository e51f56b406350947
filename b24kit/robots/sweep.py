"""Finds what no event brought: cards changed, stirred or gone since the last time, asked for with an overlap.

Cursors stand in the store, so a sweep goes on where the last one ended, also that of another machine. What it finds
goes to the same inbox as events; a card that is as it was when it was decided on last is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from b24kit.clock import Clock
from b24kit.crm.portal import Where
from b24kit.crm.refs import Kind, Ref
from b24kit.robots.gather import WatchedPortal
from b24kit.robots.presence import stir_absent
from b24kit.robots.store import Event, Store

OVERLAP = timedelta(minutes=2)  # clocks differ, and a change may be stored a little after its stamp
FIRST_LOOK = timedelta(days=30)
LOOKED_AFTER = 500  # known cards asked for in each sweep whether they are still there
_QUEUE_PAGES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How many cards a sweep put into the inbox, by how it found them."""

    queued: int = 0
    changed: int = 0
    stirred: int = 0
    gone: int = 0

    @property
    def found(self) -> int:
        return self.queued + self.changed + self.stirred + self.gone


def sweep(
    portal: WatchedPortal,
    store: Store,
    portal_id: str,
    clock: Clock,
    *,
    first: timedelta = FIRST_LOOK,
    away: Callable[[], Collection[str] | None] = lambda: None,
) -> Swept:
    """One sweep. `first` is how far back the very first one looks; open cards that are older come with it too.

    `away` tells whose cards are handed over now; None where nobody's are.
    """
    begun = portal.facts().now
    queued = _from_queue(portal, store, portal_id, clock)
    since = _since(store, portal_id, begun, first)
    fresh = store.cursor(portal_id, "sweep") is None
    changed = _put(store, portal_id, "changed", _changed(portal, since, fresh=fresh), clock)
    stirred = _put(store, portal_id, "stirred", portal.stirred(since), clock)
    changed += _put(store, portal_id, "changed", _waiting(portal, since), clock)
    absent = away()
    stirred += stir_absent(portal, store, portal_id, absent, clock) if absent is not None else 0
    gone = _gone(portal, store, portal_id, clock)
    # Only now: a sweep that broke off is made again from its beginning.
    store.set_cursor(portal_id, "sweep", begun.isoformat())
    return Swept(queued=queued, changed=changed, stirred=stirred, gone=gone)


def _since(store: Store, portal_id: str, now: datetime, first: timedelta) -> datetime:
    kept = store.cursor(portal_id, "sweep")
    return now - first if kept is None else datetime.fromisoformat(kept) - OVERLAP


def _changed(portal: WatchedPortal, since: datetime, *, fresh: bool) -> Iterable[tuple[Ref, datetime]]:
    """Leads and deals changed since; the first time all open ones, however old: their deadlines run too."""
    where = Where(open_only=True) if fresh else Where(changed_since=since)
    if portal.facts().leads_on:
        for lead in portal.leads(where):
            yield lead.ref, lead.changed or since
    for deal in portal.deals(where):
        yield deal.ref, deal.changed or since


def _waiting(portal: WatchedPortal, since: datetime) -> Iterable[tuple[Ref, datetime]]:
    """Cards that nobody has taken in, where the vendor lets them wait: no event tells of all of them."""
    for one in portal.incoming() if portal.capabilities.keeps_incoming else ():
        if one.lead:
            yield Ref(Kind.LEAD, one.lead), one.created or since


def _put(store: Store, portal_id: str, kind: str, found: Iterable[tuple[Ref, datetime]], clock: Clock) -> int:
    """Into the inbox, unless it was looked at since it changed; for a stirred card our last look is not known."""
    count = 0
    part: list[tuple[Ref, datetime]] = []
    for one in found:
        part.append(one)
        if len(part) == 500:
            count += _put_part(store, portal_id, kind, part, clock)
            part = []
    return count + _put_part(store, portal_id, kind, part, clock)


def _put_part(store: Store, portal_id: str, kind: str, part: list[tuple[Ref, datetime]], clock: Clock) -> int:
    seen = store.seen(portal_id, [ref for ref, _ in part]) if kind == "changed" else {}
    news = [Event(ref, kind) for ref, at in part if ref not in seen or at > seen[ref]]
    return store.put(portal_id, news, clock.now()) if news else 0


def _gone(portal: WatchedPortal, store: Store, portal_id: str, clock: Clock) -> int:
    """Some of the known cards, in turn: what was deleted without an event must not wait for its deadline."""
    above = store.cursor(portal_id, "looked-after") or ""
    known = store.known(portal_id, above, LOOKED_AFTER)
    store.set_cursor(portal_id, "looked-after", str(known[-1]) if len(known) == LOOKED_AFTER else "")
    cards = [ref for ref in known if ref.kind in (Kind.LEAD, Kind.DEAL)]
    present = portal.read(cards) if cards else {}
    gone = [Event(ref, "deleted") for ref in cards if ref not in present]
    return store.put(portal_id, gone, clock.now()) if gone else 0


def _from_queue(portal: WatchedPortal, store: Store, portal_id: str, clock: Clock) -> int:
    """The portal's own queue, where this access has one: stored here first, then confirmed there."""
    offline = portal.offline_events()
    count = 0
    for _ in range(_QUEUE_PAGES if offline is not None else 0):
        assert offline is not None
        ticket, events = offline.reserve(50)
        if not events:
            break
        count += store.put(portal_id, [Event(card, kind) for card, kind in events], clock.now())
        offline.confirm(ticket)
    return count
