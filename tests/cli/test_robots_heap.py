"""`robots status` tells how long a heap will take, in both languages and for programs; nothing where there is none."""

from __future__ import annotations

import json

import pytest

from b24kit.crm.refs import Kind, Ref
from b24kit.robots.backlog import HEAP, PACE
from b24kit.robots.store import Event, Store
from b24kit.sandbox.remote import RemoteClock
from tests.cli.conftest import Consultant


def gather_a_heap(at: Consultant) -> None:
    """Events of more cards than a pass or two, and a memory of what cards cost here."""
    portal = at.json("robots", "status").document["portal"]
    store = Store(at.folder / ".b24kit" / "robots.sqlite")
    now = RemoteClock(at.control).now()
    store.put(portal, [Event(Ref(Kind.LEAD, str(number))) for number in range(1, 3 * HEAP + 1)], now)
    pace = {"writes": {"change lead": 1.0}, "looks": {"lead": 1.0}, "requests": 0.1, "seconds": 1.0}
    store.set_cursor(portal, PACE, json.dumps(pace))
    store.close()


def test_without_a_heap_nothing_is_promised(at_work: Consultant) -> None:
    assert at_work.json("robots", "status").document["backlog"] is None


def test_a_heap_is_told_with_its_time(at_work: Consultant) -> None:
    gather_a_heap(at_work)
    told = at_work.json("robots", "status").document["backlog"]
    assert told["left"] == 3 * HEAP
    low, high = told["seconds"]
    assert low == pytest.approx(0.65 * 300, abs=2) and high == pytest.approx(1.35 * 300, abs=2)
    assert "it will take 3 min – 7 min" in at_work.types("--lang", "en", "robots", "status").out
    assert "разбор займёт 3 мин – 7 мин" in at_work.types("--lang", "ru", "robots", "status").out
