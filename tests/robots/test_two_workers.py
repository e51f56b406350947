"""Two workers on one store, one of which dies again and again while it holds cards: nothing lost, nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from b24kit.robots.settle import LATE
from b24kit.robots.store import Event, Store
from b24kit.robots.worker import LEASE, Worker
from tests.postgres import postgres_url
from tests.robots.office import Office, office
from tests.robots.test_worker import Dying, Mortal

LEADS, PASS = 90, 8
DEATHS = [
    (0, False),
    (1, False),
    (0, True),
    (3, True),
    (6, True),
]  # after so many batches (False) or answers (True)
_TABLES = ("cards", "inbox", "operations", "actions", "journal", "cursors", "dead", "outbox")


@pytest.fixture(params=["sqlite", "postgres"])
def at_work(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    store = Store(tmp_path / "robots.sqlite" if request.param == "sqlite" else postgres_url())
    for table in _TABLES:
        store.base.run(f"DELETE FROM {table}")
    with office(tmp_path, store=store) as found:
        yield found


def _held_by(at: Office, worker: Worker) -> int:
    """Cards under a living lease of this worker."""
    held = "SELECT count(*) FROM cards WHERE worker = ? AND until > ?"
    return int(at.store.base.rows(held, (worker.name, at.clock.now().timestamp()))[0][0])


def _dies(at: Office, after: int, arrived: bool) -> int:
    """A worker begins a pass and is killed in it; how many cards it held at that moment."""
    victim = at.worker(portal=Mortal(at.portal, after, arrived=arrived), size=PASS)
    with pytest.raises(Dying):
        victim.once()
    return _held_by(at, victim)


def test_the_survivor_finishes_what_the_dead_one_held(at_work: Office) -> None:
    leads = at_work.leads(LEADS)
    at_work.store.put("p", [Event(ref, "added") for ref in leads], at_work.clock.now())
    survivor = at_work.worker(size=PASS)
    for after, arrived in DEATHS:
        assert _dies(at_work, after, arrived) == PASS, "it held no cards when it was killed"
        survivor.once()
    last_death = at_work.clock.now()
    at_work.control.advance(LEASE.total_seconds() + 1)
    survivor.drain()
    in_doubt = at_work.store.base.rows("SELECT DISTINCT card FROM operations WHERE state = 'intended'")
    finished = (at_work.clock.now() - last_death).total_seconds()
    assert finished < 60, "all that is not in doubt is done within a minute"
    assert len(in_doubt) <= len(DEATHS) * PASS
    at_work.control.advance(LATE.total_seconds() + 1)  # what never left is believed absent only after a minute
    survivor.drain()

    assert None not in at_work.owners(leads)
    assert {row["STATUS_ID"] for row in at_work.rows("lead").values()} == {"IN_PROCESS"}
    texts = Counter(str(row["OWNER"]) for row in at_work.rows("comment_binding").values())
    todos = Counter(str(row["OWNER"]) for row in at_work.rows("activity").values())
    moves = Counter(str(row["OWNER"]) for row in at_work.rows("stagehistory").values())
    why = [text for text in at_work.comments() if "по правилу" in text]
    assert len(why) == LEADS and len(texts) == LEADS
    assert len(todos) == LEADS and set(todos.values()) == {1}
    assert max(moves.values()) == 2, "a card was moved twice"
    assert at_work.store.counts("p", at_work.clock.now())["dead"] == 0


def test_two_workers_share_the_cards_and_take_none_twice(at_work: Office) -> None:
    leads = at_work.leads(LEADS)
    at_work.store.put("p", [Event(ref, "added") for ref in leads], at_work.clock.now())
    now = at_work.clock.now()
    one = at_work.store.take("p", "one", now, limit=PASS, lease=LEASE)
    other = at_work.store.take("p", "other", now, limit=LEADS, lease=LEASE)
    assert len(one) == PASS and len(other) == LEADS - PASS
    assert not {held.card for held in one} & {held.card for held in other}
