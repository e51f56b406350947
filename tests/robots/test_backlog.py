"""The promise of a heap: made before, renewed while it is worked off, near to what it really took, gone at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from b24kit.crm.refs import Ref
from b24kit.robots.backlog import (
    BELIEVED,
    HEAP,
    Pace,
    Promise,
    Standing,
    heap_gauges,
    outlook,
    promise,
    remembered,
    standing_promise,
)
from b24kit.robots.store import Event
from tests.robots.office import Office, office

PASS, LEADS = 40, 400
WORK = {"crm.lead.update": 0.2, "*.add": 0.1, "*.list": 0.05}  # seconds of the portal's work


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, manners={"work": WORK}) as found:
        yield found


def _heap(at: Office, count: int) -> list[Ref]:
    leads = at.leads(count)
    at.store.put("p", [Event(ref, "added") for ref in leads], at.clock.now())
    return leads


def _promises(at: Office) -> list[Promise]:
    """What is promised after every pass until the heap is gone, and the moment of its end."""
    worker, found = at.worker(size=PASS), []
    while at.store.fresh("p", at.clock.now()):
        worker.once()
        told = standing_promise(at.store, "p", at.clock.now())
        found += [told] if told is not None else []
    return found


def test_after_a_tenth_the_promise_is_within_fifteen_per_cent(at_work: Office) -> None:
    _heap(at_work, LEADS)
    told = _promises(at_work)
    end = at_work.clock.now()
    asked = next(one for one in told if one.done >= LEADS / 10)
    real = (end - asked.at).total_seconds()
    assert abs(asked.middle / real - 1) < 0.15, (asked, real)
    assert [one.left for one in told] == sorted((one.left for one in told), reverse=True)
    assert standing_promise(at_work.store, "p", end) is None, "the heap is gone, and so is its promise"


def test_what_cards_cost_is_remembered_for_the_next_heap(at_work: Office) -> None:
    _heap(at_work, LEADS // 2)
    assert outlook(at_work.portal, at_work.store, "p", at_work.clock.now()) is None, "nothing is known yet"
    _promises(at_work)
    pace = remembered(at_work.store, "p")
    assert pace is not None and pace.writes == {"change lead": 1.0, "create comment": 1.0, "create todo": 1.0}
    assert pace.requests > 0 and pace.seconds > 0

    at_work.control.advance(700)
    at_work.worker().drain()
    _heap(at_work, LEADS)
    begun = at_work.clock.now()
    before = outlook(at_work.portal, at_work.store, "p", begun)
    assert before is not None and (before.done, before.left) == (0, LEADS)
    _promises(at_work)
    took = (at_work.clock.now() - begun).total_seconds()
    assert before.low <= took <= before.high, (before, took)


def test_a_handful_of_cards_is_no_heap(at_work: Office) -> None:
    _heap(at_work, HEAP - 1)
    assert _promises(at_work) == []
    assert set(heap_gauges(at_work.store, ["p"], at_work.clock.now())["b24kit_backlog_cards"].values()) == {0}


def test_the_log_tells_the_promise_and_how_it_went(at_work: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "b24kit.robots")
    logging.getLogger("b24kit.robots").propagate = True
    _heap(at_work, LEADS)
    _promises(at_work)
    told = {record.getMessage(): getattr(record, "facts", {}) for record in caplog.records}
    assert told["backlog"]["left"] > 0 and len(told["backlog"]["seconds"]) == 2
    assert told["backlog_over"]["done"] == LEADS and told["backlog_over"]["took"] > 0


def test_a_promise_that_nobody_renews_is_believed_no_more(at_work: Office) -> None:
    _heap(at_work, LEADS)
    at_work.worker(size=PASS).once()
    told = standing_promise(at_work.store, "p", at_work.clock.now())
    assert told is not None
    later = told.at + max(BELIEVED, timedelta(seconds=told.high)) + timedelta(seconds=1)
    assert standing_promise(at_work.store, "p", later) is None
    assert told.seconds(later) == (0.0, 0.0)


def test_the_running_time_limit_bounds_a_promise_that_passes_alone_would_make_too_short(at_work: Office) -> None:
    """Updates of 0.2 s: 480 seconds of work in ten minutes are 2,400 of them, however quickly a pass goes."""
    _heap(at_work, PASS)
    at_work.worker(size=PASS).drain()  # the portal's speeds are learned
    quick = Pace(writes={"change lead": 1.0}, looks={"lead": 1.0}, requests=0.05, seconds=0.01)
    now = at_work.clock.now()
    found = promise(at_work.portal, quick, 10_000, Standing(now, now, 0, 1), 0.0)
    assert found.middle > 3 * 600, "2,000 seconds of work need four windows of ten minutes"
    assert found.running_seconds > 1900
