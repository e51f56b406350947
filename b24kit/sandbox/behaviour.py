"""Everything about the fake portal that is neither data nor a method: limits, waiting, workers, faults.

The settings are one record that the control API reads and changes; the running counters are made from it anew only
where their own part changed, so that setting a latency does not empty the request counter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from b24kit.sandbox.clock import PortalClock
from b24kit.sandbox.faults import FaultRule, Faults
from b24kit.sandbox.limits import BucketRule, LeakyBucket, RunningTime, RunningTimeRule
from b24kit.sandbox.workload import Workers, WorkProfile


class Manners(BaseModel):
    """The switches, with the vendor's own values where the vendor gives any. Times in seconds of portal time."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    bucket: BucketRule | None = BucketRule()  # None: no request counter
    operating: RunningTimeRule | None = RunningTimeRule()  # None: self-hosted, no `operating` in answers
    request_seconds: float | None = Field(default=60, gt=0)  # a request that works longer ends with a 504 page
    latency: float = Field(default=0, ge=0)  # each request, both ways together
    new_connection: float = Field(default=0, ge=0)  # on top for the first request of a connection
    work: dict[str, float] = {}  # see WorkProfile
    workers: int | None = Field(default=None, ge=1)  # None: every command starts at once
    https_required: bool = False  # plain HTTP is refused with INVALID_REQUEST, as the cloud does


class Behaviour:
    """Settings in force and the counters that live by them."""

    def __init__(self, clock: PortalClock, manners: Manners | None = None) -> None:
        self._clock = clock
        self.manners = manners or Manners()
        self.faults = Faults([])
        self.bucket = self._bucket()
        self.running = self._running()
        self.work = WorkProfile(self.manners.work)
        self.workers = Workers(clock, self.manners.workers)

    def change(self, wanted: Mapping[str, Any]) -> Manners:
        """Change some settings; nested records are merged, None switches a part off. Raises ValidationError."""
        before = self.manners
        self.manners = type(before).model_validate(merged(before.model_dump(), wanted))
        if self.manners.bucket != before.bucket:
            self.bucket = self._bucket()
        if self.manners.operating != before.operating:
            self.running = self._running()
        if self.manners.work != before.work:
            self.work = WorkProfile(self.manners.work)
        if self.manners.workers != before.workers:
            self.workers = Workers(self._clock, self.manners.workers)
        return self.manners

    def forget(self) -> None:
        """Empty all counters; settings and faults stay."""
        self.bucket, self.running = self._bucket(), self._running()
        self.faults = Faults(self.faults.rules)

    def set_faults(self, rules: list[FaultRule]) -> None:
        """Put rules into force in place of all others; they count from nought."""
        self.faults = Faults(rules)

    def _bucket(self) -> LeakyBucket | None:
        return LeakyBucket(self.manners.bucket) if self.manners.bucket else None

    def _running(self) -> RunningTime | None:
        return RunningTime(self.manners.operating) if self.manners.operating else None


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Records merged key by key; `work` and everything that is no record is replaced whole."""
    result = dict(old)
    for name, value in new.items():
        nested = isinstance(value, Mapping) and name != "work"
        result[name] = merged(old.get(name) or {}, value) if nested else value
    return result
