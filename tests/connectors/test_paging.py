"""Reading by windows of ids is exact on a table that lives: checked against a list in memory with random births and
deaths between all pages."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import Executor, Future
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from b24kit.connectors.paging import AHEAD, LONGEST, PAGE, First, Part, Row, Window, go_on, split, walk


class AtOnce(Executor):
    """Runs everything in the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except ValueError as error:
            done.set_exception(error)
        return done


class Table:
    """A list of ids that changes after every page that is looked at, as on a working portal."""

    def __init__(self, ids: set[int], seed: int, living: float, *, counts: bool = True) -> None:
        self.ids = set(ids)
        self.before = set(ids)
        self.gone: set[int] = set()
        self._chance, self._living, self._counts = random.Random(seed), living, counts
        self.requests = 0
        self.pages = 0

    def page(self, low: int, high: int | None) -> list[Row]:
        self.pages += 1
        found = sorted(i for i in self.ids if i > low and (high is None or i <= high))[:PAGE]
        self._live()
        return [{"ID": str(i)} for i in found]

    def first(self) -> First:
        self.requests += 1
        total = len(self.ids) if self._counts else None
        rows = self.page(0, None)
        return First(rows, max(self.ids, default=0), total)

    def part(self, window: Window) -> Part:
        self.requests += 1
        rows: list[Row] = []
        low = window.low
        for _ in range(window.pages):
            page = self.page(low, window.high)
            rows += page
            if len(page) < PAGE:
                return Part(rows, ended=True)
            low = self.id_of(page[-1])
        return Part(rows, ended=False)

    def id_of(self, row: Row) -> int:
        return int(row["ID"])

    def _live(self) -> None:
        if self._chance.random() >= self._living or not self.ids:
            return
        gone = self._chance.choice(sorted(self.ids))
        self.ids.remove(gone)
        self.gone.add(gone)
        self.ids.add(max(self.ids | {gone}) + self._chance.randint(1, 3))


def read(table: Table) -> list[int]:
    return [int(row["ID"]) for row in walk(table, AtOnce())]


@settings(max_examples=60, deadline=None)
@given(
    start=st.integers(1, 10**6),
    gaps=st.lists(st.one_of(st.just(1), st.integers(1, 4), st.integers(1, 3000)), max_size=700),
    seed=st.integers(0, 10**6),
    living=st.sampled_from([0.0, 0.3, 1.0]),
    counts=st.booleans(),
)
def test_what_stood_before_and_after_comes_exactly_once_and_in_order(
    start: int, gaps: list[int], seed: int, living: float, counts: bool
) -> None:
    ids, last = set(), start
    for gap in gaps:
        last += gap
        ids.add(last)
    table = Table(ids, seed, living, counts=counts)
    got = read(table)
    assert got == sorted(set(got))
    assert table.before - table.gone <= set(got)
    assert set(got) <= table.before | table.ids | table.gone


def test_five_thousand_rows_with_gaps_need_at_most_six_requests() -> None:
    for seed in range(20):
        ids = set(random.Random(seed).sample(range(1, 6668), 5000))
        table = Table(ids, seed, 0.0)
        assert read(table) == sorted(ids)
        assert table.requests <= 6
        assert table.pages <= 115


def test_a_short_list_is_one_request() -> None:
    table = Table(set(range(1, 50)), 1, 0.0)
    assert len(read(table)) == 49
    assert table.requests == 1


def test_an_empty_list_is_one_request() -> None:
    table = Table(set(), 1, 0.0)
    assert read(table) == []
    assert table.requests == 1


def test_ids_in_one_heap_with_a_far_straggler_do_not_explode_into_requests() -> None:
    table = Table({*range(1, 5001), 3_000_000}, 1, 0.0)
    assert len(read(table)) == 5001
    assert table.requests <= 15


def test_only_a_few_windows_are_held_at_once() -> None:
    held: list[int] = []

    class Counting(Table):
        def part(self, window: Window) -> Part:
            held.append(1)
            return super().part(window)

    rows = walk(Counting(set(range(1, 60_001)), 1, 0.0), AtOnce())
    next(rows)
    assert len(held) <= AHEAD
    rows.close()  # type: ignore[attr-defined]


def test_windows_touch_and_do_not_overlap_and_the_last_has_no_end() -> None:
    windows = split(Window(100, None, 30_000.0), 40_000)
    assert windows[0].low == 100 and windows[-1].high is None
    assert all(a.high == b.low for a, b in pairwise(windows))
    assert all(window.pages <= LONGEST for window in windows)


def test_a_window_without_an_answer_is_asked_again_as_it_was() -> None:
    window = Window(10, 90, 70.0)
    assert go_on(window, Part([], ended=False), lambda row: int(row["ID"]), 70.0) == [window]
