"""Questions of gates judged: early ones, data without a field; mistakes in scripts are told with their place."""

from __future__ import annotations

import pytest

from b24kit.playbook.gate_lint import gate_findings
from b24kit.playbook.loader import PlaybookInvalid, parse_playbook

HEAD = """b24kit: 1
name: one
title: Одна воронка
pipelines:
  - name: {ru: Курсы, en: Courses}
    ladder:
      - {code: NEW, name: Новая}
      - {code: TALK, name: Разговор}
      - {code: DEAL, name: Договор}
      - {code: WON, name: Продано, outcome: won}
      - {code: LOSE, name: Потеряно, outcome: lost}
"""


def test_an_unknown_variable_and_a_wrong_span_are_told_in_words() -> None:
    section = """cadence:
  sequences:
    - name: five
      pipeline: Курсы
      steps:
        - {by: call, after: скоро, title: "Звонок {name}", script: Т}
"""
    with pytest.raises(PlaybookInvalid) as caught:
        parse_playbook(HEAD + section, "one.yaml")
    said = "\n".join(caught.value.lines("ru"))
    assert "one.yaml:17:29: " in said and "15m" in said
    assert "нет подстановки name" in said


def test_lint_names_questions_before_their_time_and_data_without_a_field() -> None:
    section = """gates:
  fields: {director: UF_DIRECTOR}
  gates:
    - {pipeline: Курсы, stage: NEW, leave: [phone, director]}
    - {pipeline: Курсы, stage: DEAL, leave: [director, mood]}
"""
    found = gate_findings(parse_playbook(HEAD + section, "one.yaml"))
    assert [(one.code, one.facts["datum"], one.path) for one in found] == [
        ("lint.asked_early", "director", ("gates", "gates", 0, "leave", 1)),
        ("lint.gate_no_field", "mood", ("gates", "gates", 1, "leave", 1)),
    ]
