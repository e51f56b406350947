"""How long a heap of due cards will take: told while it is worked off, from what a card really costs on this portal.

Two things bound it: how quickly passes go (measured in the passes of this very heap), and what the portal's limits
allow for so many writes and requests (the connector's own price, with what is spent already). The slower one is
promised.
"""

from __future__ import annotations

import json
import logging
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from math import ceil
from statistics import median

from b24kit.clock import Clock
from b24kit.crm.portal import ROUND_TRIP, Cost, PortalWrites
from b24kit.crm.watch import WATCHED
from b24kit.errors import UsageError
from b24kit.robots.gather import WatchedPortal
from b24kit.robots.metrics import Labels
from b24kit.robots.store import Held, Store, from_stamp

LOG = logging.getLogger("b24kit.robots")
HEAP = 100  # fewer due cards are a pass or two, and need no promise
LISTS = 4  # lists that tell a card's facts: the card, its moves, its letters and calls, its tasks
NEAR, FAR = 0.1, 0.35  # of the time: how far off a promise may be from passes of this heap, and before the first one
LAST = 8  # passes that count
TOLD_EVERY = 20.0
BELIEVED = timedelta(minutes=10)  # a promise that nobody has renewed for so long is none
PACE, TOLD = "pace", "backlog"  # names of cursors


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a card costs here on average: writes by name, looks by kind, requests, and seconds of the pass it is in."""

    writes: Mapping[str, float] = field(default_factory=dict)
    looks: Mapping[str, float] = field(default_factory=dict)
    requests: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`left` cards will be decided and acted on within `low` to `high` seconds from `at`, counted since `begun`."""

    at: datetime
    begun: datetime
    done: int
    left: int
    low: float
    high: float
    requests: int
    running_seconds: float

    def seconds(self, now: datetime) -> tuple[float, float]:
        """The same promise as it stands a little later."""
        past = (now - self.at).total_seconds()
        return max(0.0, self.low - past), max(0.0, self.high - past)

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2


class Backlog:
    """A worker's count of the heap that it works off."""

    def __init__(self, store: Store, portal_id: str, worker: str, clock: Clock) -> None:
        self._store, self._portal_id, self._worker, self._clock = store, portal_id, worker, clock
        self._begun: datetime | None = None
        self._first: Promise | None = None
        self._done, self._said = 0, float("-inf")
        self._seconds: deque[float] = deque(maxlen=LAST)
        self._sent = self._sent_before = 0
        self._writes: Counter[str] = Counter()
        self._looks: Counter[str] = Counter()

    def ahead(self, portal: WatchedPortal) -> None:
        """Before a pass: a new heap is promised a time from what earlier ones cost."""
        now = self._clock.now()
        self._sent_before = portal.requests_sent()
        if self._begun is not None or (left := self._store.fresh(self._portal_id, now)) < HEAP:
            return
        self._begun, self._done, self._sent, self._first = now, 0, 0, None
        self._seconds.clear()
        self._writes.clear()
        self._looks.clear()
        pace = remembered(self._store, self._portal_id)
        if pace is not None:
            self._tell(promise(portal, pace, left, self._standing(now), FAR))

    def passed(self, portal: WatchedPortal, held: Sequence[Held], writes: Mapping[str, int], seconds: float) -> None:
        """After a pass that came to its end: cards, what was written, how long it took."""
        fresh = [one for one in held if one.rounds == 0]
        if self._begun is None or not fresh:
            self._end_if_over()
            return
        self._done += len(fresh)
        self._sent += portal.requests_sent() - self._sent_before
        self._writes.update(writes)
        self._looks.update(one.card.kind.value for one in held if one.card.kind in WATCHED)
        if len(fresh) >= len(held) / 2:  # looking once more at what was acted on is quicker, and comes at the end
            self._seconds.append(seconds / len(fresh))
        pace = self._pace()
        self._store.set_cursor(self._portal_id, PACE, json.dumps(asdict(pace)))
        now = self._clock.now()
        if left := self._store.fresh(self._portal_id, now):
            self._tell(promise(portal, pace, left, self._standing(now), NEAR))
        else:
            self._end_if_over()

    def _pace(self) -> Pace:
        done = max(1, self._done)
        return Pace(
            writes={name: count / done for name, count in self._writes.items()},
            looks={name: count / done for name, count in self._looks.items()},
            requests=self._sent / done,
            seconds=median(self._seconds) if self._seconds else 0.0,
        )

    def _standing(self, now: datetime) -> Standing:
        others = self._store.other_workers(self._portal_id, self._worker, now)
        return Standing(now, self._begun or now, self._done, 1 + others)

    def _tell(self, found: Promise) -> None:
        self._first = self._first or found
        body = asdict(found) | {"at": found.at.timestamp(), "begun": found.begun.timestamp()}
        self._store.set_cursor(self._portal_id, TOLD, json.dumps(body))
        if self._clock.monotonic() - self._said >= TOLD_EVERY:
            self._said = self._clock.monotonic()
            self._log("backlog", left=found.left, done=found.done, seconds=[round(found.low), round(found.high)])

    def _end_if_over(self) -> None:
        now = self._clock.now()
        if self._begun is None or self._store.fresh(self._portal_id, now):
            return
        took = (now - self._begun).total_seconds()
        first = [] if self._first is None else [round(self._first.low), round(self._first.high)]
        self._store.set_cursor(self._portal_id, TOLD, "")
        self._log("backlog_over", done=self._done, took=round(took), promised=first)
        self._begun, self._said = None, float("-inf")

    def _log(self, event: str, **facts: object) -> None:
        LOG.info(event, extra={"facts": {"portal": self._portal_id, **facts}})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a heap stands: now, since when, how many are done, and how many workers share it."""

    now: datetime
    begun: datetime
    done: int
    workers: int


def promise(portal: PortalWrites, pace: Pace, left: int, standing: Standing, spread: float) -> Promise:
    """The time for so many cards; `spread` is the share by which it may be wrong."""
    cost = _price(portal, pace, left)
    seconds = max(left * pace.seconds / standing.workers, (cost.seconds_low + cost.seconds_high) / 2)
    return Promise(
        at=standing.now,
        begun=standing.begun,
        done=standing.done,
        left=left,
        low=round(seconds * (1 - spread), 1),
        high=round(seconds * (1 + spread), 1),
        requests=cost.requests,
        running_seconds=round(cost.running_seconds, 1),
    )


def outlook(portal: PortalWrites, store: Store, portal_id: str, now: datetime) -> Promise | None:
    """For whoever asks from outside: the worker's own promise, or one made from memory while nobody has begun."""
    told = standing_promise(store, portal_id, now)
    left = store.fresh(portal_id, now)
    if told is not None or left < HEAP:
        return told
    pace = remembered(store, portal_id)
    return None if pace is None else promise(portal, pace, left, Standing(now, now, 0, 1), FAR)


