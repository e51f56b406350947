"""The place at which a portal's events are heard: an address whose path is a password, and the tokens of its messages.

Kept as one line among the user's secrets: the address, then the application tokens that prove a message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from b24kit.errors import UsageError

PATH = "/hooks/"
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{8,256}")


@dataclass(frozen=True, slots=True)
class Receiver:
    """`address` is None while there is no such place."""

    address: str | None = field(default=None, repr=False)
    tokens: tuple[str, ...] = field(default=(), repr=False)

    @property
    def secret(self) -> str:
        """The secret part of the path, "" without an address."""
        return urlsplit(self.address).path.removeprefix(PATH) if self.address else ""

    @property
    def stored(self) -> str:
        """What `parse_receiver` reads. It is a password."""
        return " ".join([self.address or "", *self.tokens])


def parse_receiver(line: str | None) -> Receiver:
    """The receiver of a kept line."""
    words = (line or "").split()
    return Receiver(words[0], tuple(words[1:])) if words else Receiver()


def receiver_at(base: str, secret: str, tokens: tuple[str, ...] = ()) -> Receiver:
    """A receiver at a public address (https, or http on this machine itself), such as https://robots.example.ru.

    UsageError for an address that a portal would not call, or a token that is cut off.
    """
    parts = urlsplit(base)
    host = parts.hostname or ""
    local = host in ("127.0.0.1", "localhost", "::1")
    sound = parts.scheme == "https" or (parts.scheme == "http" and local)
    if not host or not sound or parts.query or parts.fragment or "@" in parts.netloc or not base.isascii():
        raise UsageError("robots_bad_address", address=host or base[:40])
    for token in tokens:
        if not _TOKEN.fullmatch(token):
            raise UsageError("robots_bad_token")
    return Receiver(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{PATH}{secret}", tokens)
