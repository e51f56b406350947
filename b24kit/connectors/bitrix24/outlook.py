"""The promised finish of a run, made from what its own answers showed; given from the second answered batch on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from b24kit.clock import Clock
from b24kit.connectors.accounting import BATCH
from b24kit.connectors.batching import USED_OF_REQUEST
from b24kit.connectors.bitrix24.exchange import GUESS, Exchange
from b24kit.connectors.bitrix24.methods import IMPORT_SIZE
from b24kit.connectors.commands import Command
from b24kit.connectors.flight import Lanes
from b24kit.connectors.forecast import Ahead, Work, finish
from b24kit.connectors.pacing import Limits

PIECES = {"crm.item.batchImport": IMPORT_SIZE}  # items in one command
PROMISED_AFTER = 2  # answered batches
STRANGE = 0.03  # of the items may be of methods never measured
AFRESH = 0.02  # of the run: the promise is made anew after so much more of it


class Outlook:
    """Keeps count of answers and reckons how long the rest will take."""

    def __init__(self, exchange: Exchange, lanes: Lanes, clock: Clock, limits: Limits) -> None:
        self._exchange, self._lanes, self._clock, self._limits = exchange, lanes, clock, limits
        self._answers = 0
        self._promised: tuple[float, float, int] | None = None  # (made at, seconds, commands left then)

    def answered(self) -> None:
        """One more batch came back."""
        self._answers += 1

    def seconds_left(
        self, items: Mapping[str, int] | None, underway: Sequence[tuple[float, Sequence[Command]]]
    ) -> float | None:
        """Portal seconds until the last answer, for so many items by method (None: nobody knows).

        None before anything is known of the methods that most of it is made of. `underway`: when each batch in flight
        left, and its commands.
        """
        if items is None or self._answers < PROMISED_AFTER or not self._known(items):
            return None
        left = sum(items.values())
        now = self._clock.monotonic()
        if self._promised is not None and self._answers > 50 and self._promised[2] - left < AFRESH * (left + 1):
            return max(0.0, self._promised[1] - (now - self._promised[0]))
        speeds = self._exchange.speeds
        busy = [max(0.0, at + speeds.around + speeds.seconds(sent, GUESS) - now) for at, sent in underway]
        seconds = self._reckon(items, busy)
        self._promised = (now, seconds, left)
        return seconds

    def _known(self, items: Mapping[str, int]) -> bool:
        strange = sum(count for method, count in items.items() if not self._exchange.speeds.knows(method))
        return strange <= STRANGE * sum(items.values())

    def _reckon(self, items: Mapping[str, int], busy: list[float]) -> float:
        exchange = self._exchange
        work = batches(items, exchange, self._limits)
        names = {name for kind in work for name in kind.costs}
        bucket = exchange.bucket
        ahead = Ahead(
            lanes=self._lanes.hoped,
            meter=exchange.meter,
            standings={name: exchange.meter.standing(name) for name in names},
            level=bucket.full - bucket.room(),
            full=bucket.full,
            leak=bucket.leak,
            busy=busy,
        )
        return finish(work, ahead)


def batches(
    items: Mapping[str, int], exchange: Exchange, limits: Limits, guess: Mapping[str, float] | None = None
) -> list[Work]:
    """Batches that so many items by method will make, each method by itself, with what each batch counts."""
    work = []
    for method, count in items.items():
        each = exchange.speeds.usual(method, (guess or {}).get(method, GUESS))
        pieces = PIECES.get(method, 1)
        number = ceil(count / (batch_size(each * pieces, limits) * pieces))
        share = count / number
        counted = exchange.accounting.each(method, each)
        costs = exchange.accounting.expect([(method, counted * share)], BATCH)
        work.append(Work(number, exchange.speeds.around + each * share, costs))
    return work


def requests_needed(
    items: Mapping[str, int], exchange: Exchange, limits: Limits, guess: Mapping[str, float] | None = None
) -> int:
    """Requests that so many items by method need when methods share batches."""
    shares = 0.0
    for method, count in items.items():
        pieces = PIECES.get(method, 1)
        each = exchange.speeds.usual(method, (guess or {}).get(method, GUESS)) * pieces
        shares += ceil(count / pieces) / batch_size(each, limits)
    return ceil(shares)


def batch_size(seconds: float, limits: Limits) -> int:
    """How many commands of so many seconds fit into a request."""
    fitting = int(limits.request_seconds * USED_OF_REQUEST / seconds) if seconds > 0 else limits.batch_size
    return max(1, min(limits.batch_size, fitting))
