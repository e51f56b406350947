"""Gates: once an entry, never in a loop, never against another rule; score and portrait follow the facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from b24kit.crm.activity import Channel, Direction
from b24kit.robots.gates import asked_here, decide_gates
from b24kit.robots.portrait import decide_portrait, portrait, scored
from tests.robots.ruleset import DATA, ONLY, RULES, SECTIONS, rules_of
from tests.robots.staff import Staff, at
from tests.robots.world import World, lead, learned, moved, on, touch

GATES = ONLY["gates"]
TALK = lead("09.02 10:00", "TALK")


def test_the_comment_lists_what_is_missing_in_words() -> None:
    card = learned(UF_ROLE="Спонсор")(TALK, at("09.02 10:30"))
    found = decide_gates(moved("OFFER", RULES, "5")(card, at("09.02 11:00")), RULES, Staff(), at("09.02 11:00"))
    comment, back = found.actions
    assert comment.values["text"] == (
        "Со стадии «Offer» карточка вернулась на «Talk»: не хватает данных. Заполните: stand_size"
    )
    assert back.values == {"stage": "TALK"}


def test_nothing_is_done_where_the_portal_refuses_by_itself_or_before_the_rules_began() -> None:
    card = moved("OFFER", RULES, "5")(TALK, at("09.02 11:00"))
    for rules in (
        rules_of(native_gates=DATA),
        rules_of(gates={**SECTIONS["gates"], "since": date(2026, 2, 10)}),
    ):
        assert decide_gates(card, rules, Staff(), at("09.02 11:00")).actions == ()


def test_a_card_that_jumped_goes_back_whence_it_came_and_a_lost_one_may_be_lost_from_anywhere() -> None:
    jumped = moved("OFFER", RULES, "5")(lead("09.02 10:00", "NEW"), at("09.02 11:00"))
    assert decide_gates(jumped, RULES, Staff(), at("09.02 11:00")).actions[-1].values == {"stage": "NEW"}
    lost = moved("LOST", RULES, "5")(TALK, at("09.02 11:00"))
    assert decide_gates(lost, RULES, Staff(), at("09.02 11:00")).actions == ()


def test_a_client_that_was_made_is_not_unmade() -> None:
    won = moved("WON", RULES, "5")(TALK, at("09.02 11:00"))
    found = decide_gates(won, RULES, Staff(), at("09.02 11:00"))
    assert [one.reason.code for one in found.actions] == ["robots.gates.insists"] * 2


def test_a_step_of_another_rule_is_not_refused() -> None:
    """A reply moves the card from REQUEST to TALK although REQUEST asks for a role that is not known."""
    section = {**SECTIONS["gates"], "gates": [{"stage": "REQUEST", "leave": ["role"]}]}
    rules = rules_of(gates=section, spawn={})
    happenings = [
        on("09.02 10:05", touch(Channel.CALL)),
        on("09.02 10:30", touch(Channel.EMAIL, Direction.IN, by=None)),
        on("09.02 12:00", moved("OFFER", rules, "5")),
    ]
    world = World(lead("09.02 10:00", "REQUEST"), rules, Staff())
    world.run(at("09.02 10:00"), at("09.02 13:00"), happenings)
    moves = [(when, stage) for when, kind, stage in world.log if kind == "move"]
    assert moves == [("09.02 10:30", "TALK"), ("09.02 12:00", "REQUEST")]


def test_patience_is_as_long_as_the_playbook_says() -> None:
    rules = rules_of(gates={**SECTIONS["gates"], "patience": 2}, sla={}, cadence={}, spawn={})
    steps = [on(f"10.02 1{hour}:00", moved("OFFER", rules, "5")) for hour in range(4)]
    world = World(TALK, rules, Staff()).run(at("09.02 10:00"), at("11.02 00:00"), steps)
    kinds = [(when, kind) for when, kind, _ in world.log if kind in ("move", "notice")]
    assert kinds == [("10.02 10:00", "move"), ("10.02 11:00", "move"), ("10.02 12:00", "notice")]


def test_the_seller_is_asked_for_what_this_client_needs() -> None:
    assert asked_here(TALK, GATES) == ("role",)
    assert asked_here(learned(UF_ROLE="участник")(TALK, at("09.02 10:01")), GATES) == ()
    assert asked_here(learned(UF_ROLE="спонсор")(TALK, at("09.02 10:01")), GATES) == ("stand_size",)


def test_points_and_grade() -> None:
    spec = GATES.gates.score
    assert spec is not None
    assert scored(TALK, GATES, spec) == (3, "B")
    assert scored(learned(UF_ROLE="спонсор")(TALK, at("09.02 10:01")), GATES, spec) == (8, "A")
    assert scored(replace(TALK, card=replace(TALK.card, points=())), GATES, spec) == (0, "")


def test_the_portrait_is_written_anew_only_when_facts_changed_and_also_when_they_changed_back() -> None:
    happenings = [
        on("09.02 11:00", learned(UF_ROLE="спонсор")),
        on("09.02 12:00", learned(UF_OTHER="1")),
        on("09.02 13:00", learned(UF_ROLE="участник")),
        on("09.02 14:00", learned(UF_ROLE="спонсор")),
    ]
    world = World(TALK, GATES, Staff()).run(at("09.02 10:00"), at("09.02 18:00"), happenings)
    texts = [one.values["text"] for one in world.actions if one.kind == "comment"]
    assert texts == [f"Сидоров Пётр, +79160000001\nРоль: {role}" for role in ("спонсор", "участник", "спонсор")]
    grades = [one.values["fields"]["UF_GRADE"] for one in world.actions if one.kind == "fill"]
    assert grades == ["B", "A", "B", "A"]


def test_a_portrait_has_two_lines_at_least_and_strangers_words_stay_words() -> None:
    assert portrait(TALK, GATES) == ()
    sly = learned(UF_ROLE="[URL=http://x]жми[/URL] <b>{phone}</b>\n=1+1")(TALK, at("09.02 11:00"))
    assert portrait(sly, GATES)[1] == "Роль: (URL=http://x)жми(/URL) ‹b›(phone)‹/b› =1+1"


def test_a_grade_that_was_taken_back_comes_again_only_with_another_result() -> None:
    world = World(TALK, GATES, Staff())
    world.look(at("09.02 10:00"))
    fields = world.actions[0].values["fields"]
    world.facts = learned(**dict.fromkeys(fields, ""))(world.facts, at("09.02 11:00"))
    world.look(at("09.02 11:00"))
    assert [one.kind for one in world.actions] == ["fill"]


def test_a_person_who_overwrites_the_grade_is_corrected_once_and_not_forever() -> None:
    world = World(TALK, GATES, Staff())
    world.look(at("09.02 10:00"))
    world.facts = learned(UF_GRADE="Z")(world.facts, at("09.02 11:00"))
    world.look(at("09.02 11:00"))
    assert [one.kind for one in world.actions] == ["fill", "fill"]
    assert decide_portrait(world.facts, GATES, Staff(), at("09.02 11:05")).actions == ()
