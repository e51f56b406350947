"""A whole apply and a whole undo while the wire and the portal fail: nothing doubled, nothing lost, same end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.job import difference, job, undisturbed

CUTS: dict[str, list[dict[str, Any]]] = {
    "before": [{"kind": "cut_before", "probability": 0.3}],
    "after": [{"kind": "cut_after", "probability": 0.3}],
    "during, for good": [{"kind": "cut_during", "probability": 0.3}],
    "during, done up to a minute late": [{"kind": "cut_during", "probability": 0.3, "commit_delay": [1, 60]}],
    "during, done exactly a minute late": [{"kind": "cut_during", "probability": 0.3, "commit_delay": 60}],
    "of every sort": [
        {"kind": "cut_before", "probability": 0.1},
        {"kind": "cut_after", "probability": 0.1},
        {"kind": "cut_during", "probability": 0.1, "commit_delay": [1, 60]},
    ],
    "broken answers after the work": [
        {"kind": "html", "probability": 0.1, "after_work": True},
        {"kind": "internal", "probability": 0.1, "after_work": True},
        {"kind": "truncated", "probability": 0.1},
        {"kind": "empty", "probability": 0.1},
    ],
    "refusals before the work": [
        {"kind": "html", "probability": 0.1},
        {"kind": "internal", "probability": 0.1},
        {"kind": "busy", "probability": 0.2},
    ],
}


def striking(rules: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    return [{**rule, "writes_only": True, "seed": seed + number} for number, rule in enumerate(rules)]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("rules", CUTS.values(), ids=CUTS.keys())
def test_cut_writes_end_as_an_undisturbed_run(tmp_path: Path, rules: list[dict[str, Any]], seed: int) -> None:
    _, after, undone = undisturbed()
    with job(tmp_path) as work:
        work.plans()
        work.control.settings(latency=0.5, work={"*": 0.02})
        work.control.faults(*striking(rules, seed))
        run = work.ends(work.applies()).document["run"]
        assert any(rule["struck"] for rule in work.control.faults_told()["faults"])
        work.control.faults()
        work.control.advance(120)
        assert difference(after, work.state()) == []
        work.control.faults(*striking(rules, seed + 50))
        work.takes_back(run)
        work.control.faults()
        work.control.advance(120)
        assert difference(undone, work.state(), without=("stagehistory",)) == []
