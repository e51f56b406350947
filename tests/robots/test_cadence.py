"""Attempts counted from touches, replies, parked clients, reopening: what the month's table does not show."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from b24kit.crm.activity import Channel, Direction
from b24kit.crm.cards import Deal
from b24kit.robots.attempts import course
from b24kit.robots.cadence import decide_cadence
from b24kit.robots.decide import decide
from b24kit.robots.facts import CardFacts
from b24kit.robots.parked import decide_reopening
from tests.robots.ruleset import ONLY, SECTIONS, rules_of
from tests.robots.staff import Staff, at
from tests.robots.world import World, lead, moved, on, touch

RULES = ONLY["cadence"]
FIVE = RULES.cadence.sequences[0]
CARD = lead("09.02 10:00", "REQUEST")


def after(facts: CardFacts, *touches: tuple[str, Channel]) -> CardFacts:
    for moment, channel in touches:
        facts = touch(channel)(facts, at(moment))
    return facts


def filled(facts: CardFacts) -> list[int]:
    found = course(facts, RULES, FIVE)
    assert found is not None
    return [n for n, one in enumerate(found.touches, 1) if one is not None]


@pytest.mark.parametrize(
    ("touches", "steps"),
    [
        ([("09.02 10:05", Channel.CALL)], [1]),
        ([("09.02 10:05", Channel.MESSAGE), ("09.02 10:06", Channel.EMAIL)], [2, 3]),
        ([("09.02 10:05", Channel.EMAIL), ("09.02 10:06", Channel.MESSAGE)], [2, 3]),
        ([("09.02 10:05", Channel.CALL), ("09.02 10:50", Channel.CALL)], [1]),
        ([("09.02 10:05", Channel.CALL), ("09.02 11:05", Channel.CALL)], [1, 4]),
        ([("09.02 09:55", Channel.CALL)], []),
        ([("09.02 10:05", Channel.MEETING)], []),
    ],
    ids=["one call", "two in one sitting", "order is free", "redialled", "an hour later", "before", "other channel"],
)
def test_attempts_are_counted_by_channel(touches: list[tuple[str, Channel]], steps: list[int]) -> None:
    assert filled(after(CARD, *touches)) == steps


def test_a_ticked_task_is_no_attempt() -> None:
    world = World(CARD, RULES, Staff())
    world.look(at("09.02 10:00"))
    ticked = replace(world.facts, tasks=tuple(replace(one, done=True) for one in world.facts.tasks))
    assert filled(ticked) == []
    assert decide(ticked, RULES, Staff(), at("10.02 12:00")).actions == ()


def test_channels_without_an_address_are_skipped_and_a_client_without_any_is_left_to_the_head() -> None:
    mute = replace(CARD, card=replace(CARD.card, points=()))
    found = decide_cadence(mute, RULES, Staff(), at("09.02 10:00"))
    assert [(one.kind, one.reason.code) for one in found.actions] == [("notice", "robots.cadence.exhausted")]
    by_phone = replace(CARD, card=replace(CARD.card, points=CARD.card.points[:1]))
    made = after(by_phone, ("09.02 10:05", Channel.CALL), ("09.02 10:10", Channel.MESSAGE))
    found = decide_cadence(made, RULES, Staff(), at("09.02 10:10"))
    assert [one.values["title"] for one in found.actions] == ["Звонок 2: Пётр"]


def test_the_inquiry_that_made_the_card_is_no_reply() -> None:
    inquiry = touch(Channel.EMAIL, Direction.IN, through=True, by=None)(CARD, at("09.02 10:01"))
    found = course(inquiry, RULES, FIVE)
    assert found is not None and found.reply is None
    called = touch(Channel.CALL)(inquiry, at("09.02 10:05"))
    answered = touch(Channel.EMAIL, Direction.IN, through=True, by=None)(called, at("09.02 10:30"))
    found = course(answered, RULES, FIVE)
    assert found is not None and found.reply is not None


def test_nothing_is_closed_under_the_hands_of_a_person() -> None:
    """All five made, farewell said at 18.02 12:10: closing is due 19.02 12:10, but he called at 11:30: + 4 h."""
    moments = ("09.02 10:05", "09.02 10:10", "09.02 10:20", "10.02 11:00", "13.02 12:00", "18.02 12:10", "19.02 11:30")
    channels = (Channel.CALL, Channel.MESSAGE, Channel.EMAIL, Channel.CALL, Channel.CALL, Channel.MESSAGE, Channel.CALL)
    happenings = [on(moment, touch(one)) for moment, one in zip(moments, channels, strict=True)]
    world = World(CARD, RULES, Staff()).run(at("09.02 10:00"), at("01.03 00:00"), happenings)
    assert world.log[-1] == ("19.02 15:30", "close", "LOST")


def test_a_farewell_by_robot_is_a_persons_task_while_nothing_may_be_sent() -> None:
    card = touch(Channel.MESSAGE)(lead("16.02 10:00", "TALK"), at("18.02 12:00"))
    for armed, kind in ((False, "task"), (True, "message")):
        rules = rules_of(armed=armed, gates={}, spawn={}, sla={})
        found = decide_cadence(card, rules, Staff(), at("24.02 12:00"))
        assert [one.kind for one in found.actions] == [kind]


def lost(reply: str | None = None, **facts: object) -> CardFacts:
    card = moved("LOST", RULES)(lead("09.02 10:00", "TALK"), at("10.02 10:00"))
    card = touch(Channel.EMAIL, Direction.IN, through=True, by=None)(card, at(reply)) if reply else card
    return replace(card, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "kinds"),
    [
        (lost(), []),
        (lost("09.02 18:00"), []),
        (lost("20.02 10:00"), ["notice", "comment", "move"]),
        (lost("20.02 10:01"), ["notice", "comment", "open_card"]),
        (lost("12.02 10:00", deals=(Deal(id="5", pipeline="5", stage="REQUEST"),)), []),
    ],
    ids=["silent", "before the end", "on the last day", "a minute too late", "another card is open"],
)
def test_a_reply_after_the_end(facts: CardFacts, kinds: list[str]) -> None:
    now: datetime = at("01.03 10:00")
    assert [one.kind for one in decide_reopening(facts, RULES, Staff(), now).actions] == kinds


def test_won_and_transferred_cards_are_not_reopened() -> None:
    for stage in ("WON", "TRANSFER"):
        card = moved(stage, RULES)(lead("09.02 10:00", "TALK"), at("10.02 10:00"))
        card = touch(Channel.EMAIL, Direction.IN, by=None)(card, at("11.02 10:00"))
        assert decide_reopening(card, RULES, Staff(), at("12.02 10:00")).actions == ()


def test_a_sequence_without_an_end_tells_the_head_once() -> None:
    section = {"sequences": [{**SECTIONS["cadence"]["sequences"][1], "farewell": None, "close": None}]}
    rules = rules_of(cadence=section, gates={}, spawn={}, sla={})
    world = World(lead("09.02 10:00", "TALK"), rules, Staff())
    world.run(at("09.02 10:00"), at("01.03 00:00"), [on("10.02 10:00", touch(Channel.MESSAGE))])
    assert [one[2] for one in world.log if one[1] == "notice"] == ["1 cadence.exhausted"]
