"""No way out of this machine: connections to any host but loopback are refused before they are tried."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any


class StrayConnection(OSError):
    """A client wanted another host than the sandbox."""


def is_loopback(host: object) -> bool:
    """Whether a connection to this host stays on the machine; names other than localhost are not looked up."""
    try:
        return host in ("localhost", "", None) or ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


@contextmanager
def loopback_only() -> Iterator[list[str]]:
    """Guard every socket of this process; gives the list of hosts that were wanted all the same."""
    strays: list[str] = []
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(host: object) -> None:
        if not is_loopback(host):
            strays.append(str(host))
            raise StrayConnection(f"a client wants {host}")

    def guarded(self: socket.socket, address: Any, /) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            check(address[0])
        return connect(self, address)

    def guarded_ex(self: socket.socket, address: Any, /) -> int:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            check(address[0])
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        check(host.decode() if isinstance(host, bytes) else host)
        return look_up(host, *rest, **named)

    socket.socket.connect, socket.socket.connect_ex = guarded, guarded_ex  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = guarded_look_up
    try:
        yield strays
    finally:
        socket.socket.connect, socket.socket.connect_ex = connect, connect_ex  # type: ignore[method-assign]
        socket.getaddrinfo = look_up
