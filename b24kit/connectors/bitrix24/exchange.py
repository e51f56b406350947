"""One request to a Bitrix24 portal with all that belongs to it: its place in the counter, its running time, its answer
split into one outcome per command, and what was learned from its times.

Rests on the vendor's pages "How to Execute a Batch Request", "REST API Limits" and "Data Types" (`time`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from b24kit.clock import Clock
from b24kit.connectors.accounting import BATCH, Accounting, Answered, Worked
from b24kit.connectors.bitrix24 import envelope, faults
from b24kit.connectors.bitrix24.encode import command_line
from b24kit.connectors.bitrix24.methods import is_reading
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.connectors.pacing import LeakyBucket, Limits
from b24kit.connectors.running_time import Booking, MethodTimeMeter
from b24kit.connectors.speed import Speeds
from b24kit.connectors.tap import Tap
from b24kit.connectors.transport import Reply, Transport
from b24kit.errors import BadAnswer, MethodPaused, NoAnswer, PortalError, Stopped, TooFast

SLICE = 5.0  # seconds of one wait: between two it is looked whether anybody still wants the answer
SHORTEST = 0.01  # a clock may be too coarse for the last microsecond of a wait
GUESS = 0.1  # seconds of work of a method that was never called: 0.02-0.25 for reads, 0.1-3.3 for writes in the field


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a single call."""

    result: Any
    total: int | None = None
    next: int | None = None


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """Outcomes of a batch by key; `repeat` are commands refused for speed, which were not executed."""

    outcomes: Mapping[str, CommandOutcome]
    repeat: Sequence[Command] = ()
    slowdown: float = 1.0


