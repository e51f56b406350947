"""The worker on a fake portal: owners, keys, deadlines, crashes, failures; effects are counted as people see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from b24kit.crm.portal import Tell
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.watch import CardStory
from b24kit.errors import NoAnswer
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.ledger import Ledger
from b24kit.robots.outbox import Outbox
from b24kit.robots.settle import LATE
from b24kit.robots.store import Event
from b24kit.robots.worker import LEASE, ROUNDS, TRIES, Outcome
from tests.robots.office import OWNERS, VENDORS, WHY, Office, office


@pytest.fixture(params=VENDORS)
def at_work(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, vendor=request.param) as found:
        yield found


def _told(at: Office, leads: Sequence[Ref], kind: str = "added") -> None:
    at.store.put("p", [Event(ref, kind) for ref in leads], at.clock.now())


def _work(at: Office, **more: Any) -> Outcome:
    return at.worker(**more).drain()


def _each_once(at: Office, leads: int) -> None:
    """Every card has its comment and its to-do exactly once."""
    cards, todos = Counter(at.commented()), Counter(at.todos())
    assert len(cards) == len(todos) == leads
    assert set(cards.values()) == set(todos.values()) == {1}


def test_a_new_lead_gets_owner_stage_comment_and_to_do(at_work: Office) -> None:
    leads = at_work.leads(3)
    _told(at_work, leads)
    outcome = _work(at_work)
    assert at_work.owners(leads) == [OWNERS[int(ref.id) % 3] for ref in leads]
    assert at_work.stages() == {at_work.steps[1]}
    assert outcome.actions == 12
    _each_once(at_work, 3)


def test_owner_and_stage_go_in_one_update(at_work: Office) -> None:
    leads = at_work.leads(1)
    _told(at_work, leads)
    at_work.control.log_calls()
    _work(at_work)
    wanted = {"bitrix24": ("method", "crm.lead.update"), "amocrm": ("http", "PATCH")}
    name, word = wanted[at_work.vendor]
    assert sum(call.get(name) == word for call in at_work.control.calls()) == 1


def test_an_event_that_comes_again_changes_nothing(at_work: Office) -> None:
    leads = at_work.leads(2)
    for _ in range(3):
        _told(at_work, leads)
        _told(at_work, leads, "changed")
        _work(at_work)
    _each_once(at_work, 2)


def test_our_own_writes_raise_no_loop(at_work: Office) -> None:
    """The portal tells us of our own update: the card is looked at, and nothing is done."""
    leads = at_work.leads(1)
    _told(at_work, leads)
    _work(at_work)
    _told(at_work, leads, "changed")
    assert _work(at_work).actions == 0


def test_a_deadline_is_acted_on_when_it_comes_and_not_before(at_work: Office) -> None:
    leads = at_work.leads(1)
    _told(at_work, leads)
    _work(at_work)
    at_work.control.advance(14 * 60)
    assert _work(at_work).cards == 0
    at_work.control.advance(2 * 60)
    assert _work(at_work).actions == 1
    assert any("вовремя" in text for text in at_work.comments())


def test_a_card_that_was_deleted_is_forgotten(at_work: Office) -> None:
    _told(at_work, [Ref(Kind.LEAD, "404")], "deleted")
    _work(at_work)
    assert at_work.store.known("p", "", 10) == []


def test_shadow_decides_and_changes_nothing(at_work: Office) -> None:
    leads = at_work.leads(2)
    _told(at_work, leads)
    outcome = _work(at_work, shadow=True)
    assert [len(decision.actions) for _, decision in outcome.decided] == [4, 4]
    assert at_work.effects() == {"comments": 0, "todos": 0}
    assert Ledger(at_work.store, "p").open(leads) == []


def test_a_message_waits_in_the_outbox_and_is_kept_once(at_work: Office) -> None:
    def writes(facts: CardFacts, now: datetime) -> Decision:
        values = {"channel": "email", "text": "Здравствуйте"}
        return Decision((Action(kind="message", key="m/1", card=facts.card.ref, values=values, reason=WHY),))

    leads = at_work.leads(1)
    for _ in range(2):
        _told(at_work, leads)
        _work(at_work, rules=writes)
    (message,) = Outbox(at_work.store, "p").waiting()
    assert message.values["text"] == "Здравствуйте"


def test_a_to_do_of_ours_is_ticked_off_once(at_work: Office) -> None:
    def finishes(facts: CardFacts, now: datetime) -> Decision:
        found = [one for one in facts.tasks if one.marker and not one.done]
        key = f"tidy/{facts.card.ref}"
        if not found or key in facts.done:
            return at_work.decide(facts, now) if not facts.tasks else Decision()
        values = {"task": str(found[0].ref)}
        return Decision((Action(kind="finish", key=key, card=facts.card.ref, values=values, reason=WHY),))

    leads = at_work.leads(1)
    for _ in range(3):
        _told(at_work, leads)
        _work(at_work, rules=finishes)
    assert at_work.ticked() == [True]


class Dying(BaseException):
    """The process ends here."""


class Mortal:
    """A portal whose process dies at a chosen moment of its writing: before a batch leaves, or after it arrived."""

    def __init__(self, portal: Any, after: int, *, arrived: bool) -> None:
        self._portal, self._left, self._arrived = portal, after, arrived

    def __getattr__(self, name: str) -> Any:
        return getattr(self._portal, name)

    def carry(self, feed: Any, tell: Tell | None = None) -> Iterator[Any]:
        for event in self._portal.carry(_Watched(feed, self), tell):
            self._die_after()
            yield event

    def perform(self, writes: Any, intend: Any, tell: Tell | None = None) -> Iterator[Any]:
        def dying(batch: Any) -> None:
            intend(batch)
            self.die_before()

        for result in self._portal.perform(writes, dying, tell):
            self._die_after()
            yield result

    def die_before(self) -> None:
        if not self._arrived:
            self._count()

    def _die_after(self) -> None:
        if self._arrived:
            self._count()

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Dying


class _Watched:
    def __init__(self, feed: Any, mortal: Mortal) -> None:
        self._feed, self._mortal = feed, mortal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._feed, name)

    def intend(self, writes: Any) -> Any:
        withheld = self._feed.intend(writes)
        self._mortal.die_before()
        return withheld


@pytest.mark.parametrize(
    ("after", "arrived"),
    [(0, False), (1, False), (2, False), (0, True), (1, True), (7, True), (12, True)],
)
def test_a_process_that_dies_while_writing_loses_and_doubles_nothing(
    at_work: Office, after: int, arrived: bool
) -> None:
    leads = at_work.leads(6)
    _told(at_work, leads)
    lived = None
    with suppress(Dying):
        lived = _work(at_work, portal=Mortal(at_work.portal, after, arrived=arrived))
    assert lived is None or (at_work.vendor, after) == ("amocrm", 2)  # its bulks are two batches in all
    for _ in range(4):
        at_work.control.advance(LEASE.total_seconds() + 1)
        _work(at_work)
        at_work.control.advance(LATE.total_seconds() + 1)
    _work(at_work)
    assert None not in at_work.owners(leads)
    assert at_work.stages() == {at_work.steps[1]}
    assert at_work.store.counts("p", at_work.clock.now())["dead"] == 0
    assert len([text for text in at_work.comments() if "по правилу" in text]) == 6
    todos = Counter(at_work.todos())
    assert len(todos) == 6 and set(todos.values()) == {1}


def test_a_comment_in_doubt_waits_a_minute_before_it_is_made_again(at_work: Office) -> None:
    leads = at_work.leads(1)
    _told(at_work, leads)
    with pytest.raises(Dying):
        _work(at_work, portal=Mortal(at_work.portal, 1, arrived=False))
    at_work.control.advance(LEASE.total_seconds() + 1)
    assert _work(at_work).put_off == 1
    assert at_work.comments() == []
    at_work.control.advance(LATE.total_seconds() + 1)
    _work(at_work)
    _each_once(at_work, 1)


def test_who_lost_the_lease_writes_nothing(at_work: Office) -> None:
    """A worker that was stopped for longer than its lease: another one has done its work by then."""
    leads = at_work.leads(2)
    _told(at_work, leads)
    other = at_work.worker()

    class Slow(Mortal):
        def stories(self, *asked: Any) -> dict[Ref, CardStory]:
            told: dict[Ref, CardStory] = self._portal.stories(*asked)
            if self._left:
                self._left = 0
                at_work.control.advance(LEASE.total_seconds() + 1)
                other.drain()
            return told

        def die_before(self) -> None: ...

    at_work.worker(portal=Slow(at_work.portal, 1, arrived=False)).once()
    _each_once(at_work, 2)


def test_a_portal_that_does_not_answer_costs_no_card_its_tries(at_work: Office) -> None:
    leads = at_work.leads(2)
    _told(at_work, leads)

    class Gone(Mortal):
        def read(self, refs: Any) -> Any:
            raise NoAnswer("no_answer", sent=False)

    worker = at_work.worker(portal=Gone(at_work.portal, 99, arrived=True))
    waits = []
    for _ in range(TRIES + 2):
        assert worker.once().put_off == 2
        due = at_work.store.base.rows("SELECT min(due) FROM cards")[0][0]
        waits.append(round(due - at_work.clock.now().timestamp()))
        at_work.control.advance(waits[-1] + 1)
    assert waits == sorted(waits) and waits[0] == 15 and waits[-1] > 600
    assert at_work.store.dead("p") == []
    _work(at_work)
    assert len(at_work.todos()) == 2


def test_a_card_that_breaks_a_rule_is_given_up_and_the_others_go_on(at_work: Office) -> None:
    leads = at_work.leads(3)
    bad = leads[1]

    def breaks(facts: CardFacts, now: datetime) -> Decision:
        if facts.card.ref == bad:
            raise KeyError("who")
        return at_work.decide(facts, now)

    _told(at_work, leads)
    for _ in range(TRIES):
        _work(at_work, rules=breaks)
        at_work.control.advance(timedelta(hours=1).total_seconds())
    (letter,) = at_work.store.dead("p")
    assert (letter.card, letter.code, letter.tries) == (bad, "robots.rule_failed", TRIES)
    assert at_work.store.retry("p", None, at_work.clock.now()) == 1
    _work(at_work)
    assert len(at_work.todos()) == 3
    assert at_work.store.dead("p") == []


def test_rules_that_run_in_a_circle_are_stopped(at_work: Office) -> None:
    leads = at_work.leads(1)

    def circles(facts: CardFacts, now: datetime) -> Decision:
        key = f"c/{len(facts.done)}"
        return Decision((Action(kind="comment", key=key, card=facts.card.ref, values={"text": key}, reason=WHY),))

    _told(at_work, leads)
    _work(at_work, rules=circles)
    assert at_work.effects()["comments"] == ROUNDS
    assert [one.code for one in at_work.store.dead("p")] == ["robots.circle"]


def test_an_event_about_a_letter_leads_to_its_card(at_work: Office) -> None:
    leads = at_work.leads(1)
    _told(at_work, leads)
    _work(at_work)
    (todo,) = at_work.todo_refs()
    at_work.store.put("p", [Event(todo, "changed")], at_work.clock.now())
    assert _work(at_work).cards == 2
    assert at_work.store.known("p", "", 10) == leads


def test_an_event_that_comes_while_a_card_is_worked_on_is_not_lost(at_work: Office) -> None:
    leads = at_work.leads(1)

    def told_again(facts: CardFacts, now: datetime) -> Decision:
        at_work.store.put("p", [Event(facts.card.ref, "changed")], now)
        return Decision()

    _told(at_work, leads)
    at_work.worker(rules=told_again).once()
    assert at_work.store.counts("p", at_work.clock.now())["due"] == 1
