"""Fields that stages ask for come onto the cards by the command line: planned, applied, verified, taken back, and what
people have arranged stays theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from b24kit.playbook.card_layout import SECTION
from b24kit.sandbox.server import OFF, Sandbox
from tests.cli.conftest import Consultant

BOOK = """
b24kit: 1
name: gates
title: {ru: Проба, en: Trial}
language: ru
fields:
  - {datum: stand_size, name: {ru: Площадь стенда, en: Stand size}, type: number, card: lead}
gates:
  fields: {role: UF_CRM_ROLE, stand_size: UF_CRM_STAND_SIZE}
  gates:
    - stage: NEW
      leave: [phone, role]
      questions: [{when: {role: Спонсор}, ask: stand_size}]
"""
WANTED = ["UF_CRM_ROLE", "UF_CRM_STAND_SIZE"]
OWN: list[dict[str, Any]] = [
    {"name": "main", "title": "О лиде", "type": "section", "elements": [{"name": "TITLE", "optionFlags": 1}]},
    {
        "name": "extra", "title": "Прочее", "type": "section",
        "elements": [{"name": "PHONE", "optionFlags": 0, "options": {"defaultCountry": "RU"}}, {"name": "COMMENTS"}],
    },
]  # fmt: skip
SIMPLE, REPEAT = {"leadCustomerType": 1}, {"leadCustomerType": 2}


@dataclass
class Firm:
    """A portal whose administrator arranges cards by hand, and the consultant at it."""

    at: Consultant
    url: str
    playbook: str

    def asks(self, word: str, **params: Any) -> Any:
        """A person at the portal's pages."""
        params = {"entityTypeId": 1, "scope": "C", **params}
        answer = httpx.post(f"{self.url}crm.item.details.configuration.{word}", json=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def view(self, extras: dict[str, int]) -> dict[str, list[str]]:
        """Sections and their fields in their order."""
        found = self.asks("get", extras=extras) or []
        return {one["name"]: [element["name"] for element in one["elements"]] for one in found}

    def arranges(self, extras: dict[str, int], sections: list[dict[str, Any]]) -> None:
        self.asks("set", extras=extras, data=sections)

    def plans(self) -> dict[str, Any]:
        answer = self.at.json("plan", self.playbook, "--only", "robots")
        assert answer.exit == 0, answer.out + answer.err
        return answer.document

    def applies(self) -> dict[str, Any]:
        answer = self.at.json("apply", "--playbook", self.playbook, "--only", "robots", "--auto-approve")
        assert answer.exit == 0, answer.out + answer.err
        return answer.document

    def undoes(self) -> dict[str, Any]:
        answer = self.at.json("undo", "--auto-approve")
        assert answer.exit in (0, 2), answer.out + answer.err
        return answer.document

    def stands(self) -> dict[str, str]:
        """By `robots verify`, the state of every view."""
        rows = self.at.json("robots", "verify", self.playbook).document["standing"]
        return {one["name"]: one["state"] for one in rows if one["sort"] == "layout"}


@pytest.fixture
def firm(consultant: Consultant) -> Iterator[Firm]:
    with Sandbox(seed={"kind": "empty"}, clock="moved", grace=0.001, manners=OFF) as box:
        consultant.patch.setenv("B24KIT_CLOCK", box.url)
        assert consultant.types("portal", "add", "main", typed=box.webhook_url + "\n").exit == 0
        path = consultant.folder / "gates.yaml"
        path.write_text(BOOK, encoding="utf-8")
        yield Firm(consultant, box.webhook_url, str(path))


def test_fields_are_made_and_put_into_a_section_of_their_own_behind_those_of_people(firm: Firm) -> None:
    firm.arranges(SIMPLE, OWN)
    firm.arranges(REPEAT, OWN)
    before = firm.asks("get", extras=SIMPLE)
    plan = firm.plans()
    assert plan["writes"] == {"create field": 2, "change layout": 2}
    assert firm.stands() == {"Лиды": "missing", "Повторные лиды": "missing"}
    firm.applies()
    for extras in (SIMPLE, REPEAT):
        assert firm.view(extras) == {"main": ["TITLE"], "extra": ["PHONE", "COMMENTS"], SECTION: WANTED}
    after = firm.asks("get", extras=SIMPLE)
    assert after[:2] == before  # titles, flags and options of people stand as they were
    assert after[2]["title"] == "Для перехода"
    assert {one["optionFlags"] for one in after[2]["elements"]} == {"1"}
    assert firm.plans()["empty"]
    assert firm.stands() == {"Лиды": "there", "Повторные лиды": "there"}
    assert firm.at.json("verify", "--detailed-exitcode").document["differences"] == []
    firm.undoes()
    assert firm.asks("get", extras=SIMPLE) == before


def test_a_view_that_nobody_has_saved_is_a_step_for_people_and_is_never_written(firm: Firm) -> None:
    plan = firm.plans()
    assert plan["writes"] == {"create field": 2}
    assert {"card-view", "required-fields"} <= {one["key"] for one in plan["steps"]}
    shown = firm.at.types("plan", firm.playbook, "--only", "robots").out
    assert "Лиды, Повторные лиды" in shown and "Роль клиента, Площадь стенда" in shown
    assert "/crm/lead/details/0/" in shown
    firm.applies()
    assert firm.asks("get", extras=SIMPLE) is None
    assert firm.stands() == {"Лиды": "bare", "Повторные лиды": "bare"}
    firm.arranges(SIMPLE, OWN)
    assert firm.plans()["writes"] == {"change layout": 1}


def test_a_field_that_stands_on_the_card_already_is_not_put_there_twice(firm: Firm) -> None:
    there = {"name": "own", "title": "Анкета", "type": "section", "elements": [{"name": "UF_CRM_ROLE"}]}
    firm.applies()
    firm.arranges(SIMPLE, [*OWN, there])
    firm.applies()
    assert firm.view(SIMPLE)[SECTION] == ["UF_CRM_STAND_SIZE"]
    assert firm.view(SIMPLE)["own"] == ["UF_CRM_ROLE"]


def test_undoing_leaves_the_section_that_people_have_changed_and_all_that_they_added(firm: Firm) -> None:
    firm.arranges(SIMPLE, OWN)
    firm.arranges(REPEAT, OWN)
    firm.applies()
    more = {"name": "late", "title": "Позже", "type": "section", "elements": [{"name": "SOURCE_ID"}]}
    found = firm.asks("get", extras=SIMPLE)
    firm.arranges(SIMPLE, [found[2], *found[:2], more])  # another section, and ours on top
    firm.arranges(REPEAT, [*OWN, {**found[2], "title": "Анкета участника"}])
    told = firm.at.types("undo").out
    firm.undoes()
    assert firm.view(SIMPLE) == {"main": ["TITLE"], "extra": ["PHONE", "COMMENTS"], "late": ["SOURCE_ID"]}
    assert firm.view(REPEAT)[SECTION] == WANTED
    assert "люди изменили" in told and "сделали своим" in told


def test_a_field_that_people_have_filled_stays_with_the_section_that_shows_it(firm: Firm) -> None:
    firm.arranges(SIMPLE, OWN)
    firm.applies()
    lead = {"TITLE": "Заявка", "UF_CRM_ROLE": "Спонсор"}
    assert httpx.post(f"{firm.url}crm.lead.add", json={"fields": lead}).status_code == 200
    told = firm.at.types("undo").out
    assert "уже заполнили: он остаётся" in told
    firm.undoes()
    assert firm.view(SIMPLE)[SECTION] == WANTED  # and with it the field that nobody has filled


def test_undoing_an_undo_puts_the_section_back(firm: Firm) -> None:
    firm.arranges(SIMPLE, OWN)
    firm.applies()
    firm.undoes()
    assert SECTION not in firm.view(SIMPLE)
    undo = next(one["run"] for one in firm.at.json("runs").document["tables"][0]["rows"] if one["undoes"])
    assert firm.at.json("undo", undo, "--auto-approve").exit == 0
    assert firm.view(SIMPLE)[SECTION] == WANTED


def test_a_section_that_people_have_renamed_and_filled_is_added_to(firm: Firm) -> None:
    ours = {"name": SECTION, "title": "Анкета", "type": "section", "elements": [{"name": "SOURCE_ID"}]}
    firm.arranges(SIMPLE, [ours, *OWN])
    firm.applies()
    assert list(firm.view(SIMPLE)) == [SECTION, "main", "extra"]
    assert firm.view(SIMPLE)[SECTION] == ["SOURCE_ID", *WANTED]
    assert firm.asks("get", extras=SIMPLE)[0]["title"] == "Анкета"
    firm.undoes()
    assert firm.view(SIMPLE)[SECTION] == ["SOURCE_ID"]


def test_who_arranges_the_card_after_the_plan_is_not_written_over(firm: Firm) -> None:
    firm.arranges(SIMPLE, OWN)
    plan = str(firm.at.folder / "plan.b24")
    assert firm.at.types("plan", firm.playbook, "--only", "robots", "-o", plan).exit == 0
    firm.arranges(SIMPLE, OWN[:1])
    ran = firm.at.json("apply", plan, "--auto-approve")
    assert ran.exit != 1, ran.err
    assert firm.view(SIMPLE) == {"main": ["TITLE"]}
    assert "change.conflict.moved_on" in ran.out or ran.document.get("conflicts")
    assert firm.plans()["writes"] == {"change layout": 1}


def test_a_playbook_may_leave_the_cards_alone_and_name_the_section(firm: Firm) -> None:
    firm.arranges(SIMPLE, OWN)
    path = firm.at.folder / "gates.yaml"
    path.write_text(BOOK.replace("gates:\n  fields", "gates:\n  on_card: false\n  fields"), encoding="utf-8")
    assert firm.plans()["writes"] == {"create field": 2}
    path.write_text(BOOK.replace("gates:\n  fields", "gates:\n  section: Анкета\n  fields"), encoding="utf-8")
    firm.applies()
    assert firm.asks("get", extras=SIMPLE)[2]["title"] == "Анкета"


def test_the_plan_is_readable_and_speaks_of_the_view_for_all(firm: Firm) -> None:
    firm.arranges(SIMPLE, OWN)
    shown = firm.at.types("plan", firm.playbook, "--only", "robots").out
    assert "раздел «Для перехода» с полями Роль клиента, Площадь стенда" in shown
    assert "личные виды b24kit не меняет" in shown
    assert "UF_CRM" not in shown.partition("вид карточки")[2].partition("\n")[0]
    assert firm.view(SIMPLE) == {"main": ["TITLE"], "extra": ["PHONE", "COMMENTS"]}
