"""One playbook on a Bitrix24 portal and an amoCRM account, and a stage design there and back on the latter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from b24kit.change.snapshot import Snapshot
from b24kit.crm.pipeline import LEADS
from b24kit.sandbox.server import Sandbox
from tests.cli.conftest import ANSWER, Consultant

DESIGN = ("plan", "talking-leads", "--only", "stages", *ANSWER)


@pytest.fixture
def account(consultant: Consultant) -> Iterator[Consultant]:
    """The consultant's folder with an amoCRM account named amo beside his portal, on its own clock."""
    seed = {"kind": "company", "leads": 60, "seed": 7}
    with Sandbox(vendor="amocrm", seed=seed, manners={"rate": None}, clock="moved") as sandbox:
        consultant.patch.setenv("B24KIT_CLOCK", sandbox.url)
        added = consultant.types("portal", "add", "amo", typed=f"{sandbox.url} {sandbox.token}")
        assert added.exit == 0, added.err
        yield consultant


def ladder(consultant: Consultant) -> tuple[list[str], dict[str, str]]:
    """Stages of the lead ladder by name in their order, and where each lead stands by name."""
    assert consultant.json("--portal", "amo", "pull").exit == 0
    newest = max(Path(consultant.folder).glob(".b24kit/snapshots/*.sqlite"))
    snapshot = Snapshot.open(newest)
    stages = snapshot.stages(LEADS)
    names = {stage.code: stage.name for stage in stages}
    return [stage.name for stage in stages], {lead.id: names[lead.stage] for lead in snapshot.leads()}


def test_a_stage_design_goes_there_and_back(account: Consultant) -> None:
    before = ladder(account)
    made = account.json("--portal", "amo", *DESIGN, "-o", "plan.b24")
    assert made.exit == 0 and made.document["no_way_back"] == 0, made.err
    assert account.json("--portal", "amo", "apply", "plan.b24").exit == 0
    names, _ = ladder(account)
    assert names[1:8] == [
        "Новый ЛИД", "Менеджер назначен", "Квалификация ЛИДа", "Квалификация пройдена", "КП отправлено",
        "Согласие получено", "Реквизиты получены",
    ]  # fmt: skip
    assert account.json("--portal", "amo", *DESIGN).document["empty"] is True
    assert account.json("--portal", "amo", "verify").exit == 0
    assert account.json("--portal", "amo", "undo", "--auto-approve").exit == 0
    assert ladder(account) == before


def test_a_plan_for_two_portals_tells_what_each_does_and_saves_both(account: Consultant) -> None:
    known = "first"
    assert account.types("portal", "add", known, typed=account.webhook).exit == 0
    document = account.json(*DESIGN, "--portal", known, "--portal", "amo", "-o", "plan.b24").document
    ways: dict[str, dict[str, Any]] = {
        one["portal"]: {item["code"]: item["way"] for item in one["abilities"]} for one in document["portals"]
    }
    assert ways[known]["ability.no_gates"] == "cannot" and ways["amo"]["ability.gates"] == "can"
    assert ways["amo"]["ability.palette"] == "otherwise" and ways[known]["ability.any_colour"] == "can"
    assert all(one["plan"]["counts"] for one in document["portals"])
    assert {Path(one["file"]).name for one in document["portals"]} == {f"plan-{known}.b24", "plan-amo.b24"}


def test_other_commands_work_with_one_portal(account: Consultant) -> None:
    answer = account.json("--portal", "main", "--portal", "amo", "doctor")
    assert (answer.exit, answer.document["code"]) == (64, "cli.one_portal")
