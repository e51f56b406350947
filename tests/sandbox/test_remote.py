"""The control client and the shared clock, from several threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from b24kit.clock import Clock
from b24kit.sandbox.remote import RemoteClock, SandboxControl, SandboxError
from b24kit.sandbox.server import Sandbox
from tests.sandbox.wire import Wire, quiet


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with quiet() as running:
        yield running


def test_the_remote_clock_is_a_clock_that_shares_the_portals_time(box: Sandbox) -> None:
    clock: Clock = RemoteClock(box.control)
    before, begun, real = clock.now(), clock.monotonic(), time.monotonic()
    clock.sleep(86_400)
    clock.sleep(0)
    assert (clock.now() - before).total_seconds() == pytest.approx(86_400)
    assert clock.monotonic() - begun == pytest.approx(86_400)
    assert time.monotonic() - real < 2
    assert before.utcoffset() is not None


def test_sleeping_clients_and_working_portal_share_one_time(box: Sandbox) -> None:
    box.control.settings(work={"server.time": 1.0}, latency=0.5)
    box.control.clock(grace=0.03)
    clock = RemoteClock(box.control)

    def paced(_: int) -> float:
        wire = Wire(box)
        for _ in range(5):
            wire.call("server.time")
            clock.sleep(0.5)
        return clock.monotonic()

    begun = clock.monotonic()
    with ThreadPoolExecutor(4) as lanes:
        ended = list(lanes.map(paced, range(4)))
    assert max(ended) - begun == pytest.approx(5 * 2.0, abs=1e-3)


def test_many_threads_sleep_for_different_times_and_all_wake(box: Sandbox) -> None:
    box.control.clock(grace=0.1)
    clock = RemoteClock(box.control)
    begun = clock.monotonic()
    woken: list[int] = []

    def sleep(seconds: int) -> None:
        clock.sleep(seconds)
        woken.append(seconds)

    threads = [threading.Thread(target=sleep, args=(seconds,)) for seconds in (30, 10, 20, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(woken) == [10, 10, 20, 30]
    assert clock.monotonic() - begun == pytest.approx(30, abs=0.001)


def test_a_kept_connection_closed_by_the_sandbox_is_opened_again() -> None:
    with quiet() as first:
        control = SandboxControl(first.url)
        control.clock()
        assert first._loop is not None
        first._loop.call_soon_threadsafe(first._connections.abort_all)
        assert control.clock()["mode"] == "moved"


def test_a_sandbox_that_is_gone_is_said_so() -> None:
    with quiet() as box:
        control = box.control
        control.clock()
    with pytest.raises(SandboxError, match="does not answer"):
        control.clock()
    with pytest.raises(ValueError, match="base_url"):
        SandboxControl("nowhere")
