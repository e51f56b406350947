"""One message to one hook, and one HTTP POST of it: the innermost part of a fake portal's delivery.

Plain asyncio streams: a hook gets a request of its own and a closed connection, as the vendors' senders do.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

NO_ANSWER = 0  # what the journal shows where no answer came: refused, cut, too slow, no HTTP, not allowed to leave
_LONGEST_STATUS_LINE = 8192


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message to one hook. `url` may hold a secret, so the journal names the hook instead."""

    hook: int
    url: str = field(repr=False)
    event: str
    subject: str  # what it is about, for the journal: `lead 5`
    body: bytes = field(repr=False)
    headers: Mapping[str, str]


async def post(parcel: Parcel, *, timeout: float, beyond_loopback: bool) -> int:
    """The status of the answer, or `NO_ANSWER`; `timeout` in real seconds for everything together."""
    parts = urlsplit(parcel.url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        return NO_ANSWER
    if not (beyond_loopback or is_loopback(parts.hostname)):
        return NO_ANSWER
    try:
        async with asyncio.timeout(timeout):
            return await _exchange(parts, parcel)
    except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return NO_ANSWER


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def _exchange(parts: SplitResult, parcel: Parcel) -> int:
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=_tls() if secure else None)
    try:
        writer.write(_request(parts, parcel))
        await writer.drain()
        return await _status(reader)
    finally:
        writer.close()


def _request(parts: SplitResult, parcel: Parcel) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": parts.netloc.rpartition("@")[2], **parcel.headers}
    headers |= {"Content-Length": str(len(parcel.body)), "Connection": "close"}
    head = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(head) + "\r\n\r\n").encode() + parcel.body


async def _status(reader: asyncio.StreamReader) -> int:
    """The number of the status line; interim answers (1xx) are skipped, the final one counts."""
    while True:
        line = await reader.readuntil(b"\n")
        words = line.split(None, 2)
        if len(line) > _LONGEST_STATUS_LINE or len(words) < 2 or not words[0].startswith(b"HTTP/"):
            raise ValueError("no HTTP")
        status = int(words[1])
        if status >= 200 or status == 101:
            return status
        while (await reader.readuntil(b"\n")).strip():
            pass


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
