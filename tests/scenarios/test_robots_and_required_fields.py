"""Stages that bite: robots that no method lists, and fields that a stage asks for. No client is ever mailed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.job import Job, difference, job

ROBOTS: dict[str, dict[str, Any]] = {
    "a letter": {"action": "mail", "subject": "Спасибо за покупку!"},
    "a to-do": {"action": "todo", "title": "Позвонить"},
    "a task": {"action": "task", "title": "Проверить"},
    "a move": {"action": "stage", "to": "IN_PROCESS"},
    "a workflow": {"action": "workflow", "template_id": 1},
}


def place_robot(work: Job, stage: str, robot: dict[str, Any]) -> None:
    placed = [{"entity_type_id": 1, "stage": stage, **robot}]
    work.control.settings(portal=work.control.settings()["portal"] | {"robots": placed})


def cards(work: Job) -> dict[str, Any]:
    return {key: row["STATUS_ID"] for key, row in work.table("lead").items()}


@pytest.mark.parametrize("robot", ROBOTS.values(), ids=ROBOTS.keys())
def test_without_an_answer_nothing_is_moved_and_nobody_is_mailed(tmp_path: Path, robot: dict[str, Any]) -> None:
    with job(tmp_path) as work:
        place_robot(work, "CONVERTED", robot)
        work.plans()
        before = work.state()
        answer = work.json("apply", str(work.plan_file))
        assert (answer.exit, answer.document["code"]) == (5, "guard.hand_step")
        assert difference(before, work.state()) == []


# A robot that writes to the client does nothing at all on a card without an address: no canary can meet it, and only
# the person who looks at the stage keeps it from a real one.
MET = {name: robot for name, robot in ROBOTS.items() if robot["action"] != "mail"}


@pytest.mark.parametrize("robot", MET.values(), ids=MET.keys())
def test_a_wrong_answer_is_found_out_by_the_canary(tmp_path: Path, robot: dict[str, Any]) -> None:
    with job(tmp_path) as work:
        place_robot(work, "CONVERTED", robot)
        work.plans()
        before = cards(work)
        answer = work.applies("--canary")
        assert (answer.exit, answer.document["code"]) == (5, "canary.robots"), answer.document
        assert cards(work) == before


def test_a_stage_that_asks_for_a_field_stops_its_clusters_only(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        required = {"1": {"CONVERTED": ["ADDRESS"]}}
        work.control.settings(portal=work.control.settings()["portal"] | {"stage_required": required})
        work.plans()
        before = cards(work)
        met = work.applies()  # the trial card is refused like any other that lacks the field
        assert (met.exit, met.document["code"]) == (5, "canary.not_moved") and "ADDRESS" in met.out
        assert cards(work) == before
        answer = work.applies("--no-canary")
        assert answer.exit == 3 and answer.document["failed"] and answer.document["moved"], answer.document
        assert "CONVERTED" not in [row["STATUS_ID"] for row in work.table("lead").values() if row.get("CONTACT_IDS")]
        work.control.settings(portal={"stage_required": {}})
        again = work.applies()
        assert again.exit == 0 and again.document["run"] == answer.document["run"], again.document


def test_simple_mode_is_refused_before_and_after_planning(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        work.plans()
        work.control.settings(portal=work.control.settings()["portal"] | {"crm_mode": 2})
        before = work.state()
        assert work.applies().exit == 5
        assert work.json("plan", "talking-leads").exit == 5
        assert difference(before, work.state()) == []
