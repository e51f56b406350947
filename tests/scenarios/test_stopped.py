"""Runs that are stopped by a window, by Ctrl-C or by a second process, and are taken up again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from b24kit.change import lock, rollout
from b24kit.change.settling import Settler
from b24kit.clock import SystemClock
from tests.scenarios.job import NONE, Job, difference, job, undisturbed

_REAL = SystemClock()


def process(work: Job, *arguments: str) -> subprocess.Popen[str]:
    """`b24kit` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "b24kit", "--json", *arguments],
        env={**os.environ, **work.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_run_window_of_a_minute_after_another_ends_as_one_run(tmp_path: Path) -> None:
    _, after, _ = undisturbed()
    with job(tmp_path) as work:
        work.plans()
        work.control.settings(latency=4.0)
        exits = []
        for _ in range(12):
            exits.append(work.applies("--max-minutes", "1").exit)
            if exits[-1] == 0:
                break
        assert exits[-1] == 0 and set(exits[:-1]) == {6}, exits
        assert len(work.journals()) == 1
        assert difference(after, work.state()) == []


@pytest.mark.parametrize("calls", [3, 9, 14])
def test_ctrl_c_in_a_process_ends_in_order_and_the_same_command_goes_on(tmp_path: Path, calls: int) -> None:
    _, after, _ = undisturbed()
    with job(tmp_path) as work:
        work.plans()
        work.control.forget_metrics()
        work.control.clock(mode="real")
        work.control.settings(latency=0.06)
        run = process(work, "apply", str(work.plan_file), *NONE)
        while run.poll() is None and work.control.metrics()["requests"] < calls:
            _REAL.sleep(0.005)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
        assert run.returncode in (130, 0), out + err
        assert "Traceback" not in out + err and work.secret not in out + err
        work.control.clock(mode="moved")
        work.control.settings(latency=0)
        if run.returncode:
            assert work.applies().exit == 0
        assert difference(after, work.state()) == []


def test_two_processes_with_one_plan_do_the_work_once(tmp_path: Path) -> None:
    _, after, _ = undisturbed()
    with job(tmp_path) as work:
        work.plans()
        runs = [process(work, "apply", str(work.plan_file), *NONE) for _ in range(2)]
        told = [run.communicate(timeout=60) for run in runs]
        assert sorted(run.returncode for run in runs) == [0, 5], told
        assert len(work.journals()) == 1
        assert difference(after, work.state()) == []


def test_a_process_that_was_overtaken_by_another_one_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, after, _ = undisturbed()
    with job(tmp_path) as work:
        work.plans()

        @contextlib.contextmanager
        def slow(*given: Any, **more: Any) -> Iterator[None]:
            monkeypatch.setattr(rollout, "writing", lock.writing)
            assert work.applies().exit == 0
            with lock.writing(*given, **more):
                yield

        monkeypatch.setattr(rollout, "writing", slow)
        answer = work.applies()
        assert (answer.exit, answer.document["code"]) == (5, "guard.applied")
        assert difference(after, work.state()) == []


def test_ctrl_c_while_a_cut_write_is_waited_for_doubles_nothing_though_it_comes_a_minute_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, after, _ = undisturbed()
    with job(tmp_path) as work:
        work.plans()
        work.control.settings(latency=5.0)
        # The first import is the canary, which flies before anything is made for a client.
        late = {"kind": "cut_during", "methods": ["crm.item.batchImport"], "numbers": [2], "at": 0, "commit_delay": 60}
        work.control.faults(late)

        settle = Settler.settle

        def pressed(self: Settler) -> list[str]:
            if self.owing:
                raise KeyboardInterrupt
            return settle(self)

        with monkeypatch.context() as patch:
            patch.setattr(Settler, "settle", pressed)
            assert work.applies().exit == 130
        assert work.control.faults_told()["faults"][0]["struck"] == 1
        work.control.settings(latency=0.0)
        assert work.applies().exit == 0
        work.control.advance(120)
        assert difference(after, work.state()) == []


def test_a_part_and_then_the_rest_end_as_one_run(tmp_path: Path) -> None:
    _, after, _ = undisturbed()
    with job(tmp_path) as work:
        work.plans()
        for part in ("3", "5"):
            assert work.applies("--sample", part).exit == 6
        assert work.applies().exit == 0
        assert difference(after, work.state()) == []
