"""Performs many commands: cuts batches, keeps a few in flight, and gives one outcome for each command.

The caller's thread decides everything (what is cut, what is journalled, when to wait); lanes only carry a batch and
bring back what became of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from b24kit.clock import Clock
from b24kit.connectors.accounting import BATCH
from b24kit.connectors.batching import (
    LOOK_AHEAD,
    PROBE_READS,
    PROBE_WRITES,
    WORTH,
    WORTH_IN_RUN,
    Batch,
    Cut,
    Listed,
    Source,
    Waiting,
    next_batch,
    unknown,
)
from b24kit.connectors.bitrix24.encode import travels_alone
from b24kit.connectors.bitrix24.exchange import SHORTEST, BatchAnswer, Exchange
from b24kit.connectors.bitrix24.outlook import Outlook
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.connectors.flight import Flight, Lanes
from b24kit.connectors.pacing import Limits
from b24kit.connectors.retry import repeated, surely_not_executed
from b24kit.connectors.running_time import Booking
from b24kit.crm.portal import Progress
from b24kit.crm.writes import Settled
from b24kit.errors import B24kitError, MethodPaused, PortalError, Unsettled

# Hears of a batch right before it leaves; may give back the commands of it that shall still be sent.
Intend = Callable[[Sequence[Command]], Sequence[Command] | None]
Tell = Callable[[Progress], None]

SLICE = 5.0  # seconds of one wait: between two the caller is told, and may stop by raising
HOLD = 60.0  # seconds for which a batch that is not full waits for a method whose running time is used up
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


@dataclass(frozen=True, slots=True)
class Pause:
    """At which of our seconds a method has running time again, and when to ask: others' work may turn out cheaper."""

    over: float
    ask: float


