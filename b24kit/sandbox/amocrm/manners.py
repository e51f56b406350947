"""amoCRM's limits as arithmetic over portal time: requests a second per integration and per account, and the block.

Rests on the vendor's pages "Recommendations" and "Error codes": over the limit is 429, repeated abuse closes the API
of the whole account with 403 until support opens it. How much abuse it takes the vendor does not say.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from b24kit.sandbox.behaviour import Behaviour, Manners
from b24kit.sandbox.clock import PortalClock
from b24kit.sandbox.limits import BucketRule, RunningTimeRule

Verdict = Literal["ok", "too_many", "blocked"]
TOGETHER = 1e-6  # seconds: a request exactly one second after another is in the next second


class RateRule(BaseModel):
    """Requests within any second; `block_after` refusals within `block_window` seconds block the account."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    integration: int = Field(default=7, ge=1)
    account: int = Field(default=50, ge=1)
    retry_after: float = Field(default=1, ge=0)  # seconds, told in the body of a 429
    html: bool = False  # a 429 as a page of the web server, without the wait
    block_after: int | None = Field(default=100, ge=1)  # None: never blocked
    block_window: float = Field(default=60, gt=0)


class AmoManners(Manners):
    """The switches of a fake amoCRM account: no leaky bucket and no running time, but a rate."""

    bucket: BucketRule | None = None
    operating: RunningTimeRule | None = None
    rate: RateRule | None = RateRule()  # None: no limits


class RequestRate:
    """Requests of the last second by integration and over all, and whether the account is blocked."""

    def __init__(self, rule: RateRule) -> None:
        self.rule = rule
        self.blocked = False
        self._all: deque[float] = deque()
        self._by_integration: dict[str, deque[float]] = {}
        self._refused: deque[float] = deque()

    def admit(self, integration: str, now: float) -> Verdict:
        """Count one request at a portal second; refused ones do not count against the rate, but as abuse."""
        if self.blocked:
            return "blocked"
        own = self._by_integration.setdefault(integration, deque())
        for seen in (own, self._all):
            _forget(seen, now - 1.0)
        if len(own) < self.rule.integration and len(self._all) < self.rule.account:
            own.append(now)
            self._all.append(now)
            return "ok"
        self._refused.append(now)
        _forget(self._refused, now - self.rule.block_window)
        self.blocked = self.rule.block_after is not None and len(self._refused) >= self.rule.block_after
        return "too_many"


def _forget(seen: deque[float], until: float) -> None:
    while seen and seen[0] <= until + TOGETHER:
        seen.popleft()


class AmoBehaviour(Behaviour):
    """Settings in force and their counters, with the rate of requests besides."""

    manners: AmoManners

    def __init__(self, clock: PortalClock, manners: AmoManners) -> None:
        super().__init__(clock, manners)
        self.rate = self._rate()

    def change(self, wanted: Any) -> Manners:
        """Change some settings; a changed rate starts counting anew (and opens a blocked account)."""
        before = self.manners.rate
        made = super().change(wanted)
        if self.manners.rate != before or "rate" in wanted:
            self.rate = self._rate()
        return made

    def forget(self) -> None:
        """Empty all counters; a blocked account is open again, as after a word with the vendor's support."""
        super().forget()
        self.rate = self._rate()

    def _rate(self) -> RequestRate | None:
        return RequestRate(self.manners.rate) if self.manners.rate else None
