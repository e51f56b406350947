"""The vendor's two limits, as arithmetic over portal time: the request counter and the running time of methods.

Rests on the vendor's pages "REST API Limits" and "How to Execute a Batch Request"; the second accounting ("ban") is
what newer server modules were measured to do. Nothing here waits or speaks HTTP.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class BucketRule(BaseModel):
    """Counter of requests per source address: refused above `capacity`, `leak` taken off each second."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    capacity: float = Field(default=50, gt=0)
    leak: float = Field(default=2, ge=0)
    smooth: bool = False  # the counter falls in steps on whole seconds unless this is set


class LeakyBucket:
    """One counter per source address; all webhooks of one address share it."""

    def __init__(self, rule: BucketRule) -> None:
        self.rule = rule
        self._levels: dict[str, tuple[float, float]] = {}

    def admit(self, source: str, now: float) -> bool:
        """Count one request at a portal second; False when it must be refused. Refused requests count too."""
        level = self.level(source, now) + 1
        self._levels[source] = (level, now)
        return level <= self.rule.capacity

    def level(self, source: str, now: float) -> float:
        """How full the counter is, before any request of this moment."""
        level, then = self._levels.get(source, (0.0, now))
        passed = now - then if self.rule.smooth else math.floor(now) - math.floor(then)
        return max(0.0, level - self.rule.leak * passed)


class RunningTimeRule(BaseModel):
    """Budget of work per (webhook or application, method) in a sliding window of ten baskets; all in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    model: Literal["docs", "ban"] = "docs"
    window: float = Field(default=600, gt=0)
    limit: float = Field(default=480, gt=0)
    free_below: float = Field(default=0.1, ge=0)  # less work than this within one request is not counted
    batch_weight: float = Field(default=0.5, ge=0)  # ban: what a second of a batch counts
    ban: float = Field(default=300, gt=0)
    lag: bool = True  # ban: the value shown is without the request that shows it


Key = tuple[str, str]  # (webhook or application, method in lower case)


class RunningTime:
    """The sums of all finished requests. One request's own share is counted in a `RequestMeter` until it ends."""

    BASKETS = 10

    def __init__(self, rule: RunningTimeRule) -> None:
        self.rule = rule
        self._baskets: dict[Key, dict[int, list[float]]] = defaultdict(dict)  # basket -> [first counted at, seconds]
        self._banned: dict[Key, float] = {}

    def total(self, key: Key, now: float) -> float:
        """Seconds counted in the window that ends now."""
        return math.fsum(seconds for _, seconds in self._alive(key, now).values())

    def reset_at(self, key: Key, now: float) -> float:
        """When the oldest basket falls out, or a whole window from now when there is none."""
        return min((first for first, _ in self._alive(key, now).values()), default=now) + self.rule.window

    def banned(self, key: Key, now: float) -> bool:
        """Whether a fixed ban on this name still runs."""
        return now < self._banned.get(key, -math.inf)

    def count(self, key: Key, seconds: float, now: float) -> None:
        """Take in one request's work under one name, when the request has ended."""
        if seconds < self.rule.free_below or seconds <= 0:
            return
        basket = self._alive(key, now).setdefault(math.floor(now * self.BASKETS / self.rule.window), [now, 0.0])
        basket[1] += seconds
        if self.rule.model == "ban" and self.total(key, now) > self.rule.limit:
            self._banned[key] = now + self.rule.ban
            del self._baskets[key]

    def totals(self, now: float) -> dict[str, float]:
        """All sums, for the control API: `w1 crm.lead.update` -> seconds."""
        sums = {" ".join(key): round(self.total(key, now), 6) for key in list(self._baskets)}
        return {name: seconds for name, seconds in sums.items() if seconds}

    def _alive(self, key: Key, now: float) -> dict[int, list[float]]:
        baskets = self._baskets[key]
        for number in [n for n, (first, _) in baskets.items() if now >= first + self.rule.window]:
            del baskets[number]
        return baskets


class RequestMeter:
    """One request's work, by the name of each command, and what may be said about it while the request runs."""

    def __init__(self, running: RunningTime | None, caller: str, sent_as: str) -> None:
        self._running, self._caller, self._sent_as = running, caller, sent_as
        self.spent: dict[str, float] = defaultdict(float)

    def refuses(self, method: str, now: float) -> bool:
        """Whether a call must be refused before it starts: its sum is above the limit already, or it is banned."""
        if self._running is None:
            return False
        if self._running.rule.model == "ban":
            return method == self._sent_as and self._running.banned((self._caller, method), now)
        return method != "batch" and self._sum(self._running, method, now) > self._running.rule.limit

    def shown(self, method: str, now: float) -> tuple[float, float] | None:
        """`operating` and the second of `operating_reset_at` for a method's `time`, or None on a portal without it."""
        if self._running is None:
            return None
        key = (self._caller, method)
        reset_at = self._running.reset_at(key, now)
        if self._running.rule.model == "docs":
            return (0.0 if method == "batch" else self._sum(self._running, method, now)), reset_at
        if method != self._sent_as:
            return 0.0, reset_at
        own = 0.0 if self._running.rule.lag else self._weighed(self._running.rule)
        return self._running.total(key, now) + own, reset_at

    def close(self, now: float) -> None:
        """Hand the request's work over to the sums; the vendor writes them after the answer."""
        if self._running is None:
            return
        if self._running.rule.model == "ban":
            self._running.count((self._caller, self._sent_as), self._weighed(self._running.rule), now)
            return
        for method, seconds in self.spent.items():
            self._running.count((self._caller, method), seconds, now)

    def _sum(self, running: RunningTime, method: str, now: float) -> float:
        own = self.spent.get(method, 0.0)
        return running.total((self._caller, method), now) + (own if own >= running.rule.free_below else 0.0)

    def _weighed(self, rule: RunningTimeRule) -> float:
        work = math.fsum(self.spent.values())
        if work < rule.free_below:
            return 0.0
        return work * (rule.batch_weight if self._sent_as == "batch" else 1.0)
