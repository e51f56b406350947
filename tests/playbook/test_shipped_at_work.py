"""What the rules of the shipped playbooks do to a card: the promises each of them makes to whom it is for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from b24kit.crm.activity import Channel, Direction
from b24kit.robots.facts import CardFacts
from b24kit.robots.rules import Rules
from tests.playbook.built import deal, rules
from tests.robots.staff import Staff, at
from tests.robots.world import World, lead, learned, moved, on, touch

COURSES, MAIN = "Курсы", "Основная воронка"
CALL, MESSAGE, EMAIL = Channel.CALL, Channel.MESSAGE, Channel.EMAIL


def world(name: str, facts: CardFacts) -> World:
    return World(facts, rules(name), Staff())


def lost(name: str, pipeline: str, stage: str = "LOSE", **extra: Any) -> World:
    """A deal that was just lost in a pipeline."""
    known = rules(name)
    facts = deal(name, pipeline, "NEW")
    facts = touch(CALL)(facts, at("09.02 11:00"))
    code = known.code(facts.ladder, stage)
    facts = moved(code, known, extra=extra)(facts, at("09.02 12:00"))
    return World(facts, known, Staff()).run(at("09.02 12:00"), at("09.02 18:00"))


def opened(one: World) -> list[tuple[str, str]]:
    return [(deal.pipeline, deal.stage) for deal in one.facts.deals]


def places(known: Rules, *wanted: tuple[str, str]) -> list[tuple[str, str]]:
    found = []
    for pipeline, stage in wanted:
        ladder = known.ladder(pipeline)
        assert ladder is not None
        found.append((ladder.partition(":")[2], known.code(ladder, stage)))
    return found


def titles(one: World) -> list[str]:
    return [task.title for task in one.facts.tasks]


def test_five_attempts_in_order_then_closed_as_unreachable() -> None:
    tried = [
        on("09.02 10:05", touch(CALL)),
        on("09.02 10:10", touch(MESSAGE)),
        on("09.02 10:15", touch(EMAIL)),
        on("10.02 10:00", touch(CALL)),
        on("13.02 10:00", touch(CALL)),
    ]
    one = world("courses", deal("courses", COURSES, "REQUEST")).run(at("09.02 10:00"), at("27.02 18:00"), tried)
    assert [task for task in titles(one) if "Пётр" in task] == [
        "Позвонить: Пётр",
        "Написать в WhatsApp: Пётр",
        "Отправить письмо: Пётр",
        "Вторая попытка: Пётр",
        "Третья попытка: Пётр",
    ]
    stages = [move.stage.partition(":")[2] for move in one.facts.moves]
    assert stages == ["REQUEST", "WAIT_CONTACT", "LOSE"]
    assert one.facts.card.extra["UF_CRM_LOSS_REASON"] == "нет связи"


def test_a_reply_stops_the_attempts_and_after_closing_opens_the_card_again() -> None:
    answered = [on("09.02 10:05", touch(CALL)), on("09.02 12:00", touch(MESSAGE, Direction.IN))]
    one = world("courses", deal("courses", COURSES, "REQUEST")).run(at("09.02 10:00"), at("09.02 13:00"), answered)
    assert one.facts.card.stage.endswith("CONTACTED")
    closed = moved(rules("courses").code(one.facts.ladder, "LOSE"), rules("courses"))(one.facts, at("10.02 12:00"))
    back = touch(MESSAGE, Direction.IN)(closed, at("20.02 12:00"))
    again = World(back, rules("courses"), Staff()).run(at("20.02 12:00"), at("20.02 12:30"))
    assert again.facts.card.stage.endswith("CONTACTED")


@pytest.mark.parametrize(("source", "stage"), [("WEBFORM", "REQUEST"), ("DIRECT", "NEW")])
def test_a_form_begins_as_a_request_and_a_chat_as_interest(source: str, stage: str) -> None:
    one = world("courses", deal("courses", COURSES, "INTERESTED", SOURCE_ID=source))
    one.look(at("09.02 10:00"))
    assert one.facts.card.stage.endswith(stage)


def test_waiting_for_contact_takes_an_attempt() -> None:
    facts = deal("courses", COURSES, "REQUEST")
    facts = moved(rules("courses").code(facts.ladder, "WAIT_CONTACT"), rules("courses"))(facts, at("09.02 10:05"))
    one = world("courses", facts)
    one.look(at("09.02 10:05"))
    assert one.facts.card.stage.endswith("REQUEST")


@pytest.mark.parametrize(("group", "offered"), [("недобор", True), ("полная", False)])
def test_a_discount_is_offered_only_while_the_group_is_not_full(group: str, offered: bool) -> None:
    touches = [on(f"{day}.02 11:00", touch(CALL)) for day in (12, 17, 27)]
    facts = deal("courses", COURSES, "THINKING", UF_CRM_GROUP_STATE=group)
    one = world("courses", facts).run(at("09.02 10:00"), at("10.03 18:00"), touches)
    assert ("Скидка на место в группе: Пётр" in titles(one)) is offered


def test_a_course_is_recalled_on_the_day_before() -> None:
    facts = deal("courses", COURSES, "MATERIALS_SENT", UF_CRM_COURSE="Продажи", UF_CRM_COURSE_DATE="2026-02-20")
    one = world("courses", facts)
    one.look(at("09.02 10:00"))
    [task] = [task for task in one.facts.tasks if task.title.startswith("Напомнить о курсе")]
    assert task.deadline is not None
    assert task.deadline.date().isoformat() == "2026-02-19"


@pytest.mark.parametrize(
    ("reason", "target", "taken"), [("дорого", "да", True), ("дорого", "нет", False), ("не наш профиль", "да", False)]
)
def test_letters_are_for_target_clients_lost_for_three_reasons(reason: str, target: str, taken: bool) -> None:
    one = lost("marketing", MAIN, UF_CRM_LOSS_REASON=reason, UF_CRM_TARGET=target)
    wanted = places(rules("marketing"), ("Маркетинговая воронка", "MSG1_OWNER"))
    assert opened(one) == (wanted if taken else [])


def test_letters_wait_in_the_outbox_until_sending_is_allowed_and_a_reply_ends_them() -> None:
    facts = deal("marketing", "Маркетинговая воронка", "MSG1_OWNER", owner=None)
    one = world("marketing", facts).run(at("09.02 10:00"), at("20.03 10:00"))
    assert [kind for _, kind, _ in one.log] == ["message"]
    armed = World(facts, replace(rules("marketing"), armed=True), Staff()).run(
        at("09.02 10:00"), at("01.03 10:00"), [on("20.02 10:00", touch(EMAIL, Direction.IN))]
    )
    assert opened(armed) == places(rules("marketing"), (MAIN, "NEW"))
    assert armed.facts.card.stage.endswith("WON")
    assert not armed.facts.tasks, "sellers have no tasks in this funnel"


def test_a_client_who_will_be_back_rests_until_his_day() -> None:
    one = lost("perspective", MAIN, "PERSPECTIVE", UF_CRM_TARGET="да", UF_CRM_RETURN_DATE="2026-03-16")
    assert opened(one) == places(rules("perspective"), ("Перспектива", "PARKED"))
    resting = world("perspective", deal("perspective", "Перспектива", "PARKED", UF_CRM_RETURN_DATE="2026-03-16"))
    resting.run(at("09.02 10:00"), at("16.03 08:00"))
    assert not resting.facts.tasks
    resting.run(at("16.03 09:00"), at("16.03 10:00"))
    assert resting.facts.card.stage.endswith("DUE")
    assert titles(resting) == ["Вернуться к клиенту: Пётр"]


def test_without_a_day_nobody_goes_to_perspective() -> None:
    one = lost("perspective", MAIN, "PERSPECTIVE", UF_CRM_TARGET="да")
    assert opened(one) == []


@pytest.mark.parametrize(("reason", "day"), [("подумает", "16.02"), ("дорого", "11.03")])
def test_a_refusal_comes_back_in_a_week_or_a_month(reason: str, day: str) -> None:
    resting = world("refusals", deal("refusals", "Отказы", "WAIT", UF_CRM_LOSS_REASON=reason))
    resting.run(at("09.02 10:00"), at("01.04 10:00"))
    [moment] = [when for when, kind, what in resting.log if kind == "move" and what.endswith("CALL_DUE")]
    assert moment.startswith(day)


def test_a_refusal_without_a_reason_goes_back_to_its_seller() -> None:
    one = lost("refusals", MAIN)
    assert one.facts.card.stage == "NEW"
    assert opened(one) == []


def test_a_sale_is_followed_by_an_upsell_and_a_repeat_sale() -> None:
    known = rules("product")
    facts = moved(known.code(deal("product", "Основная продажа", "INVOICE").ladder, "WON"), known)(
        deal("product", "Основная продажа", "INVOICE"), at("09.02 12:00")
    )
    one = World(facts, known, Staff()).run(at("09.02 12:00"), at("09.02 18:00"))
    wanted = places(known, ("Допродажа", "UPSELL_DUE"), ("Повторная продажа", "REPEAT_RESTING"))
    assert opened(one) == wanted


@pytest.mark.parametrize(
    ("reason", "funnel", "stage"),
    [("подумает", "Отложенный спрос", "DEFERRED_WAIT"), ("дорого", "Реанимация", "REVIVE_WAIT")],
)
def test_not_now_is_not_no(reason: str, funnel: str, stage: str) -> None:
    one = lost("product", "Основная продажа", UF_CRM_LOSS_REASON=reason)
    assert opened(one) == places(rules("product"), (funnel, stage))


def test_robots_of_a_messenger_keep_silent_while_a_person_talks() -> None:
    facts = deal("messenger", "Дожим", "PUSH_DOUBT")
    alone = world("messenger", facts).run(at("09.02 10:00"), at("11.02 10:00"))
    assert [when for when, kind, _ in alone.log if kind == "message"] == ["10.02 10:00"]
    talking = world("messenger", facts)
    talking.run(at("09.02 10:00"), at("13.02 10:00"), [on("10.02 09:00", touch(MESSAGE))])
    assert [when for when, kind, _ in talking.log if kind == "message"] == ["11.02 09:00"]


def test_a_sponsor_is_asked_about_his_stand_and_a_visitor_is_not() -> None:
    known = rules("talking-leads")
    full = {"UF_CRM_BUSINESS_LINE": "станки", "UF_CRM_POSITION": "директор"}

    def qualified(**extra: str) -> CardFacts:
        facts = learned(**full, **extra)(lead("09.02 10:00", "QUALIFYING"), at("09.02 10:30"))
        return moved("QUALIFIED", known)(facts, at("09.02 11:00"))

    sponsor = World(qualified(UF_CRM_ROLE="Спонсор"), known, Staff())
    sponsor.look(at("09.02 11:00"))
    assert sponsor.facts.card.stage == "QUALIFYING"
    visitor = World(qualified(UF_CRM_ROLE="участник"), known, Staff())
    visitor.look(at("09.02 11:00"))
    assert visitor.facts.card.stage == "QUALIFIED"
    assert visitor.facts.card.extra["UF_CRM_GRADE"] == "B"
