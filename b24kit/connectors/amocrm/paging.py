"""Reads a long list page by page, several pages at once, so that a living account loses no row and doubles none.

amoCRM pages by number and tells no total: the end is a page without `next`, or no content. By ascending id new rows
come last and shift nothing, but a row that vanishes moves all later ones forward, over the edge of a page that was read
already. So when something may have vanished meanwhile, the list is read once more from its end to that place, one page
after another: rows only move towards the beginning, therefore none can slip past a reader that comes from the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Protocol

LONGEST = 250  # rows of a page; more are cut off by the vendor without a word
STEPS = (250, 125, 50, 25, 10)  # all divide a page of 250: a page that is too heavy is read in parts
AHEAD, MOST = 3, 8  # pages in flight; more are sent only where answers take so long that the limit would not be used
A_SECOND = 7  # requests that the vendor allows

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page, whether another follows, and the seconds its answer took once it was sent."""

    rows: list[Row]
    more: bool
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Closing:
    """`vanished`: the lowest id that may have left the list meanwhile (0: any), None when none did; `rows` of the list
    that changed or came."""

    vanished: int | None = None
    rows: Sequence[Row] = ()


class Source(Protocol):
    """A list of an account; `page` may be called from several threads."""

    def page(self, number: int) -> Page:
        """A page by its number, from 1, rows by ascending id."""

    def closing(self) -> Closing:
        """What changed since the reading began, asked once its last page was read."""


@dataclass(slots=True)
class Walk:
    """One reading of a list; `told(rows)` hears how many were read."""

    source: Source
    pool: Executor
    told: Callable[[int], None] | None = None
    _seen: set[int] = field(default_factory=set)
    _starts: list[int] = field(default_factory=list)  # the first id of each page as it was read

    def rows(self) -> Iterator[Row]:
        """Every row once, by ascending id; what a living account hid from the first pass comes last."""
        for page in self._forward():
            self._starts.append(_id(page.rows[0]))
            yield from self._new(page.rows)
        if len(self._starts) > 1:
            closing = self.source.closing()
            yield from self._new(sorted(closing.rows, key=_id))
            if closing.vanished is not None:
                yield from self._backward(closing.vanished)

    def _forward(self) -> Iterator[Page]:
        flight: deque[Future[Page]] = deque()
        last: list[int] | None = None
        page = self.source.page(1)
        ahead, number, ended = AHEAD, 2, not page.more
        try:
            while True:
                if not page.rows:
                    return
                ids = [_id(row) for row in page.rows]
                if ids == last:
                    return  # the address knows no pages and gives everything each time
                last = ids
                while not ended and len(flight) < ahead:
                    flight.append(self.pool.submit(self.source.page, number))
                    number += 1
                yield page
                if not flight:
                    return
                page = flight.popleft().result()
                ended = ended or not page.more
                ahead = max(AHEAD, min(MOST, ceil(page.seconds * A_SECOND)))
        finally:
            for future in flight:
                future.cancel()

    def _backward(self, lowest: int) -> Iterator[Row]:
        """From the end to the page where the lowest row that vanished had stood."""
        first = next((number for number, start in enumerate(self._starts, 1) if start > lowest), len(self._starts) + 1)
        number = len(self._starts)
        while (page := self.source.page(number + 1)).rows and page.more:
            number += 1
        if page.rows:
            number += 1
        late: list[Row] = []
        for place in range(number, max(0, first - 2), -1):
            late += self._new(self.source.page(place).rows)
        yield from sorted(late, key=_id)

    def _new(self, rows: Sequence[Row]) -> list[Row]:
        fresh = [row for row in rows if _id(row) not in self._seen]
        self._seen.update(_id(row) for row in fresh)
        if self.told is not None:
            self.told(len(self._seen))
        return fresh


def _id(row: Row) -> int:
    return int(row["id"])
