"""The robots' service in the foreground: receiver and workers in threads, this one waits for the signal to stop."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from b24kit.cli.context import Desk
from b24kit.errors import UsageError

if TYPE_CHECKING:
    from b24kit.robots.server import Door
    from b24kit.robots.service import Service
    from b24kit.robots.store import Store

_SIGNALS = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last one: Ctrl+Break and the end of a session on Windows
BACKLOG = 2048
_LOOK = 0.5  # Windows lets no signal through while a thread waits without an end


@dataclass(frozen=True, slots=True)
class Receiving:
    """Where the receiver listens; without a host there is none."""

    host: str
    port: int
    doors: tuple[Door, ...]


def run_service(at: Desk, service: Service, store: Store, receiving: Receiving) -> None:
    """Serve until a signal comes; then no request is taken, no card is begun, and what is under way ends in order."""
    from b24kit.robots.server import Letterbox, Receiver

    with _stopping() as stop:
        letterbox = Letterbox(store, at.clock, service.ring)
        server = None
        try:
            service.start()
            if receiving.host:
                receiver = Receiver(receiving.doors, letterbox, at.clock, service.metrics, service.page)
                server = Listening(receiver.app, receiving)
                server.start()
                if not at.screen.as_json:
                    at.screen.say("robots.serving", host=receiving.host, port=str(server.port))
            while not stop.wait(_LOOK):
                if server is not None and server.failed:
                    raise UsageError("robots.cannot_listen", host=receiving.host, port=receiving.port)
        finally:
            if server is not None:
                server.stop()
            letterbox.close()
            service.stop()
    if not at.screen.as_json:
        at.screen.say("robots.stopped")


class Listening:
    """uvicorn in a thread of its own: there it leaves signals alone."""

    def __init__(self, app: Any, receiving: Receiving) -> None:
        import logging
        import socket

        import uvicorn

        # What strangers send must not fill the log; what matters is counted on the metrics page.
        logging.getLogger("uvicorn").addHandler(logging.NullHandler())
        logging.getLogger("uvicorn").propagate = False

        self._socket = socket.socket(socket.AF_INET6 if ":" in receiving.host else socket.AF_INET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((receiving.host, receiving.port))
            self._socket.listen(BACKLOG)  # whoever is told of the address may call at once
        except OSError:
            self._socket.close()
            raise UsageError("robots.cannot_listen", host=receiving.host, port=receiving.port) from None
        self.port = int(self._socket.getsockname()[1])
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=10,
            h11_max_incomplete_event_size=64 * 1024,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="receiver")

    @property
    def failed(self) -> bool:
        return not self._thread.is_alive()

    def start(self) -> None:
        # What was loaded so far lives as long as the service. Looking all of it through for garbage takes some sixty
        # milliseconds in which nobody is answered, so the collector is told to leave it alone.
        gc.collect()
        gc.freeze()
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that the first signal sets; a second one ends the process as it always would."""
    stop = threading.Event()
    before: dict[int, Any] = {}

    def heard(number: int, _: object) -> None:
        stop.set()
        signal.signal(number, before.get(number, signal.SIG_DFL))

    if threading.current_thread() is threading.main_thread():
        for name in _SIGNALS:
            if hasattr(signal, name):
                number = int(getattr(signal, name))
                before[number] = signal.signal(number, heard)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
