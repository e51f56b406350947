"""Stuck: open, too long on its stage, and nothing ahead of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from b24kit.cleanup.stuck import Standing, StuckRule, next_steps, standing, stuck_leads
from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.pipeline import Outcome
from b24kit.crm.refs import Kind, Ref
from tests.cleanup.portal_of import NOW, lead, letter


def todo(lead_id: str, deadline: datetime | None, **changes: object) -> Activity:
    made = Activity(
        id="1",
        channel=Channel.TODO,
        direction=Direction.NONE,
        subject="Позвонить",
        card=Ref(Kind.LEAD, lead_id),
        done=False,
        deadline=deadline,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_lead_is_stuck_from_the_day_after_its_limit() -> None:
    assert stuck_leads([lead(1, days=14)], [], NOW) == []
    assert [one.id for one in stuck_leads([lead(1, days=15)], [], NOW)] == ["1"]


def test_the_move_to_the_stage_counts_not_the_birth() -> None:
    moved = replace(lead(1, days=500), moved=NOW - timedelta(days=2))
    assert standing(moved, StuckRule(), {}, NOW) is Standing.YOUNG


def test_a_stage_may_have_its_own_limit() -> None:
    rule = StuckRule(by_stage={"NEW": timedelta(days=1)})
    assert standing(lead(1, days=2), rule, {}, NOW) is Standing.STUCK


def test_a_lead_without_any_date_is_stuck() -> None:
    assert standing(replace(lead(1), created=None), StuckRule(), {}, NOW) is Standing.STUCK


def test_closed_leads_are_never_stuck() -> None:
    assert standing(replace(lead(1), outcome=Outcome.LOST), StuckRule(), {}, NOW) is Standing.CLOSED


def test_only_an_open_activity_still_ahead_saves_a_lead() -> None:
    tomorrow, yesterday = NOW + timedelta(days=1), NOW - timedelta(days=1)
    assert next_steps([todo("1", tomorrow)], NOW) == {Ref(Kind.LEAD, "1"): tomorrow}
    assert next_steps([todo("1", yesterday)], NOW) == {}
    assert next_steps([todo("1", tomorrow, done=True)], NOW) == {}
    assert next_steps([todo("1", None)], NOW) == {}


def test_an_unanswered_letter_is_no_next_step() -> None:
    ahead = replace(letter(1, "anna@firm.example", 1), deadline=NOW + timedelta(days=1))
    assert next_steps([ahead], NOW) == {}


def test_an_activity_of_another_card_counts_when_it_hangs_on_the_lead() -> None:
    bound = todo("1", NOW + timedelta(days=1), card=Ref(Kind.DEAL, "3"), bindings=(Ref(Kind.LEAD, "8"),))
    assert list(next_steps([bound], NOW)) == [Ref(Kind.LEAD, "8")]
