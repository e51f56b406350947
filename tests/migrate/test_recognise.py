"""Which stage is which: by code, by the playbook's word, and never by a guess."""

from __future__ import annotations

import pytest

from b24kit.crm.pipeline import Pipeline
from b24kit.errors import UsageError
from b24kit.migrate.recognise import named, pipeline_of, recognise
from b24kit.migrate.spec import PipelineSpec, StageSpec
from tests.migrate.ladders import stage


def spec(code: str, name: str, *was: str) -> StageSpec:
    return StageSpec.model_validate({"code": code, "name": name, "was": list(was)})


def test_a_code_is_recognised_behind_its_pipelines_prefix() -> None:
    known = recognise([spec("NEW", "Новая")], [stage("C7:NEW", "Старт", 10, ladder="deals:7")])
    assert known.stages["NEW"].code == "C7:NEW"
    assert known.code("OTHER") == "C7:OTHER"


def test_a_name_alone_is_no_recognition() -> None:
    known = recognise([spec("TALK", "Разговор")], [stage("UC_1", "Разговор", 10)])
    assert known.stages == {}
    assert known.code("TALK") == "TALK"


@pytest.mark.parametrize("word", ["UC_1", "в работе", "В  РАБОТЕ"])
def test_the_playbook_says_it_by_code_or_by_name(word: str) -> None:
    known = recognise([spec("TALK", "Разговор", word)], [stage("UC_1", "в Работе", 10)])
    assert known.code("TALK") == "UC_1"


def test_a_stage_renamed_by_an_earlier_run_is_known_by_its_new_name() -> None:
    known = recognise([spec("TALK", "Разговор", "в работе")], [stage("UC_1", "Разговор", 10)])
    assert known.code("TALK") == "UC_1"


def test_ё_and_е_are_one_letter_in_names() -> None:
    found = named("Учет", [stage("A", "Учёт", 10)])
    assert found is not None
    assert found.code == "A"


def test_a_code_goes_before_a_name() -> None:
    found = named("5", [stage("UC_1", "5", 10), stage("5", "в Работе", 20)])
    assert found is not None
    assert found.name == "в Работе"


def test_a_name_of_two_stages_is_an_error_that_names_both() -> None:
    with pytest.raises(UsageError) as caught:
        named("в работе", [stage("A", "В работе", 10), stage("B", "в Работе", 20)])
    assert caught.value.facts["codes"] == "A, B"


def test_two_stages_of_a_design_cannot_be_one_of_the_portal() -> None:
    with pytest.raises(UsageError) as caught:
        recognise([spec("A", "А", "UC_1"), spec("B", "Б", "UC_1")], [stage("UC_1", "в Работе", 10)])
    assert caught.value.code == "design.claimed_twice"


def test_a_pipeline_is_known_by_number_or_name_and_never_by_two() -> None:
    wanted = PipelineSpec.model_validate(
        {"name": "Продажа", "was": ["7"], "ladder": [{"code": "NEW", "name": "Новая"}]}
    )
    seven, named_so = Pipeline(id="7", name="Старая", sort=1), Pipeline(id="9", name="продажа", sort=2)
    assert pipeline_of(wanted, [seven]) == seven
    assert pipeline_of(wanted, [named_so]) == named_so
    with pytest.raises(UsageError):
        pipeline_of(wanted, [seven, named_so])
