"""The step that asks a person for the robots of the stages which receive cards."""

from __future__ import annotations

from b24kit.crm.pipeline import LEADS
from b24kit.robots.on_stages import automation_link, robots_step
from tests.migrate.ladders import stage

NEW, TALK = stage("NEW", "Новый ЛИД", 10), stage("TALK", "Разговор", 20)


def test_the_step_lists_the_stages_with_their_cards_and_blocks() -> None:
    step = robots_step(LEADS, {NEW: 3765, TALK: 0})
    assert step is not None
    assert step.key == "robots-leads"
    assert step.facts == {"stages": "«Новый ЛИД» (3765)", "codes": ["NEW"], "count": 3765}
    assert step.blocking
    assert step.answer is None


def test_without_moves_there_is_nothing_to_ask() -> None:
    assert robots_step(LEADS, {NEW: 0}) is None


def test_an_answer_goes_by_the_steps_key() -> None:
    step = robots_step("deals:7", {NEW: 1}, {"robots-deals-7": "нет роботов", "robots-leads": "есть"})
    assert step is not None
    assert (step.answer, step.code) == ("нет роботов", "step.robots_deals")


def test_the_link_leads_to_the_page_of_this_ladder() -> None:
    assert automation_link(LEADS) == "/crm/lead/automation/0/"
    assert automation_link("deals:7") == "/crm/deal/automation/7/"
