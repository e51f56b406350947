"""Deadlines: when a clock runs, what stops it, what it measures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from b24kit.crm.activity import Channel, Direction
from b24kit.robots.facts import CardFacts
from b24kit.robots.rules import Rules
from b24kit.robots.sla import Deadline, decide_sla, running
from b24kit.robots.spec_sla import SlaRule
from tests.robots.ruleset import rules_of
from tests.robots.staff import Staff, at, shown
from tests.robots.world import lead, learned, moved, planned, touch


def rules(**rule: Any) -> Rules:
    return rules_of(sla={"rules": [{"name": "one", "within": "1h", "stages": "TALK", **rule}]}, cadence={}, spawn={})


def clock(facts: CardFacts, now: str, **rule: Any) -> Deadline | None:
    return next(iter(running(facts, rules(**rule), Staff(), at(now))), None)


def due(facts: CardFacts, now: str, **rule: Any) -> str | None:
    found = clock(facts, now, **rule)
    return None if found is None else shown(found.due)


TALK = lead("09.02 10:00", "TALK")


def test_the_clock_goes_on_after_a_breach_and_passing_on_excuses_nobody() -> None:
    found = clock(TALK, "10.02 11:00")
    assert found is not None
    assert (found.waited, found.late) == (timedelta(hours=10), timedelta(hours=9))
    key = "sla/lead:1/one~20260209T070000Z~pass~5~20260209T090000Z"
    passed = clock(lead("09.02 10:00", "TALK", owner="6"), "10.02 11:00")
    assert passed is not None
    passed = clock(moved_on(key), "10.02 11:00")
    assert passed is not None
    assert shown(passed.due) == "09.02 13:00", "an hour from 12:00, when it came to him"
    assert passed.late == timedelta(hours=9), "measured from the first deadline, 11:00"


def moved_on(key: str) -> CardFacts:
    from dataclasses import replace

    return replace(lead("09.02 10:00", "TALK", owner="6"), done=frozenset({key}))


@pytest.mark.parametrize(
    ("action", "touched", "stops"),
    [
        ("answer", touch(Channel.EMAIL), True),
        ("answer", touch(Channel.EMAIL, Direction.IN, by=None), False),
        ("answer", touch(Channel.CALL, Direction.IN, through=True, by=None), True),
        ("answer", touch(Channel.CALL, Direction.IN, by=None), False),
        ("call", touch(Channel.MESSAGE), False),
        ("call", touch(Channel.CALL), True),
        ("email", touch(Channel.EMAIL), True),
        ("meeting", touch(Channel.MEETING, through=True), True),
        ("meeting", touch(Channel.CALL, through=True), False),
        ("leave", touch(Channel.CALL), False),
    ],
    ids=["letter", "his letter", "call taken", "call missed", "chat for call", "call", "mail", "met", "rang", "stay"],
)
def test_a_clock_is_stopped_by_what_it_waits_for_and_nothing_else(action: str, touched: Any, stops: bool) -> None:
    facts = touched(TALK, at("09.02 10:30"))
    assert (clock(facts, "09.02 12:00", action=action) is None) is stops


def test_a_clock_for_data_stops_when_they_are_all_there() -> None:
    asked = {"action": "fill", "data": ["role", "stand_size"]}
    half = learned(UF_ROLE="спонсор")(TALK, at("09.02 10:10"))
    assert due(half, "09.02 12:00", **asked) == "09.02 11:00"
    assert due(learned(UF_STAND="9")(half, at("09.02 10:20")), "09.02 12:00", **asked) is None


def test_an_inquiry_starts_the_clock_and_a_second_one_does_not_start_it_again() -> None:
    asked = {"since": "inquiry"}
    assert due(TALK, "09.02 12:00", **asked) is None
    once = touch(Channel.EMAIL, Direction.IN, through=True, by=None)(TALK, at("09.02 11:00"))
    twice = touch(Channel.MESSAGE, Direction.IN, through=True, by=None)(once, at("09.02 11:40"))
    assert due(twice, "09.02 13:00", **asked) == "09.02 12:00"
    assert due(touch(Channel.MESSAGE)(twice, at("09.02 11:50")), "09.02 13:00", **asked) is None


def test_time_on_a_pausing_stage_and_until_a_named_date_does_not_count() -> None:
    pausing = {"stages": ["TALK"], "pause_stages": ["LATER"], "within": "3h", "action": "leave"}
    away = moved("LATER", rules())(TALK, at("09.02 11:00"))
    assert due(away, "09.02 16:00", **pausing) is None, "it stands on the pausing stage"
    back = moved("TALK", rules())(away, at("09.02 15:00"))
    assert due(back, "09.02 16:00", **pausing) == "09.02 17:00", "3 h and the 4 h that did not count"
    dated = learned(UF_RETURN="2026-02-11")(TALK, at("09.02 10:00"))
    assert due(dated, "09.02 16:00", action="leave", pause_until="return_date") == "11.02 10:00"


def test_a_person_with_a_plan_of_his_own_is_waited_for() -> None:
    facts = planned(at("11.02 15:00"))(TALK, at("09.02 10:10"))
    assert due(facts, "09.02 16:00", action="leave", wait_for_task=True) == "11.02 15:00"
    assert due(facts, "09.02 16:00", action="leave") == "09.02 11:00"


def test_a_robot_that_was_down_tells_the_owner_first_and_takes_nothing_away_at_once() -> None:
    found = decide_sla(TALK, rules(pass_after="1h", warn_before="5m"), Staff(), at("13.02 12:00"))
    assert [(one.kind, one.values["user"], one.reason.code) for one in found.actions] == [
        ("notice", "5", "robots.sla.owner")
    ]
    assert found.wake == at("13.02 12:30"), "the head half an hour after the owner was told"


def test_closed_cards_and_other_ladders_and_sources_have_no_clock() -> None:
    assert clock(moved("LOST", rules())(TALK, at("09.02 10:10")), "10.02 12:00", stages=[]) is None
    assert clock(TALK, "10.02 12:00", pipeline="Перспектива") is None
    assert clock(TALK, "10.02 12:00", sources=["CALL"]) is None
    assert due(lead("09.02 10:00", "TALK", "CHAT"), "10.02 12:00", faster={"CHAT": "15m"}) == "09.02 10:15"


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "fill"},
        {"within": "0m"},
        {"warn_before": "1h"},
        {"pass_after": "10m", "head_after": "20m"},
        {"within": "скоро"},
        {"hours": 3},
    ],
    ids=lambda one: next(iter(one)),
)
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SlaRule.model_validate({"name": "one", "within": "1h", **wrong})
