"""Given snapshot + design -> expected operations: one case file each, and after each plan a second one is empty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from b24kit.change.operation import CreateRecord, Operation, UpdateRecord
from b24kit.change.snapshot import Snapshot
from b24kit.crm.pipeline import Outcome
from b24kit.crm.records import Record
from b24kit.errors import UsageError
from b24kit.playbook.compose import Pieces, compose
from b24kit.playbook.schema import Playbook
from tests.migrate.carrying_out import carried_out
from tests.migrate.ladders import CAPABILITIES, NOW, facts, lead, stage

CASES = sorted((Path(__file__).parent.parent / "cases").glob("*.yaml"))


def planned(playbook: Playbook, snapshot: Snapshot) -> Pieces:
    return compose(playbook, snapshot, capabilities=CAPABILITIES, facts=snapshot.facts, now=NOW)


def given(case: dict[str, Any]) -> Snapshot:
    records: list[Record] = []
    for row in case["given"]["stages"]:
        made = stage(
            row["code"], row["name"], row["sort"], Outcome(row.get("outcome", "open")), system=row.get("system", False)
        )
        values = {name: getattr(made, name) for name in ("id", "ladder", "code", "name", "sort", "outcome", "system")}
        records.append(type(made)(**values, colour=row.get("colour")))
    records += [lead(row["id"], row["stage"], source=row.get("source")) for row in case["given"].get("leads", [])]
    return Snapshot.of(records, facts(), NOW)


def told(operation: Operation) -> str:
    """An operation in one line of a case file."""
    symbol = ">" if isinstance(operation, UpdateRecord) and operation.moves else operation.symbol
    values: dict[str, Any] = {}
    if isinstance(operation, UpdateRecord):
        values = dict(sorted(operation.after.items()))
    elif isinstance(operation, CreateRecord):
        values = {name: operation.values[name] for name in ("code", "sort", "outcome")}
    parts = [symbol, operation.key, *(f"{name}={value}" for name, value in values.items())]
    return " ".join([*parts, *(["needs", *operation.needs] if operation.needs else [])])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_design_gives_the_expected_operations(path: Path) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    playbook = Playbook.model_validate({"b24kit": 1, "name": "case", "title": path.stem, "stages": case["design"]})
    snapshot, expected = given(case), case["expect"]

    if "error" in expected:
        with pytest.raises(UsageError) as caught:
            planned(playbook, snapshot)
        assert caught.value.code == expected["error"]
        assert {name: caught.value.facts[name] for name in expected["facts"]} == expected["facts"]
        return

    pieces = planned(playbook, snapshot)
    assert [told(operation) for operation in pieces.operations] == expected["operations"]
    assert [one.reason.code for one in pieces.left] == expected.get("left", [])
    if not expected["operations"]:
        assert expected["why"] in [note.code for note in pieces.notes], "a plan without work must say why"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_second_plan_has_nothing_to_do_and_says_why(path: Path) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "error" in case["expect"]:
        pytest.skip("this case plans nothing")
    playbook = Playbook.model_validate({"b24kit": 1, "name": "case", "title": path.stem, "stages": case["design"]})
    snapshot = given(case)

    after = carried_out(snapshot, planned(playbook, snapshot).operations)

    second = planned(playbook, after)
    assert second.operations == ()
    assert second.notes
