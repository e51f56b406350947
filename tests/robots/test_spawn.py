"""Transfers, waking and letters: linked before closed, never twice, filters, dates, what stops a sequence."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from b24kit.crm.activity import Channel, Direction
from b24kit.crm.cards import Deal
from b24kit.robots.facts import CardFacts
from b24kit.robots.marketing import decide_marketing
from b24kit.robots.spawn import decide_spawn, decide_waking
from b24kit.robots.spec_spawn import LetterSpec, SpawnRule
from tests.robots.ruleset import RULES, SECTIONS, rules_of
from tests.robots.staff import Staff, at, shown
from tests.robots.world import World, deal, lead, learned, moved, on, touch

FROM_OPEN = {
    "name": "park",
    "kind": "perspective",
    "outcome": "open",
    "stages": ["LATER"],
    "only_if": {"target": ["да"]},
    "requires": ["return_date"],
    "close": {"stage": "TRANSFER", "reason": "перенос"},
    "to": {"pipeline": "Перспектива", "stage": "PARKED", "team": "Стажёры"},
}


def transfer(**changed: Any) -> Any:
    spawn = {**SECTIONS["spawn"], "rules": [{**FROM_OPEN, **changed}]}
    return rules_of(spawn=spawn, gates={"fields": SECTIONS["gates"]["fields"]}, cadence={}, sla={})


PARKED = learned(target="Да", UF_RETURN="2026-04-06")(lead("09.02 10:00", "LATER"), at("09.02 10:00"))


def test_the_new_card_is_linked_and_carries_data_before_the_old_one_is_closed_neutrally() -> None:
    world = World(PARKED, transfer(), Staff()).run(at("09.02 10:00"), at("01.03 00:00"))
    assert [one.kind for one in world.actions] == ["open_card", "comment", "close"]
    opened, _, closed = world.actions
    assert opened.values == {
        "ladder": "deals:3",
        "stage": "PARKED",
        "title": "Заявка",
        "owner": "7",
        "fields": {"UF_RETURN": "2026-04-06"},
        "linked": "lead:1",
    }
    assert closed.values["stage"] == "TRANSFER" and closed.values["reason"] == "перенос"
    assert closed.values["fields"] == {"UF_REASON": "перенос"}


def test_a_transfer_cut_in_half_is_finished_without_a_second_card() -> None:
    world = World(PARKED, transfer(), Staff())
    first = decide_spawn(PARKED, transfer(), Staff(), at("09.02 10:00")).actions[0]
    world.do(first, at("09.02 10:00"))
    rest = decide_spawn(world.facts, transfer(), Staff(), at("09.02 10:05")).actions
    assert [one.kind for one in rest] == ["comment", "close"]


@pytest.mark.parametrize(
    ("facts", "changed", "kinds"),
    [
        (PARKED, {"only_if": {"target": ["нет"]}}, []),
        (PARKED, {"sources": ["CALL"]}, []),
        (PARKED, {"to": {"pipeline": "Нет такой", "stage": "X"}}, []),
        (learned(target="да")(lead("09.02 10:00", "LATER"), at("09.02 10:00")), {}, ["notice"]),
    ],
    ids=["other answer", "other source", "no funnel", "no date"],
)
def test_a_card_that_does_not_fit_stays(facts: CardFacts, changed: dict[str, Any], kinds: list[str]) -> None:
    found = decide_spawn(facts, transfer(**changed), Staff(), at("09.02 10:00"))
    assert [one.kind for one in found.actions] == kinds


def test_what_goes_on_in_that_funnel_is_not_begun_twice() -> None:
    from dataclasses import replace

    running = replace(PARKED, deals=(Deal(id="5", pipeline="3", stage="DUE", title="Прежняя"),))
    found = decide_spawn(running, transfer(), Staff(), at("09.02 10:00"))
    assert [one.kind for one in found.actions] == ["close"]
    assert found.because[0].code == "robots.spawn.running"


@pytest.mark.parametrize(
    ("data", "day"),
    [
        ({"UF_RETURN": "2026-03-02"}, "02.03 09:00"),
        ({"UF_RETURN": "2026-02-01"}, "01.03 10:00"),
        ({"UF_RETURN": "02.03.2026"}, "02.03 09:00"),
        ({"UF_RETURN": "2026-03-02T00:00:00+03:00"}, "02.03 09:00"),
        ({"UF_RETURN": "2026-03-02T15:30:00+03:00"}, "02.03 15:30"),
        ({"UF_RETURN": 1772434800}, "02.03 10:00"),
        ({"UF_RETURN": "после праздников"}, "01.03 10:00"),
        ({"UF_REASON": "Дорого"}, "16.02 10:00"),
        ({"UF_REASON": "другое"}, "01.03 10:00"),
    ],
    ids=["date", "date gone by", "russian", "bitrix date", "moment", "amo seconds", "words", "reason", "other reason"],
)
def test_a_resting_card_wakes_on_its_day(data: dict[str, Any], day: str) -> None:
    resting = deal("09.02 10:00", "3", "PARKED", **data)
    found = decide_waking(resting, RULES, Staff(), at("09.02 12:00"))
    assert found.actions == () and found.wake is not None and shown(found.wake) == day
    assert [one.kind for one in decide_waking(resting, RULES, Staff(), found.wake).actions] == ["task", "move"]


def test_letters_wait_in_the_outbox_while_nothing_may_be_sent() -> None:
    world = World(deal("09.02 10:00", "4", "M1"), RULES, Staff()).run(at("09.02 10:00"), at("01.06 00:00"))
    assert [one[1:] for one in world.log if one[1] != "fill"] == [("message", "email")]
    letter = next(one for one in world.actions if one.kind == "message")
    assert letter.values["text"] == "Пётр, напишите мне." and letter.values["sender"] == "1"


def test_a_client_who_asked_for_no_letters_gets_none() -> None:
    world = World(deal("09.02 10:00", "4", "M1", UF_NO_MAIL="Y"), rules_of(armed=True), Staff())
    world.run(at("09.02 10:00"), at("01.06 00:00"))
    assert [one[1:] for one in world.log if one[1] != "fill"] == [("close", "LOST")]


def test_a_reply_ends_the_letters_for_good() -> None:
    happenings = [
        on("10.02 09:00", touch(Channel.EMAIL, Direction.IN, by=None)),
        on("10.02 12:00", touch(Channel.EMAIL, Direction.IN, by=None)),
    ]
    world = World(deal("09.02 10:00", "4", "M1"), rules_of(armed=True), Staff())
    world.run(at("09.02 10:00"), at("01.06 00:00"), happenings)
    assert [one[1] for one in world.log if one[1] != "fill"] == ["open_card", "notice", "close"]


def test_a_client_without_an_address_is_passed_over() -> None:
    from dataclasses import replace

    mute = replace(deal("09.02 10:00", "4", "M1"), contact=None)
    found = decide_marketing(mute, rules_of(armed=True), Staff(), at("20.02 10:00"))
    assert [(one.kind, one.reason.code) for one in found.actions] == [("move", "robots.marketing.no_address")]


def test_a_card_lost_again_after_it_came_back_may_go_on_again_when_nothing_is_open_there() -> None:
    from dataclasses import replace

    rules = rules_of(sla={}, cadence={}, gates={"fields": SECTIONS["gates"]["fields"]})
    world = World(lead("09.02 10:00", "TALK"), rules, Staff())
    lose = moved("LOST", rules, "5", extra={"UF_REASON": "дорого"})
    world.run(at("09.02 10:00"), at("11.02 00:00"), [on("10.02 10:00", lose)])
    world.facts = replace(world.facts, deals=())
    world.run(
        at("12.02 10:00"), at("01.03 00:00"), [on("12.02 10:00", moved("TALK", rules, "5")), on("13.02 10:00", lose)]
    )
    assert [when for when, kind, _ in world.log if kind == "open_card"] == ["10.02 10:00", "13.02 10:00"]


def test_sections_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValidationError, match="stages and close"):
        SpawnRule.model_validate({**FROM_OPEN, "close": None})
    with pytest.raises(ValidationError, match="month"):
        LetterSpec.model_validate({"stage": "M1", "by": "message", "after": "40d", "text": "Т"})
    with pytest.raises(ValidationError, match="subject"):
        LetterSpec.model_validate({"stage": "M1", "text": "Т"})
