"""The service: a portal that misbehaves holds up nobody but itself, and what is under way ends in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from b24kit.clock import SystemClock
from b24kit.robots.gather import WatchedPortal
from b24kit.robots.service import Service
from b24kit.robots.store import Event, Store
from b24kit.robots.worker import Duty
from tests.robots.office import Office, decide, office

LEADS = 5
PATIENCE = 20.0  # real seconds until a test gives up


class Hanging:
    """A portal that takes every question and answers none of them until it is let go."""

    def __init__(self, portal: Any) -> None:
        self._portal, self.asked, self.let_go = portal, threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._portal, name)

    def read(self, cards: Any) -> Any:
        self.asked.set()
        assert self.let_go.wait(PATIENCE)
        return self._portal.read(cards)


@pytest.fixture
def stopping() -> threading.Event:
    return threading.Event()


@pytest.fixture
def offices(tmp_path: Path, stopping: threading.Event) -> Iterator[list[Office]]:
    """Three portals on the machine's clock, one store."""
    store = Store(tmp_path / "robots.sqlite")
    options: dict[str, Any] = {"store": store, "clock": "real", "stopping": stopping.is_set}
    with ExitStack() as stack:
        yield [stack.enter_context(office(tmp_path, **options)) for _ in range(3)]


def service_of(offices: list[Office], portals: list[Any], stopping: threading.Event) -> Service:
    duties = [
        Duty(portal_id=f"p{n}", portal=cast(WatchedPortal, portal), decide=decide) for n, portal in enumerate(portals)
    ]
    return Service(duties, offices[0].store, SystemClock(), "test", stopping=stopping)


def until(holds: Callable[[], bool]) -> float:
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < PATIENCE, "it never came"
        time.sleep(0.02)
    return time.monotonic() - begun


def worked_off(at: Office) -> bool:
    return at.effects() == {"comments": LEADS, "todos": LEADS}


def test_a_portal_that_hangs_and_one_that_refuses_everything_hold_up_nobody_else(
    offices: list[Office], stopping: threading.Event
) -> None:
    hanging, refusing, good = offices
    silent = Hanging(hanging.portal)
    service = service_of(offices, [silent, refusing.portal, good.portal], stopping)
    leads = [at.leads(LEADS) for at in offices]
    refusing.control.faults({"kind": "html", "status": 503})
    service.start()
    for n, found in enumerate(leads):
        offices[n].store.put(f"p{n}", [Event(ref, "added") for ref in found], SystemClock().now())
        service.ring(f"p{n}")
    assert silent.asked.wait(PATIENCE)
    took = until(lambda: worked_off(good))
    assert took < 5, "the others held it up"
    assert hanging.effects() == {"comments": 0, "todos": 0} == refusing.effects()
    silent.let_go.set()
    until(lambda: worked_off(hanging))
    begun = time.monotonic()
    service.stop()
    assert time.monotonic() - begun < 10, "waiting for a portal that is away holds up the end"
    page = service.page()
    assert 'b24kit_cards{portal="p1",state="dead"} 0' in page, "a portal that is away is no card's fault"
    assert 'b24kit_cards{portal="p2",state="due"} 0' in page


def test_stopping_waits_for_what_is_on_its_way_and_begins_nothing_new(
    offices: list[Office], stopping: threading.Event
) -> None:
    at = replace(offices[0])
    silent = Hanging(at.portal)
    service = service_of([at], [silent], stopping)
    leads = at.leads(LEADS)
    at.store.put("p0", [Event(ref, "added") for ref in leads], SystemClock().now())
    service.start()
    assert silent.asked.wait(PATIENCE)
    ending = threading.Thread(target=service.stop)
    ending.start()
    silent.let_go.set()
    ending.join(PATIENCE)
    assert not ending.is_alive()
    counts = at.store.counts("p0", SystemClock().now())
    assert counts["held"] == 0, "leases are given back, the next start need not wait for their end"
    assert counts["due"] + counts["waiting"] == LEADS
