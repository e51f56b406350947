"""How a fake portal tells the outside what happened: parcels posted to hooks, tried again as the vendor does.

Free of any vendor: what a parcel says and how often it is repeated comes with it. Waiting between two attempts is
portal time, so a moved clock runs through a ladder of retries at once; the answer itself is awaited in real seconds,
because whoever receives lives in real time. Nothing is sent past loopback unless the rule says so: a fake portal
must never wake a real server. What waits is kept in memory: a restart forgets it, as it forgets requests under way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from b24kit.sandbox.clock import LONGEST_HOLD, Alarm, PortalClock
from b24kit.sandbox.delivery_faults import DeliveryFault, DeliveryFaults, Spoilt
from b24kit.sandbox.posting import NO_ANSWER, Parcel, post


class DeliveryRule(BaseModel):
    """The switches of the delivery itself. `timeout` in real seconds, all else in portal time."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    at_once: int = Field(default=8, ge=1)  # requests under way at one time, over all hooks
    timeout: float = Field(default=2.0, gt=0)
    beyond_loopback: bool = False
    on: bool = True  # off: nothing is sent or kept, as on a tariff without hooks


@dataclass(frozen=True, slots=True)
class Step:
    """One more attempt: so many portal seconds after the one before, when that one's status is of this kind."""

    after: float
    repeats: Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Ladder:
    """A vendor's patience: the attempts after the first, and when a hook that never answers is switched off."""

    steps: tuple[Step, ...] = ()
    spent_above: int | None = None  # so many wrong answers within `window`, the last one among them
    window: float = 7200

    def next_after(self, attempt: int, status: int) -> float | None:
        """Portal seconds until the attempt after this one (counted from 1), None when it was the last."""
        if taken(status) or attempt > len(self.steps):
            return None
        step = self.steps[attempt - 1]
        return step.after if step.repeats(status) else None


@dataclass(slots=True)
class Attempt:
    """A line of the journal; `status` 0 means that no answer came."""

    number: int
    hook: int
    event: str
    subject: str
    attempt: int
    at: float  # portal seconds since the portal was opened
    status: int | None = None  # None while under way
    fault: str | None = None
    body: str = ""


def taken(status: int) -> bool:
    """Whether an answer counts as delivered (page "Webhooks": 100 to 299)."""
    return 100 <= status <= 299


