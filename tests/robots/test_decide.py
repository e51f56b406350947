"""One decision out of all rules: the same facts give the same answer, nothing twice, no fight, always an end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b24kit.change.operation import Reason
from b24kit.crm.activity import Channel, Direction
from b24kit.robots.decide import decide
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.people import People
from b24kit.robots.rules import Rules
from b24kit.robots.sla import losers, running
from tests.robots.ruleset import DATA, RULES, rules_of
from tests.robots.staff import Staff, at
from tests.robots.world import Happening, World, deal, lead, learned, moved, planned, touch

ARMED = rules_of(armed=True)
START = at("09.02 10:00")
END = START + timedelta(days=33)
STAFF = Staff(away={"6": (date(2026, 2, 16), date(2026, 2, 20))})

moments = st.integers(0, 32 * 24 * 12).map(lambda fives: START + timedelta(minutes=5 * fives))
touches = st.builds(
    touch,
    st.sampled_from([Channel.CALL, Channel.MESSAGE, Channel.EMAIL, Channel.MEETING]),
    st.sampled_from([Direction.IN, Direction.OUT]),
    st.booleans(),
    st.sampled_from(["5", "6", None]),
)
fields = st.sampled_from(
    [
        {"UF_ROLE": "Спонсор"},
        {"UF_ROLE": ""},
        {"UF_STAND": "12"},
        {"UF_REASON": "Дорого"},
        {"UF_RETURN": "2026-02-23"},
        {"UF_RETURN": "31.12.2025"},
        {"return_reason": "отпуск"},
        {"UF_NO_MAIL": "1"},
    ]
).map(lambda values: learned(**values))
STAGES = ["NEW", "REQUEST", "WAIT", "TALK", "OFFER", "LATER", "WON", "LOST", "TRANSFER"]
steps = st.sampled_from(STAGES).map(lambda stage: moved(stage, ARMED, by="5"))
deal_steps = st.sampled_from(["PARKED", "DUE", "IN_TALK", "WON", "LOST"]).map(lambda one: moved(one, ARMED, by="5"))
plans = moments.map(planned)


def dated(what: st.SearchStrategy) -> st.SearchStrategy[list[tuple[datetime, Happening]]]:
    def at_its_hour(pair: tuple[datetime, object]) -> tuple[datetime, Happening]:
        moment, happen = pair
        return moment, lambda facts: happen(facts, moment)  # type: ignore[operator]

    return st.lists(st.tuples(moments, what).map(at_its_hour), max_size=14)


sources = st.sampled_from([None, "CALL", "WEBFORM", "OPENLINE"])
owners = st.sampled_from(["5", "6", "7", "8", None])
leads = st.builds(
    lambda stage, source, owner: lead("09.02 10:00", stage, source, owner), st.sampled_from(STAGES[:6]), sources, owners
)
deals = st.builds(
    lambda place, owner: deal("09.02 10:00", place[0], place[1], owner),
    st.sampled_from([("3", "PARKED"), ("3", "DUE"), ("4", "M1"), ("4", "M3")]),
    owners,
)
lives = st.one_of(
    st.tuples(leads, dated(st.one_of(touches, fields, steps, plans))),
    st.tuples(deals, dated(st.one_of(touches, fields, plans))),
)
rulesets = st.sampled_from([ARMED, RULES, rules_of(native_gates=DATA), rules_of(gates={})])
ample = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def lived(life: tuple[CardFacts, list[tuple[datetime, Happening]]], rules: Rules) -> World:
    """A month of this card. The world itself asserts: the same facts give the same decision, no key twice in it or
    after it was done, no wake-up in the past, and rest within a few rounds."""
    facts, happenings = life
    return World(facts, rules, STAFF).run(START, END, happenings)


@ample
@given(lives, rulesets)
def test_every_life_comes_to_rest_and_nothing_is_done_twice(life, rules) -> None:  # type: ignore[no-untyped-def]
    world = lived(life, rules)
    keys = [action.key for action in world.actions]
    assert len(keys) == len(set(keys))
    assert all(key.split("/")[1] == str(world.facts.card.ref) for key in keys)


@ample
@given(lives, rulesets)
def test_nobody_gets_back_a_card_that_was_taken_from_him(life, rules) -> None:  # type: ignore[no-untyped-def]
    world = lived(life, rules)
    gone: set[str | None] = set()
    owner = life[0].card.owner
    for action in world.actions:
        if action.kind == "assign":
            gone.add(owner)
            owner = action.values["owner"]
            assert owner not in gone
            assert owner not in ("1", "7", "8") or action.key.startswith("wake/")


@ample
@given(lives, rulesets)
def test_gate_moves_back_no_oftener_than_its_patience_and_never_fights(life, rules) -> None:  # type: ignore[no-untyped-def]
    world = lived(life, rules)
    backs = [action.key for action in world.actions if action.key.startswith("gates/") and action.kind == "move"]
    stages = [key.split("~")[1] for key in backs]
    assert all(stages.count(stage) <= rules.gates.patience for stage in stages)
    assert not (rules.native_gates and backs)


@ample
@given(lives, st.sampled_from([RULES, rules_of(native_gates=DATA)]))
def test_nothing_is_ever_sent_in_passing_and_no_farewell_goes_by_itself_unarmed(life, rules) -> None:  # type: ignore[no-untyped-def]
    world = lived(life, rules)
    letters = [action.key for action in world.actions if action.kind == "message"]
    assert all(key.startswith("letter/") for key in letters)
    assert len(letters) <= 1, "an unsent letter holds the card on its stage"


@ample
@given(lives)
def test_the_clock_keeps_measuring_after_a_breach(life) -> None:  # type: ignore[no-untyped-def]
    facts = lived(life, RULES).facts
    for early, later in ((END, END + timedelta(days=3)),):
        now, then = running(facts, RULES, STAFF, early), running(facts, RULES, STAFF, later)
        late = {one.rule.name: one.late for one in then if one.started <= early}
        assert all(late.get(one.rule.name, timedelta.max) >= one.late for one in now)


@ample
@given(lives, moments)
def test_deciding_at_any_moment_answers_a_wake_up_that_is_not_past(life, now) -> None:  # type: ignore[no-untyped-def]
    facts = lived(life, ARMED).facts
    found = decide(facts, ARMED, STAFF, now)
    assert found.wake is None or found.wake >= now
    assert found == decide(replace(facts), ARMED, STAFF, now)


def test_what_changes_a_card_is_decided_before_what_rests_on_it() -> None:
    facts = moved("OFFER", RULES, by="5")(lead("09.02 10:00", "TALK"), at("09.02 11:00"))
    found = decide(facts, RULES, STAFF, at("20.02 12:00"))
    assert [action.kind for action in found.actions] == ["comment", "move"], "the gate alone, no deadline of OFFER"
    assert found.wake == at("20.02 12:01")


def test_rules_that_go_first_go_first_and_never_give_a_card_back() -> None:
    def router(facts: CardFacts, rules: Rules, people: People, now: datetime) -> Decision:
        assign = Action(
            kind="assign", key="routing/lead:1/x", card=facts.card.ref, values={"owner": "6"}, reason=Reason("routing")
        )
        return Decision((assign,))

    facts = lead("09.02 10:00", owner=None)
    assert [one.kind for one in decide(facts, RULES, STAFF, START, [router]).actions] == ["assign"]
    taken = replace(facts, done=frozenset({"sla/lead:1/call~20260209T070000Z~pass~6~20260209T080000Z"}))
    assert losers(taken) == {"6"}
    assert "assign" not in [one.kind for one in decide(taken, RULES, STAFF, START, [router]).actions]
