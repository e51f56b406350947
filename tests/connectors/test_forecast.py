"""The promised finish against the arithmetic of the limits."""

from __future__ import annotations

import pytest

from b24kit.clock import FakeClock
from b24kit.connectors.forecast import Ahead, Work, finish
from b24kit.connectors.ledger import Ledger
from b24kit.connectors.pacing import Limits
from b24kit.connectors.running_time import MethodTimeMeter, Standing

UPDATE = "crm.lead.update"


def ahead(limits: Limits, lanes: int = 8, **more: object) -> Ahead:
    meter = MethodTimeMeter(Ledger(None), "my.bitrix24.com", "w1", FakeClock(), limits)
    return Ahead(lanes, meter, {UPDATE: Standing([])}, **more)  # type: ignore[arg-type]


def test_without_any_limit_in_reach_the_lanes_decide() -> None:
    assert finish([Work(76, 2.65, {})], ahead(Limits())) == pytest.approx(26.5, abs=0.01)


def test_the_counter_decides_when_batches_are_quick() -> None:
    assert finish([Work(500, 0.2, {})], ahead(Limits())) == pytest.approx((500 - 47) / 2, abs=1)


@pytest.mark.parametrize(("seconds", "windows"), [(40, 0), (75, 1), (130, 2)])
def test_running_time_is_waited_for_window_by_window(seconds: int, windows: int) -> None:
    small = Limits(operating_limit=48, operating_window=60)
    told = finish([Work(seconds, 1.15, {UPDATE: 1.0})], ahead(small))
    rest = seconds - windows * 47
    assert 60 * windows <= told <= 60 * windows + rest / 8 * 1.15 + 10


def test_what_is_spent_already_is_waited_for() -> None:
    start = ahead(Limits(operating_limit=48, operating_window=60))
    start.standings = {UPDATE: Standing([(25.0, 46.0)])}
    assert finish([Work(10, 1.0, {UPDATE: 1.0})], start) == pytest.approx(27.0)


def test_a_pause_is_waited_out() -> None:
    start = ahead(Limits())
    start.standings = {UPDATE: Standing([], wait=100.0)}
    assert finish([Work(1, 1.0, {UPDATE: 1.0})], start) == pytest.approx(101.0)


def test_requests_on_their_way_hold_their_lanes() -> None:
    assert finish([], ahead(Limits(), busy=[3.0, 1.0])) == 3.0


def test_half_a_million_updates_are_reckoned_quickly_and_alike() -> None:
    exact = finish([Work(400, 50.0, {UPDATE: 50.0})], ahead(Limits(operating_limit=480)))
    coarse = finish([Work(10_000, 50.0, {UPDATE: 50.0})], ahead(Limits(operating_limit=480)))
    assert coarse == pytest.approx(exact * 25, rel=0.15)


def test_a_method_that_waits_does_not_hold_the_others() -> None:
    small = ahead(Limits(operating_limit=48, operating_window=60))
    small.standings = {UPDATE: Standing([]), "crm.activity.binding.add": Standing([])}
    binding = Work(150, 1.15, {"crm.activity.binding.add": 1.0})
    both = finish([binding, Work(90, 1.15, {UPDATE: 1.0})], small)
    assert both == pytest.approx(finish([binding], small), rel=0.1)
