"""The record of running time: what is set aside, what comes back, when there is room again."""

from __future__ import annotations

from pathlib import Path

import pytest

from b24kit.clock import FakeClock
from b24kit.connectors.ledger import Ledger
from b24kit.connectors.pacing import Limits
from b24kit.connectors.running_time import ASSUMED_LIMIT, Booking, MethodTimeMeter

UPDATE = "crm.lead.update"
SMALL = Limits(operating_limit=48, operating_window=60)


def meter(clock: FakeClock, limits: Limits = SMALL, folder: Path | None = None, caller: str = "w1") -> MethodTimeMeter:
    return MethodTimeMeter(Ledger(folder), "my.bitrix24.com", caller, clock, limits)


def spend(ours: MethodTimeMeter, seconds: float, name: str = UPDATE) -> None:
    booking = ours.book({name: seconds})
    assert isinstance(booking, Booking)
    ours.settle(booking, {name: seconds})


def test_no_request_may_start_that_would_come_within_one_of_the_limit() -> None:
    ours = meter(FakeClock())
    for _ in range(11):
        spend(ours, 4.0)
    wait = ours.book({UPDATE: 4.0})
    assert not isinstance(wait, Booking)
    assert 60 <= wait <= 62


def test_room_comes_back_when_baskets_fall_out() -> None:
    clock = FakeClock()
    ours = meter(clock)
    spend(ours, 40.0)
    wait = ours.book({UPDATE: 10.0})
    assert isinstance(wait, float)
    clock.advance(wait)
    assert isinstance(ours.book({UPDATE: 10.0}), Booking)


def test_what_is_on_its_way_counts_until_it_comes_back() -> None:
    ours = meter(FakeClock())
    booking = ours.book({UPDATE: 40.0})
    assert isinstance(booking, Booking)
    assert not isinstance(ours.book({UPDATE: 40.0}), Booking)
    ours.settle(booking, {UPDATE: 1.0})
    assert ours.standing(UPDATE).used == pytest.approx(1.0)


def test_a_booking_is_given_back_only_once() -> None:
    ours = meter(FakeClock())
    spend(ours, 5.0)
    booking = ours.book({UPDATE: 2.0})
    assert isinstance(booking, Booking)
    ours.settle(booking, {})
    ours.settle(booking, {UPDATE: 2.0})
    assert ours.standing(UPDATE).used == pytest.approx(7.0)


def test_a_request_dearer_than_the_whole_limit_may_go_alone() -> None:
    ours = meter(FakeClock())
    assert isinstance(ours.book({UPDATE: 55.0}), Booking)


def test_methods_have_budgets_of_their_own() -> None:
    ours = meter(FakeClock())
    spend(ours, 40.0)
    assert isinstance(ours.book({"crm.contact.update": 40.0}), Booking)
    assert not isinstance(ours.book({"crm.contact.update": 1.0, UPDATE: 40.0}), Booking)


def test_the_portals_own_sum_is_believed_when_it_is_higher() -> None:
    ours = meter(FakeClock())
    spend(ours, 10.0)
    ours.raise_to(UPDATE, 30.0)
    ours.raise_to(UPDATE, 20.0)
    assert ours.standing(UPDATE).used == pytest.approx(30.0)


def test_a_pause_holds_for_every_process_and_ends(tmp_path: Path) -> None:
    clock = FakeClock()
    ours, other = meter(clock, folder=tmp_path), meter(clock, folder=tmp_path)
    ours.pause(UPDATE, 120.0)
    assert other.book({UPDATE: 0.1}) == pytest.approx(120.0)
    clock.advance(120.0)
    assert isinstance(other.book({UPDATE: 0.1}), Booking)


def test_processes_with_different_windows_read_one_record(tmp_path: Path) -> None:
    clock = FakeClock()
    spend(meter(clock, folder=tmp_path), 30.0)
    assert meter(clock, Limits(), tmp_path).standing(UPDATE).used == pytest.approx(30.0)
    assert meter(clock, folder=tmp_path, caller="w2").standing(UPDATE).used == 0


def test_without_a_limit_in_the_profile_it_is_learned_downward() -> None:
    ours = meter(FakeClock(), Limits())
    assert ours.limit == ASSUMED_LIMIT
    ours.learn(limit=48.2, window=60)
    ours.learn(limit=90.0)
    assert (ours.limit, ours.window) == (48.2, 60)


def test_a_limit_from_the_profile_is_not_unlearned() -> None:
    ours = meter(FakeClock())
    ours.learn(limit=3.0, window=600)
    assert (ours.limit, ours.window) == (48, 60)


def test_after_a_ban_the_record_is_empty() -> None:
    ours = meter(FakeClock())
    spend(ours, 40.0, "batch")
    ours.forget("batch")
    assert ours.standing("batch").used == 0
