"""What robots did goes back as a run: every kind of action, people's later edits kept, nothing taken back twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from b24kit.change.executor import Executor
from b24kit.change.plan import Plan
from b24kit.change.runs import RunStore
from b24kit.change.undo import undo_plan
from b24kit.crm.pipeline import deals_ladder
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.ledger import Ledger
from b24kit.robots.record import deeds_of, record_run, taken_back_before
from b24kit.robots.store import Event
from tests.robots.office import WHY, Office, office

TABLES = ("lead", "deal", "comment", "activity", "notification")
KINDS: dict[str, Mapping[str, Any]] = {
    "assign": {"owner": "2"},
    "move": {"stage": "IN_PROCESS"},
    "fill": {"fields": {"SOURCE_DESCRIPTION": "записано"}},
    "task": {"title": "Позвонить", "text": "", "deadline": "2030-01-01T10:00:00+03:00"},
    "notice": {"user": "1", "text": "Смотрите"},
    "comment": {"text": "Почему"},
    "close": {"stage": "JUNK", "reason": "мусор", "text": "Закрыто"},
    "open_card": {"ladder": deals_ladder("0"), "stage": "NEW", "title": "Сделка", "owner": "1"},
}


@dataclass
class Desk:
    """An office with a shelf for runs."""

    office: Office
    store: RunStore
    undone: int = 0

    def does(self, *kinds: str, card: Ref, tail: str = "", **changed: Any) -> None:
        """Robots carry out one action of each kind on a card."""
        wanted = [
            Action(
                kind=kind,
                key=f"test/{card}/{kind}{tail}",
                card=card,
                values={**KINDS.get(kind, {}), **changed},
                reason=WHY,
            )
            for kind in kinds
        ]

        def rules(facts: CardFacts, now: datetime) -> Decision:
            return Decision(tuple(one for one in wanted if one.key not in facts.done))

        self.office.store.put("p", [Event(card, "changed")], self.office.clock.now())
        self.office.worker(rules=rules).drain()
        self.office.control.advance(1)

    def by_hand(self, card: Ref, **values: Any) -> None:
        now = values_of(self.office.portal.read([card])[card])
        list(self.office.portal.perform([Change("hand", card, values, now)], lambda _: None))
        self.office.control.advance(1)

    def takes_back(self, since: datetime | None = None, card: Ref | None = None) -> Plan:
        """Record, plan, walk; the plan of the way back."""
        portal, clock = self.office.portal, self.office.clock
        facts = portal.facts()
        self.undone += 1
        without = taken_back_before(self.store, facts.id)
        deeds = deeds_of(Ledger(self.office.store, "p"), since=since, card=card, without=without)
        assert deeds, "nothing to take back"
        run = record_run(deeds, self.store, facts, f"record{self.undone}", clock.now())
        plan = undo_plan(run, portal, self.store, clock)
        undo = self.store.start(plan, facts, clock.now())
        Executor(plan, undo.journal, portal, clock).execute()
        undo.end(clock.now(), "done", "{}")
        undo.close()
        run.close()
        return plan

    def looks(self) -> dict[str, Any]:
        """The portal as people see it, without the dates that any write leaves."""
        dumped = self.office.control.dump(list(TABLES))["tables"]
        dated = ("DATE_MODIFY", "LAST_ACTIVITY_TIME", "LAST_ACTIVITY_BY", "MODIFY_BY_ID", "MOVED_TIME", "MOVED_BY_ID")
        drop = (*dated, "DATE_CLOSED", "STATUS_DESCRIPTION")
        return {
            table: {
                number: {k: v for k, v in row.items() if k not in drop and v not in ("", None)}
                for number, row in rows.items()
            }
            for table, rows in dumped.items()
        }


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with office(tmp_path) as found:
        yield Desk(found, RunStore(tmp_path / "runs"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_action_goes_back(at: Desk, kind: str) -> None:
    (card,) = at.office.leads(1)
    before = at.looks()
    at.does(kind, card=card)
    assert at.looks() != before
    plan = at.takes_back()
    assert at.looks() == before
    assert not plan.left


def test_all_kinds_at_once_go_back_and_only_once(at: Desk) -> None:
    (card,) = at.office.leads(1)
    before = at.looks()
    at.does(*KINDS, card=card)
    at.takes_back()
    assert at.looks() == before
    assert deeds_of(Ledger(at.office.store, "p"), since=None, card=None, without=_gone(at)) == []


def test_what_was_taken_back_is_not_done_again(at: Desk) -> None:
    (card,) = at.office.leads(1)
    before = at.looks()
    at.does("assign", "comment", card=card)
    at.takes_back()
    at.does("assign", "comment", card=card)
    assert at.looks() == before


def test_several_writes_to_one_field_go_back_to_the_first_state(at: Desk) -> None:
    (card,) = at.office.leads(1)
    before = at.looks()
    at.does("move", card=card, tail="1", stage="IN_PROCESS")
    at.does("move", card=card, tail="2", stage="JUNK")
    at.takes_back()
    assert at.looks() == before


def test_a_persons_own_state_in_between_is_what_comes_back(at: Desk) -> None:
    (card,) = at.office.leads(1)
    at.does("move", card=card, tail="1", stage="IN_PROCESS")
    at.by_hand(card, stage="PROCESSED")
    at.does("move", card=card, tail="2", stage="JUNK")
    at.takes_back()
    assert at.office.rows("lead")[int(card.id)]["STATUS_ID"] == "PROCESSED"


def test_what_people_changed_since_stays_and_is_named(at: Desk) -> None:
    (card,) = at.office.leads(1)
    at.does("assign", "move", card=card)
    at.by_hand(card, owner="3")
    plan = at.takes_back()
    row = at.office.rows("lead")[int(card.id)]
    assert (row["ASSIGNED_BY_ID"], row["STATUS_ID"]) == (3, "NEW")
    assert [(one.ref, one.reason.facts["fields"]) for one in plan.left] == [(card, ["owner"])]


def test_a_to_do_that_a_person_ticked_off_stays(at: Desk) -> None:
    (card,) = at.office.leads(1)
    at.does("task", card=card)
    (number,) = at.office.rows("activity")
    at.by_hand(Ref(Kind.ACTIVITY, str(number)), done=True)
    plan = at.takes_back()
    assert list(at.office.rows("activity")) == [number] and len(plan.left) == 1


def test_a_to_do_that_robots_ticked_off_themselves_goes_with_its_tick(at: Desk) -> None:
    (card,) = at.office.leads(1)
    before = at.looks()
    at.does("task", card=card)
    (number,) = at.office.rows("activity")
    at.does("finish", card=card, task=f"todo:{number}")
    assert at.office.rows("activity")[number]["COMPLETED"] == "Y"
    at.takes_back()
    assert at.looks() == before


def test_only_the_stretch_or_the_card_asked_for_goes_back(at: Desk) -> None:
    first, second = at.office.leads(2)
    at.does("assign", card=first)
    at.does("assign", card=second)
    at.takes_back(card=second)
    assert at.office.owners([first, second]) == ["2", "1"]
    at.office.control.advance(3600)
    now = at.office.clock.now()
    at.does("move", card=first)
    at.takes_back(since=now)
    row = at.office.rows("lead")[int(first.id)]
    assert (row["ASSIGNED_BY_ID"], row["STATUS_ID"]) == (2, "NEW")
    at.takes_back(since=now - timedelta(hours=3))  # the rest, though its later part went back before
    assert at.office.owners([first]) == ["1"]


def _gone(at: Desk) -> frozenset[str]:
    return taken_back_before(at.store, at.office.portal.facts().id)
