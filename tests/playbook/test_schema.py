"""What is checked across sections, and what an editor is told."""

from __future__ import annotations

from typing import Any

from b24kit.playbook.schema import Playbook, faults, json_schema

LADDER = [
    {"code": "NEW", "name": "Новый"},
    {"code": "CONVERTED", "name": "Клиент", "outcome": "won"},
    {"code": "JUNK", "name": "Брак", "outcome": "lost"},
]


def playbook(**sections: Any) -> Playbook:
    return Playbook.model_validate(
        {"b24kit": 1, "name": "small", "title": "Малый", "stages": {"ladder": LADDER}} | sections
    )


def found(**sections: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    return [(one.code, one.path) for one in faults(playbook(**sections))]


def test_a_lead_is_never_closed_on_a_working_or_success_stage() -> None:
    assert found(clean={"close": {"linked": "NEW"}}) == [
        ("playbook.fault.closing_not_failure", ("clean", "close", "linked"))
    ]
    assert found(clean={"close": {"archive": "CONVERTED"}}) == [
        ("playbook.fault.closing_not_failure", ("clean", "close", "archive"))
    ]
    assert found(clean={"close": {"new_client": "NEW"}}) == [
        ("playbook.fault.closing_open", ("clean", "close", "new_client"))
    ]


def test_a_source_of_a_move_must_be_listed_once_there_is_a_list() -> None:
    stages = {"ladder": LADDER, "moves": [{"stage": "Чат", "to": "NEW", "source": "CHAT"}]}
    assert found(stages=stages) == []
    assert found(stages=stages, sources=[{"code": "EMAIL", "name": "Почта"}]) == [
        ("playbook.fault.source_unlisted", ("stages", "moves", 0, "source"))
    ]


def test_an_answer_about_robots_may_be_a_number() -> None:
    assert playbook(robots={"answers": {"robots-leads": 0}}).robots.answers == {"robots-leads": "0"}


def test_an_editor_is_told_that_a_text_may_be_plain_or_in_two_languages() -> None:
    wording = json_schema()["$defs"]["StageSpec"]["properties"]["name"]
    kinds = [one.get("type") for one in wording.get("anyOf", [])] or [wording.get("$ref")]
    assert kinds, wording
    assert "string" in str(json_schema()["$defs"].get("Wording", wording))
