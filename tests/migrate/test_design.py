"""Each thing that can be wrong with a ladder in itself, named at its place."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.migrate.design import lead_faults, pipeline_faults, source_faults
from b24kit.migrate.spec import Ladder, PipelineSpec, SourceSpec

NEW = {"code": "NEW", "name": "Новый"}
WON = {"code": "CONVERTED", "name": "Клиент", "outcome": "won"}
JUNK = {"code": "JUNK", "name": "Мусор", "outcome": "lost"}


def faults(*ladder: dict[str, Any], **more: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    return [(one.code, one.path) for one in lead_faults(Ladder.model_validate({"ladder": list(ladder), **more}))]


def test_a_sound_ladder_has_no_faults() -> None:
    assert faults(NEW, {"code": "A" * 21, "name": "А"}, WON, JUNK) == []


@pytest.mark.parametrize(
    ("stage", "code", "field"),
    [
        ({"code": "НОВЫЙ", "name": "А"}, "design.code_not_latin", "code"),
        ({"code": "A B", "name": "А"}, "design.code_not_latin", "code"),
        ({"code": "A" * 22, "name": "А"}, "design.code_too_long", "code"),
        ({"code": "new", "name": "А"}, "design.twice", "code"),
        ({"code": "A", "name": " НОВЫЙ "}, "design.name_twice", "name"),
    ],
)
def test_a_faulty_stage_is_named_at_its_field(stage: dict[str, str], code: str, field: str) -> None:
    assert faults(NEW, stage, WON, JUNK) == [(code, ("stages", "ladder", 1, field))]


def test_there_must_be_exactly_one_success() -> None:
    assert ("design.one_success", ("stages", "ladder")) in faults(NEW, JUNK)
    assert ("design.one_success", ("stages", "ladder")) in faults(
        NEW, WON, {**WON, "code": "WON2", "name": "Ещё"}, JUNK
    )


def test_a_ladder_needs_work_and_a_way_to_fail() -> None:
    assert {code for code, _ in faults(WON)} == {"design.nothing_in_work", "design.no_failure"}


def test_groups_stand_in_the_order_work_success_failure() -> None:
    assert faults(NEW, JUNK, WON) == [("design.order", ("stages", "ladder", 2))]
    assert faults(NEW, WON, {"code": "A", "name": "А"}, JUNK) == [("design.order", ("stages", "ladder", 2))]


def test_a_system_stage_keeps_the_group_it_was_born_in() -> None:
    found = faults({"code": "JUNK", "name": "Мусор"}, WON, {"code": "A", "name": "А", "outcome": "lost"})
    assert found == [("design.group_fixed", ("stages", "ladder", 0, "outcome"))]


def test_the_success_stage_is_the_portals_own() -> None:
    found = faults(NEW, {"code": "DONE", "name": "Клиент", "outcome": "won"}, JUNK)
    assert found == [("design.success_is_system", ("stages", "ladder", 1, "code"))]


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([{"stage": "E-mail", "to": "NOWHERE"}], [("design.move_to_nowhere", ("stages", "moves", 0, "to"))]),
        ([{"stage": "E-mail", "to": "CONVERTED"}], [("design.move_to_success", ("stages", "moves", 0, "to"))]),
        ([{"stage": "NEW", "to": "JUNK"}], [("design.move_and_keep", ("stages", "moves", 0, "stage"))]),
        (
            [{"stage": "E-mail", "to": "NEW"}, {"stage": "e-mail", "to": "JUNK"}],
            [("design.twice", ("stages", "moves", 1, "stage"))],
        ),
    ],
)
def test_a_faulty_move_is_named(moves: list[dict[str, str]], expected: list[tuple[str, tuple[str | int, ...]]]) -> None:
    assert faults(NEW, WON, JUNK, moves=moves) == expected


def test_a_stage_that_is_renamed_in_place_cannot_be_left_too() -> None:
    talk = {"code": "TALK", "name": "Разговор", "was": "в работе"}
    found = faults(NEW, talk, WON, JUNK, moves=[{"stage": "В Работе", "to": "NEW"}])
    assert found == [("design.move_and_keep", ("stages", "moves", 0, "stage"))]


def test_deals_have_their_own_system_stages_limit_and_no_sources() -> None:
    ladder = [NEW, {"code": "A" * 22, "name": "А"}, {**WON, "code": "WON"}, {**JUNK, "code": "LOSE"}]
    spec = {"name": "Продажа", "ladder": ladder, "moves": [{"stage": "X", "to": "NEW", "source": "EMAIL"}]}
    found = pipeline_faults([PipelineSpec.model_validate(spec), PipelineSpec.model_validate({**spec, "moves": []})])
    assert [(one.code, one.path) for one in found] == [
        ("design.twice", ("pipelines", 1, "name")),
        ("design.source_on_deals", ("pipelines", 0, "moves", 0, "source")),
    ]


def test_a_source_stands_once() -> None:
    sources = [SourceSpec.model_validate({"code": code, "name": code}) for code in ("EMAIL", "CALL", "email")]
    assert [(one.code, one.path) for one in source_faults(sources)] == [("design.twice", ("sources", 2, "code"))]
