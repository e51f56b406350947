"""The promised finish of a run, made from what its own answers showed; given from the second answered batch on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from b24kit.clock import Clock
from b24kit.connectors.accounting import BATCH
from b24kit.connectors.batching import USED_OF_REQUEST, Waiting
from b24kit.connectors.bitrix24.exchange import GUESS, Exchange
from b24kit.connectors.commands import Command
from b24kit.connectors.flight import Lanes
from b24kit.connectors.forecast import Ahead, Work, finish
from b24kit.connectors.pacing import Limits

PROMISED_AFTER = 2  # answered batches
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

    def seconds_left(self, waiting: Waiting, underway: Sequence[tuple[float, Sequence[Command]]]) -> float | None:
        """Portal seconds until the last answer; None before anything is known, or for a source without an end.

        `underway`: when each batch in flight left, and its commands.
        """
        left = waiting.left()
        if left is None or self._answers < PROMISED_AFTER:
            return None
        now = self._clock.monotonic()
        if self._promised is not None and self._answers > 50 and self._promised[2] - left < AFRESH * (left + 1):
            return max(0.0, self._promised[1] - (now - self._promised[0]))
        speeds = self._exchange.speeds
        busy = [max(0.0, at + speeds.around + speeds.seconds(sent, GUESS) - now) for at, sent in underway]
        seconds = self._reckon(waiting.by_method(), busy)
        self._promised = (now, seconds, left)
        return seconds

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
        size = limits.batch_size
        if each > 0:
            size = max(1, min(size, int(limits.request_seconds * USED_OF_REQUEST / each)))
        counted = exchange.accounting.each(method, each)
        number = ceil(count / size)
        share = count / number
        costs = exchange.accounting.expect([(method, counted * share)], BATCH)
        work.append(Work(number, exchange.speeds.around + each * share, costs))
    return work
