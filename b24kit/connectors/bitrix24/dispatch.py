"""Performs many commands: cuts batches, keeps a few in flight, and gives one outcome for each command.

The caller's thread decides everything (what is cut, what is journalled, when to wait); lanes only carry a batch and
bring back what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from b24kit.clock import Clock
from b24kit.connectors.batching import PROBE_READS, PROBE_WRITES, Cut, Waiting, batch_length, unknown
from b24kit.connectors.bitrix24.encode import travels_alone
from b24kit.connectors.bitrix24.exchange import BatchAnswer, Exchange
from b24kit.connectors.bitrix24.outlook import Outlook
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.connectors.flight import Flight, Lanes
from b24kit.connectors.pacing import Limits
from b24kit.connectors.retry import repeated, surely_not_executed
from b24kit.connectors.running_time import Booking
from b24kit.crm.portal import Progress
from b24kit.crm.writes import Settled
from b24kit.errors import B24kitError, MethodPaused, PortalError, Unsettled

Intend = Callable[[Sequence[Command]], None]
Tell = Callable[[Progress], None]

SLICE = 5.0  # seconds of one wait: between two the caller is told, and may stop by raising
HOPELESS = 5  # so many batches in a row without an answer that can be trusted end the run


@dataclass(slots=True, eq=False)
class Sent:
    """A batch on its way. `alone` travels as a plain call, not as a batch."""

    commands: list[Command]
    booking: Booking
    alone: bool
    at: float
    in_flight: int  # with it, when it left
    round: int


@dataclass(frozen=True, slots=True)
class Landed:
    """What came back: an answer, or the error that stands for the whole batch."""

    answer: BatchAnswer
    error: B24kitError | None = None
    tries: int = 1


class Dispatch:
    """One run of commands through a portal's lanes."""

    def __init__(
        self, exchange: Exchange, lanes: Lanes, pool: Executor, clock: Clock, limits: Limits, *, reads: bool
    ) -> None:
        self._exchange, self._lanes, self._clock, self._limits = exchange, lanes, clock, limits
        self._reads = reads
        self._flight: Flight[Sent, Landed] = Flight(pool)
        self._probing: set[str] = set()
        self._wait = 0.0
        self._closing = False
        self._silent = 0  # batches in a row that brought no answer
        self._done = 0

    def run(self, commands: Iterable[Command], intend: Intend | None, tell: Tell | None) -> Iterator[CommandOutcome]:
        """Outcomes as answers come. Closing it sends nothing more, waits for what is in flight and yields no more."""
        waiting = Waiting(commands)
        outlook = Outlook(self._exchange, self._lanes, self._clock, self._limits)
        failure: B24kitError | None = None
        try:
            while self._flight.count or (waiting and failure is None):
                if failure is None:
                    self._fill(waiting, intend)
                if not self._flight.count:
                    self._pass_time(waiting, outlook, tell)
                    continue
                in_flight = self._flight.count
                sent, landed = self._flight.land()
                failure = failure or self._judge(sent, landed, in_flight)
                outcomes = self._outcomes(sent, landed, waiting, failure)
                self._done += len(outcomes)
                outlook.answered()
                if failure is None:
                    self._fill(waiting, intend)
                self._tell(waiting, outlook, tell)
                yield from outcomes
            if failure is not None:
                raise failure
        finally:
            self._closing = True
            self._flight.drain()

    def _fill(self, waiting: Waiting, intend: Intend | None) -> None:
        """Send batches while a lane is open and running time is left."""
        self._wait = 0.0
        while waiting and self._flight.count < self._lanes.allowed:
            count = self._length(waiting)
            new = unknown(waiting.peek(count), self._exchange.speeds)
            if new & self._probing and not self._reads:
                return  # the first batch of a method whose speed is unknown goes alone
            batch = waiting.take(count)
            alone = travels_alone(batch[0].params)
            booking = self._exchange.meter.book(self._costs(batch, alone=alone))
            if not isinstance(booking, Booking):
                waiting.put_back(batch)
                self._wait = booking
                return
            self._probing |= new
            now, in_flight = self._clock.monotonic(), self._flight.count + 1
            self._send(Sent(batch, booking, alone, now, in_flight, self._lanes.round), intend)

    def _length(self, waiting: Waiting) -> int:
        """How many commands the next batch takes; one whose data looks like a reference takes none with it."""
        cut = Cut(
            size=self._limits.batch_size,
            request_seconds=self._limits.request_seconds,
            lanes=self._lanes.allowed,
            seen_lanes=self._lanes.seen,
            spread=self._exchange.bucket.room() >= self._lanes.allowed,
            probe=PROBE_READS if self._reads else PROBE_WRITES,
        )
        count = batch_length(waiting, self._exchange.speeds, cut)
        for number, command in enumerate(waiting.peek(count)):
            if travels_alone(command.params):
                return max(1, number)
        return count

    def _costs(self, batch: Sequence[Command], *, alone: bool) -> dict[str, float]:
        return self._exchange.costs(batch, batch[0].method) if alone else self._exchange.costs(batch)

    def _send(self, sent: Sent, intend: Intend | None) -> None:
        try:
            if intend is not None:
                intend(sent.commands)
        except BaseException:
            self._exchange.meter.settle(sent.booking, {})
            raise
        self._flight.send(sent, lambda: self._carry(sent))

    def _carry(self, sent: Sent) -> Landed:
        """In a lane: send until there is an answer or no repeat is safe."""
        tries = 0

        def once() -> BatchAnswer:
            nonlocal tries
            tries += 1
            return self._once(sent)

        try:
            answer = repeated(once, self._clock, reads=self._reads, paused=False, stopped=lambda: self._closing)
        except B24kitError as error:
            return Landed(BatchAnswer({}), error, tries)
        return Landed(answer, tries=tries)

    def _once(self, sent: Sent) -> BatchAnswer:
        if not sent.alone:
            return self._exchange.batch(sent.commands, sent.booking)
        command = sent.commands[0]
        try:
            answer = self._exchange.single(command, sent.booking)
        except PortalError as error:
            if surely_not_executed(error):
                raise
            code, said = str(error.facts.get("vendor_code", "")), str(error.facts.get("said", ""))
            return BatchAnswer({command.key: CommandOutcome(command.key, Settled.REFUSED, code=code, said=said)})
        done = CommandOutcome(command.key, Settled.DONE, answer.result, answer.total, answer.next)
        return BatchAnswer({command.key: done})

    def _judge(self, sent: Sent, landed: Landed, in_flight: int) -> B24kitError | None:
        """Learn from what came back; gives the error that ends the run, if this is one."""
        self._probing -= {command.method for command in sent.commands}
        error = landed.error
        if error is None:
            self._silent = 0
            if landed.tries > 1:
                self._lanes.refused(sent.round)
            elif landed.answer.outcomes and not sent.alone:
                self._lanes.answered(max(in_flight, sent.in_flight), landed.answer.slowdown, sent.round)
            return None
        self._lanes.refused(sent.round)
        if isinstance(error, MethodPaused):
            return None
        self._silent += 1
        survivable = isinstance(error, Unsettled) and not surely_not_executed(error) and not self._reads
        return None if survivable and self._silent < HOPELESS else error

    def _outcomes(
        self, sent: Sent, landed: Landed, waiting: Waiting, failure: B24kitError | None
    ) -> list[CommandOutcome]:
        """One outcome per command, except for those that go back to the waiting ones."""
        error = landed.error
        if error is not None:
            if isinstance(error, MethodPaused) and failure is None:
                waiting.put_back(sent.commands)
                return []
            settled = Settled.UNKNOWN if isinstance(error, Unsettled) else Settled.NOT_EXECUTED
            settled = Settled.NOT_EXECUTED if surely_not_executed(error) or self._reads else settled
            said = str(error.facts.get("said", ""))
            return [CommandOutcome(command.key, settled, code=error.code, said=said) for command in sent.commands]
        again = list(landed.answer.repeat)
        if failure is None:
            waiting.put_back(again)
            again = []
        refused = [CommandOutcome(c.key, Settled.NOT_EXECUTED, code="not_executed") for c in again]
        return [*landed.answer.outcomes.values(), *refused]

    def _pass_time(self, waiting: Waiting, outlook: Outlook, tell: Tell | None) -> None:
        """Nothing is in flight and nothing may be sent: wait a little, told to the caller."""
        self._tell(waiting, outlook, tell)
        self._clock.sleep(min(SLICE, self._wait))

    def _tell(self, waiting: Waiting, outlook: Outlook, tell: Tell | None) -> None:
        if tell is not None:
            left = outlook.seconds_left(waiting, [(sent.at, sent.commands) for sent in self._flight.labels])
            tell(Progress(self._done, waiting.total, left))
