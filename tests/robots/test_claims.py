"""Robots beside a run that writes: its cards wait, all others do not, and both at once lose and double nothing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from b24kit.change.executor import Executor
from b24kit.change.journal import Journal, State
from b24kit.change.lock import acting, claimed, writing
from b24kit.change.operation import Phase, Reason, UpdateRecord
from b24kit.change.plan import Plan
from b24kit.change.recap import Recap
from b24kit.clock import FakeClock
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import Refused
from b24kit.robots.claims import LONGEST, LOOK
from b24kit.robots.store import Event
from tests.robots.office import OWNERS, Office, office

PORTAL = "my.portal"


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def told(at: Office, leads: list[Ref]) -> None:
    at.store.put("p", [Event(ref, "added") for ref in leads], at.clock.now())


def plan_for(at: Office, leads: list[Ref]) -> Plan:
    """Every one of these leads goes to the failure stage and gets another title, as a clean-up would do it."""
    now = at.clock.now()
    operations = tuple(
        UpdateRecord(
            key=f"close-{ref.id}",
            phase=Phase.CARDS,
            reason=Reason("test"),
            cluster=str(ref),
            ref=ref,
            before={"stage": "NEW"},
            after={"stage": "JUNK"},
        )
        for ref in leads
    )
    return Plan(
        id="plan1",
        portal_id=PORTAL,
        playbook="test",
        made_at=now,
        expires_at=now + timedelta(days=1),
        settings_hash="",
        snapshot_id="",
        operations=operations,
    )


def test_cards_of_a_running_plan_wait_and_all_others_do_not(at_work: Office, tmp_path: Path) -> None:
    ours, free = at_work.leads(2)
    told(at_work, [ours, free])
    beside = partial(claimed, PORTAL, tmp_path)
    with writing(PORTAL, tmp_path, work="plan 1", now=at_work.clock.now(), cards=[ours]):
        outcome = at_work.worker(claimed=beside).drain()
        assert outcome.put_off == 1
        assert at_work.owners([ours, free]) == ["1", OWNERS[int(free.id) % 3]]
        assert {row["OWNER"] for row in at_work.rows("activity").values()} == {f"1:{free.id}"}
    at_work.control.advance(LOOK.total_seconds() + 1)
    at_work.worker(claimed=beside).drain()
    assert at_work.owners([ours]) == [OWNERS[int(ours.id) % 3]]


def test_no_card_waits_for_ever(at_work: Office, tmp_path: Path) -> None:
    (card,) = at_work.leads(1)
    told(at_work, [card])
    worker = at_work.worker(claimed=partial(claimed, PORTAL, tmp_path))
    with writing(PORTAL, tmp_path, work="plan 1", now=at_work.clock.now(), cards=[card]):
        worker.drain()
        assert at_work.rows("activity") == {}
        at_work.control.advance(LONGEST.total_seconds() + 1)
        worker.drain()
        assert len(at_work.rows("activity")) == 1


def test_a_run_that_was_killed_claims_nothing_and_asking_takes_the_lock_from_nobody(tmp_path: Path) -> None:
    card = Ref(Kind.LEAD, "1")
    now = FakeClock().now()
    with writing(PORTAL, tmp_path, work="plan 1", now=now, cards=[card]):
        assert claimed(PORTAL, tmp_path) == {card}
        note = (tmp_path / f"{PORTAL}.holder.json").read_text()
        with pytest.raises(Refused), writing(PORTAL, tmp_path, work="plan 2", now=now):
            pass
        assert claimed(PORTAL, tmp_path) == {card}
    assert claimed(PORTAL, tmp_path) == frozenset()
    (tmp_path / f"{PORTAL}.holder.json").write_text(note)  # what a killed process leaves behind
    assert claimed(PORTAL, tmp_path) == frozenset()


def test_a_plan_and_robots_at_once_lose_and_double_nothing(at_work: Office, tmp_path: Path) -> None:
    """Robots own, move, comment and set a to-do on forty leads while a plan closes thirty of them."""
    leads = at_work.leads(40)
    plan = plan_for(at_work, leads[:30])
    recaps: list[Recap] = []
    told(at_work, leads)

    def applies() -> None:
        with writing(PORTAL, tmp_path, work="plan 1", now=at_work.clock.now(), cards=leads[:30]):
            journal = Journal(tmp_path / "journal.sqlite")
            recaps.append(Executor(plan, journal, at_work.portal, at_work.clock).execute())
            journal.close()

    beside = {"claimed": partial(claimed, PORTAL, tmp_path), "acting": partial(acting, PORTAL, tmp_path)}
    thread = threading.Thread(target=applies)
    worker = at_work.worker(**beside, size=7)
    thread.start()
    while thread.is_alive():
        worker.once()
    thread.join()
    at_work.control.advance(LOOK.total_seconds() + 1)
    worker.drain()
    journal = Journal(tmp_path / "journal.sqlite")
    last = journal.last()
    journal.close()
    rows = at_work.rows("lead")
    for ref in leads[:30]:
        state, stage = last[f"close-{ref.id}"].state, rows[int(ref.id)]["STATUS_ID"]
        # Done and closed, or left alone because a robot had moved it: never both, never neither.
        assert (state, stage) in ((State.DONE, "JUNK"), (State.CONFLICT, "IN_PROCESS")), (ref, state, stage)
    assert {rows[int(ref.id)]["STATUS_ID"] for ref in leads[30:]} == {"IN_PROCESS"}
    todos = Counter(str(row["OWNER"]) for row in at_work.rows("activity").values())
    assert len(todos) == 40 and set(todos.values()) == {1}
    # Nothing of the plan was left for a robot's sake but what it had in hand when the plan began.
    assert sum(entry.state is State.CONFLICT for entry in last.values()) <= 7
