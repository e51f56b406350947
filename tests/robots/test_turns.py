"""Turns kept in the store: the same as in memory, shared by workers, remembered by later runs."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b24kit.owners.turns import Ask, Dealer, Seat, Turn, Why
from b24kit.robots.store import Store
from b24kit.robots.turns import StoredTurns

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PEOPLE = ("anna", "boris", "vera")


def ask(card: int, people: tuple[str, ...] = PEOPLE, client: int | None = None, cap: int | None = None) -> Ask:
    seats = tuple(Seat(one, weight=1 + (one == "anna"), cap=cap) for one in people)
    clients = () if client is None else (f"phone:{client}",)
    at = NOW + timedelta(minutes=card)
    return Ask(queue="q", card=f"lead:{card}", seats=seats, at=at, clients=clients, counted=NOW)


stories = st.lists(
    st.builds(
        ask,
        st.integers(0, 20),
        st.lists(st.sampled_from(PEOPLE), unique=True, max_size=3).map(tuple),
        st.none() | st.integers(0, 4),
        st.none() | st.integers(0, 6),
    ),
    max_size=30,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stories)
def test_the_store_deals_as_memory_does(tmp_path: Path, story: list[Ask]) -> None:
    file = tmp_path / "turns.sqlite"
    file.unlink(missing_ok=True)
    store = Store(file)
    try:
        stored, remembered = StoredTurns(store, "firm.example"), Dealer()
        assert [stored.take(one) for one in story] == [remembered.take(one) for one in story]
    finally:
        store.close()


def test_a_later_run_goes_on_where_the_first_one_stopped(tmp_path: Path) -> None:
    for first, expected in ((0, ["boris", "vera"]), (2, ["boris", "vera"])):
        store = Store(tmp_path / "turns.sqlite")
        turns = StoredTurns(store, "firm.example")
        found = [turns.take(ask(card, ("boris", "vera"))) for card in (first, first + 1)]
        assert [turn.user for turn in found if turn] == expected
        store.close()


def test_portals_do_not_share_their_turns(tmp_path: Path) -> None:
    store = Store(tmp_path / "turns.sqlite")
    found = [StoredTurns(store, portal).take(ask(1)) for portal in ("one.example", "two.example")]
    assert found == [Turn("anna", Why.TURN)] * 2
    store.close()


def test_workers_that_deal_at_once_give_nobody_two_turns(tmp_path: Path) -> None:
    file = tmp_path / "turns.sqlite"
    Store(file).close()
    start, found = threading.Barrier(3), list[Turn | None]()

    def work() -> None:
        store = Store(file)
        turns = StoredTurns(store, "firm.example")
        start.wait()
        found.extend(turns.take(ask(card)) for card in range(40))
        store.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    fresh = [turn for turn in found if turn is not None and not turn.again]
    assert Counter(turn.user for turn in fresh) == {"anna": 20, "boris": 10, "vera": 10}
