"""The number of requests in flight grows and shrinks by what answers show."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from b24kit.connectors.flight import Flight, Lanes


def test_quick_answers_open_all_lanes() -> None:
    lanes = Lanes(8)
    assert lanes.allowed == 4
    for _ in range(4):
        lanes.answered(lanes.allowed, 1.0, lanes.round)
    assert lanes.allowed == 8


def test_an_answer_from_a_half_empty_sky_opens_nothing() -> None:
    lanes = Lanes(8)
    lanes.answered(1, 1.0, 0)
    assert lanes.allowed == 4


def test_lanes_settle_near_the_number_of_workers_that_share_the_portal() -> None:
    lanes, workers = Lanes(16), 4
    for _ in range(60):
        lanes.answered(lanes.allowed, max(1.0, lanes.allowed / workers), lanes.round)
    assert workers <= lanes.allowed <= workers + 2


def test_a_refusal_halves_them_but_leaves_one() -> None:
    lanes = Lanes(2)
    for _ in range(3):
        lanes.refused(lanes.round)
    assert lanes.allowed == 1


def test_answers_to_what_left_before_a_decision_do_not_decide_again() -> None:
    lanes = Lanes(8)
    for _ in range(4):
        lanes.answered(8, 1.0, 0)
    for _ in range(8):
        lanes.answered(8, 2.0, 0)
    assert (lanes.allowed, lanes.round) == (7, 1)


def test_one_at_a_time_stays_one_at_a_time() -> None:
    lanes = Lanes(1)
    lanes.answered(1, 1.0, 0)
    assert lanes.allowed == 1


def test_what_lands_comes_with_its_label_in_the_order_of_landing() -> None:
    gate = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        flight: Flight[str, int] = Flight(pool)
        flight.send("late", lambda: int(gate.wait(5)))
        flight.send("early", lambda: 2)
        assert flight.land() == ("early", 2)
        gate.set()
        assert flight.land() == ("late", 1)
    assert flight.count == 0


def test_draining_waits_for_all_and_drops_errors() -> None:
    with ThreadPoolExecutor(2) as pool:
        flight: Flight[int, float] = Flight(pool)
        flight.send(1, lambda: 1 / 0)
        flight.send(2, lambda: 1.0)
        flight.drain()
        assert flight.count == 0


def test_draining_ends_though_an_interrupt_came_while_one_was_being_sent_or_taken_in() -> None:
    with ThreadPoolExecutor(1) as pool:
        flight: Flight[str, int] = Flight(pool)
        flight.send("taken out of the queue, and not yet off the list", lambda: 1)
        flight._landed.get(timeout=10)
        flight.labels.append("on the list, and not yet handed to a thread")
        flight.drain()
        assert flight.count == 0
