"""How batches are cut by the speed that was seen."""

from __future__ import annotations

from itertools import count

import pytest

from b24kit.connectors.accounting import Worked
from b24kit.connectors.batching import PROBE_WRITES, Cut, Waiting, batch_length, unknown
from b24kit.connectors.commands import Command
from b24kit.connectors.speed import Speeds

UPDATE = "crm.lead.update"
CUT = Cut(size=50, request_seconds=60)


def commands(number: int, method: str = UPDATE, items: int = 1) -> list[Command]:
    return [Command(f"{method}{n}", method, {}, items) for n in range(number)]


def seen(each: float, number: int = 50, method: str = UPDATE, speeds: Speeds | None = None) -> Speeds:
    speeds = speeds or Speeds()
    speeds.take_in([Worked(method, 1, each)] * number, each * number + 0.15)
    return speeds


def test_a_method_never_seen_begins_with_a_small_batch() -> None:
    assert batch_length(Waiting(commands(100)), Speeds(), CUT) == PROBE_WRITES


def test_the_second_batch_is_larger_and_then_the_vendors_size() -> None:
    assert batch_length(Waiting(commands(500)), seen(0.05, 5), CUT) == 10
    assert batch_length(Waiting(commands(500)), seen(0.05, 50), CUT) == 50


@pytest.mark.parametrize(("each", "length"), [(0.05, 50), (1.5, 30), (3.3, 13), (100.0, 1)])
def test_a_batch_fits_the_time_of_a_request(each: float, length: int) -> None:
    assert batch_length(Waiting(commands(500)), seen(each), CUT) == length


def test_more_lanes_than_ever_measured_might_each_be_slower() -> None:
    growing = Cut(size=50, request_seconds=60, lanes=8, seen_lanes=2, spread=False)
    assert batch_length(Waiting(commands(500)), seen(0.5), growing) == 22


def test_pieces_of_work_inside_a_command_count() -> None:
    speeds = Speeds()
    speeds.take_in([Worked("crm.item.batchImport", 20, 20.0)] * 10, 200)
    assert batch_length(Waiting(commands(50, "crm.item.batchImport", 20)), speeds, CUT) == 2


def test_a_dear_method_among_cheap_ones_ends_the_batch_before_it() -> None:
    speeds = seen(40.0, 1, "crm.item.add", seen(0.05))
    mixed = Waiting([*commands(10), *commands(3, "crm.item.add")])
    assert batch_length(mixed, speeds, CUT) == 11


def test_at_the_end_the_lanes_share_what_is_left_if_that_saves_time() -> None:
    cut = Cut(size=50, request_seconds=60, lanes=4, seen_lanes=4)
    assert batch_length(Waiting(commands(100)), seen(0.5), cut) == 25
    assert batch_length(Waiting(commands(100)), seen(0.01), cut) == 50


def test_a_request_that_never_ended_makes_later_batches_smaller() -> None:
    speeds = seen(0.5)
    speeds.too_slow(commands(50), 60.0)
    assert batch_length(Waiting(commands(500)), speeds, CUT) == 37


def test_a_source_without_an_end_is_read_only_a_little_ahead() -> None:
    drawn = count()
    waiting = Waiting(Command(str(n), UPDATE) for n in drawn)
    assert waiting.left() is None
    assert len(waiting.take(10)) == 10 and next(drawn) < 5000


def test_what_is_put_back_comes_first() -> None:
    waiting = Waiting(commands(3))
    taken = waiting.take(2)
    waiting.put_back(taken)
    assert [c.key for c in waiting.take(3)] == [f"{UPDATE}0", f"{UPDATE}1", f"{UPDATE}2"]
    assert not waiting


def test_unknown_methods_are_named() -> None:
    assert unknown([*commands(2), *commands(1, "crm.deal.update")], seen(0.1)) == {"crm.deal.update"}


def test_slowdown_is_told_against_the_best_seen() -> None:
    speeds = seen(0.05)
    assert speeds.take_in([Worked(UPDATE, 1, 0.05)] * 50, 2.65) == 1.0
    assert speeds.take_in([Worked(UPDATE, 1, 0.1)] * 50, 5.15) == pytest.approx(1.87, abs=0.05)


def test_a_hiccup_of_the_net_is_no_slowdown() -> None:
    speeds = seen(0.001)
    assert speeds.take_in([Worked(UPDATE, 1, 0.001)] * 50, 0.28) == 1.0
