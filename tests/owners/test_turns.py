"""Turns are fair by weight, remembered by card and client, and keep under caps."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from b24kit.owners.turns import Ask, Dealer, Seat, Turn, Why

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANNA, BORIS, VERA = Seat("anna"), Seat("boris"), Seat("vera")


def ask(card: int, *seats: Seat, at: datetime = NOW, **more: Any) -> Ask:
    return Ask(queue="q", card=f"lead:{card}", seats=seats, at=at, **more)


def dealt(dealer: Dealer, count: int, *seats: Seat, first: int = 0) -> list[str]:
    found = [dealer.take(ask(card, *seats)) for card in range(first, first + count)]
    return [turn.user for turn in found if turn is not None]


def test_cards_go_round() -> None:
    assert dealt(Dealer(), 5, ANNA, BORIS, VERA) == ["anna", "boris", "vera", "anna", "boris"]


def test_a_card_is_dealt_once_however_often_it_is_asked_for() -> None:
    dealer = Dealer()
    first = [dealer.take(ask(7, ANNA, BORIS)) for _ in range(3)]
    assert first == [Turn("anna", Why.TURN), Turn("anna", Why.AGAIN), Turn("anna", Why.AGAIN)]
    assert dealt(dealer, 1, ANNA, BORIS, first=8) == ["boris"]


def test_a_card_of_somebody_who_went_away_meanwhile_is_dealt_again() -> None:
    dealer = Dealer()
    dealer.take(ask(7, ANNA, BORIS))
    assert dealer.take(ask(7, BORIS)) == Turn("boris", Why.TURN)


def test_a_weight_of_two_takes_twice_as_much_at_any_moment() -> None:
    given_out = dealt(Dealer(), 30, Seat("anna", 2), BORIS)
    for upto in range(1, 31):
        assert abs(Counter(given_out[:upto])["anna"] - upto * 2 / 3) <= 1


def test_a_weight_of_nothing_takes_nothing() -> None:
    assert dealt(Dealer(), 3, Seat("anna", 0), BORIS) == ["boris"] * 3
    assert Dealer().take(ask(1, Seat("anna", 0))) is None


def test_who_comes_back_is_not_flooded() -> None:
    dealer = Dealer()
    dealt(dealer, 40, ANNA, BORIS)
    back = dealt(dealer, 9, ANNA, BORIS, VERA, first=100)
    assert Counter(back) == {"anna": 3, "boris": 3, "vera": 3}


def test_the_same_client_gets_the_same_person_while_that_binds() -> None:
    dealer = Dealer()
    client: dict[str, Any] = {"clients": ("phone:+79161234567",)}
    assert dealer.take(ask(1, ANNA, BORIS, **client)) == Turn("anna", Why.TURN)
    assert dealer.take(ask(2, ANNA, BORIS, sticky_since=NOW, **client)) == Turn("anna", Why.STICKY)
    later = NOW + timedelta(seconds=1)
    assert dealer.take(ask(3, ANNA, BORIS, sticky_since=later, **client)) == Turn("boris", Why.TURN)


def test_a_cap_counts_open_cards_and_what_was_dealt_since_they_were_counted() -> None:
    dealer = Dealer()
    seats = (Seat("anna", cap=3, open=2), Seat("boris", cap=2, open=0))
    found = [dealer.take(ask(card, *seats, counted=NOW)) for card in range(4)]
    assert [turn.user if turn else None for turn in found] == ["anna", "boris", "boris", None]


def test_two_workers_give_nobody_two_turns() -> None:
    dealer, start = Dealer(), threading.Barrier(4)
    taken: list[Turn | None] = []

    def work() -> None:
        start.wait()
        taken.extend(dealer.take(ask(card, ANNA, BORIS, VERA)) for card in range(300))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    first = [turn for turn in taken if turn is not None and turn.why is Why.TURN]
    assert Counter(turn.user for turn in first) == {"anna": 100, "boris": 100, "vera": 100}


weights = st.lists(st.integers(1, 9), min_size=1, max_size=5)


@given(weights, st.integers(1, 120))
def test_nobody_is_ever_more_than_a_turn_away_from_his_share(shares: list[int], count: int) -> None:
    seats = [Seat(str(place), weight) for place, weight in enumerate(shares)]
    found = Counter(dealt(Dealer(), count, *seats))
    for seat in seats:
        assert abs(found[seat.user] - count * seat.weight / sum(shares)) <= len(shares)
        assert len(seats) > 1 or found[seat.user] == count


@given(st.lists(st.tuples(st.integers(0, 30), st.frozensets(st.integers(0, 3), min_size=1)), max_size=60))
def test_replayed_in_the_same_order_the_turns_are_the_same(story: list[tuple[int, frozenset[int]]]) -> None:
    def play() -> list[Turn | None]:
        dealer = Dealer()
        return [dealer.take(ask(card, *(Seat(str(one)) for one in sorted(here)))) for card, here in story]

    found = play()
    assert found == play()
    for turn, (_, here) in zip(found, story, strict=True):
        assert turn is not None and int(turn.user) in here