class Exchange:
    """Sends calls and batches; safe to share between threads."""

    def __init__(
        self,
        transport: Transport,
        bucket: LeakyBucket,
        meter: MethodTimeMeter,
        clock: Clock,
        limits: Limits,
        tap: Tap | None,
    ) -> None:
        self.bucket, self.meter = bucket, meter
        self.accounting, self.speeds = Accounting(), Speeds()
        self._transport, self._clock, self._limits, self._tap = transport, clock, limits, tap
        self.request_seconds = limits.request_seconds
        self._peaks: dict[str, float] = {}  # the highest running total shown, by name
        self._resets: dict[str, float] = {}  # our second at which the oldest basket falls out, by name
        self._longest_reset = 0.0
        self.closed = False
        self.connector = ""  # once set, own writes carry it and raise no event in our own queue

    def costs(self, commands: Sequence[Command], sent_as: str = BATCH) -> dict[str, float]:
        """The running time that these commands will count, by name."""
        each = [
            (c.method, self.accounting.each(c.method, self.speeds.usual(c.method, GUESS)) * c.items) for c in commands
        ]
        return self.accounting.expect(each, sent_as)

    def booked(self, commands: Sequence[Command], sent_as: str = BATCH) -> Booking:
        """Set running time aside for these commands, waiting for it as long as it takes; Stopped when closed."""
        while isinstance(booking := self.meter.book(self.costs(commands, sent_as)), float | int):
            self._clock.sleep(min(SLICE, max(booking, SHORTEST)))
            if self.closed:
                raise Stopped("connection_closed")
        return booking

    def single(self, command: Command, booking: Booking) -> Answer:
        """One call on its own; raises what came instead of a result."""
        reply = self._send(command.method, command.params, [command], booking)
        body = reply.body
        timed = envelope.time_of(body)
        seconds = envelope.seconds_or(timed.get("duration"), reply.seconds)
        worked = [Worked(command.method, command.items, seconds, None)]
        self._learn(
            Answered(command.method, worked, envelope.seconds(timed.get("operating")), envelope.reset_in(timed)),
            booking,
        )
        self.speeds.take_in(worked, reply.seconds)
        return Answer(body["result"], envelope.mark(body.get("total")), envelope.mark(body.get("next")))

    def batch(self, commands: Sequence[Command], booking: Booking, *, halt: bool = False) -> BatchAnswer:
        """Up to the vendor's size of commands in one request; raises when there is no answer to the whole of it."""
        names = {f"c{number:04d}": command for number, command in enumerate(commands)}
        return self._batch(names, booking, halt=halt)

    def chain(self, commands: Mapping[str, Command], booking: Booking) -> BatchAnswer:
        """A batch whose commands refer to each other by these names; it stops at the first refusal."""
        return self._batch(commands, booking, halt=True)

    def _batch(self, named: Mapping[str, Command], booking: Booking, *, halt: bool) -> BatchAnswer:
        lines = {name: command_line(c.method, self._hushed(c.method, c.params)) for name, c in named.items()}
        commands = list(named.values())
        params: dict[str, Any] = {"halt": int(halt), "cmd": lines}
        if self.connector and any(not is_reading(command.method) for command in commands):
            params["auth_connector"] = self.connector
        reply = self._send(BATCH, params, commands, booking)
        maps = envelope.maps_of(reply)
        worked, reset_in = envelope.worked(named, maps["result_time"], reply.seconds)
        timed = envelope.time_of(reply.body)
        reset_in = reset_in if reset_in is not None else envelope.reset_in(timed)
        self._learn(Answered(BATCH, worked, envelope.seconds(timed.get("operating")), reset_in), booking)
        slowdown = self.speeds.take_in(worked, reply.seconds) if worked else 1.0
        self._tap_batch(named, maps)
        return self._outcomes(named, maps, slowdown)

    def _outcomes(self, named: Mapping[str, Command], maps: envelope.BatchMaps, slowdown: float) -> BatchAnswer:
        outcomes: dict[str, CommandOutcome] = {}
        repeat: list[Command] = []
        for name, command in named.items():
            outcome = envelope.outcome_of(name, command, maps)
            if outcome.code.lower() in faults.REPEATABLE:
                repeat.append(command)
                self._refused_in_batch(outcome.code, command)
            else:
                outcomes[command.key] = outcome
        return BatchAnswer(outcomes, repeat, slowdown)

    def _send(self, method: str, params: Mapping[str, Any], commands: Sequence[Command], booking: Booking) -> Reply:
        """Send and sort errors; the booking is given back when the portal surely did nothing."""
        self.bucket.take()
        try:
            reply = self._transport.send(method, self._hushed(method, params))
            if method != BATCH and self._tap:
                self._tap.record(method, params, reply.status, reply.body, mask=self._transport.mask)
            envelope.raise_fault(reply, method)
        except (TooFast, MethodPaused) as error:
            self.meter.settle(booking, {})
            self._refused(error, method)
            raise
        except (NoAnswer, BadAnswer) as error:
            self.meter.settle(booking, {} if error.facts.get("sent") is False else booking.costs)
            if error.code == "no_answer_in_time" or error.facts.get("status") == 504:
                self.speeds.too_slow(commands, self._limits.request_seconds)
            raise
        except PortalError:
            self.meter.settle(booking, {})
            raise
        return reply

    def _hushed(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Vendor's page "Offline Events", how to avoid cycles: the key of the queue goes with every write of ours."""
        if not self.connector or method == BATCH or is_reading(method) or "auth_connector" in params:
            return params
        return {**params, "auth_connector": self.connector}

    def _refused(self, error: TooFast | MethodPaused, method: str) -> None:
        if isinstance(error, TooFast):
            self.bucket.refused()
        else:
            self._pause(method)

    def _refused_in_batch(self, code: str, command: Command) -> None:
        if code.lower() == "operation_time_limit":
            self._pause(command.method)
        else:
            self.bucket.refused()

    def _pause(self, name: str) -> None:
        """The running time of this name is used up: learn its limit from that, and wait for the portal's baskets.

        There is no Retry-After; `operating_reset_at` of the last answer tells when the oldest basket falls out. A ban
        (newer modules, always for a whole `batch`) is a fixed time, after which the baskets are empty.
        """
        now = self._clock.monotonic()
        if self.meter.standing(name).wait > 0:
            return  # another request in flight was refused for the same reason
        self.meter.learn(limit=self._peaks.pop(name, None), window=_round_up(self._longest_reset) or None)
        basket = self._limits.operating_window / self._limits.baskets
        reset = self._resets.get(name, now) - now
        wait = reset if reset > 0 else basket
        if name == BATCH:
            wait = min(self._limits.ban_seconds, wait) if reset > 0 else self._limits.ban_seconds
            self.meter.forget(name)
        self.meter.pause(name, wait + 1)  # the portal tells whole seconds

    def _learn(self, answered: Answered, booking: Booking) -> None:
        self.meter.settle(booking, self.accounting.take_in(answered))
        for name, total in self.accounting.totals(answered).items():
            self.meter.raise_to(name, total)
            self._peaks[name] = total
            if answered.reset_in is not None:
                self._resets[name] = self._clock.monotonic() + answered.reset_in
        if answered.reset_in is not None:
            self._longest_reset = max(self._longest_reset, answered.reset_in)

    def _tap_batch(self, named: Mapping[str, Command], maps: envelope.BatchMaps) -> None:
        if self._tap is None:
            return
        mask = self._transport.mask
        for name, command in named.items():
            if name in maps["result_error"]:
                self._tap.record(
                    command.method, command.params, 400, maps["result_error"][name], mask=mask, in_batch=True
                )
            elif name in maps["result"]:
                marks = {
                    short: maps[f"result_{short}"][name]
                    for short in ("total", "next")
                    if name in maps[f"result_{short}"]
                }
                response = {"result": maps["result"][name], **marks}
                self._tap.record(command.method, command.params, 200, response, mask=mask, in_batch=True)


def _round_up(seconds: float) -> float:
    """A window is a whole number of tens of seconds."""
    return -(-seconds // 10) * 10