class Dispatch:
    """One run of commands through a portal's lanes."""

    def __init__(
        self, exchange: Exchange, lanes: Lanes, pool: Executor, clock: Clock, limits: Limits, *, reads: bool
    ) -> None:
        self._exchange, self._lanes, self._clock, self._limits = exchange, lanes, clock, limits
        self._reads = reads
        self._flight: Flight[Sent, Landed] = Flight(pool)
        self._waiting = Waiting()
        self._probing: set[str] = set()
        self._paused: dict[str, Pause] = {}  # methods whose running time is used up
        self._closing = False
        self._silent = 0  # batches in a row that brought no answer
        self._done = 0

    def run(self, source: Source, intend: Intend | None, tell: Tell | None) -> Iterator[CommandOutcome]:
        """Outcomes as answers come. Closing it sends nothing more, waits for what is in flight and yields no more."""
        waiting = self._waiting
        outlook = Outlook(self._exchange, self._lanes, self._clock, self._limits)
        failure: B24kitError | None = None
        try:
            waiting.extend(source.more())
            while self._flight.count or (failure is None and self._any(source)):
                failure = failure or self._filled(source, intend)
                if not self._flight.count:
                    if waiting and failure is None:
                        self._pass_time(source, outlook, tell)
                    continue
                in_flight = self._flight.count
                sent, landed = self._flight.land()
                failure = failure or self._judge(sent, landed, in_flight)
                outcomes = self._outcomes(sent, landed, failure)
                self._done += len(outcomes)
                outlook.answered()
                if failure is None and not source.open:
                    failure = self._filled(source, intend)
                self._tell(source, outlook, tell)
                yield from outcomes  # with an open source, what is heard of these comes into the next batch
            if failure is not None:
                raise failure
        finally:
            self._closing = True
            self._flight.drain()

    def _any(self, source: Source) -> bool:
        """Whether there is anything to send; the source is asked when nothing waits."""
        if not self._waiting:
            self._waiting.extend(source.more())
        if not self._waiting:
            self._waiting.extend(source.rest())
        return bool(self._waiting)

    def _filled(self, source: Source, intend: Intend | None) -> B24kitError | None:
        """Send what may be sent; gives what the source could not go on for, once all on their way have landed."""
        try:
            self._fill(source, intend)
        except B24kitError as error:
            return error
        return None

    def _fill(self, source: Source, intend: Intend | None) -> None:
        """Send batches while a lane is open and running time is left."""
        if source.open or len(self._waiting) < LOOK_AHEAD:  # a list without an end is not drawn into memory
            self._waiting.extend(source.more())
        now = self._clock.monotonic()
        self._paused = {method: pause for method, pause in self._paused.items() if pause.ask > now}
        while self._flight.count < self._lanes.allowed:
            batch = self._cut(source)
            if not batch.full:
                self._waiting.put_back(batch.commands)
                if source.open and (self._flight.count or self._soon(now)):
                    return
                self._waiting.extend(source.rest())
                batch = self._cut(source)
            if not batch.commands:
                return
            self._book(batch.commands, intend)

    def _soon(self, now: float) -> bool:
        """Whether a paused method may be sent before long: a batch that is not full waits for it."""
        return any(pause.over - now <= HOLD for pause in self._paused.values())

    def _cut(self, source: Source) -> Batch:
        return next_batch(self._waiting, self._exchange.speeds, self._cut_by(source), _travels_alone)

    def _cut_by(self, source: Source) -> Cut:
        """What the next batch may hold. The first batch of a method whose speed is unknown goes alone."""
        lanes, known_end = self._lanes, source.ahead() == {} and not source.open
        spread = known_end and not self._paused and self._exchange.bucket.room() >= lanes.allowed
        return Cut(
            size=self._limits.batch_size,
            request_seconds=self._limits.request_seconds,
            lanes=lanes.allowed,
            seen_lanes=lanes.seen,
            left=len(self._waiting) if spread else None,
            worth=WORTH if isinstance(source, Listed) else WORTH_IN_RUN,
            probe_writes=PROBE_READS if self._reads else PROBE_WRITES,
            without=frozenset(self._paused) | (frozenset() if self._reads else self._probing),
        )

    def _book(self, batch: list[Command], intend: Intend | None) -> None:
        """Send a batch when its running time can be set aside; else its dearest methods pause, and it goes back."""
        alone = _travels_alone(batch[0])
        booking = self._exchange.meter.book_or_waits(self._costs(batch, alone=alone))
        if isinstance(booking, Booking):
            at, in_flight = self._clock.monotonic(), self._flight.count + 1
            self._send(Sent(batch, booking, alone, at, in_flight, self._lanes.round), intend)
            return
        self._waiting.put_back(batch)
        now = self._clock.monotonic()
        stopped = {BATCH: self._waiting.methods()}
        for name, wait in booking.items():
            for method in stopped.get(name, {name}):
                self._paused[method] = Pause(now + wait, now + min(wait, SLICE))

    def _costs(self, batch: Sequence[Command], *, alone: bool) -> dict[str, float]:
        return self._exchange.costs(batch, batch[0].method) if alone else self._exchange.costs(batch)

    def _send(self, sent: Sent, intend: Intend | None) -> None:
        try:
            if intend is not None and (kept := intend(sent.commands)) is not None:
                sent.commands = list(kept)
        except BaseException:
            self._exchange.meter.settle(sent.booking, {})
            raise
        if not sent.commands:
            self._exchange.meter.settle(sent.booking, {})
            return
        self._probing |= unknown(sent.commands, self._exchange.speeds)
        self._flight.send(sent, lambda: self._carry(sent))

    def _carry(self, sent: Sent) -> Landed:
        """In a lane: send until there is an answer or no repeat is safe."""
        tries = 0

        def once() -> BatchAnswer:
            nonlocal tries
            tries += 1
            return self._once(sent)

        try:
            reads = all(self._looks(command) for command in sent.commands)
            answer = repeated(once, self._clock, reads=reads, paused=False, stopped=lambda: self._closing)
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
        writes = any(not self._looks(command) for command in sent.commands)
        survivable = isinstance(error, Unsettled) and not surely_not_executed(error) and writes
        return None if survivable and self._silent < HOPELESS else error

    def _looks(self, command: Command) -> bool:
        return self._reads or command.reads

    def _outcomes(self, sent: Sent, landed: Landed, failure: B24kitError | None) -> list[CommandOutcome]:
        """One outcome per command, except for those that go back to the waiting ones."""
        error = landed.error
        if error is not None:
            if isinstance(error, MethodPaused) and failure is None:
                self._waiting.put_back(sent.commands)
                return []
            back = [command for command in sent.commands if failure is None and self._looks(command)]
            self._waiting.put_back(back)
            lost = [command for command in sent.commands if command not in back]
            return [_lost(command, error, looks=self._looks(command)) for command in lost]
        again = list(landed.answer.repeat)
        if failure is None:
            self._waiting.put_back(again)
            again = []
        refused = [CommandOutcome(c.key, Settled.NOT_EXECUTED, code="not_executed") for c in again]
        return [*landed.answer.outcomes.values(), *refused]

    def _pass_time(self, source: Source, outlook: Outlook, tell: Tell | None) -> None:
        """Nothing is in flight and nothing may be sent: wait a little, told to the caller."""
        self._tell(source, outlook, tell)
        now = self._clock.monotonic()
        wait = min((pause.ask - now for pause in self._paused.values()), default=0.0)
        self._clock.sleep(max(wait, SHORTEST))

    def _tell(self, source: Source, outlook: Outlook, tell: Tell | None) -> None:
        if tell is not None:
            ahead = source.ahead()
            items = None if ahead is None else self._waiting.by_method() + Counter(ahead)
            left = outlook.seconds_left(items, [(sent.at, sent.commands) for sent in self._flight.labels])
            tell(Progress(self._done, getattr(source, "total", None), left))


def _travels_alone(command: Command) -> bool:
    """A command whose data looks like a reference to another one, or holds a file, takes none with it."""
    return travels_alone(command.params)


def _lost(command: Command, error: B24kitError, *, looks: bool) -> CommandOutcome:
    """The outcome of a command whose batch brought no answer."""
    unsure = isinstance(error, Unsettled) and not surely_not_executed(error) and not looks
    settled = Settled.UNKNOWN if unsure else Settled.NOT_EXECUTED
    return CommandOutcome(command.key, settled, code=error.code, said=str(error.facts.get("said", "")))
