"""`kill -9` in the middle of an apply, through the command line and HTTP: resumed, it ends like an undisturbed run."""

from __future__ import annotations

import pytest

from benchmarks.kill_test import measure


@pytest.mark.slow
def test_a_killed_and_resumed_apply_ends_like_an_undisturbed_one() -> None:
    trials, doubled, lines = measure(leads=60, moments=3)
    assert lines > 100
    assert doubled == 0
    assert sum(trial.died for trial in trials) >= 2, "the blows came too late to test anything"
    assert [(trial.resumed_exit, trial.wrong) for trial in trials] == [(0, ())] * 3
