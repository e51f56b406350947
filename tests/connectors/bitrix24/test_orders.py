"""A run's wishes as commands: looks that an answered batch did not carry out, or refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pytest

from b24kit.connectors.bitrix24.orders import TRIES, Orders
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.crm.portal import Ahead, Seen, Wanted
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change, Result, Settled, Write
from b24kit.errors import NoAnswer, PortalError

LEAD = Ref(Kind.LEAD, "7")


class Wishes:
    """Wants one look and one write, once."""

    open = True

    def __init__(self) -> None:
        self._wanted = [Wanted([LEAD], [Change("w", Ref(Kind.LEAD, "8"), {"comment": "да"}, {"comment": ""})])]

    def more(self) -> Wanted:
        return self._wanted.pop() if self._wanted else Wanted()

    def intend(self, writes: Sequence[Write]) -> Collection[str]:
        return ()

    def ahead(self) -> Ahead:
        return Ahead({}, {})


def nothing(refs: Sequence[Ref]) -> Mapping[Ref, Record]:
    raise AssertionError(f"{refs} were read at once")


def begun() -> tuple[Orders, Command, Command]:
    """Orders with a look and a write handed out."""
    orders = Orders(Wishes(), nothing)
    commands = [*orders.more(), *orders.rest()]
    (look,) = [command for command in commands if command.reads]
    (write,) = [command for command in commands if not command.reads]
    return orders, look, write


@pytest.mark.parametrize("settled", [Settled.NOT_EXECUTED, Settled.UNKNOWN])
def test_a_look_that_an_answered_batch_did_not_carry_out_is_made_again(settled: Settled) -> None:
    orders, look, _ = begun()
    orders.hear(CommandOutcome(look.key, settled))
    assert list(orders.events()) == []
    assert [command.key for command in orders.more()] == [look.key]
    orders.hear(CommandOutcome(look.key, Settled.DONE, []))
    assert list(orders.events()) == [Seen((LEAD,), {})]


def test_a_look_that_is_never_carried_out_ends_the_run() -> None:
    orders, look, _ = begun()
    for _ in range(TRIES):
        orders.hear(CommandOutcome(look.key, Settled.NOT_EXECUTED))
        orders.more()
    orders.hear(CommandOutcome(look.key, Settled.NOT_EXECUTED))
    with pytest.raises(NoAnswer):
        orders.more()


def test_a_refused_look_ends_the_run_only_after_the_writes_of_its_batch_were_heard() -> None:
    orders, look, write = begun()
    orders.hear(CommandOutcome(look.key, Settled.REFUSED, code="ACCESS_DENIED", said="no"))
    orders.hear(CommandOutcome(write.key, Settled.DONE, True))
    assert [event.settled for event in orders.events() if isinstance(event, Result)] == [Settled.DONE]
    with pytest.raises(PortalError):
        orders.more()
