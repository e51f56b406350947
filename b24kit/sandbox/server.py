"""The sandbox as a server: in a thread for tests (`with Sandbox(...) as box`), in the foreground by `serve`."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config

from b24kit.sandbox import control, tls
from b24kit.sandbox.clock import Mode, PortalClock
from b24kit.sandbox.connections import Connections, protocol_factory
from b24kit.sandbox.remote import SandboxControl
from b24kit.sandbox.vendors import Site, Vendor, vendor_of

OFF: dict[str, Any] = dict(vendor_of("bitrix24").off)  # no limits at all


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How a sandbox starts. A store that was used before keeps its own clock, settings, webhooks and data."""

    vendor: str = "bitrix24"  # or amocrm
    host: str = "127.0.0.1"
    port: int = 0  # 0: a free one
    tls: bool = False
    ca_file: Path | None = None  # where the authority's certificate is written
    store: Path | None = None  # None: in memory
    seed: Mapping[str, Any] | None = field(default_factory=lambda: {"kind": "empty"})  # None: not even a user
    clock: Mode = "real"
    factor: float = 60.0  # of the fast clock
    start: datetime | None = None  # the portal's first moment; None: now
    grace: float = 0.005  # of the moved clock, in real seconds
    manners: Mapping[str, Any] = field(default_factory=dict)  # limits, latency, work: see behaviour.Manners
    portal: Mapping[str, Any] = field(default_factory=dict)  # the portal's switches
    webhooks: tuple[Mapping[str, Any], ...] = ({"user_id": 1},)
    tokens: tuple[Mapping[str, Any], ...] = ({"user_id": 1},)  # amoCRM's long-lived ones
    domain: str = "sandbox.b24kit.invalid"


class Sandbox:
    """A fake portal of one vendor on a socket of this machine."""

    def __init__(self, options: SandboxOptions | None = None, /, **changes: Any) -> None:
        self.options = replace(options or SandboxOptions(), **changes)
        self._vendor = vendor_of(self.options.vendor)
        self._connections = Connections()
        with ExitStack() as on_failure:
            self._socket = on_failure.enter_context(bound(self.options.host, self.options.port))
            self.site, self.planted = self._furnish()
            on_failure.pop_all()
        self.host, self.port = self.options.host, int(self._socket.getsockname()[1])
        self.control = SandboxControl(self.url, ca_file=self.options.ca_file)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._up = threading.Event()
        self._failure: Exception | None = None

    @property
    def url(self) -> str:
        """The portal's address without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.options.tls else 'http'}://{host}:{self.port}"

    @property
    def webhook_url(self) -> str:
        """The first webhook's address. It is a password of this fake portal."""
        return self.webhook_urls[0]

    @property
    def webhook_urls(self) -> list[str]:
        """Addresses of all webhooks, in the order of the settings."""
        webhooks = getattr(self.site.doors, "webhooks", ())  # amoCRM has tokens instead
        return [f"{self.url}/rest/{webhook.user_id}/{webhook.code}/" for webhook in webhooks]

    @property
    def token(self) -> str:
        """The first long-lived token of a fake amoCRM account; it opens nothing but this."""
        return self.tokens[0]

    @property
    def tokens(self) -> list[str]:
        """All long-lived tokens, in the order of the settings."""
        return [token.token for token in self.site.doors.tokens]

    def start(self) -> Self:
        """Serve in a thread of our own; returns when the socket answers."""
        self._thread = threading.Thread(target=self._run_in_thread, name="sandbox", daemon=True)
        self._thread.start()
        self._up.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def _run_in_thread(self) -> None:
        try:
            self.run()
        except (OSError, ValueError) as error:  # told to the one who started us
            self._failure = error
        finally:
            self._up.set()

    def stop(self) -> None:
        """Cut all connections, put everything into the file and end the thread."""
        if self._loop is not None and self._stopped is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopped.set)
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._socket.close()
        self.control.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def run(self, ready: Callable[[Sandbox], None] | None = None) -> None:
        """Serve in this thread until `stop`, or until a signal when it is the main one."""
        asyncio.run(self._serve(ready))

    async def _serve(self, ready: Callable[[Sandbox], None] | None) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        config = Config(
            application(self.site, self._vendor, self._connections),
            log_config=None,
            log_level="error",
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            ws="none",
            http="h11",
            timeout_keep_alive=75,  # seconds, as the web server in front of the vendor's portals
            h11_max_incomplete_event_size=256 * 1024,  # a batch may come in the address
        )
        factory = protocol_factory(self._connections, config)
        server = await self._loop.create_server(factory, sock=self._socket, ssl=self._tls(), backlog=512)
        if threading.current_thread() is threading.main_thread():
            self._heed_signals(self._loop, self._stopped)
        self._up.set()
        if ready is not None:
            ready(self)
        try:
            await self._stopped.wait()
        finally:
            server.close()
            self._connections.abort_all()
            await self._end_requests()
            self.site.keep()
            self.site.portal.store.close()

    async def _end_requests(self) -> None:
        own = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not own]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _tls(self) -> ssl.SSLContext | None:
        return tls.server_context(self.options.ca_file) if self.options.tls else None

    @staticmethod
    def _heed_signals(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            if sys.platform == "win32":  # its loop takes no handlers
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
            else:
                loop.add_signal_handler(number, stopped.set)

    def _furnish(self) -> tuple[Site, dict[str, Any]]:
        wanted = self.options
        clock = PortalClock(wanted.clock, factor=wanted.factor, start=wanted.start, grace=wanted.grace)
        doors = getattr(wanted, self._vendor.doors)
        site: Site
        site, existed = self._vendor.open_site(clock, wanted.store, wanted.manners, doors, wanted.domain)
        if existed:
            return site, {}
        site.portal.settings.update(wanted.portal)
        planted = control.plant(self._vendor, site, dict(wanted.seed)) if wanted.seed is not None else {}
        site.keep()
        return site, planted


def application(site: Site, vendor: Vendor, connections: Connections) -> ASGIApp:
    """The ASGI application: the hand on the portal under /_sandbox, the portal where its vendor has it."""
    hand = Mount("/_sandbox", routes=control.Control(site, vendor).routes())
    inner = Starlette(routes=[hand, *vendor.routes(site, connections)])

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        # Requests in work are cancelled when the server stops; their connections are cut before, so nobody is told.
        with suppress(asyncio.CancelledError):
            await inner(scope, receive, send)

    return outer


def bound(host: str, port: int) -> socket.socket:
    """A socket bound to the address; raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only on sockets that say they are TCP; with it an answer takes 40 ms.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # on Windows this would let two servers share a port
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


def serve(options: SandboxOptions, ready: Callable[[Sandbox], None] | None = None) -> None:
    """Serve in the foreground until Ctrl+C; `ready` is called once the socket answers."""
    Sandbox(options).run(ready)
