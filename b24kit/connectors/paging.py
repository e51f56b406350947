"""Reads a long list by windows of ids, several requests at once, so that a living portal loses no row and doubles none.

Rests on the vendor's page "How to Retrieve Large Volumes of Data": `start=-1` with a filter above the last id seen does
not count and does not shift when rows appear or vanish. Windows do not overlap, and each is walked by id to its end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from math import ceil, inf
from typing import Any, Protocol

PAGE = 50
LONGEST = 50  # pages of one request
COMFORTABLE = 45  # pages expected of a window, so that its rows end within one request though ids lie unevenly
SMALLEST = 25  # pages of a window of a short list; fewer are not worth a request
UNEVEN = 3  # so many times denser than on average is a heap
AHEAD = 4  # windows in flight or waiting for the caller: each holds up to 2,500 rows

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """Ids above `low` up to `high` (None: without an end); `rows` is how many are expected."""

    low: int
    high: int | None
    rows: float

    @property
    def pages(self) -> int:
        """Pages to ask for at once: what is expected, a little more, and the short page that proves the end."""
        return min(LONGEST, max(2, ceil(self.rows / PAGE * 1.05) + 1))


@dataclass(frozen=True, slots=True)
class First:
    """The beginning of a list: its first page, its highest id, and how many rows there are if the portal counted."""

    rows: list[Row]
    highest: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a window by ascending id, and whether the window is known to end there."""

    rows: list[Row]
    ended: bool


class Source(Protocol):
    """A list of a portal; both calls may come from several threads."""

    def first(self) -> First:
        """The first page and the end of the list."""

    def part(self, window: Window) -> Part:
        """The next rows of a window, as many as one request gives."""

    def id_of(self, row: Row) -> int: ...


def walk(source: Source, pool: Executor, *, told: Callable[[int, int | None], None] | None = None) -> Iterator[Row]:
    """Every row by ascending id. Closing it asks for nothing more."""
    first = source.first()
    if told is not None:
        told(len(first.rows), first.total)
    if len(first.rows) < PAGE:
        yield from first.rows
        return
    slots: deque[_Slot] = deque(_Slot(window) for window in split_rest(first, source.id_of))
    try:
        _send(slots, source, pool)
        yield from first.rows
        count = len(first.rows)
        while slots:
            _send(slots, source, pool)
            slot = slots.popleft()
            assert slot.answer is not None
            part = slot.answer.result()
            count += len(part.rows)
            if not part.ended:
                left = inf if first.total is None else float(max(0, first.total - count))
                slots.extendleft(_Slot(rest) for rest in reversed(go_on(slot.window, part, source.id_of, left)))
            _send(slots, source, pool)
            if told is not None:
                told(count, first.total)
            slot.answer = None
            yield from part.rows
    finally:
        for slot in slots:
            if slot.answer is not None:
                slot.answer.cancel()


def split_rest(first: First, id_of: Callable[[Row], int]) -> list[Window]:
    """Windows over what comes after the first page. The last one has no end: cards are born while we read."""
    seen = id_of(first.rows[-1])
    left = inf if first.total is None else float(max(0, first.total - len(first.rows)))
    span = first.highest - seen
    density = len(first.rows) / (seen - id_of(first.rows[0]) + 1)
    return lay_out(Window(seen, None, left if left < inf else density * span), span, density, left)


def go_on(window: Window, part: Part, id_of: Callable[[Row], int], left: float) -> list[Window]:
    """What remains of a window that did not end within its request; `left` rows remain in the whole list (or inf)."""
    if not part.rows:
        return [window]
    last = id_of(part.rows[-1])
    if window.high is None:
        return [Window(last, None, max(window.rows - len(part.rows), float(len(part.rows))))]
    span = window.high - last
    density = len(part.rows) / (last - window.low)
    return lay_out(Window(last, window.high, min(left, density * span)), span, density, left)


def lay_out(window: Window, span: int, density: float, left: float) -> list[Window]:
    """A window of so many ids, cut up, when `density` rows an id were seen just before it.

    Ids may lie in heaps: where they are much denser here than the rows that are left allow for the whole span, the heap
    is cut by its own density and the thin rest is one window.
    """
    if span <= 0:
        return [window] if window.high is None else []
    reach = min(span, ceil(left / density)) if left < inf else span
    if 0 < reach < span / UNEVEN:
        heap = split(Window(window.low, window.low + reach, left), reach)
        return [*heap, Window(window.low + reach, window.high, 0.0)]
    return split(window, span)


def split(window: Window, span: int) -> list[Window]:
    """Cut a window of so many ids into equal ones of a comfortable size."""
    pages = ceil(window.rows / PAGE)
    pieces = max(1, ceil(pages / COMFORTABLE), min(AHEAD, ceil(pages / SMALLEST)))
    pieces = min(pieces, max(1, span))
    bounds = [window.low + span * number // pieces for number in range(pieces)]
    ends: list[int | None] = [*bounds[1:], window.high]
    return [Window(low, end, window.rows / pieces) for low, end in zip(bounds, ends, strict=True)]


@dataclass(slots=True)
class _Slot:
    window: Window
    answer: Future[Part] | None = None


def _send(slots: deque[_Slot], source: Source, pool: Executor) -> None:
    """Have the next few windows in flight."""
    for number, slot in enumerate(slots):
        if number >= AHEAD:
            return
        if slot.answer is None:
            slot.answer = pool.submit(source.part, slot.window)
