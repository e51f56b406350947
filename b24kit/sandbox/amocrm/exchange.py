"""One HTTP request being worked on, on a timeline of portal seconds: a worker, the work, the effect, the cuts.

A read looks at the data first and then takes its time; the effect of a write happens at the end of its work, so a
request that is cut while it works leaves everything undone. Times are planned (`at`), not measured.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from b24kit.sandbox.amocrm import churn
from b24kit.sandbox.amocrm.registry import Answer, Call, Problem, Route
from b24kit.sandbox.amocrm.site import Site
from b24kit.sandbox.calllog import RequestNote
from b24kit.sandbox.faults import Strike


class OutOfTime(Exception):
    """The request worked longer than the account allows: the web server answers for it."""


class Dropped(Exception):
    """The connection was cut; there is nobody to answer."""


class Exchange:
    """The state of one request. `drop` cuts its connection below HTTP, silently."""

    def __init__(self, site: Site, note: RequestNote, started: float, drop: Callable[[], None]) -> None:
        self.site, self.note, self.at = site, note, started
        self.strike: Strike | None = None
        self._drop = drop
        self._dropped = False
        longest = site.behaviour.manners.request_seconds
        self._deadline = None if longest is None else started + longest

    @property
    def was_dropped(self) -> bool:
        """Whether the connection was cut while the work went on."""
        return self._dropped

    async def cut(self) -> None:
        """Drop the connection. Work not done yet is done after the fault's delay, or never (Dropped)."""
        self.hang_up()
        delay = self.strike.commit_delay() if self.strike else None
        if delay is None:
            raise Dropped
        self.at += delay
        self._deadline = None if self._deadline is None else self._deadline + delay
        await self.site.clock.sleep_until(self.at, passive=True)

    def hang_up(self) -> None:
        """Cut the connection; the work may go on unseen."""
        self._drop()
        self._dropped = True
        self.site.clock.touch()

    async def run(self, found: Route, call: Call) -> Answer:
        """Do the request's work; raises Problem, OutOfTime or Dropped."""
        name, body = self.note.method.lower(), call.body
        profile = self.site.behaviour.work
        seconds = profile.seconds(name, {"items": body} if isinstance(body, list) else {})
        if self.strike is not None and self.strike.cut_at(1) is not None:
            async with self._worker():
                await self._reach(self.at + seconds / 2)
            await self.cut()
        async with self._worker():
            self.note.commands += 1
            if found.verb != "GET":
                await self._reach(self.at + seconds)
                self._refuse(name)
                return found.handler(call)
            self._refuse(name)
            answer = found.handler(call)
            await self._reach(self.at + profile.rows(name, answer.items))
            self._live_on(name)
            return answer

    def close(self) -> None:
        """The request is over: its writes become durable."""
        self.site.commit()

    def _refuse(self, name: str) -> None:
        struck = self.site.behaviour.faults.on_command(name, self.note.webhook)
        if struck is not None:
            raise Problem(struck.rule.status or 400, struck.rule.text)

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[None]:
        workers = self.site.behaviour.workers
        start = await workers.take(self.at, self._deadline)
        if start is None:
            raise OutOfTime
        self.at = start
        try:
            yield
        finally:
            workers.give_back(self.at)

    async def _reach(self, end: float) -> None:
        """Work until a portal second, but no longer than the account lets a request work."""
        self.at = end if self._deadline is None else min(end, self._deadline)
        await self.site.clock.sleep_until(self.at, passive=self._dropped)
        if self.at < end:
            raise OutOfTime

    def _live_on(self, name: str) -> None:
        if name != churn.PAGE_OF_LEADS or not self.site.behaviour.faults.rules:
            return
        strike = self.site.behaviour.faults.on_page(name, self.note.webhook)
        if strike is not None and (changed := churn.live_on(self.site.portal, strike)):
            for ids, lead_id in zip(("gone", "born"), changed, strict=True):
                self.site.churned[ids].append(lead_id)
