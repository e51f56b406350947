"""Our count of the portal's counter: arithmetic, and that processes share it."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from b24kit.clock import FakeClock
from b24kit.connectors.ledger import Ledger
from b24kit.connectors.pacing import LeakyBucket, Limits
from b24kit.sandbox.limits import BucketRule
from b24kit.sandbox.limits import LeakyBucket as PortalsBucket

LIMITS = Limits(bucket=50, leak=2)


def bucket(clock: FakeClock, folder: Path | None = None) -> LeakyBucket:
    return LeakyBucket(Ledger(folder), "my.bitrix24.com", clock, LIMITS)


def test_a_burst_leaves_at_once_and_the_rest_at_the_speed_of_the_leak() -> None:
    clock = FakeClock()
    ours = bucket(clock)
    for _ in range(147):
        ours.take()
    assert clock.monotonic() == pytest.approx(50.0)


@pytest.mark.parametrize("second", [0.0, 0.3, 0.999])
def test_the_portal_whose_counter_falls_in_steps_never_refuses(second: float) -> None:
    clock = FakeClock(datetime(2026, 1, 12, tzinfo=UTC))
    clock.advance(second)
    ours, theirs = bucket(clock), PortalsBucket(BucketRule(capacity=50, leak=2))
    for _ in range(300):
        ours.take()
        assert theirs.admit("address", clock.now().timestamp())


def test_a_refusal_corrects_the_count_to_full() -> None:
    clock = FakeClock()
    ours = bucket(clock)
    assert ours.room() == 47
    ours.refused()
    assert ours.room() == 0
    assert ours.book() == pytest.approx(2.0)


def test_lanes_that_wait_are_let_go_one_after_another() -> None:
    ours = bucket(FakeClock())
    ours.refused()
    waits = [ours.book() for _ in range(4)]
    assert waits == pytest.approx([2.0, 2.5, 3.0, 3.5])


def test_two_portals_have_two_counters(tmp_path: Path) -> None:
    clock, ledger = FakeClock(), Ledger(tmp_path)
    one = LeakyBucket(ledger, "one.bitrix24.com", clock, LIMITS)
    other = LeakyBucket(ledger, "other.bitrix24.com", clock, LIMITS)
    one.refused()
    assert other.room() == 47


def test_a_clock_that_was_set_back_does_not_stop_the_work(tmp_path: Path) -> None:
    ahead = FakeClock(datetime(2027, 1, 1, tzinfo=UTC))
    bucket(ahead, tmp_path).refused()
    assert bucket(FakeClock(datetime(2026, 1, 1, tzinfo=UTC)), tmp_path).room() == 47


def _take_many(folder: str, count: int) -> None:
    ours = bucket(FakeClock(), Path(folder))
    for _ in range(count):
        ours.book()


def test_two_processes_share_one_counter(tmp_path: Path) -> None:
    starting = multiprocessing.get_context("spawn")
    workers = [starting.Process(target=_take_many, args=(str(tmp_path), 20)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert bucket(FakeClock(), tmp_path).room() == 7


def test_the_file_is_closed_to_others(tmp_path: Path) -> None:
    bucket(FakeClock(), tmp_path).take()
    assert (tmp_path / "pacing.sqlite3").stat().st_mode & 0o077 == 0
