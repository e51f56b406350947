"""Replay: the rules walk through what really happened, and nothing of it is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from b24kit.change.operation import Reason
from b24kit.crm.activity import Channel, Direction
from b24kit.crm.cards import Lead
from b24kit.crm.pipeline import LEADS, Outcome
from b24kit.crm.refs import Kind, Ref
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts, Move, Touch
from b24kit.robots.replay import as_of, replay, replayed

MONDAY = datetime(2026, 2, 2, 9, tzinfo=UTC)
LATE = timedelta(minutes=15)


def facts(number: str = "7", *, called: timedelta | None = None, owner: str = "1") -> CardFacts:
    """A lead of Monday morning, moved on Tuesday, perhaps called meanwhile."""
    lead = Lead(id=number, stage="WORK", owner=owner, created=MONDAY, outcome=Outcome.OPEN)
    at = None if called is None else MONDAY + called
    ref = Ref(Kind.ACTIVITY, "1")
    call = (
        ()
        if at is None
        else (Touch(at=at, channel=Channel.CALL, direction=Direction.OUT, got_through=True, by=owner, ref=ref),)
    )
    return CardFacts(
        card=lead,
        ladder=LEADS,
        moves=(Move(at=MONDAY, stage="NEW", by=None), Move(at=MONDAY + timedelta(days=1), stage="WORK", by=None)),
        touches=call,
        tasks=(),
        letters=(),
        contact=None,
        company=None,
        deals=(),
        linked=(),
        filled=frozenset(),
        done=frozenset(),
    )


def decide(known: CardFacts, now: datetime) -> Decision:
    """Owner 5 at once; a word to the head when nobody called within a quarter of an hour."""

    def action(kind: str, key: str, **values: Any) -> Action:
        return Action(kind=kind, key=key, card=known.card.ref, values=values, reason=Reason("test"))

    if known.card.owner != "5" and "routing/owner" not in known.done:
        return Decision((action("assign", "routing/owner", owner="5"),))
    due = MONDAY + LATE
    if known.touches or "sla/late" in known.done:
        return Decision()
    return Decision((action("notice", "sla/late", user="1", text=""),)) if now >= due else Decision(wake=due)


def test_the_owner_by_rules_is_told_beside_the_real_one() -> None:
    one = replay(facts(called=timedelta(minutes=5)), decide, MONDAY + timedelta(days=30))
    assert (one.owner, one.owner_by_rules, one.other_owner) == ("1", "5", True)
    assert one.first_touch == MONDAY + timedelta(minutes=5)
    assert one.missed == ()


def test_a_missed_deadline_is_told_at_its_moment() -> None:
    one = replay(facts(called=timedelta(hours=3)), decide, MONDAY + timedelta(days=30))
    assert [deed.at for deed in one.missed] == [MONDAY + LATE]


def test_what_happened_later_is_not_known_earlier() -> None:
    known = as_of(facts(called=timedelta(hours=3)), MONDAY + timedelta(hours=1), None, {})
    assert (known.card.stage, known.touches, known.card.owner) == ("NEW", (), None)


def test_the_same_owner_is_no_difference() -> None:
    assert not replay(facts(owner="5"), decide, MONDAY + timedelta(days=1)).other_owner


def test_cards_come_in_the_order_of_their_creation() -> None:
    assert [str(one.card) for one in replayed([facts("9"), facts("8")], decide, MONDAY)] == ["lead:8", "lead:9"]


def test_rules_that_wake_without_an_end_are_stopped() -> None:
    def restless(known: CardFacts, now: datetime) -> Decision:
        return Decision(wake=now + timedelta(seconds=1))

    assert replay(facts(), restless, MONDAY + timedelta(days=30)).deeds == ()


def test_a_field_that_rules_fill_in_is_filled_once_and_the_walk_goes_on() -> None:
    def scored(known: CardFacts, now: datetime) -> Decision:
        if known.card.extra.get("UF_SCORE") == "3":
            return decide(known, now)
        key = f"score/{known.card.ref}/{now.isoformat()}"  # a new key with each state of the card, as the portrait's
        values = {"fields": {"UF_SCORE": "3"}}
        return Decision((Action(kind="fill", key=key, card=known.card.ref, values=values, reason=Reason("test")),))

    found = replay(facts(), scored, MONDAY + timedelta(days=2))
    assert [deed.action.kind for deed in found.deeds] == ["fill", "assign", "notice"]
    assert len(found.missed) == 1
