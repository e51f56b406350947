"""What is wrong with stage names and rules, and what is proposed instead."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.crm.pipeline import Outcome
from b24kit.migrate.lint import StageFinding, lint_design, lint_portal, moment_of
from b24kit.migrate.spec import Ladder
from b24kit.migrate.wordlist import is_vague, source_in
from tests.migrate.ladders import company_stages, stage

RULES = {
    "exit_when": "договорились",
    "owner": "менеджер",
    "limit": "3d",
    "client_action": "отвечает",
    "our_job": "спрашиваем",
}


def ladder(*stages: dict[str, Any], **more: Any) -> Ladder:
    final = [
        {"code": "CONVERTED", "name": "Клиент", "outcome": "won"},
        {"code": "JUNK", "name": "Брак", "outcome": "lost"},
    ]
    return Ladder.model_validate({"ladder": [*stages, *final], **more})


def codes(findings: list[StageFinding]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    "name", ["в Работе", "Не определен", "Не определён", "Прочее", "Стадия 3", "3", "-", "…", "In work", "Обработка"]
)
def test_a_name_that_says_nothing_is_vague(name: str) -> None:
    assert is_vague(name)


@pytest.mark.parametrize("name", ["Новый ЛИД", "Менеджер назначен", "КП отправлено", "Подумает", "Лид", "Оплатил"])
def test_a_name_that_says_where_the_client_stands_is_not(name: str) -> None:
    assert not is_vague(name)
    assert source_in(name) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("E-mail", "EMAIL"),
        ("Письма", "EMAIL"),
        ("Телефония", "CALL"),
        ("Входящие звонки", "CALL"),
        ("Чат", "OPENLINE"),
        ("Формы", "WEBFORM"),
        ("Заявки с сайта", "WEB"),
        ("Авито", "AVITO"),
        ("Обратный звонок", "CALLBACK"),
        ("Инстаграм / Директ", "INSTAGRAM"),
        ("WhatsApp", "WHATSAPP"),
    ],
)
def test_a_source_is_recognised_in_a_stage(name: str, code: str) -> None:
    assert source_in(name) == code


@pytest.mark.parametrize("name", ["Звонок клиенту назначен", "КП отправлено на почту", "Согласование с директором"])
def test_a_stage_that_merely_mentions_a_channel_is_no_source(name: str) -> None:
    assert source_in(name) is None


def test_the_six_stages_of_the_story_are_all_told() -> None:
    holding = {"UC_LAFJPE": 3765, "NEW": 420, "5": 100}
    found = {str(one.facts.get("stage")): one for one in lint_portal(company_stages(), holding)}
    assert {name: one.code for name, one in found.items()} == {
        "Не определен": "lint.vague",
        "Формы": "lint.source_as_stage",
        "E-mail": "lint.source_as_stage",
        "Телефония": "lint.source_as_stage",
        "Чат": "lint.source_as_stage",
        "в Работе": "lint.vague",
    }
    assert found["E-mail"].severity == "high"
    assert found["E-mail"].facts["share"] == 88
    assert found["в Работе"].severity == "medium"


def test_every_complaint_about_a_name_comes_with_a_line_for_the_playbook() -> None:
    found = {str(one.facts["stage"]): one.proposal for one in lint_portal(company_stages(), {})}
    proposals = {name: one.line for name, one in found.items() if one is not None}
    assert proposals["E-mail"] == '{stage: "E-mail", to: NEW, source: EMAIL}'
    assert proposals["в Работе"] == '{stage: "в Работе", to: QUALIFYING}'
    assert proposals["Не определен"] == '{code: NEW, name: "Новый ЛИД"}'


def test_the_playbooks_own_moves_are_proposed_before_ours() -> None:
    section = ladder({"code": "NEW", "name": "Новый"}, moves=[{"stage": "чат", "to": "NEW", "source": "CHAT"}])
    found = {str(one.facts["stage"]): one.proposal for one in lint_portal(company_stages(), {}, section)}
    chat = found["Чат"]
    assert chat is not None
    assert chat.line == '{stage: "Чат", to: NEW, source: CHAT}'


def test_two_stages_of_one_name_and_missing_finals_are_told() -> None:
    stages = [stage("A", "Разговор", 10), stage("B", "разговор", 20), stage("C", "Клиент", 30, Outcome.WON)]
    assert codes(lint_portal(stages, {})) == ["lint.same_name", "lint.no_failure"]


def test_a_tidy_ladder_has_no_complaints() -> None:
    section = ladder({"code": "NEW", "name": "Новый ЛИД", **RULES}, {"code": "TALK", "name": "Разговор", **RULES})
    assert lint_design(section) == []


@pytest.mark.parametrize(
    ("absent", "code"),
    [
        ("exit_when", "lint.no_exit"),
        ("owner", "lint.no_owner"),
        ("limit", "lint.no_deadline"),
        ("client_action", "lint.no_client_action"),
        ("our_job", "lint.no_our_job"),
    ],
)
def test_a_working_stage_without_a_rule_is_told(absent: str, code: str) -> None:
    rules = {name: value for name, value in RULES.items() if name != absent}
    [finding] = lint_design(ladder({"code": "NEW", "name": "Новый ЛИД", **rules}))
    assert finding.code == code
    assert finding.path == ("stages", "ladder", 0)


def test_vague_names_and_sources_in_a_design_are_told() -> None:
    section = ladder({"code": "NEW", "name": "В работе", **RULES}, {"code": "MAIL", "name": "E-mail", **RULES})
    assert codes(lint_design(section)) == ["lint.design_vague", "lint.design_source"]


def test_bank_details_asked_at_the_first_inquiry_are_asked_too_early() -> None:
    section = ladder(
        {"code": "NEW", "name": "Новый ЛИД", **RULES, "required": ["phone", "requisites"]},
        {"code": "TALK", "name": "Разговор", **RULES},
        {"code": "DEAL", "name": "Договор", **RULES, "required": ["requisites", "director"]},
    )
    [finding] = lint_design(section)
    assert finding.code == "lint.asked_early"
    assert finding.facts["datum"] == "requisites"
    assert finding.path == ("stages", "ladder", 0, "required", 1)


def test_a_stage_says_which_moment_it_is_or_its_place_does() -> None:
    section = ladder(
        {"code": "A", "name": "А"},
        {"code": "B", "name": "Б"},
        {"code": "C", "name": "В", "moment": "contract"},
        {"code": "D", "name": "Г"},
        {"code": "E", "name": "Д"},
    )
    assert [moment_of(section, at) for at in range(5)] == [
        "request",
        "qualification",
        "contract",
        "meeting",
        "contract",
    ]
