"""How batches are cut by the speed that was seen."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from b24kit.connectors.accounting import Worked
from b24kit.connectors.batching import PROBE_READS, PROBE_WRITES, Cut, Listed, Waiting, next_batch, unknown
from b24kit.connectors.commands import Command
from b24kit.connectors.ledger import Ledger
from b24kit.connectors.speed import Speeds

UPDATE = "crm.lead.update"
CUT = Cut(size=50, request_seconds=60)


def commands(number: int, method: str = UPDATE, items: int = 1) -> list[Command]:
    return [Command(f"{method}{n}", method, {}, items) for n in range(number)]


def batch_length(waiting: Waiting, speeds: Speeds, cut: Cut) -> int:
    return len(next_batch(waiting, speeds, cut).commands)


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
    growing = Cut(size=50, request_seconds=60, lanes=8, seen_lanes=2)
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
    cut = Cut(size=50, request_seconds=60, lanes=4, seen_lanes=4, left=100)
    assert batch_length(Waiting(commands(100)), seen(0.5), cut) == 25
    assert batch_length(Waiting(commands(100)), seen(0.01), cut) == 50


def test_a_request_that_never_ended_makes_later_batches_smaller() -> None:
    speeds = seen(0.5)
    speeds.too_slow(commands(50), 60.0)
    assert batch_length(Waiting(commands(500)), speeds, CUT) == 37


def test_a_source_without_an_end_is_read_only_a_little_ahead() -> None:
    drawn = count()
    source = Listed(Command(str(n), UPDATE) for n in drawn)
    assert source.ahead() is None
    assert len(source.more()) >= 10 and next(drawn) < 5000


def test_what_is_put_back_comes_first() -> None:
    waiting = Waiting(commands(3))
    cut = Cut(size=2, request_seconds=60)
    waiting.put_back(next_batch(waiting, seen(0.1), cut).commands)
    assert [c.key for c in next_batch(waiting, seen(0.1), Cut(size=3, request_seconds=60)).commands] == [
        f"{UPDATE}0",
        f"{UPDATE}1",
        f"{UPDATE}2",
    ]
    assert not waiting


def test_a_method_that_has_to_wait_leaves_the_batch_to_the_others() -> None:
    binding = "crm.activity.binding.add"
    speeds = seen(0.1, 50, binding, seen(0.1))
    waiting = Waiting([*commands(60), *commands(30, binding)])
    batch = next_batch(waiting, speeds, Cut(size=50, request_seconds=60, without=frozenset({UPDATE})))
    assert {command.method for command in batch.commands} == {binding} and not batch.full
    assert waiting.waits() == 60 and waiting.methods() == {UPDATE}


def test_methods_share_a_batch_in_the_order_of_their_coming_and_looks_go_first() -> None:
    speeds = seen(0.02, 50, "crm.lead.list", seen(0.1))
    waiting = Waiting([*commands(60), Command("l", "crm.lead.list", {}, reads=True)])
    batch = next_batch(waiting, speeds, CUT)
    assert [command.key for command in batch.commands[:2]] == ["l", f"{UPDATE}0"]
    assert batch.full and len(batch.commands) == 50


def test_what_travels_alone_takes_nothing_with_it() -> None:
    waiting = Waiting(commands(5))
    odd = f"{UPDATE}2"
    parts = [next_batch(waiting, seen(0.1), CUT, lambda command: command.key == odd) for _ in range(3)]
    assert [[command.key[-1] for command in part.commands] for part in parts] == [["0", "1"], ["2"], ["3", "4"]]


def test_reads_of_unknown_speed_are_probed_with_more_than_writes() -> None:
    looks = [Command(str(n), "crm.lead.list", {}, reads=True) for n in range(50)]
    assert batch_length(Waiting(looks), Speeds(), Cut(size=50, request_seconds=600)) == PROBE_READS


def test_what_one_process_measured_the_next_one_begins_with(tmp_path: Path) -> None:
    ledger, day = Ledger(tmp_path), 86400.0
    seen(0.3).remember(ledger, "my.bitrix24.com", 1e9)
    later, other, old = Speeds(), Speeds(), Speeds()
    later.recall(ledger, "my.bitrix24.com", 1e9 + day)
    other.recall(ledger, "other.bitrix24.com", 1e9 + day)
    old.recall(ledger, "my.bitrix24.com", 1e9 + 40 * day)
    assert later.usual(UPDATE, 9.0) == pytest.approx(0.3) and later.answered(UPDATE) == 50
    assert not other.knows(UPDATE) and not old.knows(UPDATE)
    assert later.take_in([Worked(UPDATE, 1, 0.6)] * 50, 30.15) == 1.0  # slower than remembered is no slowdown today


def test_unknown_methods_are_named() -> None:
    assert unknown([*commands(2), *commands(1, "crm.deal.update")], seen(0.1)) == {"crm.deal.update"}


def test_slowdown_is_told_against_the_best_seen() -> None:
    speeds = seen(0.05)
    assert speeds.take_in([Worked(UPDATE, 1, 0.05)] * 50, 2.65) == 1.0
    assert speeds.take_in([Worked(UPDATE, 1, 0.1)] * 50, 5.15) == pytest.approx(1.87, abs=0.05)


def test_a_hiccup_of_the_net_is_no_slowdown() -> None:
    speeds = seen(0.001)
    assert speeds.take_in([Worked(UPDATE, 1, 0.001)] * 50, 0.28) == 1.0
