"""Every playbook of deals that travels with b24kit, on an amoCRM account: plan, apply, nothing left, undo, as on the
other vendor. What the API of amoCRM cannot take back by itself (the last stage of a pipeline) goes with the pipeline.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from b24kit.playbook.shipped import shipped
from b24kit.sandbox.server import OFF, Sandbox
from tests.scenarios.job import Answer, Job

ROUNDS = 3


class AmoJob(Job):
    """The same consultant with the token of an account instead of a webhook."""

    @property
    def secret(self) -> str:
        return self.sandbox.token


@pytest.fixture
def job(tmp_path: Path) -> Iterator[AmoJob]:
    (tmp_path / "client").mkdir()
    with Sandbox(vendor="amocrm", seed={"kind": "empty"}, clock="moved", manners=dict(OFF) | {"rate": None}) as sandbox:
        found = AmoJob(tmp_path, sandbox)
        assert found.types("portal", "add", "main", typed=f"{sandbox.url} {sandbox.token}\n").exit == 0
        yield found


def design(job: AmoJob) -> Counter[str]:
    """Pipelines with their stages by name, fields and loss reasons."""
    tables = job.control.dump(["pipeline", "status", "custom_field", "loss_reason"])["tables"]
    found: Counter[str] = Counter()
    for table, rows in tables.items():
        for row in rows.values():
            found[f"{table} {row.get('pipeline_id', '')} {row['name']}"] += 1
    return found


def confirmed(job: AmoJob, *command: str) -> Answer:
    """A command, typed again with the phrase that its refusal asks for."""
    answer = job.json(*command)
    phrase = re.search(r'--confirm "([^"]+)"', answer.err)
    return job.json(*command, "--confirm", phrase[1]) if answer.exit and phrase is not None else answer


@pytest.mark.parametrize("name", [one.name for one in shipped() if one.name != "talking-leads"])
def test_a_playbook_is_built_ends_with_an_empty_plan_and_is_undone(name: str, job: AmoJob) -> None:
    before, runs = design(job), list[str]()
    for _ in range(ROUNDS):
        plan = job.json("plan", name, "-o", str(job.plan_file))
        assert plan.exit == 0, plan.err
        if plan.document["empty"]:
            break
        assert not {"design.already_gone"} & {note["code"] for note in plan.document["notes"]}
        applied = job.json("apply", str(job.plan_file))
        assert applied.exit == 0, applied.err
        assert job.json("verify", "--detailed-exitcode").exit == 0
        runs.append(applied.document["run"])
        job.plan_file.unlink()
    else:
        raise AssertionError(f"{name} is not as designed after {ROUNDS} rounds")
    assert runs and design(job) != before
    for run in reversed(runs):
        undone = confirmed(job, "undo", run, "--auto-approve")
        assert undone.exit == 0, undone.err
    assert design(job) == before
