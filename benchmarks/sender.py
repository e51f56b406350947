"""A sender of events in a process of its own: what it measures is the receiver, not a busy process it would share.

`python -m benchmarks.sender PORT PATH FIRST COUNT AT_ONCE TOKEN` posts an event for each of these leads on so many
lines at a time, each once, and prints JSON: statuses, and seconds from the last byte in to the first byte out.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlencode

PATIENCE = 30.0  # seconds without any answer


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a delivery."""

    statuses: Counter[int]
    times: list[float]
    seconds: float
    processor_seconds: float


def main() -> None:
    """Deliver, and print one JSON object."""
    port, path, first, count, at_once, token = sys.argv[1:7]
    ids = [str(int(first) + place) for place in range(int(count))]
    begun = time.monotonic()
    statuses, times = Lines(int(port), [request(path, event(one, token)) for one in ids], int(at_once)).run()
    found = {"statuses": statuses, "times": times, "seconds": time.monotonic() - begun, "cpu": time.process_time()}
    print(json.dumps(found))


def send(port: int, path: str, first: int, count: int, token: str, at_once: int = 20) -> Delivered:
    """Have another process deliver the events of leads with numbers in a row; returns when all are answered."""
    words = [str(port), path, str(first), str(count), str(at_once), token]
    command = [sys.executable, "-m", "benchmarks.sender", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    statuses = Counter({int(status): int(number) for status, number in told["statuses"].items()})
    return Delivered(statuses, told["times"], told["seconds"], told["cpu"])


def event(lead: str, token: str, name: str = "ONCRMLEADADD") -> bytes:
    """What the portal posts for a new lead."""
    fields = {"event": name, "data[FIELDS][ID]": lead, "ts": "1", "auth[application_token]": token}
    return urlencode(fields).encode()


def request(path: str, body: bytes) -> bytes:
    """The bytes of one delivery."""
    form = "application/x-www-form-urlencoded"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {form}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Lines:
    """So many connections, each with one request at a time; none is repeated."""

    def __init__(self, port: int, requests: list[bytes], at_once: int) -> None:
        self._port, self._waiting, self._at_once = port, list(reversed(requests)), at_once
        self._chosen = selectors.DefaultSelector()
        self._sent: dict[socket.socket, float] = {}
        self._heard: dict[socket.socket, bytes] = {}
        self._statuses: Counter[int] = Counter()
        self._times: list[float] = []

    def run(self) -> tuple[Counter[int], list[float]]:
        """Until every request is answered, refused or given up; status 0 stands for no answer."""
        for _ in range(min(self._at_once, len(self._waiting))):
            self._next(self._line())
        while self._sent:
            ready = self._chosen.select(PATIENCE)
            now = time.perf_counter()
            if not ready:
                self._statuses[0] += len(self._sent)
                break
            for key, _ in ready:
                assert isinstance(key.fileobj, socket.socket)
                self._answered(key.fileobj, now)
        return self._statuses, self._times

    def _line(self) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", self._port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._chosen.register(line, selectors.EVENT_READ)
        return line

    def _next(self, line: socket.socket) -> None:
        if not self._waiting:
            self._end(line)
            return
        self._heard[line] = b""
        line.sendall(self._waiting.pop())
        self._sent[line] = time.perf_counter()

    def _answered(self, line: socket.socket, now: float) -> None:
        part = line.recv(65536)
        if not part:
            self._statuses[0] += 1
            self._end(line)
            self._next(self._line())
            return
        if not self._heard[line]:
            self._times.append(now - self._sent[line])
        self._heard[line] += part
        head, ended, _ = self._heard[line].partition(b"\r\n\r\n")
        if ended:  # its few bytes of body come in the same segment
            self._statuses[int(head[9:12])] += 1
            self._next(line)

    def _end(self, line: socket.socket) -> None:
        self._sent.pop(line, None)
        self._chosen.unregister(line)
        line.close()


if __name__ == "__main__":
    main()
