"""The sweep: what no event brought comes with it, once, and what was looked at already stays out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from b24kit.crm.refs import Ref
from b24kit.crm.writes import Change
from b24kit.errors import NoAnswer
from b24kit.robots.sweep import Swept, sweep
from tests.robots.office import VENDORS, Office, office


@pytest.fixture(params=VENDORS)
def at_work(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, vendor=request.param) as found:
        yield found


def _sweep(at: Office, portal: Any = None) -> Swept:
    return sweep(portal or at.portal, at.store, "p", at.clock)


def _pass(at: Office) -> None:
    """Time goes on beyond the overlap of two sweeps."""
    at.control.advance(300)


def test_the_first_sweep_brings_every_open_card(at_work: Office) -> None:
    leads = at_work.leads(4)
    assert _sweep(at_work).found == 4
    at_work.worker().drain()
    assert None not in at_work.owners(leads)


def test_a_lead_that_no_event_brought_is_found(at_work: Office) -> None:
    _sweep(at_work)
    _pass(at_work)
    at_work.leads(3)
    assert _sweep(at_work).changed == 3


def test_the_next_sweep_leaves_out_what_was_looked_at(at_work: Office) -> None:
    at_work.leads(3)
    _sweep(at_work)
    at_work.worker().drain()
    assert _sweep(at_work).changed == 0
    _pass(at_work)
    _sweep(at_work)
    at_work.worker().drain()
    _pass(at_work)
    assert _sweep(at_work).found == 0


def test_a_letter_or_call_that_does_not_change_its_card_is_found(at_work: Office) -> None:
    (lead,) = at_work.leads(1)
    _sweep(at_work)
    at_work.worker().drain()
    _pass(at_work)
    at_work.worker().drain()
    _pass(at_work)
    at_work.worker().drain()
    _sweep(at_work)
    at_work.worker().drain()
    _pass(at_work)
    (ref,) = at_work.todo_refs()
    change = Change("done", ref, {"done": True}, {"done": False})
    assert [one.settled for one in at_work.portal.perform([change], lambda _: None)] == ["done"]
    assert _sweep(at_work).stirred == 1
    assert at_work.store.counts("p", at_work.clock.now())["due"] == 1
    assert at_work.store.known("p", "", 5) == [lead]


def test_a_deleted_card_is_found(at_work: Office) -> None:
    leads = at_work.leads(2)
    _sweep(at_work)
    at_work.worker().drain()
    at_work.bin(leads[0])
    assert _sweep(at_work).gone == 1
    at_work.worker().drain()
    assert at_work.store.known("p", "", 5) == [leads[1]]


def test_a_sweep_that_broke_off_is_made_again(at_work: Office) -> None:
    _sweep(at_work)
    _pass(at_work)
    at_work.leads(2)

    class Breaking:
        def __getattr__(self, name: str) -> Any:
            return getattr(at_work.portal, name)

        def deals(self, *_: object) -> Any:
            raise NoAnswer("no_answer", sent=False)

    with pytest.raises(NoAnswer):
        _sweep(at_work, Breaking())
    _pass(at_work)
    assert _sweep(at_work).changed == 2


def test_a_queue_of_the_portal_is_stored_here_before_it_is_confirmed_there(at_work: Office) -> None:
    leads = at_work.leads(1)
    order: list[str] = []

    class Queue:
        def reserve(self, limit: int) -> tuple[str, list[tuple[Ref, str]]]:
            return ("t", []) if order else ("t", [(leads[0], "added")])

        def confirm(self, ticket: str) -> None:
            order.append(f"{ticket} {at_work.store.counts('p', at_work.clock.now())['events']}")

    class Queued:
        def __getattr__(self, name: str) -> Any:
            return getattr(at_work.portal, name)

        def offline_events(self) -> Queue:
            return Queue()

    assert _sweep(at_work, Queued()).queued == 1
    assert order == ["t 1"]
