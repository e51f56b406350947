"""Who gets an arriving lead, by a table worked out by hand; what follows; and what holds for every portal."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24kit.crm.activity import Channel
from b24kit.crm.pipeline import Outcome
from b24kit.i18n import LANGUAGES, has
from b24kit.owners.people import Load
from b24kit.owners.turns import Dealer
from b24kit.robots.candidates import EVENT_CODES
from b24kit.robots.decide import decide
from b24kit.robots.decision import Decision
from b24kit.robots.facts import CardFacts, Move, OpenTask
from b24kit.robots.routing import routing_rule
from tests.robots.routing_of import (
    LADDER,
    NOW,
    card,
    codes,
    company,
    contact,
    deal,
    letter,
    owner_of,
    people,
    phone,
    routed,
    routing,
)

AWAY_TITOV = {"absences": [{"who": "Титов", "since": "2026-03-01", "until": "2026-03-06"}]}
HEAD_AWAY = {"absences": [{"who": "Глава", "since": "2026-03-01"}], "deputies": [{"who": "Глава", "deputy": "Белова"}]}
CALL = letter("Входящий", channel=Channel.CALL, letter=None, extra={"SETTINGS": {"PORTAL_NUMBER": "84950001122"}})
FORM = letter("Заявка на охрану труда", channel=Channel.OTHER, letter=None, extra={"PROVIDER_ID": "CRM_WEBFORM"})

# card, people's section -> owner, the reason that decided, what was tried before it
TABLE: dict[str, tuple[dict[str, Any], dict[str, Any], str, list[str]]] = {
    "contact's manager": ({"contact": contact("3")}, {}, "3", ["known_contact"]),
    "manager of the running deal where the contact has none": (
        {"contact": contact(None), "deals": (deal("4"),)},
        {},
        "4",
        ["running_deal"],
    ),
    "of two running deals the one worked on last": (
        {"deals": (deal("4"), deal("3", number="91", days=2))},
        {},
        "3",
        ["running_deal"],
    ),
    "a closed deal leads nobody": (
        {"deals": (deal("4", Outcome.LOST),), "title": "Маркировка"},
        {},
        "4",
        ["not_known", "event_subject"],
    ),
    "company's manager": ({"company": company("4")}, {}, "4", ["known_company"]),
    "the contact's manager was dismissed, the company's was not": (
        {"contact": contact("9"), "company": company("4")},
        {},
        "4",
        ["nobody", "known_company"],
    ),
    "the manager is away, his deputy acts": (
        {"contact": contact("3")},
        {"absences": [{"who": "Волков", "since": "2026-03-01", "deputy": "Громова"}]},
        "4",
        ["known_contact", "stands_in"],
    ),
    "deputies in a ring are nobody": (
        {"contact": contact("3"), "source": "PARTNER"},
        {
            "absences": [{"who": "Волков", "since": "2026-03-01"}, {"who": "Громова", "since": "2026-03-01"}],
            "deputies": [{"who": "Волков", "deputy": "Громова"}, {"who": "Громова", "deputy": "Волков"}],
        },
        "2",
        ["nobody", "no_event", "source"],
    ),
    "event in a field": ({"extra": {"UF_CRM_EVENT": "от-2026"}}, {}, "6", ["not_known", "event_field"]),
    "event in a list of a field": (
        {"extra": {"UF_CRM_EVENT": ["7", "охрана труда"]}},
        {},
        "6",
        ["not_known", "event_field"],
    ),
    "event by the number of a form": ({"extra": {"WEBFORM_ID": "17"}}, {}, "6", ["not_known", "event_form"]),
    "event by the name of a form": ({"letters": (FORM,)}, {}, "6", ["not_known", "event_form"]),
    "event by a mark": ({"extra": {"UTM_CAMPAIGN": "OT-Spring"}}, {}, "6", ["not_known", "event_utm"]),
    "event by the line that was called": ({"letters": (CALL,)}, {}, "6", ["not_known", "event_line"]),
    "event by the mailbox": (
        {"letters": (letter("Вопрос", to="ОТ <ot@firm.example>"),)},
        {},
        "6",
        ["not_known", "event_mailbox"],
    ),
    "event in the title": ({"title": "Запись на охрану труда"}, {}, "6", ["not_known", "event_subject"]),
    "event in the subject of a letter": (
        {"letters": (letter("По поводу честного знака"),)},
        {},
        "4",
        ["not_known", "event_subject"],
    ),
    "event misspelled": ({"title": "Курс по охранне труда"}, {}, "6", ["not_known", "event_typo"]),
    "a field weighs more than a subject": (
        {"extra": {"UF_CRM_EVENT": "ОТ-2026"}, "title": "Маркировка"},
        {},
        "6",
        ["not_known", "event_field"],
    ),
    "exact words weigh more than misspelled ones": (
        {"title": "Маркировка и охранна труда"},
        {},
        "4",
        ["not_known", "event_subject"],
    ),
    "the event's manager is away": (
        {"title": "Охрана труда"},
        AWAY_TITOV,
        "7",
        ["not_known", "event_subject", "stands_in"],
    ),
    "manager and deputy of the event are away": (
        {"title": "Охрана труда", "source": "PARTNER"},
        {"absences": [*AWAY_TITOV["absences"], {"who": "Фролов", "since": "2026-03-01"}]},
        "2",
        ["not_known", "nobody", "source"],
    ),
    "an event that is over": (
        {"title": "Зимняя школа", "source": "PARTNER"},
        {},
        "2",
        ["not_known", "event_over", "source"],
    ),
    "a source with one person": ({"source": "PARTNER"}, {}, "2", ["not_known", "no_event", "source"]),
    "a source with a team": ({"source": "CALL"}, {}, "3", ["not_known", "no_event", "team_turn"]),
    "a team whose first member is away": (
        {"source": "CALL"},
        {"absences": [{"who": "Волков", "since": "2026-03-01"}]},
        "4",
        ["not_known", "no_event", "team_turn"],
    ),
    "a team that is away has its reserve": (
        {"source": "CALL"},
        {"absences": [{"who": who, "since": "2026-03-01"} for who in ("Волков", "Громова")]},
        "5",
        ["not_known", "no_event", "team_turn"],
    ),
    "nobody of the team or its reserve": (
        {"source": "CALL"},
        {"absences": [{"who": who, "since": "2026-03-01"} for who in ("Волков", "Громова", "Дёмин")]},
        "1",
        ["not_known", "no_event", "team_away", "queue"],
    ),
    "everybody is full": (
        {"source": "CALL"},
        {"shares": [{"who": who, "cap": 0} for who in ("3", "4", "5")]},
        "1",
        ["not_known", "no_event", "team_full", "queue"],
    ),
    "out of every scheme": ({"source": "OTHER"}, {}, "1", ["not_known", "no_event", "no_source", "queue"]),
    "the head is away": ({"source": "OTHER"}, HEAD_AWAY, "2", ["not_known", "no_event", "no_source", "queue"]),
}


@pytest.mark.parametrize("case", sorted(TABLE))
def test_the_owner_is_the_one_worked_out_by_hand(case: str) -> None:
    told, crew, owner, because = TABLE[case]
    facts = card(**told)
    found = routed(facts, crew=people(crew))
    assert (owner_of(found, facts), codes(found)) == (owner, because)


def test_the_owner_comes_with_stage_reason_and_a_word_to_him() -> None:
    found = routed(card(source="PARTNER", title="Стенд"))
    assert [(one.kind, one.key) for one in found.actions] == [
        ("assign", "routing/lead:5/owner"),
        ("move", "routing/lead:5/stage"),
        ("notice", "routing/lead:5/notice"),
        ("comment", "routing/lead:5/why"),
    ]
    assert found.actions[1].values == {"stage": "MGR_ASSIGNED"}
    assert found.actions[3].values == {"text": "Источник «PARTNER»: Белова Ирина"}


def test_an_owner_who_is_right_already_is_not_written_again() -> None:
    found = routed(card(source="PARTNER", owner="2"))
    assert [one.kind for one in found.actions] == ["move", "comment"]


def test_a_portal_without_the_stage_keeps_the_card_where_it_is() -> None:
    found = routed(card(source="PARTNER"), spec={"assigned": "UC_NONE"})
    assert [one.kind for one in found.actions] == ["assign", "notice", "comment"]


def test_a_letter_of_a_known_client_becomes_no_new_client() -> None:
    found = routed(card(contact=contact("3")))
    linked = next(one for one in found.actions if one.kind == "fill")
    assert linked.values == {"contact": "77"}
    assert linked.reason.code == "robots.routing.linked"
    already = routed(replace_card(card(contact=contact("3")), contact="77"))
    assert "fill" not in [one.kind for one in already.actions]


def replace_card(facts: CardFacts, **changes: Any) -> CardFacts:
    return replace(facts, card=replace(facts.card, **changes))


def test_markup_of_a_stranger_is_inert_in_comment_and_notice() -> None:
    found = routed(card(title="Охрана труда [url=http://evil.example]=1+1[/url]<b>"))
    texts = [str(one.values["text"]) for one in found.actions if one.kind in ("comment", "notice")]
    assert texts and not any(char in text for text in texts for char in "[]<>")


@pytest.mark.parametrize(
    "changes",
    [{"stage": "MGR_ASSIGNED"}, {"outcome": Outcome.LOST, "stage": "JUNK"}, {"created": NOW - timedelta(days=9)}],
    ids=["stands further", "closed", "older than the rules"],
)
def test_cards_that_do_not_arrive_are_left_alone(changes: dict[str, Any]) -> None:
    assert routed(card(source="PARTNER", **changes), spec={"since": "2026-03-01"}) == Decision()


def test_what_a_person_did_after_us_stays() -> None:
    moved_back = card(source="PARTNER", owner="6", done=frozenset({"routing/lead:5/owner", "routing/lead:5/why"}))
    found = routed(moved_back)
    assert (found.actions, codes(found)) == ((), ["done"])


def test_cards_of_some_sources_stay_with_who_made_them() -> None:
    facts = card(source="PARTNER", owner="4")
    found = routed(facts, spec={"stay": "PARTNER"})
    assert (owner_of(found, facts), codes(found)) == ("4", ["stays"])
    gone = card(source="PARTNER", owner="9")
    assert owner_of(routed(gone, spec={"stay": "PARTNER"}), gone) == "2"


def test_the_same_facts_give_the_same_decision_and_take_one_turn() -> None:
    turns, facts = Dealer(), card(source="CALL")
    assert routed(facts, turns=turns) == routed(facts, turns=turns)
    other = card("6", source="CALL")
    assert owner_of(routed(other, turns=turns), other) == "4"


def test_a_client_who_calls_again_gets_the_same_person() -> None:
    turns = Dealer()
    routed(card("5", source="CALL", points=phone("8 916 123-45-67")), turns=turns)
    again = card("6", source="CALL", points=phone("+7 (916) 1234567"))
    found = routed(again, turns=turns)
    assert (owner_of(found, again), codes(found)[-1]) == ("3", "team_sticky")
    later = routed(replace_card(again, id="7"), turns=turns, now=NOW + timedelta(days=98))
    assert codes(later)[-1] == "team_turn"


def test_the_night_is_dealt_to_those_who_come_first() -> None:
    early = {"schedules": [{"people": "Громова", "week": "07:00-16:00"}]}
    facts = card(source="CALL")
    night = datetime(2026, 3, 2, 22, tzinfo=UTC)
    assert owner_of(routed(facts, crew=people(early), now=night), facts) == "4"
    assert owner_of(routed(facts, crew=people(early), now=night, spec={"hours": "anyone"}), facts) == "3"


def test_what_no_rule_took_waits_for_the_head_with_a_deadline_of_its_own() -> None:
    found = routed(card(owner="2"))
    assert [(one.kind, one.key) for one in found.actions] == [
        ("assign", "routing/lead:5/queue~1~owner"),
        ("task", "routing/lead:5/queue~1"),
        ("comment", "routing/lead:5/queued"),
    ]
    due = NOW + timedelta(hours=1)
    assert (found.wake, found.actions[1].values["deadline"]) == (due, "2026-03-02T13:00:00+03:00")
    assert "move" not in [one.kind for one in found.actions]


def queued(owner: str, *more: str) -> CardFacts:
    keys = {"routing/lead:5/queue~1", "routing/lead:5/queue~1~owner", "routing/lead:5/queued", *more}
    task = OpenTask(
        ref=card().card.ref,
        title="Назначить",
        deadline=NOW + timedelta(hours=1),
        marker="routing/lead:5/queue~1",
        done=False,
    )
    return card(owner=owner, done=frozenset(keys), tasks=(task,))


def test_a_queued_card_waits_and_then_the_heads_hear_of_it_once() -> None:
    waiting = routed(queued("1"), now=NOW + timedelta(minutes=59))
    assert (waiting.actions, waiting.wake) == ((), NOW + timedelta(hours=1))
    late = routed(queued("1"), now=NOW + timedelta(minutes=60))
    assert [(one.kind, one.key) for one in late.actions] == [("notice", "routing/lead:5/late~1")]
    after = routed(queued("1", "routing/lead:5/late~1"), now=NOW + timedelta(minutes=61))
    assert after.actions == ()


def test_a_queued_card_that_the_head_assigned_moves_on_by_itself() -> None:
    found = routed(queued("4"))
    assert [one.kind for one in found.actions] == ["move", "comment"]
    assert codes(found) == ["by_hand"]


def test_the_head_has_working_time_for_his_queue() -> None:
    friday = datetime(2026, 3, 6, 14, 30, tzinfo=UTC)  # half past five in Moscow; Monday is a day off
    facts = replace(card(created=friday), moves=(Move(at=friday, stage="NEW", by=None),))
    assert routed(facts, now=friday).wake == datetime(2026, 3, 10, 6, 30, tzinfo=UTC)


def test_routing_goes_before_all_other_rules() -> None:
    rules = routing()
    found = decide(card(source="PARTNER"), rules.rules, people(), NOW, (routing_rule(rules, people(), Dealer()),))
    assert [one.kind for one in found.actions] == ["assign", "move", "notice", "comment"]


def test_every_way_to_recognise_an_event_has_its_sentence() -> None:
    assert [code for code in EVENT_CODES for lang in LANGUAGES if not has(code, lang)] == []


# -- what holds for every portal --

sources = st.sampled_from(["CALL", "PARTNER", "OTHER", "EMAIL"])
titles = st.sampled_from(["Заявка", "Охрана труда", "Маркировка", "охранна труда", "Зимняя школа", ""])
users = st.sampled_from(["1", "2", "3", "4", "5", "6", "7", "9", "404"])
working = st.sampled_from(["Глава", "Белова", "Волков", "Громова", "Дёмин", "Титов", "Фролов"])
leads = st.lists(
    st.fixed_dictionaries(
        {
            "source": sources,
            "title": titles,
            "contact": st.none() | users.map(contact),
            "company": st.none() | users.map(company),
            "deals": st.lists(users.map(deal), max_size=2).map(tuple),
        }
    ),
    min_size=1,
    max_size=12,
)
crews = st.fixed_dictionaries(
    {
        "absences": st.lists(
            st.fixed_dictionaries({"who": working, "since": st.just("2026-03-01"), "deputy": st.none() | working}),
            max_size=6,
        ),
        "deputies": st.lists(st.fixed_dictionaries({"who": working, "deputy": working}), max_size=4),
        "cap": st.integers(1, 4),
    }
)


@settings(max_examples=150, deadline=None)
@given(leads, crews, st.integers(0, 3), st.integers(0, 24 * 14))
def test_every_lead_has_one_owner_who_is_there_and_caps_are_kept(
    arriving: list[dict[str, Any]], crew: dict[str, Any], busy: int, hours: int
) -> None:
    now = NOW + timedelta(hours=hours)
    there = people(crew, Load({"3": busy, "4": busy, "5": busy}, now))
    everybody = [user.id for user in there.staff.users if there.is_here(user.id, now)]
    turns, in_turn = Dealer(), Counter[str]()
    for number, told in enumerate(arriving):
        facts = card(str(number), **told)
        found = routed(facts, crew=there, turns=turns, now=now)
        assert found == routed(facts, crew=there, turns=turns, now=now)
        assert sum(one.kind == "assign" for one in found.actions) <= 1
        assert len({one.key for one in found.actions}) == len(found.actions)
        owner = owner_of(found, facts)
        assert owner in everybody or not everybody
        if codes(found)[-1] == "team_turn" and owner is not None:
            in_turn[owner] += 1
            assert busy + in_turn[owner] <= crew["cap"]
        if codes(found)[-1] == "queue":
            assert found.wake is not None and found.wake > now


@settings(max_examples=60, deadline=None)
@given(leads, crews)
def test_a_second_look_after_the_first_was_carried_out_changes_nothing(
    arriving: list[dict[str, Any]], crew: dict[str, Any]
) -> None:
    there, turns = people(crew), Dealer()
    for number, told in enumerate(arriving):
        facts = card(str(number), **told)
        found = routed(facts, crew=there, turns=turns)
        stage = next((one.values["stage"] for one in found.actions if one.kind == "move"), "NEW")
        assert stage in {one.code for one in LADDER}
        done = frozenset(one.key for one in found.actions)
        after = replace(replace_card(facts, owner=owner_of(found, facts), stage=stage), done=done)
        assert routed(after, crew=there, turns=turns).actions == ()
