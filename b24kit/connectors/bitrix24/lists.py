"""The lists of Bitrix24 as sources for `paging`: how each style of method filters, orders and answers.

Rests on the vendor's pages "How to Retrieve Large Volumes of Data" and "List Methods"; pages of one window are chained
inside a batch by `$result`, since each begins where the one before it ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from b24kit.clock import Clock
from b24kit.connectors.batching import USED_OF_REQUEST
from b24kit.connectors.bitrix24.exchange import BatchAnswer, Exchange
from b24kit.connectors.bitrix24.faults import fault
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.connectors.paging import PAGE, First, Part, Row, Window
from b24kit.connectors.retry import repeated
from b24kit.crm.writes import Settled
from b24kit.errors import BadAnswer, NoAnswer, UsageError


@dataclass(frozen=True, slots=True)
class Style:
    """How a family of list methods speaks of ids: in filters and orders, in rows, and where its rows stand."""

    id_filter: str
    id_row: str
    rows_key: str | None = None  # None: the result itself is the list


STYLES: dict[str, Style] = {
    "classic": Style("ID", "ID"),  # crm.lead.list and its like
    "item": Style("id", "id", "items"),  # crm.item.list
    "history": Style("ID", "ID", "items"),  # crm.stagehistory.list
    "tasks": Style("ID", "id", "tasks"),  # tasks.task.list
}


class BitrixList:
    """One list method with its arguments, read by id."""

    def __init__(
        self, exchange: Exchange, clock: Clock, method: str, params: Mapping[str, Any], style: Style, above: int | None
    ) -> None:
        self._exchange, self._clock, self._method, self._style = exchange, clock, method, style
        self._params = _without_paging(method, params, style)
        self._filter = dict(params.get("filter") or {})
        self._above = above
        self._request_seconds = exchange.request_seconds * USED_OF_REQUEST

    def id_of(self, row: Row) -> int:
        return int(row[self._style.id_row])

    def first(self) -> First:
        """The first page, counted, and the last id: two commands of one batch."""
        low = {} if self._above is None else {f">{self._style.id_filter}": self._above}
        counted = self._command("first", low, start=0)
        last = self._command("last", low, direction="DESC")
        answer = self._read({"first": counted, "last": last})
        rows = self._rows(answer.outcomes["first"])
        end = self._rows(answer.outcomes["last"])
        highest = max((self.id_of(row) for row in (*rows[-1:], *end[:1])), default=0)
        return First(rows, highest, answer.outcomes["first"].total)

    def part(self, window: Window) -> Part:
        """The next rows of a window. After a failure of the wire it is asked again for half as many pages."""
        pages = self._affordable(window.pages)

        def ask() -> Part:
            nonlocal pages
            try:
                return self._ask(window, pages)
            except (NoAnswer, BadAnswer):
                pages = max(1, pages // 2)
                raise

        return repeated(ask, self._clock, reads=True)

    def _ask(self, window: Window, pages: int) -> Part:
        chain = {f"p{number}": self._page(window, number) for number in range(pages)}
        booking = self._exchange.booked(list(chain.values()))
        answer = self._exchange.chain(chain, booking)
        rows: list[Row] = []
        for name in chain:
            outcome = answer.outcomes.get(name)
            if outcome is None or outcome.settled in (Settled.NOT_EXECUTED, Settled.UNKNOWN):
                return Part(rows, ended=False)
            page = self._rows(outcome)
            rows += page
            if len(page) < PAGE:
                return Part(rows, ended=True)
        return Part(rows, ended=False)

    def _page(self, window: Window, number: int) -> Command:
        """Page `number` of a window: from the window's low end, or from the last row of the page before."""
        place = f"[{self._style.rows_key}]" if self._style.rows_key else ""
        before = f"$result[p{number - 1}]{place}[{PAGE - 1}][{self._style.id_row}]"
        bounds: dict[str, Any] = {f">{self._style.id_filter}": before if number else window.low}
        if window.high is not None:
            bounds[f"<={self._style.id_filter}"] = window.high
        return self._command(f"p{number}", bounds)

    def _command(self, key: str, bounds: Mapping[str, Any], *, start: int = -1, direction: str = "ASC") -> Command:
        order = {self._style.id_filter: direction}
        params = {**self._params, "order": order, "filter": {**self._filter, **bounds}, "start": start}
        if not params["filter"]:
            del params["filter"]
        return Command(key, self._method, params)

    def _read(self, commands: Mapping[str, Command]) -> BatchAnswer:
        """A small batch of reads, repeated until every command is answered."""

        def ask() -> BatchAnswer:
            booking = self._exchange.booked(list(commands.values()))
            answer = self._exchange.chain(commands, booking)
            if answer.repeat:
                return ask()
            return answer

        return repeated(ask, self._clock, reads=True)

    def _rows(self, outcome: CommandOutcome) -> list[Row]:
        if outcome.settled is Settled.REFUSED:
            raise fault({"error": outcome.code, "error_description": outcome.said}, self._method)
        found = outcome.result
        if self._style.rows_key is not None and isinstance(found, Mapping):
            found = found.get(self._style.rows_key)
        if not isinstance(found, list):
            raise BadAnswer("wrong_shape", method=self._method, said=f"{outcome.settled.value}, no list of rows")
        return found

    def _affordable(self, pages: int) -> int:
        """No more pages than fit the time of one request."""
        each = self._exchange.speeds.usual(self._method, 0.0)
        return pages if each <= 0 else max(1, min(pages, int(self._request_seconds / each)))


def _without_paging(method: str, params: Mapping[str, Any], style: Style) -> dict[str, Any]:
    """The arguments without what reading by id sets itself; the id is always selected."""
    for name in ("order", "start"):
        if name in params:
            raise UsageError("rows_set_order_themselves", method=method, parameter=name)
    narrowed = [key for key in params.get("filter") or {} if key.lstrip("<>=") == style.id_filter and key[:1] in "<>"]
    if narrowed:
        raise UsageError("rows_set_ids_themselves", method=method, parameter=narrowed[0])
    kept = {name: value for name, value in params.items() if name != "filter"}
    select = kept.get("select")
    if select and "*" not in select and style.id_row not in select and style.id_filter not in select:
        kept["select"] = [style.id_filter, *select]
    return kept
