"""The portal's clock: what moves it, what holds it, and that nobody is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest

from b24kit.clock import FakeClock
from b24kit.sandbox.clock import PortalClock
from b24kit.sandbox.faults import draw
from b24kit.sandbox.workload import Workers

START = datetime(2026, 1, 12, 9, tzinfo=UTC)


def moved(grace: float = 0.001) -> PortalClock:
    return PortalClock("moved", start=START, grace=grace)


def played(play: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(asyncio.wait_for(play(), 10))


async def working(clock: PortalClock, work: Callable[[], Awaitable[Any]]) -> None:
    clock.enter()
    try:
        await work()
    finally:
        clock.leave()


def test_a_moved_clock_stands_still_until_somebody_sleeps() -> None:
    async def play() -> None:
        clock = moved()
        await asyncio.sleep(0.02)
        assert clock.now() == START
        await working(clock, lambda: clock.sleep(3600))
        assert clock.now() == datetime(2026, 1, 12, 10, tzinfo=UTC)

    played(play)


def test_concurrent_sleepers_wake_in_the_order_of_their_times() -> None:
    woken: list[tuple[float, float]] = []

    async def play() -> None:
        clock = moved()

        async def one(seconds: float) -> None:
            await clock.sleep(seconds)
            woken.append((seconds, clock.elapsed()))

        waits = (3.0, 0.0004, 1.0, 2.0, 1.0, 0.0001)
        await asyncio.gather(*(working(clock, lambda s=s: one(s)) for s in waits))  # type: ignore[misc]

    played(play)
    assert [seconds for seconds, _ in woken] == [0.0001, 0.0004, 1.0, 1.0, 2.0, 3.0]
    assert all(at == pytest.approx(seconds, abs=1e-6) for seconds, at in woken)


def test_sleepers_due_at_one_instant_wake_together_whatever_their_sums_of_floats() -> None:
    woken: list[float] = []

    async def play() -> None:
        clock = moved()

        async def by_steps() -> None:
            for _ in range(10):
                await clock.sleep(0.1)
            woken.append(clock.elapsed())

        async def at_once() -> None:
            await clock.sleep(1.0)
            woken.append(clock.elapsed())

        await asyncio.gather(working(clock, by_steps), working(clock, at_once))

    played(play)
    assert woken[0] == pytest.approx(woken[1], abs=1e-6)


def test_time_does_not_move_while_a_request_computes() -> None:
    async def play() -> None:
        clock = moved()
        sleeper = asyncio.create_task(working(clock, lambda: clock.sleep(1)))
        await asyncio.sleep(0)
        clock.enter()
        await asyncio.sleep(0.03)
        assert clock.elapsed() == 0.0
        clock.leave()
        await sleeper
        assert clock.elapsed() == 1.0

    played(play)


def test_a_jump_waits_for_the_grace_after_somebody_was_seen() -> None:
    async def play() -> float:
        clock = moved(grace=0.04)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await working(clock, lambda: clock.sleep(1))
        return loop.time() - begun

    assert played(play) >= 0.04


def test_steps_inside_one_request_need_no_grace() -> None:
    async def play() -> float:
        clock = moved(grace=0.02)
        loop = asyncio.get_running_loop()
        begun = loop.time()

        async def batch() -> None:
            for _ in range(200):
                await clock.sleep(0.05)

        await working(clock, batch)
        assert clock.elapsed() == pytest.approx(10)
        return loop.time() - begun

    assert played(play) < 1.0


def test_questions_about_the_time_cannot_hold_it_for_ever() -> None:
    async def play() -> None:
        clock = moved(grace=0.05)
        sleeper = asyncio.create_task(working(clock, lambda: clock.sleep(1)))
        while not sleeper.done():
            clock.touch()
            await asyncio.sleep(0.005)
        assert clock.elapsed() == 1.0

    played(play)


def test_a_cancelled_sleeper_leaves_the_count_right() -> None:
    async def play() -> None:
        clock = moved()
        gone = asyncio.create_task(working(clock, lambda: clock.sleep(5)))
        stays = asyncio.create_task(working(clock, lambda: clock.sleep(7)))
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        assert (clock.busy, clock.elapsed()) == (0, 7.0)

    played(play)


def test_a_sleeper_cancelled_in_the_moment_of_waking_leaves_the_count_right() -> None:
    async def play() -> None:
        clock = moved()
        clock.enter()
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = asyncio.create_task(clock.wait(woken, None, None))
        await asyncio.sleep(0)
        clock.wake(woken)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        assert clock.busy == 1
        clock.leave()

    played(play)


def test_advance_lets_everything_on_the_way_happen_at_its_own_time() -> None:
    seen: list[float] = []

    async def play() -> None:
        clock = moved(grace=60)

        async def twice() -> None:
            for _ in range(2):
                await clock.sleep(4)
                seen.append(clock.elapsed())

        sleeper = asyncio.create_task(working(clock, twice))
        await asyncio.sleep(0)
        await working(clock, lambda: clock.advance(10))
        assert clock.elapsed() == 10.0
        await sleeper

    played(play)
    assert seen == [4.0, 8.0]


def test_a_waiter_gets_the_other_answer_when_his_time_is_up() -> None:
    async def play() -> tuple[Any, float]:
        clock = moved()
        clock.enter()
        asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        answer = await clock.wait(asked, 60.0, "too late")
        clock.leave()
        return answer, clock.elapsed()

    assert played(play) == ("too late", 60.0)


def test_a_crowd_of_sleepers_and_waiters_loses_nobody() -> None:
    """Two hundred tasks with drawn waits and four workers: every one ends, and the sums are exact."""

    async def play() -> tuple[float, float]:
        clock = moved(grace=0)
        workers = Workers(clock, 4)
        worked = [0.0]

        async def one(task: int) -> None:
            at = clock.elapsed()
            for step in range(10):
                start = await workers.take(at, None)
                assert start is not None
                at = start + draw(1, f"{task}", step) / 100
                await clock.sleep_until(at)
                worked[0] += at - start
                workers.give_back(at)

        await asyncio.gather(*(working(clock, lambda n=n: one(n)) for n in range(200)))  # type: ignore[misc]
        assert clock.busy == 0
        return clock.elapsed(), worked[0]

    elapsed, worked = played(play)
    assert worked / 4 <= elapsed < worked / 4 + 0.1


def test_a_passive_sleeper_does_not_move_the_clock_but_wakes_when_others_did() -> None:
    woken: list[float] = []

    async def play() -> None:
        clock = moved()

        async def late() -> None:
            await clock.sleep_until(40, passive=True)
            woken.append(clock.elapsed())

        sleeper = asyncio.create_task(working(clock, late))
        await asyncio.sleep(0.03)
        assert clock.elapsed() == 0
        await working(clock, lambda: clock.sleep(39))
        await asyncio.sleep(0.03)
        assert woken == []
        await working(clock, lambda: clock.sleep(5))
        await sleeper

    played(play)
    assert woken == [40.0]


def test_a_fast_clock_runs_by_its_factor() -> None:
    async def play() -> tuple[float, float]:
        clock = PortalClock("fast", factor=1000, start=START)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await working(clock, lambda: clock.sleep(50))
        return clock.elapsed(), loop.time() - begun

    portal, real = played(play)
    assert portal >= 50 and 0.04 <= real < 1


def test_changing_the_mode_keeps_the_time_shown() -> None:
    async def play() -> None:
        clock = moved()
        await working(clock, lambda: clock.sleep(100))
        clock.set("real")
        assert clock.elapsed() == pytest.approx(100, abs=0.5)

    played(play)


def test_a_restored_clock_goes_on_where_it_stood() -> None:
    real = FakeClock(START)
    first = PortalClock("moved", start=datetime(2025, 6, 1, tzinfo=UTC), real=real)
    kept = first.snapshot()
    real.advance(1000)
    again = PortalClock("real", real=real)
    again.restore(kept)
    assert (again.mode, again.now()) == ("moved", datetime(2025, 6, 1, tzinfo=UTC))


def test_a_restored_real_clock_keeps_its_distance_to_the_machines() -> None:
    real = FakeClock(START)
    first = PortalClock("real", start=datetime(2026, 1, 13, 9, tzinfo=UTC), real=real)
    kept = first.snapshot()
    real.advance(3600)
    again = PortalClock("moved", real=real)
    again.restore(kept)
    assert again.now() == datetime(2026, 1, 13, 10, tzinfo=UTC)
