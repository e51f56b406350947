"""Feeding a portal: what may go goes, a look that grew old is made again, and a stopped cluster sends nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from b24kit.change.books import Books
from b24kit.change.feeding import FRESH, Feeding
from b24kit.change.journal import Entry, Journal, State
from b24kit.change.operation import BindLetter, Operation, Phase, UpdateRecord
from b24kit.change.order import Fate, Order
from b24kit.change.settling import Settler
from b24kit.crm.portal import Seen, Wanted
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Result, Settled, Write
from tests.change.cases import WHY, company, plan_for, rollout
from tests.change.memory_portal import Fault, MemoryPortal


@dataclass
class Desk:
    """A feeding, its portal and its books."""

    portal: MemoryPortal
    feeding: Feeding
    books: Books
    order: Order
    stopped: list[bool] = field(default_factory=list)

    def asked(self) -> list[Write]:
        """Look at whatever is wanted until there are writes."""
        wanted: Wanted = self.feeding.more()
        while wanted.looks and not wanted.writes:
            self.feeding.hear(Seen(tuple(wanted.looks), self.portal.read(wanted.looks)))
            wanted = self.feeding.more()
        return list(wanted.writes)

    def state(self, key: str) -> State:
        return self.books.last[key].state


Open = Callable[..., Desk]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    journals: list[Journal] = []

    def make(groups: Sequence[Sequence[Operation]], before: Sequence[Entry] = ()) -> Desk:
        portal = company()
        plan = plan_for(portal, [one for group in groups for one in group])
        journal = Journal(tmp_path / "journal.sqlite")
        journals.append(journal)
        journal.append(before)
        books = Books(plan, journal)
        order = Order(groups, lambda key: Fate.NEVER)
        settler = Settler(portal, portal.clock, books.note)
        stopped: list[bool] = []

        def check() -> None:
            if stopped:
                raise StopIteration

        feeding = Feeding(plan.id, order, books, settler, portal.clock, check=check, outside=lambda key: False)
        return Desk(portal, feeding, books, order, stopped)

    yield make
    for journal in journals:
        journal.close()


def close(key: str, lead: str, cluster: str = "") -> UpdateRecord:
    return UpdateRecord(
        key=key,
        phase=Phase.CARDS,
        reason=WHY,
        cluster=cluster,
        ref=Ref(Kind.LEAD, lead),
        before={"stage": "MAIL"},
        after={"stage": "JUNK"},
    )


def bind(key: str, letter: str, cluster: str = "") -> BindLetter:
    return BindLetter(
        key=key,
        phase=Phase.LINKS,
        reason=WHY,
        cluster=cluster,
        activity=Ref(Kind.ACTIVITY, letter),
        card=Ref(Kind.CONTACT, "1"),
    )


def test_a_look_that_grew_old_is_made_again_and_sees_what_people_did(opened: Open) -> None:
    desk = opened([[close("a", "1")]])
    (write,) = desk.asked()
    desk.portal.clock.advance(FRESH.total_seconds() + 1)
    desk.portal.edit(Ref(Kind.LEAD, "1"), stage="NEW")
    assert desk.feeding.intend([write]) == {write.key}
    assert desk.asked() == [] and desk.state("a") is State.CONFLICT
    assert not desk.order


def test_a_fresh_look_is_believed_and_journalled_with_what_was_seen(opened: Open) -> None:
    desk = opened([[close("a", "1")]])
    (write,) = desk.asked()
    assert not desk.feeding.intend([write])
    entry = desk.books.last["a"]
    assert (entry.state, entry.seen, entry.wrote) == (State.INTENDED, {"stage": "MAIL"}, {"stage": "JUNK"})


def test_what_waits_in_the_portals_queue_is_withheld_when_its_cluster_stops(opened: Open) -> None:
    desk = opened([[bind("b1", "101", "c"), bind("b2", "102", "c"), bind("b3", "103", "d")]])
    first, second, third = desk.asked()
    assert not desk.feeding.intend([first])
    desk.feeding.hear(Result(first.key, Settled.REFUSED, code="NO"))
    assert desk.feeding.intend([second, third]) == {second.key}
    assert desk.state("b2") is State.SKIPPED and desk.state("b3") is State.INTENDED


def test_what_the_portal_gave_back_for_speed_leaves_again(opened: Open) -> None:
    desk = opened([[close("a", "1")]])
    (write,) = desk.asked()
    assert not desk.feeding.intend([write])
    assert not desk.feeding.intend([write])
    desk.feeding.hear(Result(write.key, Settled.DONE))
    assert desk.state("a") is State.DONE and not desk.order


def test_what_was_given_back_and_has_waited_long_is_looked_at_again(opened: Open) -> None:
    desk = opened([[close("a", "1")]])
    (write,) = desk.asked()
    assert not desk.feeding.intend([write])
    desk.portal.clock.advance(FRESH.total_seconds() + 1)
    assert desk.feeding.intend([write]) == {write.key}
    assert desk.state("a") is State.NOT_EXECUTED
    (again,) = desk.asked()
    assert again.key == write.key and not desk.feeding.intend([again])


def test_what_was_given_back_does_not_leave_again_once_its_cluster_stopped(opened: Open) -> None:
    desk = opened([[bind("b1", "101", "c"), bind("b2", "102", "c")]])
    first, second = desk.asked()
    assert not desk.feeding.intend([first, second])
    desk.feeding.hear(Result(first.key, Settled.REFUSED, code="NO"))
    assert desk.feeding.intend([second]) == {second.key}
    assert desk.state("b2") is State.SKIPPED and not desk.order


def test_what_a_crash_left_open_and_others_hold_is_given_out_once(opened: Open) -> None:
    left = Entry(key="a", state=State.INTENDED, at=company().clock.now(), seen={"stage": "MAIL"}, wrote={})
    desk = opened([[bind("b1", "101", "c")], [close("a", "1", "c")]], [left])
    (letter,) = desk.asked()
    desk.books.note(Entry(key="a", state=State.NOT_EXECUTED, at=desk.portal.clock.now()))
    desk.feeding.settle()
    assert not desk.feeding.intend([letter])
    desk.feeding.hear(Result(letter.key, Settled.DONE))
    assert len(desk.asked()) == 1
    assert (desk.feeding.ahead().writes, desk.feeding.ahead().reads) == ({}, {})


def test_a_run_whose_last_writes_are_on_their_way_is_not_stopped_any_more(opened: Open) -> None:
    desk = opened([[close("a", "1")]])
    (write,) = desk.asked()
    desk.feeding.intend([write])
    desk.stopped.append(True)
    assert desk.asked() == []


def test_a_run_that_is_stopped_hands_out_nothing_more(opened: Open) -> None:
    desk = opened([[close("a", "1")]])
    (write,) = desk.asked()
    desk.stopped.append(True)
    with pytest.raises(StopIteration):
        desk.feeding.intend([write])
    assert "a" not in desk.books.last


def test_what_a_crash_left_open_is_not_sent_before_it_is_settled(opened: Open) -> None:
    left = Entry(key="a", state=State.INTENDED, at=company().clock.now(), seen={}, wrote={})
    desk = opened([[close("a", "1")]], [left])
    assert desk.asked() == [] and desk.order.holds("a")


def test_what_is_still_to_come_is_told_for_the_promise(opened: Open) -> None:
    desk = opened([[bind("b1", "101", "c")], [close("a", "1", "c")]])
    ahead = desk.feeding.ahead()
    assert (ahead.writes, ahead.reads) == ({"bind activity": 1, "change lead": 1}, {"activity": 1, "lead": 1})
    desk.asked()
    ahead = desk.feeding.ahead()
    assert (ahead.writes, ahead.reads) == ({"change lead": 1}, {"lead": 1})
    assert desk.feeding.open


def test_leads_of_other_clients_do_not_wait_for_a_letter_whose_answer_was_lost(tmp_path: Path) -> None:
    portal = company(12)
    order: list[str] = []

    def note(write: Write) -> Fault:
        order.append(write.key.partition(".")[2])
        return Fault.LOST_BEFORE if order.count("b-1") == 1 and order[-1] == "b-1" else Fault.NONE

    portal.fault = note
    plan = plan_for(portal)
    assert rollout(portal, tmp_path).apply(plan).left == 0
    again = len(order) - 1 - order[::-1].index("b-1")
    assert {"l-3", "l-11"} <= set(order[:again])
    assert again < order.index("l-1") and again < order.index("l-2")  # but those of its own client do
