"""Somebody to whom hooks are sent: a plain HTTP server on loopback that remembers what came."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from b24kit.sandbox.wireform import parse_query


@dataclass(frozen=True, slots=True)
class Post:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def form(self) -> dict[str, Any]:
        """The body's form fields, nested as PHP nests them."""
        return parse_query(self.body)


class Receiver:
    """`answer` gives the status of each post; a post may take a while to answer."""

    def __init__(self, answer: Callable[[Post], int] = lambda _: 200, *, slow: float = 0.0) -> None:
        self.posts: list[Post] = []
        self.at_once = self.most_at_once = 0
        self._answer, self._slow = answer, slow
        self._lock, self._changed = threading.Lock(), threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._take(self)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 128  # a full queue makes a caller wait for a whole second

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook?k=secret"

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        post = Post(handler.path, dict(handler.headers.items()), handler.rfile.read(length).decode())
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        status = self._answer(post)
        time.sleep(self._slow)
        with self._lock:
            self.at_once -= 1
        with self._changed:
            self.posts.append(post)
            self._changed.notify_all()
        handler.send_response(status)
        handler.end_headers()

    def wait(self, count: int) -> list[Post]:
        """The posts, once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.posts) >= count, timeout=5), len(self.posts)
        return self.posts

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
