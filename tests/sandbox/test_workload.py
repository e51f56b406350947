"""Work by method, and workers handed out in order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from b24kit.sandbox.clock import PortalClock
from b24kit.sandbox.workload import Workers, WorkProfile, is_write, pieces


@pytest.mark.parametrize(
    ("method", "seconds"),
    [
        ("crm.lead.update", 0.05),
        ("crm.deal.update", 0.03),
        ("crm.lead.contact.add", 0.2),
        ("crm.lead.add", 0.1),
        ("profile", 0.001),
    ],
)
def test_the_most_exact_key_of_a_profile_wins(method: str, seconds: float) -> None:
    profile = WorkProfile(
        {"*": 0.001, "*.update": 0.03, "crm.lead.UPDATE": 0.05, "*.contact.add": 0.2, "*.add": 0.1, "count": 9}
    )
    assert profile.seconds(method, {}) == seconds
    assert profile.count == 9


def test_pieces_are_counted_where_calls_carry_them() -> None:
    assert pieces({"entityTypeId": 3, "data": [1, 2, 3]}) == 3
    assert pieces({"params": {"entityIds": ["1", "2"]}}) == 2
    assert pieces({"fields": {"TITLE": "A"}}) == 1
    assert WorkProfile({"*/item": 0.5}).seconds("crm.item.batchimport", {"data": [1, 2]}) == 1.0


@pytest.mark.parametrize("method", ["crm.lead.add", "crm.entity.mergeBatch", "tasks.task.complete", "im.notify"])
def test_writes_are_known_by_their_last_word(method: str) -> None:
    assert is_write(method)


@pytest.mark.parametrize("method", ["crm.lead.list", "crm.duplicate.findbycomm", "profile", "crm.status.entity.items"])
def test_reads_are_known_by_their_last_word(method: str) -> None:
    assert not is_write(method)


def test_workers_are_given_in_the_order_of_asking_and_at_the_planned_second() -> None:
    started: list[tuple[str, float]] = []

    async def play() -> None:
        clock = PortalClock("moved", grace=0)
        workers = Workers(clock, 1)

        async def command(name: str, seconds: float) -> None:
            clock.enter()
            start: Any = await workers.take(clock.elapsed(), None)
            started.append((name, start))
            await clock.sleep_until(start + seconds)
            workers.give_back(start + seconds)
            clock.leave()

        await asyncio.gather(command("a", 3), command("b", 2), command("c", 1))
        assert (workers.waiting(), clock.busy) == (0, 0)

    asyncio.run(asyncio.wait_for(play(), 5))
    assert started == [("a", 0.0), ("b", 3.0), ("c", 5.0)]


def test_who_waits_past_his_deadline_gets_no_worker_and_loses_none() -> None:
    async def play() -> None:
        clock = PortalClock("moved", grace=0)
        workers = Workers(clock, 1)
        clock.enter()
        assert await workers.take(0.0, None) == 0.0
        assert await workers.take(0.0, 60.0) is None
        workers.give_back(70.0)
        assert await workers.take(0.0, None) == 70.0
        clock.leave()

    asyncio.run(asyncio.wait_for(play(), 5))
