"""Who went away or came back since the last look: their open cards are looked at, though nothing happened to them.

A dismissal or an entry in a calendar changes no card, so neither an event nor a change since would ever tell of it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from b24kit.clock import Clock
from b24kit.crm.portal import Where
from b24kit.crm.refs import Ref
from b24kit.robots.gather import WatchedPortal
from b24kit.robots.handover import RULE
from b24kit.robots.ledger import Ledger
from b24kit.robots.store import Event, Store

_CURSOR = "away"


def stir_absent(portal: WatchedPortal, store: Store, portal_id: str, away: Collection[str], clock: Clock) -> int:
    """Put the cards of who went away, and those lent out for who came back, into the inbox; how many.

    `away` are the user ids of everybody who is not there now, the dismissed among them.
    """
    kept = store.cursor(portal_id, _CURSOR)
    before = frozenset(json.loads(kept)) if kept is not None else frozenset()
    now = frozenset(away)
    if kept is not None and now == before:
        return 0
    found = set(_cards_of(portal, now - before)) if now - before else set()
    for user in sorted(before - now):
        found |= Ledger(store, portal_id).acted(f"{RULE}/%/to~{user}~%")
    count = store.put(portal_id, [Event(ref, "stirred") for ref in found], clock.now()) if found else 0
    # Only now: a look that broke off is made again.
    store.set_cursor(portal_id, _CURSOR, json.dumps(sorted(now)))
    return count


def _cards_of(portal: WatchedPortal, users: Collection[str]) -> Iterator[Ref]:
    where = Where(open_only=True)
    if portal.facts().leads_on:
        yield from (lead.ref for lead in portal.leads(where) if lead.owner in users)
    yield from (deal.ref for deal in portal.deals(where) if deal.owner in users)
