"""Open cards of somebody who is away go to his deputy and come back; what people decide in between stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from b24kit.crm.pipeline import Outcome
from b24kit.robots.decision import Decision
from b24kit.robots.facts import CardFacts
from tests.robots.routing_of import NOW, card, owner_of, people, routed

WEEK = {"absences": [{"who": "Волков", "since": "2026-03-02", "until": "2026-03-06", "deputy": "Громова"}]}
BACK = datetime(2026, 3, 10, 6, tzinfo=UTC)  # Monday the 9th is a day off
ON = {"hand_over": True}


def working(owner: str = "3", *done: str, **changes: Any) -> CardFacts:
    return card(stage="MGR_ASSIGNED", owner=owner, done=frozenset(done), **changes)


def looked(facts: CardFacts, crew: dict[str, Any] | None = None, now: datetime = NOW) -> Decision:
    return routed(facts, crew=people(WEEK if crew is None else crew), spec=ON, now=now)


def carried_out(facts: CardFacts, found: Decision) -> CardFacts:
    owned = replace(facts, card=replace(facts.card, owner=owner_of(found, facts)))
    return replace(owned, done=facts.done | {one.key for one in found.actions})


def test_a_card_goes_to_the_deputy_and_back_on_the_day_of_return() -> None:
    facts = working()
    lent = looked(facts)
    assert (owner_of(lent, facts), lent.wake) == ("4", BACK)
    assert lent.actions[0].key == "handover/lead:5/to~3~4~2026-03-02"
    facts = carried_out(facts, lent)
    waiting = looked(facts)
    assert (waiting.actions, waiting.wake) == ((), BACK)
    back = looked(facts, now=BACK)
    assert owner_of(back, facts) == "3"
    assert looked(carried_out(facts, back), now=BACK).actions == ()


def test_a_card_that_a_person_passed_on_does_not_come_back() -> None:
    facts = working()
    facts = carried_out(facts, looked(facts))
    passed_on = replace(facts, card=replace(facts.card, owner="6"))
    assert looked(passed_on, now=BACK) == Decision()


def test_a_deputy_who_leaves_in_turn_hands_on_and_the_first_owner_gets_it_back() -> None:
    both = {"absences": [*WEEK["absences"], {"who": "Громова", "since": "2026-03-04", "deputy": "Белова"}]}
    facts = working()
    facts = carried_out(facts, looked(facts))
    wednesday = NOW + timedelta(days=2)
    second = looked(facts, both, wednesday)
    assert owner_of(second, facts) == "2"
    facts = carried_out(facts, second)
    assert owner_of(looked(facts, both, BACK), facts) == "3"


def test_a_dealt_card_that_stays_where_it_arrived_is_handed_over_too() -> None:
    facts = card(owner="3", done=frozenset({"routing/lead:5/owner"}))
    assert owner_of(looked(facts), facts) == "4"


def test_a_second_absence_lends_the_card_again() -> None:
    facts = working()
    facts = carried_out(facts, looked(facts))
    facts = carried_out(facts, looked(facts, now=BACK))
    again = {"absences": [{"who": "Волков", "since": "2026-04-06", "until": "2026-04-08", "deputy": "Громова"}]}
    april = datetime(2026, 4, 6, 9, tzinfo=UTC)
    second = looked(facts, again, april)
    assert owner_of(second, facts) == "4"
    facts = carried_out(facts, second)
    assert owner_of(looked(facts, again, april + timedelta(days=4)), facts) == "3"


def test_cards_of_a_dismissed_person_go_to_his_standing_deputy_for_good() -> None:
    facts = working("9")
    found = looked(facts, {"deputies": [{"who": "Бывший", "deputy": "Белова"}]})
    assert (owner_of(found, facts), found.wake) == ("2", None)


def test_cards_of_a_dismissed_person_without_a_deputy_go_to_the_head_of_his_team() -> None:
    facts = working("9")
    found = looked(facts, {})
    assert (owner_of(found, facts), found.wake) == ("2", None)
    head_away = {"absences": [{"who": "Белова", "since": "2026-03-01", "deputy": "Волков"}]}
    assert owner_of(looked(facts, head_away), facts) == "3"


def test_nobody_to_stand_in_is_said_and_nothing_is_written() -> None:
    found = looked(working(), {"absences": [{"who": "Волков", "since": "2026-03-02", "until": "2026-03-06"}]})
    assert (found.actions, found.wake) == ((), BACK)
    assert [one.code for one in found.because] == ["robots.handover.nobody"]


def test_a_quiet_card_is_looked_at_when_its_owners_absence_begins() -> None:
    later = {"absences": [{"who": "Волков", "since": "2026-03-04", "until": "2026-03-06", "deputy": "Громова"}]}
    begins = datetime(2026, 3, 4, 6, tzinfo=UTC)
    facts = working()
    assert looked(facts, later).wake == begins
    assert owner_of(looked(facts, later, begins), facts) == "4"
    dealt = card(owner="3", done=frozenset({"routing/lead:5/owner"}))
    assert looked(dealt, later).wake == begins, "also where it stays where it arrived"


def test_a_deputys_own_absence_is_waited_for_as_well() -> None:
    both = {"absences": [*WEEK["absences"], {"who": "Громова", "since": "2026-03-04", "deputy": "Белова"}]}
    facts = working()
    assert looked(carried_out(facts, looked(facts, both)), both).wake == datetime(2026, 3, 4, 6, tzinfo=UTC)


def test_closed_cards_and_portals_that_do_not_want_it_are_left_alone() -> None:
    assert looked(replace_outcome(working())) == Decision()
    assert routed(working(), crew=people(WEEK)) == Decision()


def replace_outcome(facts: CardFacts) -> CardFacts:
    return replace(facts, card=replace(facts.card, stage="JUNK", outcome=Outcome.LOST))
