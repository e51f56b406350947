"""The client of the control API: standard library only, for tests, demo and benchmarks in any process.

`RemoteClock` is the portal's clock as b24kit's own Clock: in the moved mode client and portal share one time.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit


class SandboxError(RuntimeError):
    """The sandbox refused a control request, or is not there."""


class SandboxControl:
    """The control API of one sandbox; safe to share between threads, each has a connection of its own."""

    def __init__(self, base_url: str, *, ca_file: Path | None = None, timeout: float = 600.0) -> None:
        parts = urlsplit(base_url)
        if not parts.hostname:
            raise ValueError("base_url is an address such as http://127.0.0.1:8080")
        self._host, self._port, self._secure = parts.hostname, parts.port, parts.scheme == "https"
        self._ca_file, self._timeout = ca_file, timeout
        self._local = threading.local()

    def reset(self, *, keep_settings: bool = False) -> None:
        """Empty the portal."""
        self.call("POST", "reset", {"keep_settings": keep_settings})

    def seed(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Plant a seed; gives what was planted."""
        return cast(dict[str, Any], self.call("POST", "seed", spec))

    def truth(self) -> dict[str, Any]:
        """What the last seed knows about its own data."""
        return cast(dict[str, Any], self.call("GET", "truth"))

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Read the settings, after changing those that are given."""
        return cast(dict[str, Any], self.call("POST", "settings", changes) if changes else self.call("GET", "settings"))

    def faults(self, *rules: Mapping[str, Any]) -> dict[str, Any]:
        """Put these fault rules into force, in place of all others."""
        return cast(dict[str, Any], self.call("POST", "faults", {"faults": list(rules)}))

    def faults_told(self) -> dict[str, Any]:
        """The rules in force with their counts, and what a living portal bore and lost."""
        return cast(dict[str, Any], self.call("GET", "faults"))

    def deliveries(self, **changes: Any) -> dict[str, Any]:
        """The hooks that were sent, after changing the switches that are given."""
        verb = "POST" if changes else "GET"
        return cast(dict[str, Any], self.call(verb, "deliveries", changes or None))

    def clock(self, **changes: Any) -> dict[str, Any]:
        """Read the clock, after changing mode, factor or grace."""
        return cast(dict[str, Any], self.call("POST", "clock", changes) if changes else self.call("GET", "clock"))

    def sleep(self, seconds: float) -> dict[str, Any]:
        """Wait until so much portal time has passed."""
        answer = self._exchange("POST", "clock/sleep", {"seconds": seconds}, patient=True)
        return cast(dict[str, Any], json.loads(answer))

    def advance(self, seconds: float) -> dict[str, Any]:
        """Let so much portal time pass at once."""
        return cast(dict[str, Any], self.call("POST", "clock/advance", {"seconds": seconds}))

    def log_calls(self, on: bool = True, *, with_responses: bool = True) -> None:
        """Switch the call log."""
        self.call("POST", "calls", {"on": on, "with_responses": with_responses})

    def calls_text(self) -> str:
        """The call log as JSON Lines."""
        return self._exchange("GET", "calls", None).decode()

    def calls(self) -> list[dict[str, Any]]:
        """The call log, decoded."""
        return [json.loads(line) for line in self.calls_text().splitlines()]

    def forget_calls(self) -> None:
        """Empty the call log."""
        self.call("DELETE", "calls")

    def requests(self) -> list[dict[str, Any]]:
        """The last requests in short."""
        return cast(list[dict[str, Any]], self.call("GET", "requests"))

    def mails(self) -> list[dict[str, Any]]:
        """Letters that the portal really sent."""
        return cast(list[dict[str, Any]], self.call("GET", "mails"))

    def dump(self, tables: Iterable[str] = ()) -> dict[str, Any]:
        """All tables and facts, or some tables."""
        names = ",".join(tables)
        return cast(dict[str, Any], self.call("GET", f"dump?tables={names}" if names else "dump"))

    def metrics(self) -> dict[str, Any]:
        """Requests, refusals, the most in flight, running time, mails, portal time."""
        return cast(dict[str, Any], self.call("GET", "metrics"))

    def forget_metrics(self) -> None:
        """Sums from zero and the limits' counters emptied, as on a portal that was left alone for long."""
        self.call("DELETE", "metrics")

    def call(self, verb: str, path: str, given: Mapping[str, Any] | None = None) -> Any:
        """One control request; raises SandboxError with the sandbox's own words."""
        return json.loads(self._exchange(verb, path, given))

    def close(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _exchange(self, verb: str, path: str, given: Mapping[str, Any] | None, *, patient: bool = False) -> bytes:
        payload = None if given is None else json.dumps(given).encode()
        try:
            status, answer = self._send(verb, f"/_sandbox/{path}", payload, None if patient else self._timeout)
        except KeyboardInterrupt:
            self.close()  # the answer to a question broken off must not be taken for the next one's
            raise
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise SandboxError(f"the sandbox on port {self._port} does not answer: {error}") from error
        if status >= 400:
            raise SandboxError(f"{verb} {path}: {status} {answer.decode('utf-8', 'replace')[:500]}")
        return answer

    def _send(self, verb: str, target: str, payload: bytes | None, timeout: float | None) -> tuple[int, bytes]:
        fresh = getattr(self._local, "connection", None) is None
        connection = self._connection()
        connection.sock.settimeout(timeout)
        try:
            connection.request(verb, target, payload, {"Content-Type": "application/json"})
            response = connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # A kept connection may have been closed while nobody used it; that request was never read.
            self.close()
            if fresh:
                raise
            return self._send(verb, target, payload, timeout)
        return response.status, response.read()

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            if self._secure:
                context = ssl.create_default_context(cafile=self._ca_file)
                connection = http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=context)
            else:
                connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
            connection.connect()
            # Headers and body go out in two writes; without this the second waits for the peer's delayed ACK.
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._local.connection = connection
        return connection


class RemoteClock:
    """The portal's clock as b24kit's Clock; every question is one call on loopback."""

    def __init__(self, control: SandboxControl) -> None:
        self._control = control

    def now(self) -> datetime:
        """The portal's calendar now, aware, in UTC."""
        return datetime.fromisoformat(self._control.clock()["now"])

    def monotonic(self) -> float:
        """Portal seconds since the sandbox was started."""
        return float(self._control.clock()["elapsed"])

    def sleep(self, seconds: float) -> None:
        """Wait for portal time; in the moved mode this is what moves it."""
        if seconds > 0:
            self._control.sleep(seconds)
