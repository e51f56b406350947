"""Ladders for a vendor with one success and one failure of its own, codes it chooses, and a palette."""

from __future__ import annotations

from b24kit.crm.pipeline import Outcome
from b24kit.migrate.fitting import fitted, nearest
from b24kit.migrate.recognise import recognise
from b24kit.migrate.spec import StageSpec
from tests.migrate.ladders import stage

PALETTE = ("#fffeb2", "#ff8f92", "#98cbff", "#deff81")
PRESENT = (
    stage("3:10", "Заявка", 10),
    stage("3:142", "Успешно реализовано", 10000, Outcome.WON),
    stage("3:143", "Закрыто и не реализовано", 11000, Outcome.LOST),
)
WANTED = tuple(
    StageSpec.model_validate(one)
    for one in (
        {"code": "REQUEST", "name": "Заявка", "colour": "#39A8EF"},
        {"code": "TALK", "name": "Разговор"},
        {"code": "WON", "name": "Оплатил", "outcome": "won"},
        {"code": "LOSE", "name": "Отказ", "outcome": "lost"},
        {"code": "PARKED", "name": "Перенесён", "outcome": "lost"},
    )
)


def test_ends_are_the_vendors_own_and_further_ones_become_reasons() -> None:
    found, notes = fitted(WANTED, PRESENT, PALETTE)
    known = recognise(found, PRESENT)
    assert {code: one.code for code, one in known.stages.items()} == {
        "REQUEST": "3:10",
        "WON": "3:142",
        "LOSE": "3:143",
    }
    assert [(one.code, one.facts["stage"]) for one in notes] == [("design.end_by_reason", "Перенесён")]


def test_a_colour_becomes_the_nearest_of_the_palette() -> None:
    assert [spec.colour for spec in fitted(WANTED, PRESENT, PALETTE)[0]][:2] == ["#98cbff", None]
    assert nearest("#FF5752", PALETTE) == "#ff8f92"
    assert nearest("#FF5752", None) == "#FF5752"
