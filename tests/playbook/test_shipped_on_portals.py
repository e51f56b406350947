"""Every playbook that travels with b24kit, on an empty portal and on a messy one: plan, apply, nothing left, undo.

A pipeline is born with stages of its own, which no plan can know before, so the design of a new pipeline takes two
rounds and the third has nothing to do.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from b24kit.playbook.loader import load_playbook
from b24kit.playbook.shipped import find_playbook, shipped
from b24kit.sandbox.server import OFF, Sandbox
from tests.scenarios.job import Job

DEAL_PLAYBOOKS = [one.name for one in shipped() if one.name != "talking-leads"]
ROUNDS = 3


@contextlib.contextmanager
def portal(folder: Path, name: str, *, messy: bool) -> Iterator[Job]:
    """A consultant with a portal added; the messy one has leads, people, and the playbook's first pipeline by hand."""
    seed: dict[str, Any] = {"kind": "company", "leads": 40, "seed": 7} if messy else {"kind": "empty"}
    (folder / "client").mkdir(parents=True)
    with Sandbox(seed=seed, clock="moved", grace=0.001, manners=OFF) as sandbox:
        job = Job(folder, sandbox)
        assert job.types("portal", "add", "main", typed=sandbox.webhook_url + "\n").exit == 0
        if messy:
            people_began(job, name)
        yield job


def people_began(job: Job, name: str) -> None:
    """Somebody has made the first pipeline by hand already, and a deal stands on one of the vendor's own stages."""
    spec = next(one for one in load_playbook(find_playbook(name)).pipelines if not one.only_add)
    made = job.person_in_charge("crm.category.add", entityTypeId=2, fields={"name": spec.name.ru.upper(), "sort": 50})
    number = made["category"]["id"]
    fields = {"TITLE": "Старая сделка", "CATEGORY_ID": number, "STAGE_ID": f"C{number}:PREPARATION"}
    job.person_in_charge("crm.deal.add", fields=fields)


def design(job: Job) -> Counter[str]:
    """Pipelines and stages as the portal shows them, whatever their numbers."""
    found: Counter[str] = Counter(str(row["NAME"]) for row in job.table("category").values())
    for row in job.table("status").values():
        if str(row["ENTITY_ID"]).startswith("DEAL_STAGE"):
            found[f"{row['ENTITY_ID']} {row['STATUS_ID']} {row['NAME']} {row['SORT']}"] += 1
    return found


def carried_out(job: Job, name: str) -> list[str]:
    """Rounds of plan and apply until a plan is empty; the ids of the runs."""
    runs: list[str] = []
    for _ in range(ROUNDS):
        plan = job.json("plan", name, "-o", str(job.plan_file))
        assert plan.exit == 0, plan.err
        if plan.document["empty"]:
            return runs
        applied = job.json("apply", str(job.plan_file), "--answer", "robots-deals-0=none")
        assert applied.exit == 0, applied.err
        runs.append(applied.document["run"])
        job.plan_file.unlink()
    raise AssertionError(f"{name} is not as designed after {ROUNDS} rounds")


def taken_back(job: Job, run: str) -> None:
    """Undo; a made pipeline goes for good, so the phrase with the count is typed as the refusal asks."""
    undone = job.json("undo", run, "--auto-approve")
    phrase = re.search(r'--confirm "([^"]+)"', undone.err)
    if undone.exit and phrase is not None:
        undone = job.json("undo", run, "--auto-approve", "--confirm", phrase[1])
    assert undone.exit == 0, undone.err


@pytest.mark.parametrize("messy", [False, True], ids=["empty", "messy"])
@pytest.mark.parametrize("name", DEAL_PLAYBOOKS)
def test_a_playbook_is_built_ends_with_an_empty_plan_and_is_undone(name: str, messy: bool, tmp_path: Path) -> None:
    with portal(tmp_path, name, messy=messy) as job:
        before = design(job)
        runs = carried_out(job, name)
        assert runs
        assert design(job) != before
        for run in reversed(runs):
            taken_back(job, run)
        assert design(job) == before
