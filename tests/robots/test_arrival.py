"""A card that arrives, a client who writes, steps on a condition, and reminders ahead of a date."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from b24kit.crm.activity import Channel, Direction
from b24kit.robots.arrival import decide_entrance, decide_heard
from b24kit.robots.facts import CardFacts
from b24kit.robots.rules import Rules
from b24kit.robots.spec_cadence import CadenceSpec
from tests.robots.ruleset import ONLY
from tests.robots.staff import Staff, at
from tests.robots.world import World, deal, lead, moved, on, touch

NOW = at("09.02 12:00")


def rules(**section: Any) -> Rules:
    return replace(ONLY["cadence"], cadence=CadenceSpec.model_validate(section))


ENTRANCE = rules(entrance=[{"stages": "NEW", "sources": ["WEBFORM"], "to": "REQUEST"}])
HEARD = rules(heard=[{"fresh": "1d"}])


def entered(facts: CardFacts) -> list[str]:
    return [one.values["stage"] for one in decide_entrance(facts, ENTRANCE, Staff(), NOW).actions]


def told(facts: CardFacts, moment: str = "09.02 12:00") -> list[str]:
    return [one.values["user"] for one in decide_heard(facts, HEARD, Staff(), at(moment)).actions]


@pytest.mark.parametrize(("source", "stages"), [("WEBFORM", ["REQUEST"]), ("CALL", []), (None, [])])
def test_a_source_decides_where_a_card_begins(source: str | None, stages: list[str]) -> None:
    assert entered(lead("09.02 10:00", source=source)) == stages


def test_a_card_that_somebody_worked_on_stays_where_it_stands() -> None:
    card = lead("09.02 10:00", source="WEBFORM")
    assert entered(touch(Channel.CALL)(card, at("09.02 10:05"))) == []
    back = moved("NEW", ONLY["cadence"])(moved("TALK", ONLY["cadence"])(card, at("09.02 10:05")), at("09.02 10:10"))
    assert entered(back) == []


def test_the_clients_own_message_does_not_keep_the_card() -> None:
    card = touch(Channel.MESSAGE, Direction.IN)(lead("09.02 10:00", source="WEBFORM"), at("09.02 10:01"))
    assert entered(card) == ["REQUEST"]


def test_a_card_of_another_ladder_is_left_alone() -> None:
    assert entered(deal("09.02 10:00", "5", "REQUEST", SOURCE_ID="WEBFORM")) == []


def test_the_owner_is_told_of_each_message_once_until_it_is_answered() -> None:
    card = touch(Channel.MESSAGE, Direction.IN)(lead("09.02 10:00"), at("09.02 11:00"))
    world = World(card, HEARD, Staff())
    world.look(NOW)
    world.look(at("09.02 12:30"))
    assert [kind for _, kind, _ in world.log if kind == "notice"] == ["notice"]
    world.facts = touch(Channel.MESSAGE, Direction.IN)(world.facts, at("09.02 12:40"))
    world.look(at("09.02 12:40"))
    assert [kind for _, kind, _ in world.log if kind == "notice"] == ["notice", "notice"]


@pytest.mark.parametrize("case", ["answered", "old", "nobody's", "closed"])
def test_nobody_is_told_of(case: str) -> None:
    card = touch(Channel.MESSAGE, Direction.IN)(lead("09.02 10:00"), at("09.02 11:00"))
    assert told(card) == ["5"]
    if case == "answered":
        assert told(touch(Channel.CALL)(card, at("09.02 11:30"))) == []
    elif case == "old":
        assert told(card, "11.02 12:00") == []
    elif case == "nobody's":
        assert told(replace(card, card=replace(card.card, owner=None))) == []
    else:
        assert told(moved("LOST", ONLY["cadence"])(card, at("09.02 11:30"))) == []


STEPS = [
    {"by": "call", "title": "Спросить", "script": "С"},
    {"by": "call", "after": "1d", "only_if": {"group": ["недобор"]}, "title": "Скидка", "script": "С"},
    {"by": "call", "after": "1d", "title": "Ещё раз", "script": "С"},
]


@pytest.mark.parametrize(
    ("data", "titles"),
    [
        ({}, ["Спросить", "Ещё раз"]),
        ({"group": "Недобор"}, ["Спросить", "Скидка"]),
        ({"group": "полна"}, ["Спросить", "Ещё раз"]),
    ],
    ids=["unknown", "fits", "other"],
)
def test_a_step_on_a_condition_is_skipped_for_others(data: dict[str, str], titles: list[str]) -> None:
    only = rules(sequences=[{"name": "ask", "stages": "TALK", "steps": STEPS}])
    world = World(lead("09.02 10:00", "TALK", **data), only, Staff())
    world.run(at("09.02 10:00"), at("09.02 12:00"), [on("09.02 11:00", touch(Channel.CALL))])
    assert [task.title for task in world.facts.tasks] == titles


@pytest.mark.parametrize(("ahead", "day"), [("0m", "20"), ("1d", "19"), ("1w", "13")])
def test_a_reminder_may_come_ahead_of_the_date(ahead: str, day: str) -> None:
    parked = {"stages": "LATER", "until": "day", "ahead": ahead, "title": "Т", "script": "С"}
    world = World(lead("09.02 10:00", "LATER", day="2026-02-20"), rules(parked=[parked]), Staff())
    world.look(NOW)
    [task] = world.facts.tasks
    assert task.deadline is not None
    assert task.deadline.date().isoformat() == f"2026-02-{day}"
