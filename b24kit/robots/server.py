"""The receiver of a portal's events: proves the sender, stores the event, answers. All work is done by workers.

A payload is only a hint which card to look at; nothing else of it is kept and no address in it is ever called.
Everything unknown is answered alike, so that nobody learns from it which paths or portals exist.
"""

from __future__ import annotations

import asyncio
import hmac
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from b24kit.clock import Clock
from b24kit.robots.metrics import Metrics
from b24kit.robots.phpform import MAX_BYTES, BadForm, parse_form
from b24kit.robots.store import Event, Store

AT_ONCE = 256  # requests being read or waiting for the disk; more are told to come again
BODY_SECONDS = 10.0
STORE_SECONDS = 40.0
EVENTS_A_MINUTE = 30_000  # of one portal; more are refused, and the sweep finds what they meant
INSTALLS_A_MINUTE = 5  # installation calls of one portal that may be looked into
INSTALL = "ONAPPINSTALL"
Install = Callable[[Mapping[str, Any]], bool]
FAILURES_A_MINUTE = 60  # wrong paths from one address
_EVENTS_A_FORM = 500
HEARD = "heard"  # the cursor that says when a portal was last heard
_GROUP = 400  # events that one commit may hold


class Hook(Protocol):
    """What a connector knows of its vendor's requests."""

    def prove(self, form: Mapping[str, Any]) -> bool:
        """Whether the form comes from the portal; compared in constant time."""

    def decode(self, form: Mapping[str, Any]) -> Sequence[Event]:
        """Which cards it hints at; none for events of other things."""


@dataclass(frozen=True, slots=True)
class Door:
    """One portal's address here: `/hooks/<secret>`. An empty `secret` would be open to all and is refused.

    `install` takes the form of an installation call and tells whether it was believed; it may ask the portal's vendor.
    """

    portal: str
    secret: str = field(repr=False)
    hook: Hook
    install: Install | None = None

    def __post_init__(self) -> None:
        if len(self.secret) < 16:
            raise ValueError("the secret of a receiver's path needs 16 characters")


_Posted = tuple[str, Sequence[Event], "asyncio.Future[None]"]


class Letterbox:
    """Stores events in groups: one durable commit serves everybody who waits for it."""

    def __init__(self, store: Store, clock: Clock, bell: Callable[[str], None] = lambda _: None) -> None:
        self._store, self._clock, self._bell = store, clock, bell
        self._queue: queue.SimpleQueue[_Posted | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="letterbox", daemon=True)
        self._thread.start()

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What a future of `post` may raise."""
        return self._store.base.errors

    def post(self, portal: str, events: Sequence[Event]) -> asyncio.Future[None]:
        """For the loop that runs: done once the events are on disk; it raises what the store raised."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put((portal, events, kept))
        return kept

    def close(self) -> None:
        """Store what waits, and end."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        self._store.base.hurry()
        while (first := self._queue.get()) is not None:
            group, ended = [first], False
            while len(group) < _GROUP and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    ended = True
                    break
                group.append(following)
            self._keep(group)
            if ended:
                return

    def _keep(self, group: Sequence[_Posted]) -> None:
        by_portal: dict[str, list[Event]] = {}
        for portal, events, _ in group:
            by_portal.setdefault(portal, []).extend(events)
        try:
            with self._store.base.transaction():
                for portal, events in by_portal.items():
                    self._store.put_inside(portal, events, self._clock.now())
                    self._store.set_cursor(portal, HEARD, self._clock.now().isoformat(timespec="seconds"))
        except self._store.base.errors as error:  # whoever waits has to hear of it: a full disk, a database gone away
            _answer_all(group, error)
            return
        _answer_all(group, None)
        for portal in by_portal:
            self._bell(portal)


def _answer_all(group: Sequence[_Posted], error: Exception | None) -> None:
    """Wake each loop once for all that wait in it: a wake-up for every one of them costs more than their storing."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for _, _, kept in group:
        by_loop.setdefault(kept.get_loop(), []).append(kept)
    for loop, waiting in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, waiting, error)


def _settle(waiting: Sequence[asyncio.Future[None]], error: Exception | None) -> None:
    for kept in waiting:
        if kept.done():  # whoever posted it has gone
            continue
        if error is None:
            kept.set_result(None)
        else:
            kept.set_exception(error)


