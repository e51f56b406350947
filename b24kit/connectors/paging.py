"""Reads a long list by windows of ids, several requests at once, so that a living portal loses no row and doubles none.

Rests on the vendor's page "How to Retrieve Large Volumes of Data": `start=-1` with a filter above the last id seen does
not count and does not shift when rows appear or vanish. Windows do not overlap, and each is walked by id to its end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol

PAGE = 50
LONGEST = 50  # pages of one request
COMFORTABLE = 45  # pages expected of a window, so that its rows end within one request though ids lie unevenly
SMALLEST = 25  # pages of a window of a short list; fewer are not worth a request
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
            if not part.ended:
                slots.extendleft(_Slot(rest) for rest in reversed(go_on(slot.window, part, source.id_of)))
            _send(slots, source, pool)
            count += len(part.rows)
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
    span = max(1, first.highest - seen)
    if first.total is not None:
        rows = float(max(0, first.total - len(first.rows)))
    else:
        rows = span * len(first.rows) / max(1, seen - id_of(first.rows[0]) + 1)
    return split(Window(seen, None, rows), span)


def go_on(window: Window, part: Part, id_of: Callable[[Row], int]) -> list[Window]:
    """What is left of a window that did not end within its request, split again by how densely its ids lie."""
    if not part.rows:
        return [window]
    last = id_of(part.rows[-1])
    density = len(part.rows) / max(1, last - window.low)
    if window.high is None:
        return [Window(last, None, max(window.rows - len(part.rows), float(len(part.rows))))]
    span = window.high - last
    return split(Window(last, window.high, min(float(span), density * span)), span) if span > 0 else []


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
