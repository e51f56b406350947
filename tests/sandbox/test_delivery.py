"""Hooks on their way out: at once, again after a while, not for ever, and with things going wrong on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from b24kit.sandbox.amocrm.hooks import LADDER
from b24kit.sandbox.clock import PortalClock
from b24kit.sandbox.delivery import Delivery, Ladder
from b24kit.sandbox.posting import Parcel, is_loopback
from tests.sandbox.receiver import Receiver

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOUR = 3600


class Bench:
    """A delivery on a moved clock, and hooks that are switched off when they are spent."""

    def __init__(self, ladder: Ladder = LADDER) -> None:
        self.clock = PortalClock("moved", start=START, grace=0.002)
        self.off: set[int] = set()
        self.delivery = Delivery(self.clock, ladder, is_open=lambda hook: hook not in self.off, spent=self.off.add)

    async def settle(self) -> dict[str, Any]:
        """Wait until nothing is under way."""
        for _ in range(2000):
            told = self.delivery.told()
            if not told["under_way"]:
                return told
            await asyncio.sleep(0.002)
        raise AssertionError(told)

    async def pass_time(self, seconds: float) -> dict[str, Any]:
        """Let portal time pass; what falls due on the way happens."""
        self.clock.enter()
        await self.clock.advance(seconds)
        self.clock.leave()
        return await self.settle()

    def times(self) -> list[float]:
        return [round(one.at) for one in self.delivery.journal]


def parcel(url: str, number: int = 1, *, hook: int = 1, event: str = "add_lead") -> Parcel:
    return Parcel(hook, url, event, f"lead {number}", f"id={number}".encode(), {"User-Agent": "test"})


def run(work: Callable[[Bench], Awaitable[None]], ladder: Ladder = LADDER) -> None:
    async def inside() -> None:
        await work(Bench(ladder))

    asyncio.run(inside())


@contextmanager
def receiver(*statuses: int, slow: float = 0.0) -> Iterator[Receiver]:
    """Answers these in turn, the last one for ever."""
    left = list(statuses or (200,))
    with Receiver(lambda _: left.pop(0) if len(left) > 1 else left[0], slow=slow) as made:
        yield made


def test_a_parcel_leaves_at_once_with_its_headers_and_its_whole_address() -> None:
    async def work(bench: Bench) -> None:
        with receiver() as taker:
            bench.delivery.send([parcel(taker.url)])
            told = await bench.settle()
            assert [(one["status"], one["attempt"]) for one in told["attempts"]] == [(200, 1)]
            (post,) = taker.posts
            assert (post.path, post.body, post.headers["User-Agent"]) == ("/hook?k=secret", "id=1", "test")
            assert "secret" not in str(told)

    run(work)


def test_trouble_of_the_receiver_is_tried_five_times_after_5_15_15_and_60_minutes() -> None:
    async def work(bench: Bench) -> None:
        with receiver(503) as taker:
            bench.delivery.send([parcel(taker.url)])
            await bench.pass_time(3 * HOUR)
            assert bench.times() == [0, 300, 1200, 2100, 5700]
            assert bench.delivery.told()["waiting"] == 0

    run(work)


@pytest.mark.parametrize(("status", "attempts"), [(404, 3), (302, 3), (499, 5), (500, 5), (299, 1), (204, 1)])
def test_how_often_is_tried_depends_on_the_answer(status: int, attempts: int) -> None:
    async def work(bench: Bench) -> None:
        with receiver(status) as taker:
            bench.delivery.send([parcel(taker.url)])
            await bench.pass_time(5 * HOUR)
            assert len(bench.delivery.journal) == attempts

    run(work)


def test_the_answer_to_one_attempt_decides_about_the_next() -> None:
    async def work(bench: Bench) -> None:
        with receiver(404, 500, 500, 404) as taker:
            bench.delivery.send([parcel(taker.url)])
            await bench.pass_time(5 * HOUR)
            assert [one.status for one in bench.delivery.journal] == [404, 500, 500, 404]

    run(work)


def test_a_receiver_that_is_not_there_or_too_slow_counts_as_no_answer() -> None:
    async def work(bench: Bench) -> None:
        with receiver(slow=0.2) as taker:
            bench.delivery.change({"timeout": 0.05})
            bench.delivery.send([parcel("http://127.0.0.1:9/"), parcel(taker.url)])
            told = await bench.settle()
            assert [one["status"] for one in told["attempts"]] == [0, 0]
            assert told["waiting"] == 2

    run(work)


def test_waiting_retries_do_not_move_the_clock_by_themselves() -> None:
    async def work(bench: Bench) -> None:
        with receiver(500) as taker:
            bench.delivery.send([parcel(taker.url)])
            await bench.settle()
            await asyncio.sleep(0.05)
            assert bench.clock.elapsed() == 0

    run(work)


def test_only_so_many_leave_together() -> None:
    async def work(bench: Bench) -> None:
        bench.delivery.change({"at_once": 3})
        with receiver(slow=0.01) as taker:
            bench.delivery.send([parcel(taker.url, number) for number in range(12)])
            told = await bench.settle()
            assert len(taker.posts) == 12
            assert told["most_under_way"] == taker.most_at_once == 3

    run(work)


def test_above_a_hundred_wrong_answers_in_two_hours_the_hook_is_switched_off() -> None:
    async def work(bench: Bench) -> None:
        with receiver(404) as taker:
            bench.delivery.send([parcel(taker.url, number) for number in range(100)])
            await bench.settle()
            assert not bench.off
            bench.delivery.send([parcel(taker.url, 101)])
            await bench.settle()
            assert bench.off == {1}
            await bench.pass_time(5 * HOUR)
            assert len(taker.posts) == 101

    run(work)


def test_wrong_answers_of_long_ago_are_forgotten() -> None:
    async def work(bench: Bench) -> None:
        with receiver(404) as taker:
            for _ in range(4):
                bench.delivery.send([parcel(taker.url, number) for number in range(33)])
                await bench.pass_time(5 * HOUR)
            assert not bench.off

    run(work)


def test_what_is_forgotten_is_not_tried_again() -> None:
    async def work(bench: Bench) -> None:
        with receiver(500) as taker:
            bench.delivery.send([parcel(taker.url)])
            assert (await bench.settle())["waiting"] == 1
            bench.delivery.forget()
            told = await bench.pass_time(5 * HOUR)
            assert (told["waiting"], told["attempts"], len(taker.posts)) == (0, [], 1)

    run(work)


def test_a_vendor_without_patience_tries_once() -> None:
    async def work(bench: Bench) -> None:
        with receiver(500) as taker:
            bench.delivery.send([parcel(taker.url)])
            await bench.pass_time(5 * HOUR)
            assert len(taker.posts) == 1

    run(work, Ladder())


def test_lost_twice_and_late_parcels() -> None:
    async def work(bench: Bench) -> None:
        faults = [
            {"kind": "lost", "numbers": [1]},
            {"kind": "twice", "numbers": [2]},
            {"kind": "late", "numbers": [3], "seconds": 120},
        ]
        bench.delivery.change({"faults": faults})
        with receiver() as taker:
            bench.delivery.send([parcel(taker.url, number) for number in (1, 2, 3, 4)])
            await bench.settle()
            assert sorted(post.body for post in taker.posts) == ["id=2", "id=2", "id=4"]
            await bench.pass_time(119)
            assert len(taker.posts) == 3
            told = await bench.pass_time(2)
            assert taker.posts[-1].body == "id=3"
            assert [rule["struck"] for rule in told["faults"]] == [1, 1, 1]
            assert told["attempts"][0]["fault"] == "lost"

    run(work)


def test_shuffled_parcels_wait_for_company_and_leave_in_another_order() -> None:
    async def work(bench: Bench) -> None:
        bench.delivery.change({"at_once": 1, "faults": [{"kind": "shuffled", "window": 6, "seconds": 30}]})
        with receiver() as taker:
            for number in range(8):
                bench.delivery.send([parcel(taker.url, number)])
            told = await bench.settle()
            first = [post.body for post in taker.posts]
            assert sorted(first) == [f"id={number}" for number in range(6)]
            assert first != sorted(first)
            assert told["waiting"] == 2
            await bench.pass_time(31)
            assert len(taker.posts) == 8
            bench.delivery.send([parcel(taker.url, 9)])
            bench.delivery.change({"faults": []})
            await bench.settle()
            assert taker.posts[-1].body == "id=9"

    run(work)


def test_faults_may_concern_some_events_only() -> None:
    async def work(bench: Bench) -> None:
        bench.delivery.change({"faults": [{"kind": "lost", "events": ["update_lead"]}]})
        with receiver() as taker:
            bench.delivery.send([parcel(taker.url, 1, event="update_lead"), parcel(taker.url, 2)])
            await bench.settle()
            assert [post.body for post in taker.posts] == ["id=2"]

    run(work)


def test_nothing_leaves_this_machine_unless_it_is_allowed() -> None:
    async def work(bench: Bench) -> None:
        bench.delivery.send([parcel("http://192.0.2.1/hook"), parcel("ftp://127.0.0.1/"), parcel("nonsense")])
        told = await bench.settle()
        assert [one["status"] for one in told["attempts"]] == [0, 0, 0]

    run(work)
    assert is_loopback("localhost") and is_loopback("127.0.0.9") and is_loopback("::1")
    assert not is_loopback("example.com")


def test_switched_off_nothing_is_sent_or_kept_and_wrong_switches_are_refused() -> None:
    async def work(bench: Bench) -> None:
        bench.delivery.change({"on": False})
        bench.delivery.send([parcel("http://127.0.0.1:9/")])
        assert not (await bench.settle())["attempts"]
        for wrong in ({"at_once": 0}, {"unknown": 1}, {"faults": [{"kind": "eaten"}]}):
            with pytest.raises(ValidationError):
                bench.delivery.change(wrong)

    run(work)
