"""Forged, oversized, deep and malformed requests against a running service: how many had an effect, how many broke it.
Prints JSON."""

from __future__ import annotations

import json
import random
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from b24kit.robots.store import Store
from benchmarks.robots_office import SECRET, TOKEN, bureau, get

REQUESTS = 3000
PORT = 8974
_PIECES = (b"event", b"=", b"&", b"[", b"]", b"%", b"%5B", b"\xff", b"\x00", b"data[FIELDS][ID]", b"12", b"auth")


def main() -> None:
    """Print one JSON object; the number of requests may be given as the only argument."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"benchmark": "robots_fuzz", "requests": count, **measure(Path(folder), count)}))


def measure(folder: Path, count: int) -> dict[str, Any]:
    """Everything but a form with the right token on the right path."""
    answers: Counter[str] = Counter()
    with bureau(folder, port=PORT) as office:
        service = office.start()
        for raw in _requests(count):
            answers[_send(raw)] += 1
        store = Store(folder / "robots.sqlite")
        effects = len(store.known("portal", "", 10)) + len(store.base.rows("SELECT 1 FROM inbox"))
        store.close()
        return {
            "answers": dict(sorted(answers.items())),
            "effects": effects,
            "crashed": service.poll() is not None,
            "health_after": get(PORT, "/health")[0],
        }


def _requests(count: int) -> Iterator[bytes]:
    chance = random.Random(3)
    path = f"/hooks/{SECRET}".encode()
    for _ in range(count):
        match chance.randrange(6):
            case 0:  # forged: nearly the right token
                body = b"event=ONCRMLEADADD&data[FIELDS][ID]=1&auth[application_token]=" + TOKEN[:-1].encode()
                yield _http(path, body)
            case 1:
                yield _http(path, b"".join(chance.choices(_PIECES, k=chance.randrange(40))))
            case 2:  # deep
                yield _http(path, b"a" + b"[b]" * chance.randrange(1, 4000) + b"=1")
            case 3:  # a length that is a lie
                yield b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\nabc" % (path, chance.randrange(10**9))
            case 4:  # no HTTP at all
                yield chance.randbytes(chance.randrange(1, 400)) + b"\r\n\r\n"
            case _:
                yield _http(b"/hooks/" + bytes(chance.choices(b"abc%/.", k=24)), b"x=1")


def _http(path: bytes, body: bytes) -> bytes:
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    return head % (path, len(body)) + body


def _send(raw: bytes) -> str:
    with suppress(OSError), socket.create_connection(("127.0.0.1", PORT), timeout=2) as line:
        line.settimeout(0.2)  # whoever lies about his length waits in vain
        line.sendall(raw)
        answer = line.recv(64)
        return answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/") else "closed"
    return "closed"


if __name__ == "__main__":
    main()
