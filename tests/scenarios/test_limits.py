"""A portal that is tired: full counters, used-up running time, pages of the web server on reads and on writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.job import Job, difference, job, undisturbed

WINDOW = {"window": 60, "limit": 1.0}
MODELS: dict[str, dict[str, Any]] = {
    "methods are counted": {"model": "docs", **WINDOW},
    "batches are counted and banned": {"model": "ban", "ban": 30, **WINDOW},
}
READ_TROUBLE: dict[str, dict[str, Any]] = {
    kind: {"kind": kind, "probability": 0.25}
    for kind in ("busy", "internal", "html", "truncated", "empty", "cut_before", "cut_after")
}


def ran(work: Job) -> None:
    """Apply and undo to their ends, and compare with a calm run."""
    _, after, undone = undisturbed()
    run = work.ends(work.applies()).document["run"]
    assert difference(after, work.state()) == []
    work.takes_back(run)
    assert difference(undone, work.state(), without=("stagehistory",)) == []


@pytest.mark.parametrize("rule", MODELS.values(), ids=MODELS.keys())
def test_running_time_that_bites_in_the_middle_loses_nothing(tmp_path: Path, rule: dict[str, Any]) -> None:
    with job(tmp_path) as work:
        work.plans()
        work.control.settings(
            latency=0.1, operating=rule, work={"crm.lead.update": 0.04, "crm.activity.binding.add": 0.03}
        )
        ran(work)


def test_bursts_of_503_are_waited_out(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        work.plans()
        work.control.settings(latency=0.1)
        work.control.faults({"kind": "busy", "numbers": [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 30, 31, 32]})
        ran(work)


def test_a_small_counter_shared_with_others_is_waited_for(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        work.plans()
        work.control.settings(latency=0.1, bucket={"capacity": 5, "leak": 1.0})
        ran(work)


@pytest.mark.parametrize("rule", READ_TROUBLE.values(), ids=READ_TROUBLE.keys())
def test_reading_goes_on_whatever_comes_instead_of_an_answer(tmp_path: Path, rule: dict[str, Any]) -> None:
    with job(tmp_path) as work:
        work.control.settings(latency=0.1)
        work.control.faults({**rule, "seed": 5})
        for _ in range(4):
            answer = work.json("plan", "talking-leads", "--tap-open", "-o", str(work.plan_file))
            assert answer.exit in (0, 3), answer.err
            if answer.exit == 0:
                break
        assert answer.exit == 0
        ran(work)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_everything_at_once(tmp_path: Path, seed: int) -> None:
    kinds = ("busy", "internal", "html", "truncated", "empty", "cut_before", "cut_after")
    rules: list[dict[str, Any]] = [{"kind": kind, "probability": 0.04, "seed": seed} for kind in kinds]
    rules.append({"kind": "cut_during", "probability": 0.05, "seed": seed, "commit_delay": [1, 60]})
    with job(tmp_path) as work:
        work.plans()
        work.control.settings(latency=0.3, operating={"model": "ban", "ban": 30, **WINDOW}, work={"*.update": 0.03})
        work.control.faults(*rules)
        _, after, undone = undisturbed()
        run = work.ends(work.applies(), 12).document["run"]
        work.control.faults()
        work.control.advance(120)
        assert difference(after, work.state()) == []
        work.control.faults(*rules)
        work.takes_back(run)
        work.control.faults()
        work.control.advance(120)
        assert difference(undone, work.state(), without=("stagehistory",)) == []
