"""One HTTP request being worked on: its commands one after another, on a timeline of portal seconds.

Each command starts when the one before it ended and a worker is free. A read looks at the data first and then takes
its time; the effect of a write happens at the end of its work, so a request that is cut or killed while a command
works leaves that command undone. Times are planned (`at`), not measured: what the machine itself is slow at comes out
of the next wait, so on a real clock a handler's own running time is part of its work.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Never

from b24kit.sandbox.bitrix24 import access, churn, timing
from b24kit.sandbox.bitrix24.registry import Answer, Call, Fault, Method
from b24kit.sandbox.bitrix24.site import Site
from b24kit.sandbox.calllog import RequestNote
from b24kit.sandbox.faults import Strike
from b24kit.sandbox.limits import RequestMeter
from b24kit.sandbox.phpjson import dumps
from b24kit.sandbox.workload import is_write


class OutOfTime(Exception):
    """The request worked longer than the portal allows: the web server answers for it."""


class Dropped(Exception):
    """The connection was cut; there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command's answer: the value for references of later commands, and its JSON texts."""

    answer: Answer
    text: str
    time: str


class Exchange:
    """The state of one request. `drop` cuts its connection below HTTP, silently."""

    def __init__(
        self, site: Site, caller: access.Caller, note: RequestNote, started: float, drop: Callable[[], None]
    ) -> None:
        self.site, self.caller, self.note = site, caller, note
        self.started = self.at = started
        self.meter = RequestMeter(site.behaviour.running, caller.name, note.method)
        self.strike: Strike | None = None
        self._cut_at: int | None = None
        self._drop = drop
        self._dropped = False
        longest = site.behaviour.manners.request_seconds
        self._deadline = None if longest is None else started + longest

    def expect(self, strike: Strike | None, commands: int) -> None:
        """Take in the fault that will fall on this request, which has so many commands."""
        self.strike = strike
        self._cut_at = strike.cut_at(commands) if strike else None

    @property
    def was_dropped(self) -> bool:
        """Whether the connection was cut while the work went on."""
        return self._dropped

    async def cut(self) -> None:
        """Drop the connection. Work not done yet is done after the fault's delay, or never (Dropped)."""
        self._hang_up()
        delay = self.strike.commit_delay() if self.strike else None
        if delay is None:
            raise Dropped
        self._cut_at = None
        self.at += delay
        self._deadline = None if self._deadline is None else self._deadline + delay
        await self.site.clock.sleep_until(self.at, passive=True)

    def cut_answer(self) -> Never:
        """Drop the connection when everything is done."""
        self._hang_up()
        raise Dropped

    def _hang_up(self) -> None:
        self._drop()
        self._dropped = True
        self.site.clock.touch()

    async def command(self, number: int, name: str, params: dict[str, Any], *, in_batch: bool) -> Done:
        """Do one command; raises the vendor's Fault, OutOfTime or Dropped. Every call is logged."""
        begun = self.at
        try:
            method = self._admit(name, in_batch=in_batch)
            answer, text = await self._work(number, method, params)
        except Fault as fault:
            self._log(name, params, fault.status, partial(refusal, fault), in_batch=in_batch)
            raise
        done = Done(answer, text, self.time_block(method.name.lower(), begun))
        self._log(method.name, params, 200, partial(envelope, done), in_batch=in_batch)
        self.note.commands += 1
        return done

    def time_block(self, method: str, begun: float) -> str:
        """`time` of a call of a method (lower case) that began at a portal second and ends now."""
        return timing.block(self.site, self.meter, method, begun, max(begun, self.at, self.site.clock.elapsed()))

    def refuse_banned(self) -> None:
        """The running-time limit in so far as it stops a request as a whole."""
        if self.meter.refuses(self.note.method, self.site.clock.elapsed()):
            raise time_limit()

    def close(self) -> None:
        """The request is over: its work goes into the sums and its writes become durable."""
        self.meter.close(self.site.clock.elapsed())
        self.site.requests.add_work(self.meter.spent)
        self.site.commit()

    def _admit(self, name: str, *, in_batch: bool) -> Method:
        method = access.admit(self.site.portal, self.caller, name)
        if in_batch and not method.batchable:
            raise Fault("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage", 405)
        if in_batch and self.meter.refuses(name.lower(), self.site.clock.elapsed()):
            raise time_limit()
        struck = self.site.behaviour.faults.on_command(name.lower(), self.caller.name)
        if struck is not None:
            raise Fault(struck.rule.code, struck.rule.text, struck.rule.status or 400)
        return method

    async def _work(self, number: int, method: Method, params: dict[str, Any]) -> tuple[Answer, str]:
        name = method.name.lower()
        profile = self.site.behaviour.work
        seconds = profile.seconds(name, params)
        if number == self._cut_at:
            async with self._worker():
                await self._reach(name, self.at + seconds / 2)
            await self.cut()
        async with self._worker():
            if is_write(name):
                await self._reach(name, self.at + seconds)
                return self._call(method, params)
            answer, text = self._call(method, params)
            await self._reach(name, self.at + seconds + (profile.count if answer.counted else 0.0))
            self._live_on(name, params)
            return answer, text

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

    def _call(self, method: Method, params: Mapping[str, Any]) -> tuple[Answer, str]:
        begun = self.site.clock.elapsed()
        caller = self.caller
        call = Call(
            self.site.portal, method.name, params, caller.user_id, caller.scopes, caller.application, caller.client_id
        )
        answer = method.handler(call)
        self.site.announce(caller.user_id, str(call.param("auth_connector", default="") or ""))
        text = dumps(answer.result)
        name = method.name.lower()
        # Without a profile the handler's own time is the work; a moved clock stands still meanwhile.
        if not self.site.behaviour.manners.work:
            self.meter.spent[name] += self.site.clock.elapsed() - begun
        return answer, text

    async def _reach(self, name: str, end: float) -> None:
        """Work until a portal second, but no longer than the portal lets a request work."""
        reached = end if self._deadline is None else min(end, self._deadline)
        self.meter.spent[name] += reached - self.at
        self.at = reached
        await self.site.clock.sleep_until(reached, passive=self._dropped)
        if reached < end:
            raise OutOfTime

    def _live_on(self, name: str, params: dict[str, Any]) -> None:
        if not self.site.behaviour.faults.rules or not churn.is_page_of_leads(name, params):
            return
        strike = self.site.behaviour.faults.on_page(name, self.caller.name)
        if strike is not None and (changed := churn.live_on(self.site.portal, strike)):
            for ids, lead_id in zip(("gone", "born"), changed, strict=True):
                self.site.churned[ids].append(lead_id)

    def _log(
        self, name: str, params: Mapping[str, Any], status: int, body: Callable[[], str], *, in_batch: bool
    ) -> None:
        if self.site.calls.on:
            response = body() if self.site.calls.with_responses else None
            self.site.calls.note(self.note, name, params, status, response, in_batch=in_batch)


def envelope(done: Done) -> str:
    """The answer to a single call, as the vendor's page on data types prints it."""
    marks = ""
    if done.answer.next is not None:
        marks += f',"next":{done.answer.next}'
    if done.answer.total is not None:
        marks += f',"total":{done.answer.total}'
    return f'{{"result":{done.text}{marks},"time":{done.time}}}'


def refusal(fault: Fault) -> str:
    """The vendor's error envelope; it carries no `time`."""
    return dumps({"error": fault.code, "error_description": fault.text})


def time_limit() -> Fault:
    """The refusal of the running-time limit, for a command or a whole request."""
    return Fault("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429)
