"""Sources and pipelines: what is missing is made, what is called otherwise is renamed, nothing is removed."""

from __future__ import annotations

from typing import Any

from b24kit.change.operation import CreateRecord, UpdateRecord
from b24kit.crm.pipeline import Outcome, Pipeline, Source, Stage
from b24kit.crm.records import Record
from b24kit.migrate.directories import diff_pipelines, diff_sources
from b24kit.migrate.spec import PipelineSpec, SourceSpec
from b24kit.playbook.compose import compose
from b24kit.playbook.schema import Playbook
from tests.migrate.carrying_out import carried_out
from tests.migrate.ladders import CAPABILITIES, NOW, company, stage

LADDER = [
    {"code": "NEW", "name": "Новая заявка"},
    {"code": "MEETING", "name": "Встреча"},
    {"code": "WON", "name": "Продано", "outcome": "won"},
    {"code": "LOSE", "name": "Отказ", "outcome": "lost"},
]


def pipeline(**more: Any) -> PipelineSpec:
    return PipelineSpec.model_validate({"name": "Продажа", "ladder": LADDER, **more})


def test_a_missing_source_is_made_after_the_last_one() -> None:
    wanted = [SourceSpec.model_validate({"code": "CHAT", "name": "Чат"})]
    diff = diff_sources(wanted, [Source(id="1", code="EMAIL", name="Почта", sort=40)], lang="ru")
    [make] = diff.operations
    assert isinstance(make, CreateRecord)
    assert make.values == {"code": "CHAT", "name": "Чат", "sort": 50}
    assert diff.created == {"CHAT": make.key}


def test_a_source_is_renamed_and_the_others_are_left_alone() -> None:
    wanted = [SourceSpec.model_validate({"code": "EMAIL", "name": "Электронная почта"})]
    present = [Source(id="1", code="EMAIL", name="Почта"), Source(id="2", code="OLD", name="Старый")]
    [rename] = diff_sources(wanted, present, lang="ru").operations
    assert isinstance(rename, UpdateRecord)
    assert (rename.ref.id, rename.after) == ("1", {"name": "Электронная почта"})


def test_a_new_pipeline_is_made_and_its_ladder_waits_for_the_next_plan() -> None:
    diff = diff_pipelines([pipeline()], [], lang="ru")
    [make] = diff.operations
    assert isinstance(make, CreateRecord)
    assert make.values["name"] == "Продажа"
    assert [note.code for note in diff.notes] == ["design.pipeline_two_plans"]


def test_a_known_pipeline_is_renamed() -> None:
    [rename] = diff_pipelines([pipeline(was=["7"])], [Pipeline(id="7", name="Старая", sort=1)], lang="ru").operations
    assert isinstance(rename, UpdateRecord)
    assert rename.after == {"name": "Продажа"}


def deal_stages() -> list[Stage]:
    ladder = "deals:1"
    return [
        stage("C1:NEW", "Новая", 10, ladder=ladder, system=True),
        stage("C1:PREPARATION", "Подготовка", 20, ladder=ladder),
        stage("C1:WON", "Успех", 30, Outcome.WON, ladder=ladder, system=True),
        stage("C1:LOSE", "Провал", 40, Outcome.LOST, ladder=ladder, system=True),
    ]


def test_the_ladder_of_a_pipeline_is_designed_with_its_prefix_and_its_deals_move() -> None:
    from b24kit.crm.cards import Deal

    playbook = Playbook.model_validate(
        {
            "b24kit": 1,
            "name": "deals",
            "title": "Сделки",
            "pipelines": [
                {
                    "name": "Семинары и курсы",
                    "ladder": LADDER,
                    "moves": [{"stage": "Подготовка", "to": "MEETING"}],
                }
            ],
        }
    )
    cards: list[Record] = [Deal(id="5", pipeline="1", stage="C1:PREPARATION"), Deal(id="6", pipeline="0", stage="NEW")]
    before = company(cards, deal_stages())

    def planned(snapshot: Any) -> Any:
        return compose(playbook, snapshot, capabilities=CAPABILITIES, facts=snapshot.facts, now=NOW)

    pieces = planned(before)
    made = [one.values for one in pieces.operations if isinstance(one, CreateRecord)]
    assert [(values["ladder"], values["code"]) for values in made] == [("deals:1", "C1:MEETING")]
    [move] = [one for one in pieces.operations if isinstance(one, UpdateRecord) and one.moves]
    assert (move.ref.id, move.after) == ("5", {"stage": "C1:MEETING"})
    assert move.needs == ("stage-deals-1-MEETING",)
    second = planned(carried_out(before, pieces.operations))
    assert second.operations == ()
