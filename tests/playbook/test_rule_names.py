"""Rules that name a stage which is not there would never fire: they are mistakes with a place in the file."""

from __future__ import annotations

import pytest

from b24kit.playbook.loader import PlaybookInvalid, parse_playbook

HEAD = """b24kit: 1
name: small
title: Малый
pipelines:
  - name: {ru: Продажи, en: Sales}
    was: "5"
    ladder:
      - {code: REQUEST, was: NEW, name: {ru: Заявка, en: Request}}
      - {code: WON, name: Успех, outcome: won}
      - {code: LOSE, name: Провал, outcome: lost}
"""
TASK = "title: Т, script: С"


def complaints(section: str) -> list[tuple[str, str, int]]:
    try:
        parse_playbook(HEAD + section, "small.yaml")
    except PlaybookInvalid as error:
        return [(one.code.removeprefix("playbook.fault."), one.where, one.spot.line) for one in error.complaints]
    return []


@pytest.mark.parametrize("stage", ["REQUEST", "Заявка", "заявка", "Request"])
@pytest.mark.parametrize("pipeline", ["Продажи", "Sales", '"5"'])
def test_a_stage_is_named_by_code_or_by_name_in_either_language(stage: str, pipeline: str) -> None:
    rule = f"{{name: a, pipeline: {pipeline}, stages: {stage}, within: 1h}}"
    assert complaints(f"sla: {{rules: [{rule}]}}\n") == []


def test_a_stage_that_is_not_there_is_told_with_its_place() -> None:
    rule = "{name: a, pipeline: Продажи, stages: [REQUEST, REQEST], within: 1h}"
    assert complaints(f"sla:\n  rules:\n    - {rule}\n") == [("stage_unknown", "sla.rules[0].stages[1]", 13)]


@pytest.mark.parametrize(
    ("section", "where"),
    [
        (f"cadence: {{parked: [{{pipeline: Продажи, stages: NOWHERE, {TASK}}}]}}", "cadence.parked[0].stages[0]"),
        ("gates: {gates: [{pipeline: Продажи, stage: NOWHERE}]}", "gates.gates[0].stage"),
        (
            "spawn: {rules: [{name: a, kind: linked, to: {pipeline: Продажи, stage: NOWHERE}}]}",
            "spawn.rules[0].to.stage",
        ),
        ("routing: {pipeline: Продажи, assigned: NOWHERE}", "routing.assigned"),
        (
            "cadence: {sequences: [{name: a, pipeline: Продажи, steps: [{by: call, title: Т, script: С,"
            " then_stage: NOWHERE}]}]}",
            "cadence.sequences[0].steps[0].then_stage",
        ),
    ],
    ids=["parked", "gate", "target", "assigned", "step"],
)
def test_every_kind_of_rule_is_looked_at(section: str, where: str) -> None:
    assert [(code, place) for code, place, _ in complaints(section + "\n")] == [("stage_unknown", where)]


def test_a_pipeline_of_the_portals_own_is_not_judged() -> None:
    assert complaints("sla: {rules: [{name: a, pipeline: Другая, stages: ANY, within: 1h}]}\n") == []
    assert complaints("sla: {rules: [{name: a, stages: ANY, within: 1h}]}\n") == []


def test_a_default_is_no_mistake() -> None:
    assert complaints("routing: {pipeline: Продажи}\n") == []