def heap_gauges(store: Store, portals: Sequence[str], now: datetime) -> dict[str, dict[Labels, float]]:
    """For the metrics page: cards of each portal's heap, and seconds until it is worked off by both bounds."""
    cards: dict[Labels, float] = {}
    seconds: dict[Labels, float] = {}
    for portal_id in portals:
        found = standing_promise(store, portal_id, now)
        cards[(("portal", portal_id),)] = found.left if found else 0
        for bound, value in zip(("low", "high"), found.seconds(now) if found else (0.0, 0.0), strict=True):
            seconds[(("bound", bound), ("portal", portal_id))] = value
    return {"b24kit_backlog_cards": cards, "b24kit_backlog_seconds": seconds}


def standing_promise(store: Store, portal_id: str, now: datetime) -> Promise | None:
    """What a worker promised last, unless its heap is gone or nobody has renewed it for long."""
    kept = store.cursor(portal_id, TOLD)
    if not kept:
        return None
    body = json.loads(kept)
    found = Promise(**body | {"at": from_stamp(body["at"]), "begun": from_stamp(body["begun"])})
    return found if now - found.at <= max(BELIEVED, timedelta(seconds=found.high)) else None


def remembered(store: Store, portal_id: str) -> Pace | None:
    """What cards cost the last time that there were many, None before the first time."""
    kept = store.cursor(portal_id, PACE)
    return Pace(**json.loads(kept)) if kept else None


def _price(portal: PortalWrites, pace: Pace, left: int) -> Cost:
    writes = {name: ceil(each * left) for name, each in pace.writes.items()}
    reads = {kind: ceil(LISTS * each * left) for kind, each in pace.looks.items()}
    try:
        cost = portal.price(writes, reads)
        more = ceil(pace.requests * left) - cost.requests  # looks before and after writing, single answers
        return portal.price(writes, reads | {ROUND_TRIP: more}) if more > 0 else cost
    except UsageError:  # a write that this vendor has no price for: then only what was measured counts
        return Cost(requests=0)
