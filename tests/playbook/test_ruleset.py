"""The playbook's words found on a portal that calls things otherwise, and gates out of what its ladders ask."""

from __future__ import annotations

from typing import Any

from b24kit.crm.pipeline import LEADS, Outcome, Pipeline, Stage
from b24kit.playbook.ruleset import gates_with_ladders, names_on
from b24kit.playbook.schema import Playbook
from b24kit.robots.rules import Rules

LADDER = [
    {"code": "REQUEST", "was": "NEW", "name": "Заявка", "required": ["phone"]},
    {"code": "TALK", "name": "Разговор", "required": ["needs"]},
    {"code": "WON", "name": "Успех", "outcome": "won"},
    {"code": "LOSE", "name": "Провал", "outcome": "lost"},
]


def playbook(**sections: Any) -> Playbook:
    pipelines = [{"name": {"ru": "Продажи", "en": "Sales"}, "was": "Общая", "ladder": LADDER}]
    return Playbook.model_validate({"b24kit": 1, "name": "small", "title": "М", "pipelines": pipelines} | sections)


def stage(code: str, name: str, outcome: Outcome = Outcome.OPEN, ladder: str = "deals:7") -> Stage:
    return Stage(id=code, ladder=ladder, code=code, name=name, sort=len(code), colour=None, outcome=outcome)


STAGES = (stage("C7:NEW", "Новая"), stage("C7:TALK", "Talk"), stage("C7:WON", "Да", Outcome.WON))
PIPELINES = (Pipeline(id="7", name="Общая", sort=10),)


def test_rules_find_a_pipeline_and_a_stage_that_the_portal_calls_otherwise() -> None:
    names = names_on(playbook(), STAGES, PIPELINES)
    rules = Rules(stages=STAGES, pipelines=PIPELINES, aliases=names.stages, known_as=names.pipelines)
    assert rules.ladder("Продажи") == rules.ladder("Sales") == "deals:7"
    assert rules.code("deals:7", "REQUEST") == "C7:NEW"
    assert rules.code("deals:7", "TALK") == "C7:TALK"


def test_what_the_portal_has_not_is_left_to_the_rules() -> None:
    names = names_on(playbook(), STAGES, ())
    assert names.pipelines == {}
    assert names.stages == {}


def test_leads_have_names_of_their_own() -> None:
    leads = (stage("UC_1", "Разговор", ladder=LEADS),)
    ladder = [
        {"code": "TALK", "was": "Разговор", "name": "Беседа"},
        {"code": "CONVERTED", "name": "Клиент", "outcome": "won"},
        {"code": "JUNK", "name": "Брак", "outcome": "lost"},
    ]
    assert names_on(playbook(stages={"ladder": ladder}), leads, ()).stages == {LEADS: {"TALK": "UC_1"}}


def test_data_that_a_stage_requires_are_a_gate() -> None:
    gates = gates_with_ladders(playbook()).gates
    assert [(gate.pipeline, gate.stage, gate.leave) for gate in gates] == [
        ("Продажи", "REQUEST", ("phone",)),
        ("Продажи", "TALK", ("needs",)),
    ]


def test_a_gate_of_its_own_replaces_what_the_stage_requires_and_entry_data_are_kept() -> None:
    own = {
        "gates": [
            {"pipeline": "Продажи", "stage": "REQUEST", "leave": ["email"]},
            {"pipeline": "Продажи", "stage": "TALK", "enter": ["attempt"]},
        ]
    }
    gates = {gate.stage: gate for gate in gates_with_ladders(playbook(gates=own)).gates}
    assert gates["REQUEST"].leave == ("email",)
    assert gates["TALK"].enter == ("attempt",)
    assert gates["TALK"].leave == ("needs",)
