"""The fake portal's own time: real, running faster, or standing still and moved by whoever waits.

In the moved mode time jumps to the earliest wake-up, and only when everything is quiet: no request is being worked on,
and nothing was seen or said for a short grace of real time, so that a client may think about an answer at no cost.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from b24kit.clock import Clock, SystemClock

Mode = Literal["real", "fast", "moved"]
TOGETHER = 1e-6  # alarms closer than this ring at one instant: sums of floats must not part simultaneous events
LONGEST_HOLD = 0.25  # seconds of real time for which mere questions about the time may hold a jump back
PER_BYTE = 4e-8  # a client needs about 40 ms to read 1 MB of rows; a jump waits that long after a big answer


@dataclass(order=True, slots=True)
class Alarm:
    """One wake-up; equal times ring in the order in which they were set."""

    due: float
    number: int
    ring: Callable[[], object] | None = field(compare=False)
    passive: bool = field(compare=False, default=False)

    def cancel(self) -> None:
        """Never ring."""
        self.ring = None


class PortalClock:
    """Portal seconds since the portal was opened (`elapsed`), and the calendar made of them (`now`, `unix`).

    Everything that does work is counted in `busy`: `enter` and `leave` surround a request, and `sleep_until` or `wait`
    take their caller out of the count until somebody wakes him. The waker counts him in again, before he runs: between
    a wake-up and the woken task's next step the portal never looks idle, so no wake-up is lost and none is overtaken.
    """

    def __init__(
        self,
        mode: Mode = "real",
        *,
        factor: float = 1.0,
        start: datetime | None = None,
        grace: float = 0.005,
        real: Clock | None = None,
    ) -> None:
        self._real: Clock = real or SystemClock()
        self._start = start or self._real.now()
        self.mode: Mode = mode
        self.factor = factor if mode == "fast" else 1.0
        self.grace = grace
        self.busy = 0
        self._base = 0.0
        self._anchor = self._real.monotonic()
        self._alarms: list[Alarm] = []
        self._set = 0
        self._hasty = 0
        self._heard = self._idle_since = self._anchor
        self._timer: asyncio.Handle | None = None

    # What time it is.

    def elapsed(self) -> float:
        """Portal seconds since the portal was opened; safe to ask from any thread."""
        if self.mode == "moved":
            return self._base
        return self._base + (self._real.monotonic() - self._anchor) * self.factor

    def now(self) -> datetime:
        """The portal's calendar now, aware, in UTC."""
        return self.at(self.elapsed())

    def at(self, elapsed: float) -> datetime:
        """The calendar's moment of some portal second, aware, in UTC."""
        return self._start + timedelta(seconds=elapsed)

    def unix(self) -> float:
        """The same moment as a Unix time."""
        return self._start.timestamp() + self.elapsed()

    # Who is busy.

    def enter(self) -> None:
        """A request came in (or a client began to sleep)."""
        self.busy += 1
        self.touch()

    def leave(self, answered: int = 0) -> None:
        """A request ended with an answer of so many bytes."""
        self.touch(answered * PER_BYTE)
        self._rest()

    def touch(self, more: float = 0.0) -> None:
        """Somebody outside was seen to be awake: hold the next jump back for the grace, and for `more` seconds."""
        self._heard = max(self._heard, self._real.monotonic() + more)

    # Waiting.

    async def sleep(self, seconds: float) -> None:
        """Wait for so many portal seconds; the caller must be counted in `busy`."""
        await self.sleep_until(self.elapsed() + seconds)

    async def sleep_until(self, due: float, *, passive: bool = False) -> None:
        """Wait for a portal second; one already past only lets others have their turn.

        A passive sleeper is one whom nobody waits for: he does not move the clock, he wakes when others moved it far
        enough. So work that commits late is never hurried by its own lateness.
        """
        if due <= self.elapsed() + TOGETHER:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self.wait(woken, due, None, passive=passive)

    async def wait(
        self, woken: asyncio.Future[Any], due: float | None, otherwise: Any, *, passive: bool = False
    ) -> Any:
        """Wait until `wake(woken, value)` or, from the portal second `due` on, for `otherwise`."""
        alarm = None if due is None else self.call_at(due, lambda: self.wake(woken, otherwise), passive=passive)
        self._rest()
        try:
            return await woken
        except asyncio.CancelledError:
            if woken.cancelled():  # nobody woke us, so nobody counted us in
                self.busy += 1
            raise
        finally:
            if alarm is not None:
                alarm.cancel()

    def wake(self, woken: asyncio.Future[Any], value: Any = None) -> bool:
        """Wake a waiter, once; False when he was woken before or has gone."""
        if woken.done():
            return False
        self.busy += 1
        woken.set_result(value)
        return True

    def call_at(self, due: float, ring: Callable[[], object], *, passive: bool = False) -> Alarm:
        """Have a plain function called at a portal second."""
        self._set += 1
        alarm = Alarm(due, self._set, ring, passive)
        heapq.heappush(self._alarms, alarm)
        self._arm()
        return alarm

    # Moving it by hand.

    def set(self, mode: Mode | None = None, *, factor: float | None = None, grace: float | None = None) -> None:
        """Change the way of going; the time shown goes on from where it stands."""
        self._base, self._anchor = self.elapsed(), self._real.monotonic()
        self.mode = mode or self.mode
        self.factor = (factor or self.factor) if self.mode == "fast" else 1.0
        self.grace = self.grace if grace is None else grace
        self._arm()

    async def advance(self, seconds: float) -> None:
        """Let so much time pass at once. In the moved mode all that falls due on the way happens at its own time."""
        if self.mode != "moved":
            self._base += seconds
            self._arm()
            await asyncio.sleep(0)
            return
        self._hasty += 1
        try:
            await self.sleep(seconds)
        finally:
            self._hasty -= 1

    def snapshot(self) -> dict[str, Any]:
        """What a file keeps of the clock; `restore` continues from it."""
        ahead = (self.now() - self._real.now()).total_seconds()
        return {
            "mode": self.mode, "factor": self.factor, "grace": self.grace, "now": self.now().isoformat(), "ahead": ahead
        }  # fmt: skip

    def restore(self, kept: dict[str, Any]) -> None:
        """Go on after a restart: a real clock keeps its distance to the machine's, any other its own moment."""
        self.mode, self.grace = kept["mode"], kept["grace"]
        self.factor = kept["factor"]
        self._start = datetime.fromisoformat(kept["now"]).astimezone(UTC)
        if self.mode == "real":
            self._start = self._real.now() + timedelta(seconds=kept["ahead"])
        self._base, self._anchor = 0.0, self._real.monotonic()

    # The machinery.

    def _rest(self) -> None:
        self.busy -= 1
        if self.busy == 0:
            self._idle_since = self._real.monotonic()
            self._arm()

    def _arm(self) -> None:
        """Set the one timer of the event loop for what comes next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._alarms and self._alarms[0].ring is None:
            heapq.heappop(self._alarms)
        if not self._alarms or (self.mode == "moved" and not self._may_jump()):
            return
        delay = self._hold() if self.mode == "moved" else (self._alarms[0].due - self.elapsed()) / self.factor
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(delay, self._go) if delay > 0 else loop.call_soon(self._go)

    def _may_jump(self) -> bool:
        return self.busy == 0 and any(alarm.ring is not None and not alarm.passive for alarm in self._alarms)

    def _hold(self) -> float:
        """Real seconds for which the moved clock must still stand."""
        real = self._real.monotonic()
        if self._hasty:
            return 0.0
        return min(self._heard + self.grace, self._idle_since + max(LONGEST_HOLD, self.grace)) - real

    def _go(self) -> None:
        self._timer = None
        if self.mode == "moved" and self._alarms and self._may_jump() and self._hold() <= 0:
            self._base = max(self._base, self._alarms[0].due)
        while self._alarms and self._alarms[0].due <= self.elapsed() + TOGETHER:
            alarm = heapq.heappop(self._alarms)
            if alarm.ring is not None:
                alarm.ring()
        self._arm()
