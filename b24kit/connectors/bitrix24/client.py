"""The REST client of one Bitrix24 portal: single calls, many commands at once, and lists without lost rows.

It composes the pieces of the wire (transport, counter, running time, batches, lanes) and knows no card of the CRM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from b24kit.clock import Clock
from b24kit.connectors.accounting import BATCH
from b24kit.connectors.batching import Listed, Source
from b24kit.connectors.bitrix24.dispatch import Dispatch, Intend, Tell
from b24kit.connectors.bitrix24.exchange import Answer, Exchange
from b24kit.connectors.bitrix24.lists import STYLES, BitrixList, Style
from b24kit.connectors.bitrix24.methods import is_reading
from b24kit.connectors.bitrix24.outlook import batches, requests_needed
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.connectors.flight import Lanes
from b24kit.connectors.forecast import Ahead, Work, finish
from b24kit.connectors.ledger import Ledger
from b24kit.connectors.pacing import LeakyBucket, Limits
from b24kit.connectors.paging import AHEAD, walk
from b24kit.connectors.retry import repeated
from b24kit.connectors.running_time import MethodTimeMeter
from b24kit.connectors.tap import Tap
from b24kit.connectors.transport import Access, Tokens, Transport
from b24kit.crm.portal import Cost, Progress
from b24kit.errors import UsageError

CheckFilter = Callable[[str, Mapping[str, Any]], None]

VARIES = 0.08  # of a time promised before the start
LOW, HIGH = 0.1, 1.0  # seconds of work of a command never measured: 0.1-3.3 for writes in the field


class RestClient:
    """One portal through one webhook or application. Close it when done."""

    def __init__(
        self,
        webhook: Access,
        *,
        clock: Clock,
        state_dir: Path | None = None,
        max_in_flight: int = 8,
        limits: Limits | None = None,
        tap: Tap | None = None,
        check_filter: CheckFilter | None = None,
        on_moved: Callable[[str], None] | None = None,
        tokens: Tokens | None = None,
        hidden: str | None = None,
    ) -> None:
        """`check_filter(method, params)` may refuse arguments before they are sent: unknown filter keys are dropped by
        the portal without a word, which widens the list. `on_moved(host)` hears of a renamed portal. `tokens` are
        those of an application, `hidden` is a secret that may stand in calls and is never shown."""
        self.limits = limits or Limits()
        self._clock, self._check_filter = clock, check_filter
        lanes = max(1, max_in_flight)
        self._transport = Transport(
            webhook, clock, lanes=lanes + AHEAD, on_moved=on_moved, tokens=tokens, hidden=hidden
        )
        self._ledger = Ledger(state_dir)
        bucket = LeakyBucket(self._ledger, webhook.host, clock, self.limits)
        meter = MethodTimeMeter(self._ledger, webhook.host, webhook.fingerprint, clock, self.limits)
        self._exchange = Exchange(self._transport, bucket, meter, clock, self.limits, tap)
        self._portal = webhook.host
        self._exchange.speeds.recall(self._ledger, self._portal, clock.now().timestamp())
        self.lanes = Lanes(lanes)
        self._pool = ThreadPoolExecutor(lanes, thread_name_prefix="b24kit-lane")

    @property
    def webhook(self) -> Access:
        """The access in use; its host is the new one after the portal moved."""
        return self._transport.webhook

    def call(self, method: str, params: Mapping[str, Any] | None = None, *, reads: bool | None = None) -> Any:
        """The result of one call.

        Repeated by itself only where that is safe: reads after any failure of the wire, writes when the portal surely
        did nothing. Raises the errors of `b24kit.errors`.
        """
        return self.answer(method, params, reads=reads).result

    def answer(self, method: str, params: Mapping[str, Any] | None = None, *, reads: bool | None = None) -> Answer:
        """As `call`, with `total` and `next` of a list."""
        given = dict(params or {})
        self._check(method, given)
        command = Command(method, method, given)
        looks = is_reading(method) if reads is None else reads
        return repeated(
            lambda: self._exchange.single(command, self._exchange.booked([command], method)), self._clock, reads=looks
        )

    def run(
        self,
        commands: Iterable[Command],
        *,
        intend: Intend | None = None,
        tell: Tell | None = None,
        reads: bool = False,
    ) -> Iterator[CommandOutcome]:
        """One outcome per command, in the order answers come.

        `intend(batch)` is called in this thread right before each batch is sent. Refusals for speed and paused methods
        are waited out and repeated here (they were not executed; `intend` hears of them again). A batch without a
        trustworthy answer makes its commands UNKNOWN; with `reads` it is repeated instead. Wrong access, or an
        unreachable portal, is raised after the outcomes of what was in flight. `tell` is called after each batch and
        every few seconds of a long wait; what it raises ends the run in order, as closing the iterator does.
        """
        dispatch = Dispatch(self._exchange, self.lanes, self._pool, self._clock, self.limits, reads=reads)
        return dispatch.run(Listed(self._checked(commands)), intend, tell)

    def carry(self, source: Source, *, intend: Intend, tell: Tell | None = None) -> Iterator[CommandOutcome]:
        """As `run`, of commands that come up while others are answered; those that only look (`reads`) are repeated."""
        dispatch = Dispatch(self._exchange, self.lanes, self._pool, self._clock, self.limits, reads=False)
        return dispatch.run(source, intend, tell)

    def rows(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        style: str | Style = "classic",
        above: int | str | None = None,
        tell: Tell | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Every row of a list by ascending id, each exactly once though people work on the portal meanwhile.

        `style`: classic (crm.lead.list), item (crm.item.list), history (crm.stagehistory.list), tasks
        (tasks.task.list). `above`: only ids above this one.
        """
        given = dict(params or {})
        self._check(method, given)
        found = STYLES.get(style) if isinstance(style, str) else style
        if found is None:
            raise UsageError("unknown_page_style", method=method, style=style)
        source = BitrixList(self._exchange, self._clock, method, given, found, None if above is None else int(above))
        told = None if tell is None else lambda done, total: tell(Progress(done, total))
        return walk(source, self._pool, told=told)

    def fetch(self, address: str, most: int) -> bytes | None:
        """The content of a file at an address that the portal gave; see `Transport.fetch`."""

        def once() -> bytes | None:
            self._exchange.bucket.take()
            return self._transport.fetch(address, most)

        return repeated(once, self._clock, reads=True)

    @property
    def requests(self) -> int:
        """How many have left."""
        return self._transport.requests

    def estimate(self, counts: Mapping[str, int], guess: Mapping[str, float] | None = None, alone: int = 0) -> Cost:
        """The price of so many items by method, at this portal's limits and with what is spent already.

        `alone`: requests that go by themselves and cost no running time worth counting.
        `guess`: seconds of work of methods that were not measured yet. `seconds_low` holds if they are as quick as
        that (or as 0.1 s), `seconds_high` if they are as slow as ten times that; of measured ones speeds vary a little.
        """
        speeds = self._exchange.speeds
        low = {m: (guess or {}).get(m, LOW) for m in counts}
        high = {m: low[m] * HIGH / LOW for m in counts}
        quick = batches(counts, self._exchange, self.limits, low)
        slow = batches(counts, self._exchange, self.limits, high)
        if alone:
            quick, slow = ([*work, Work(alone, speeds.around, {})] for work in (quick, slow))
        return Cost(
            requests=requests_needed(counts, self._exchange, self.limits, low) + alone,
            method_seconds={m: n * speeds.usual(m, low[m]) for m, n in counts.items()},
            seconds_low=finish(quick, self._ahead(quick)) * (1 - VARIES),
            seconds_high=finish(slow, self._ahead(slow)) * (1 + VARIES),
        )

    def hush(self, connector: str) -> None:
        """From now on our own writes name this queue, so that they are not told to ourselves in it."""
        self._exchange.connector = connector

    def close(self) -> None:
        """End all lanes and connections."""
        self._exchange.closed = True
        self._pool.shutdown(wait=True)
        self._remember()
        self._transport.close()
        self._ledger.close()

    def _remember(self) -> None:
        self._exchange.speeds.remember(self._ledger, self._portal, self._clock.now().timestamp())

    def _ahead(self, work: Iterable[Any]) -> Ahead:
        meter, bucket = self._exchange.meter, self._exchange.bucket
        names = {name for kind in work for name in kind.costs} | {BATCH}
        return Ahead(
            lanes=self.lanes.hoped,
            meter=meter,
            standings={name: meter.standing(name) for name in names},
            level=bucket.full - bucket.room(),
            full=bucket.full,
            leak=bucket.leak,
        )

    def _check(self, method: str, params: Mapping[str, Any]) -> None:
        if self._check_filter is not None:
            self._check_filter(method, params)

    def _checked(self, commands: Iterable[Command]) -> Iterable[Command]:
        if self._check_filter is None:
            return commands
        checked = list(commands)
        for command in checked:
            self._check_filter(command.method, command.params)
        return checked
