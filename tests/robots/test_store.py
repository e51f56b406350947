"""The store: events once, leases that fence, on SQLite and, where a server is at hand, on Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from b24kit.crm.refs import Kind, Ref
from b24kit.robots.store import Event, Store
from tests.postgres import postgres_url

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LEASE = timedelta(seconds=30)
LEADS = [Ref(Kind.LEAD, str(number)) for number in range(1, 6)]


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    place: str | Path = tmp_path / "robots.sqlite"
    if request.param == "postgres":
        place = postgres_url()
    found = Store(place)
    for table in ("cards", "inbox", "operations", "actions", "journal", "cursors", "dead", "outbox"):
        found.base.run(f"DELETE FROM {table}")
    yield found
    found.close()


def _take(store: Store, worker: str, now: datetime = NOW, limit: int = 10) -> list[Ref]:
    return [one.card for one in store.take("p", worker, now, limit=limit, lease=LEASE)]


def test_events_of_a_card_are_kept_once_while_they_wait(store: Store) -> None:
    for _ in range(3):
        store.put("p", [Event(LEADS[0], "changed"), Event(LEADS[0], "added"), Event(LEADS[0], "changed")], NOW)
    assert store.counts("p", NOW)["events"] == 2
    assert _take(store, "a") == [LEADS[0]]


def test_a_card_is_held_by_one_worker_until_its_lease_ends(store: Store) -> None:
    store.put("p", [Event(ref) for ref in LEADS], NOW)
    assert _take(store, "a", limit=3) == LEADS[:3]
    assert _take(store, "b") == LEADS[3:]
    assert _take(store, "c") == []
    assert sorted(_take(store, "c", NOW + LEASE)) == LEADS


def test_a_lease_that_is_renewed_goes_on(store: Store) -> None:
    store.put("p", [Event(LEADS[0])], NOW)
    _take(store, "a")
    store.renew("a", NOW + LEASE / 2, LEASE)
    assert _take(store, "b", NOW + LEASE) == []


def test_who_lost_the_lease_settles_nothing(store: Store) -> None:
    store.put("p", [Event(LEADS[0])], NOW)
    (old,) = store.take("p", "a", NOW, limit=1, lease=LEASE)
    (new,) = store.take("p", "b", NOW + LEASE, limit=1, lease=LEASE)
    store.settle("p", "a", [(old, None, "deadline", None, False)])
    store.bury("p", "a", old, NOW, "code", "said")
    store.forget("p", "a", [old])
    assert store.dead("p") == [] and store.known("p", "", 9) == [LEADS[0]]
    assert store.still_held("p", "b", [new]) == {LEADS[0]}
    assert store.still_held("p", "a", [old]) == set()


def test_a_settled_card_waits_for_its_moment(store: Store) -> None:
    store.put("p", [Event(LEADS[0])], NOW)
    (held,) = store.take("p", "a", NOW, limit=1, lease=LEASE)
    store.settle("p", "a", [(held, NOW + timedelta(hours=1), "deadline", NOW, False)])
    assert _take(store, "a", NOW + timedelta(minutes=59)) == []
    assert store.counts("p", NOW)["events"] == 0
    assert store.seen("p", LEADS) == {LEADS[0]: NOW}
    assert _take(store, "a", NOW + timedelta(hours=1)) == [LEADS[0]]


def test_an_event_brings_a_deadline_forward_and_never_puts_it_off(store: Store) -> None:
    store.wake("p", [(LEADS[0], NOW + timedelta(hours=1), "deadline")])
    store.wake("p", [(LEADS[0], NOW + timedelta(hours=2), "deadline")])
    assert _take(store, "a", NOW + timedelta(hours=1)) == [LEADS[0]]
    store.wake("p", [(LEADS[1], NOW + timedelta(hours=1), "deadline")])
    store.put("p", [Event(LEADS[1])], NOW)
    assert _take(store, "a") == [LEADS[1]]


def test_one_portal_does_not_see_the_cards_of_another(store: Store) -> None:
    store.put("other", [Event(LEADS[0])], NOW)
    assert _take(store, "a") == []


def test_a_given_up_card_comes_back_with_its_next_event(store: Store) -> None:
    store.put("p", [Event(LEADS[0])], NOW)
    (held,) = store.take("p", "a", NOW, limit=1, lease=LEASE)
    store.bury("p", "a", held, NOW, "robots.refused", "no")
    assert _take(store, "a", NOW + timedelta(days=1)) == []
    store.put("p", [Event(LEADS[0], "changed")], NOW)
    assert [one.card for one in store.dead("p")] == [LEADS[0]]
    (held,) = store.take("p", "a", NOW, limit=1, lease=LEASE)
    store.settle("p", "a", [(held, None, "deadline", NOW, False)])
    assert store.dead("p") == []


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    Store(tmp_path / "deep" / "robots.sqlite").close()
    assert (tmp_path / "deep" / "robots.sqlite").stat().st_mode & 0o077 == 0