class Delivery:
    """All parcels of one portal: under way, waiting for another attempt, and the journal of every attempt."""

    def __init__(
        self,
        clock: PortalClock,
        ladder: Ladder,
        *,
        is_open: Callable[[int], bool] = lambda _: True,
        spent: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.rule = DeliveryRule()
        self.faults = DeliveryFaults([], self._flush_in)
        self.journal: deque[Attempt] = deque(maxlen=20_000)
        self.most_under_way = 0
        self._clock, self._ladder = clock, ladder
        self._is_open, self._spent = is_open, spent
        self._queue: deque[tuple[Parcel, int, str | None]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._waiting: dict[int, Alarm] = {}  # by their numbers
        self._numbers = 0
        self._wrong: dict[int, deque[float]] = {}

    def change(self, wanted: Mapping[str, Any]) -> DeliveryRule:
        """Change some switches; `faults` replaces the rules of what goes wrong on the way. Held parcels leave."""
        left = dict(wanted)
        rules = left.pop("faults", None)
        rule = DeliveryRule.model_validate(self.rule.model_dump() | left)
        if rules is not None:
            faults = [DeliveryFault.model_validate(one) for one in rules]
            self._flush()
            self.faults = DeliveryFaults(faults, self._flush_in)
        self.rule = rule
        return rule

    def send(self, parcels: Iterable[Parcel]) -> None:
        """Hand parcels over; they leave at once, as many together as the rule allows. Needs a running event loop."""
        if not self.rule.on:
            return
        for parcel in parcels:
            for spoilt in self.faults.of(parcel):
                self._route(spoilt)
        self._start()

    def told(self) -> dict[str, Any]:
        """Switches, journal and what is still to come, for the control API."""
        return {
            "rule": self.rule.model_dump(),
            "faults": self.faults.told(),
            "attempts": [asdict(one) for one in self.journal],
            "under_way": len(self._under_way) + len(self._queue),
            "waiting": len(self._waiting) + self.faults.held(),
            "most_under_way": self.most_under_way,
        }

    def forget(self) -> None:
        """Empty the journal and drop everything that is not under way."""
        self.journal.clear()
        self._queue.clear()
        for alarm in self._waiting.values():
            alarm.cancel()
        self._waiting.clear()
        self._wrong.clear()
        self.faults = DeliveryFaults(self.faults.rules, self._flush_in)
        self.most_under_way = 0

    def _route(self, spoilt: Spoilt) -> None:
        if spoilt.kind == "lost":
            self._note(spoilt.parcel, 1, "lost").status = NO_ANSWER
        elif spoilt.delay:
            self._later(spoilt.parcel, 1, spoilt.delay, spoilt.kind)
        else:
            self._queue.append((spoilt.parcel, 1, spoilt.kind))

    def _flush_in(self, seconds: float) -> None:
        self._clock.call_at(self._clock.elapsed() + seconds, self._flush, passive=True)

    def _flush(self) -> None:
        self._queue.extend((parcel, 1, "shuffled") for parcel in self.faults.release())
        self._start()

    def _start(self) -> None:
        while self._queue and len(self._under_way) < self.rule.at_once:
            parcel, attempt, fault = self._queue.popleft()
            if not self._is_open(parcel.hook):
                continue
            # Counted as busy from now on: a moved clock must not jump over a request that has not left yet.
            self._clock.enter()
            task = asyncio.get_running_loop().create_task(self._attempt(parcel, attempt, fault))
            self._under_way.add(task)
            self.most_under_way = max(self.most_under_way, len(self._under_way))

    async def _attempt(self, parcel: Parcel, attempt: int, fault: str | None) -> None:
        line = self._note(parcel, attempt, fault)
        hold = Hold(self._clock)
        try:
            line.status = await post(parcel, timeout=self.rule.timeout, beyond_loopback=self.rule.beyond_loopback)
        finally:
            hold.end()
            task = asyncio.current_task()
            if task is not None:
                self._under_way.discard(task)
        self._settle(parcel, attempt, line.status)
        self._start()

    def _settle(self, parcel: Parcel, attempt: int, status: int) -> None:
        if taken(status):
            return
        if self._is_spent(parcel.hook):
            self._spent(parcel.hook)
            return
        after = self._ladder.next_after(attempt, status)
        if after is not None:
            self._later(parcel, attempt + 1, after, None)

    def _is_spent(self, hook: int) -> bool:
        if self._ladder.spent_above is None:
            return False
        now = self._clock.elapsed()
        wrong = self._wrong.setdefault(hook, deque())
        wrong.append(now)
        while wrong and wrong[0] <= now - self._ladder.window:
            wrong.popleft()
        return len(wrong) > self._ladder.spent_above

    def _later(self, parcel: Parcel, attempt: int, seconds: float, fault: str | None) -> None:
        """Passive: nobody waits for a hook, so its next attempt never moves the clock by itself."""

        def ring() -> None:
            self._waiting.pop(alarm.number, None)
            self._queue.append((parcel, attempt, fault))
            self._start()

        alarm = self._clock.call_at(self._clock.elapsed() + seconds, ring, passive=True)
        self._waiting[alarm.number] = alarm

    def _note(self, parcel: Parcel, attempt: int, fault: str | None) -> Attempt:
        self._numbers += 1
        line = Attempt(
            self._numbers, parcel.hook, parcel.event, parcel.subject, attempt, self._clock.elapsed(), fault=fault,
            body=parcel.body.decode(errors="replace"),
        )  # fmt: skip
        self.journal.append(line)
        return line


class Hold:
    """Keeps a moved clock from jumping while a request is outside, but no longer than a receiver needs to answer.

    A receiver that asks the portal something before it answers waits for portal time himself: after a moment the
    clock is let go, or both would wait for each other.
    """

    def __init__(self, clock: PortalClock) -> None:
        self._clock = clock
        self._held = True
        self._timer = asyncio.get_running_loop().call_later(LONGEST_HOLD, self.end)

    def end(self) -> None:
        """Let the clock go, once."""
        if self._held:
            self._held = False
            self._timer.cancel()
            self._clock.leave()
