"""The robots of several portals in one process: a thread each, so that one slow portal holds up nobody but itself."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

from b24kit.clock import Clock
from b24kit.errors import B24kitError, Stopped
from b24kit.robots.backlog import heap_gauges
from b24kit.robots.lives import Lives
from b24kit.robots.metrics import Labels, Metrics
from b24kit.robots.payments import Payments
from b24kit.robots.store import Store
from b24kit.robots.sweep import Swept, sweep
from b24kit.robots.worker import Duty, Worker

LOG = logging.getLogger("b24kit.robots")
SWEEP_EVERY = timedelta(minutes=5)
LOOK_EVERY = 1.0  # real seconds between two looks for due deadlines
FAILED_WAIT = 5.0
_FLOOD, _FLOOD_SECONDS = 5, 0.2  # so many commits of events within so many seconds
_LONGEST_FLOOD = 15.0  # seconds that work is held up at most
STATES = ("due", "waiting", "held", "events", "dead", "unsent")


class Service:
    """Workers for these duties; `name` must differ between processes and between two starts of one."""

    def __init__(
        self,
        duties: Sequence[Duty],
        store: Store,
        clock: Clock,
        name: str,
        *,
        metrics: Metrics | None = None,
        sweep_every: timedelta = SWEEP_EVERY,
        size: int | None = None,
        stopping: threading.Event | None = None,
        lives: Lives | None = None,
    ) -> None:
        """`stopping` is set by `stop`; portals that were opened with a clock that knows it stop waiting then.

        With `lives` the cards of a process of this machine that died are taken over at once.
        """
        self.metrics = metrics or Metrics()
        self._duties, self._store, self._clock, self._sweep_every = duties, store, clock, sweep_every
        self._stopping = stopping or threading.Event()
        self._rings: deque[float] = deque(maxlen=_FLOOD)
        self._bells = {duty.portal_id: threading.Event() for duty in duties}
        more = {} if size is None else {"size": size}
        self._workers = [
            Worker(duty, store, clock, f"{name}/{n}", metrics=self.metrics, stop=self._stopping.is_set, **more)
            for n, duty in enumerate(duties)
        ]
        self._threads: list[threading.Thread] = []
        self._name, self._lives, self._life = name, lives, ExitStack()

    def start(self) -> None:
        """Begin work in threads of our own."""
        self._live()
        for worker in self._workers:
            thread = threading.Thread(target=self._run, args=(worker,), name=f"robots {worker.duty.portal_id}")
            self._threads.append(thread)
            thread.start()

    def ring(self, portal_id: str) -> None:
        """Something came for this portal."""
        self._rings.append(self._clock.monotonic())
        bell = self._bells.get(portal_id)
        if bell is not None:
            bell.set()

    def stop(self) -> None:
        """No new card is taken; what is on its way to a portal is waited for."""
        self._stopping.set()
        for bell in self._bells.values():
            bell.set()
        for thread in self._threads:
            thread.join()
        self._life.close()

    def once(self) -> dict[str, Swept]:
        """One sweep and all due work of every portal, in this thread: what cron calls."""
        found = {}
        self._live()
        with self._life:
            self._inherit()
            for worker in self._workers:
                found[worker.duty.portal_id] = self._sweep(worker.duty)
                self._place(worker.duty)
                worker.drain()
        return found

    def page(self) -> str:
        """The metrics page with the counts of this very moment."""
        now = self._clock.now()
        cards: dict[Labels, float] = {}
        lag: dict[Labels, float] = {}
        for duty in self._duties:
            counts = self._store.counts(duty.portal_id, now)
            cards |= {(("portal", duty.portal_id), ("state", state)): counts[state] for state in STATES}
            lag[(("portal", duty.portal_id),)] = counts["lag"]
        heaps = heap_gauges(self._store, [duty.portal_id for duty in self._duties], now)
        return self.metrics.text({"b24kit_cards": cards, "b24kit_lag_seconds": lag, **heaps})

    def _run(self, worker: Worker) -> None:
        bell = self._bells[worker.duty.portal_id]
        while not self._stopping.is_set():
            wait = LOOK_EVERY
            bell.clear()
            try:
                self._inherit()  # first: from this moment on the minute of doubt runs
                if self._sweep_is_due(worker.duty.portal_id):
                    self._sweep(worker.duty)
                self._let_the_flood_pass()
                self._place(worker.duty)
                if worker.once().cards:
                    continue
            except Stopped:
                continue
            except B24kitError as error:
                wait = self._failed(worker.duty, error.code)
            except Exception as error:  # the worker loop: the store may have gone away, the thread must outlive it
                wait = self._failed(worker.duty, type(error).__name__)
            bell.wait(wait)

    def _live(self) -> None:
        if self._lives is not None:
            self._life.enter_context(self._lives.lived(self._name))

    def _inherit(self) -> None:
        """Cards of the dead are free."""
        for name in self._lives.dead() if self._lives is not None else ():
            freed = self._store.free(name, self._clock.now())
            LOG.info("inherited", extra={"facts": {"worker": name, "cards": freed}})

    def _let_the_flood_pass(self) -> None:
        """While events pour in, answering them comes first: work would take the receiver's share of this process."""
        begun = self._clock.monotonic()
        while len(self._rings) == _FLOOD and not self._stopping.is_set():
            now = self._clock.monotonic()
            if now - self._rings[0] > _FLOOD_SECONDS or now - begun > _LONGEST_FLOOD:
                return
            self._stopping.wait(_FLOOD_SECONDS / 4)

    def _sweep(self, duty: Duty) -> Swept:
        found = sweep(duty.portal, self._store, duty.portal_id, self._clock, away=duty.away)
        self.metrics.count("b24kit_events_total", found.found, portal=duty.portal_id, by="sweep")
        LOG.info("swept", extra={"facts": {"portal": duty.portal_id, "found": found.found}})
        return found

    def _place(self, duty: Duty) -> None:
        """Payments that name a number find their cards."""
        placed = Payments(self._store, duty.portal_id).place(duty.portal, duty.numbers, self._clock.now())
        if placed:
            LOG.info("placed", extra={"facts": {"portal": duty.portal_id, "payments": placed}})

    def _sweep_is_due(self, portal_id: str) -> bool:
        """Whoever comes first takes the sweep of this interval for himself, also among several processes."""
        now = self._clock.now()
        with self._store.base.transaction():
            last = self._store.cursor(portal_id, "swept-at")
            if last is not None and now - datetime.fromisoformat(last) < self._sweep_every:
                return False
            self._store.set_cursor(portal_id, "swept-at", now.isoformat())
            return True

    def _failed(self, duty: Duty, code: str) -> float:
        self.metrics.count("b24kit_errors_total", portal=duty.portal_id, code=code)
        LOG.error("failed", extra={"facts": {"portal": duty.portal_id, "code": code}})
        return FAILED_WAIT
