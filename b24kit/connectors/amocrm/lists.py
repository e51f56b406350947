"""One list of an account as pages: asked for by ascending id, held against what was asked, in smaller pages where the
vendor's server gives up on big ones.

Filters that the vendor does not know, or that the account's plan lacks, are ignored with 200 and the whole list: so
every row is looked at again here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from b24kit.clock import Clock
from b24kit.connectors.amocrm.answers import rows_of
from b24kit.connectors.amocrm.exchange import Exchange
from b24kit.connectors.amocrm.paging import LONGEST, STEPS, Closing, Page, Row
from b24kit.connectors.amocrm.transport import Reply
from b24kit.connectors.retry import repeated
from b24kit.errors import BadAnswer, Stopped

BACK = 5  # seconds: clocks of the vendor's servers differ, and times are told in whole seconds

Fits = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Listing:
    """What to ask for. `fits` tells whether a row is one of the wanted; `bins`: whether the list has a bin to look into
    (`with=only_deleted`), `vanish_event` the event that tells of rows that left it where it has none.
    """

    path: str
    collection: str
    filters: Sequence[tuple[str, Any]] = ()
    embed: str = ""
    fits: Fits | None = None
    bins: bool = False
    vanish_event: str = ""


@dataclass(slots=True)
class AmoList:
    """A `paging.Source` over one listing. Times are unix seconds of the portal."""

    exchange: Exchange
    clock: Clock
    listing: Listing
    pool: Executor
    size: int = LONGEST
    began: float | None = None
    _last: int | None = None  # the page without a next one: those asked for beyond it are not sent any more

    def page(self, number: int) -> Page:
        """Page `number` of 250 rows; in parts of 125 and less once the server gave up on a whole one (504)."""
        while True:
            size = self.size
            parts = LONGEST // size
            try:
                return self._joined(number, [(number - 1) * parts + part + 1 for part in range(parts)], size)
            except Stopped:
                if self.exchange.closed:
                    raise
                return Page([], False)
            except BadAnswer as error:
                smaller = next((step for step in STEPS if step < size), None)
                if error.facts.get("status") != 504 or smaller is None:
                    raise
                self.size = min(self.size, smaller)

    def closing(self) -> Closing:
        """Rows that came, changed or left since the first page was asked for."""
        self._last = None  # it may have grown
        binned = self.pool.submit(self._binned)
        changed, left = self._changed(), binned.result()
        mine = [row for row in changed if self._wanted(row)]
        strays = [int(row["id"]) for row in changed if not self._wanted(row)] if self.listing.fits else []
        gone = [*left, *strays]
        return Closing(min(gone) if gone else None, mine)

    def _joined(self, whole: int, numbers: Sequence[int], size: int) -> Page:
        rows: list[Row] = []
        seconds, more = 0.0, True
        for number in numbers:
            reply = self._asked(whole, number, size)
            rows += rows_of(reply.body, self.listing.collection)  # type: ignore[arg-type]
            seconds += reply.seconds
            more = _has_next(reply)
            if not more:
                self._last = whole if self._last is None else min(whole, self._last)
                break
        return Page(rows, more, seconds)

    def _asked(self, whole: int, number: int, size: int) -> Reply:
        if self.began is None:
            self.began = self.clock.now().timestamp() - BACK
        query = [*self._common(), ("order[id]", "asc"), ("limit", size), ("page", number)]

        too_heavy: list[BadAnswer] = []

        def wanted() -> bool:
            return self._last is None or whole <= self._last

        def once() -> Reply | None:
            try:
                return self.exchange.send("GET", self.listing.path, query, wanted=wanted)
            except BadAnswer as error:
                if error.facts.get("status") != 504 or size == STEPS[-1]:
                    raise
                too_heavy.append(error)  # a smaller page is a better answer to it than the same one again
                return None

        reply = repeated(once, self.clock, reads=True, stopped=lambda: self.exchange.closed)
        if reply is None:
            raise too_heavy[-1]
        return reply

    def _common(self) -> list[tuple[str, Any]]:
        embed = [("with", self.listing.embed)] if self.listing.embed else []
        return [*embed, *self.listing.filters]

    def _wanted(self, row: Row) -> bool:
        return self.listing.fits is None or self.listing.fits(row)

    def _changed(self) -> list[Row]:
        """Rows changed since the beginning, whatever the list's own filter, newest first."""
        if not self.listing.bins:
            return []
        embed = [("with", self.listing.embed)] if self.listing.embed else []
        return self._newest(self.listing.path, self.listing.collection, embed)

    def _binned(self) -> list[int]:
        if self.listing.bins:
            rows = self._newest(self.listing.path, self.listing.collection, [("with", "only_deleted")])
            return [int(row["id"]) for row in rows]
        if not self.listing.vanish_event:
            return []
        assert self.began is not None
        query = [("filter[type]", self.listing.vanish_event), ("filter[created_at][from]", int(self.began))]
        events = rows_of(self.exchange.get("/events", [*query, ("limit", 1)]).body, "events")
        return [0] if any(int(row.get("created_at") or 0) >= self.began for row in events) else []

    def _newest(self, path: str, collection: str, more: Sequence[tuple[str, Any]]) -> list[Row]:
        """Rows with `updated_at` since the beginning. Sorted by it, so that a filter that is ignored does no harm."""
        assert self.began is not None
        found: list[Row] = []
        number = 1
        query = [*more, ("filter[updated_at][from]", int(self.began)), ("order[updated_at]", "desc")]
        while True:
            reply = self.exchange.get(path, [*query, ("limit", LONGEST), ("page", number)])
            rows: list[Row] = rows_of(reply.body, collection)  # type: ignore[assignment]
            fresh = [row for row in rows if int(row.get("updated_at") or 0) >= self.began]
            found += fresh
            if len(fresh) < len(rows) or not _has_next(reply):
                return found
            number += 1


def _has_next(reply: Reply) -> bool:
    links = reply.body.get("_links") if isinstance(reply.body, dict) else None
    return isinstance(links, dict) and "next" in links


def since(moment: datetime) -> list[tuple[str, Any]]:
    """The filter of rows changed since a moment."""
    return [("filter[updated_at][from]", int(moment.timestamp()))]