class Receiver:
    """The ASGI app: `/hooks/<secret>`, `/health` and `/metrics`."""

    def __init__(
        self,
        doors: Sequence[Door],
        letterbox: Letterbox,
        clock: Clock,
        metrics: Metrics,
        told: Callable[[], str],
    ) -> None:
        self._doors, self._letterbox, self._clock, self._metrics, self._told = doors, letterbox, clock, metrics, told
        self._busy = 0
        self._failures: dict[str, deque[float]] = {}
        self._events = {door.portal: _Rate(EVENTS_A_MINUTE, clock) for door in doors}
        self._installs = {door.portal: _Rate(INSTALLS_A_MINUTE, clock) for door in doors}
        self.app = Starlette(
            routes=[
                Route("/hooks/{secret}", self._hear, methods=["POST"]),
                Route("/health", self._health, methods=["GET"]),
                Route("/metrics", self._page, methods=["GET"]),
            ],
            exception_handlers={404: _nothing, 405: _nothing},
        )
        self.app.router.redirect_slashes = False  # a redirect would tell which paths exist

    async def _hear(self, request: Request) -> Response:
        if self._busy >= AT_ONCE:
            return self._answer(503)
        self._busy += 1
        try:
            return await self._heard(request)
        finally:
            self._busy -= 1

    async def _heard(self, request: Request) -> Response:
        address = request.client.host if request.client else ""
        door = self._door(request.path_params["secret"])
        if door is None:
            # Only who does not know the path is slowed down: behind a proxy a guesser shares the portal's address.
            return self._answer(429 if self._is_noisy(address) else 404)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(request)
        except (TimeoutError, ClientDisconnect):
            return self._answer(408)
        begun = self._clock.monotonic()
        if body is None:
            return self._answer(413)
        try:
            form = parse_form(body)
            if door.install is not None and str(form.get("event", "")).upper() == INSTALL:
                return await self._install(door, door.install, form)
            proven = door.hook.prove(form)
            events = list(door.hook.decode(form))[:_EVENTS_A_FORM] if proven else []
        except (BadForm, ValueError, TypeError, KeyError, AttributeError):
            return self._answer(400)
        if not proven:
            return self._answer(404)
        if not self._events[door.portal].allows(len(events)):
            return self._answer(429)
        return await self._store(door, events, begun)

    async def _install(
        self, door: Door, install: Callable[[Mapping[str, Any]], bool], form: Mapping[str, Any]
    ) -> Response:
        """Believed or not: whoever is not learns no more than from a path that does not exist."""
        if not self._installs[door.portal].allows(1):
            return self._answer(429)
        believed = await asyncio.get_running_loop().run_in_executor(None, install, form)
        return self._answer(200 if believed else 404)

    async def _store(self, door: Door, events: Sequence[Event], begun: float) -> Response:
        try:
            if events:
                await asyncio.wait_for(self._letterbox.post(door.portal, events), STORE_SECONDS)
        except self._letterbox.errors as error:  # not stored: the vendor may try again, and the sweep will find it
            self._metrics.count("b24kit_errors_total", portal=door.portal, code=type(error).__name__)
            return self._answer(503)
        self._metrics.observe("b24kit_answer_seconds", self._clock.monotonic() - begun)
        self._metrics.count("b24kit_events_total", len(events), portal=door.portal, by="hook")
        return self._answer(200)

    def _door(self, secret: str) -> Door | None:
        """Every door is compared, so that the time says nothing about how near a guess was."""
        found = None
        for door in self._doors:
            if hmac.compare_digest(door.secret.encode(), secret.encode("utf-8", "surrogatepass")):
                found = door
        return found

    def _is_noisy(self, address: str) -> bool:
        """Note one more wrong path, and tell whether this address tried too many of them within a minute."""
        if len(self._failures) > 10_000:  # a flood from many addresses must not fill the memory
            self._failures.clear()
        failures = self._failures.setdefault(address, deque(maxlen=FAILURES_A_MINUTE))
        now = self._clock.monotonic()
        noisy = len(failures) == FAILURES_A_MINUTE and failures[0] > now - 60
        failures.append(now)
        return noisy

    def _answer(self, status: int) -> Response:
        self._metrics.count("b24kit_requests_total", status=str(status))
        return PlainTextResponse("" if status == 200 else "no", status, headers={"Cache-Control": "no-store"})

    async def _health(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    async def _page(self, _: Request) -> Response:
        text = await asyncio.get_running_loop().run_in_executor(None, self._told)
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


class _Rate:
    """So many within a minute, counted from its first one."""

    def __init__(self, most: int, clock: Clock) -> None:
        self._most, self._clock = most, clock
        self._begun, self._count = -60.0, 0

    def allows(self, count: int) -> bool:
        now = self._clock.monotonic()
        if now - self._begun >= 60:
            self._begun, self._count = now, 0
        self._count += count
        return self._count <= self._most


async def _body(request: Request) -> bytes | None:
    """The body, None as soon as it is too long."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:12]) > MAX_BYTES:
        return None
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


async def _nothing(_: Request, __: Exception) -> Response:
    return PlainTextResponse("no", 404)
