"""Connections below HTTP: who is connected, which request is a connection's first, and how to cut one silently.

An ASGI application cannot drop a connection, so uvicorn's protocol is taken one step further.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

Address = tuple[str, int]


@dataclass(slots=True)
class Connection:
    """One client connection; `served` counts the requests that began on it."""

    number: int
    protocol: H11Protocol
    served: int = 0

    def drop(self) -> None:
        """Cut it at once, without a word: the client sees a reset or an unexpected end."""
        if self.protocol.cycle is not None:
            # The application will not answer, and uvicorn must not answer in its place.
            self.protocol.cycle.disconnected = True
        self.protocol.transport.abort()


@dataclass(slots=True)
class Connections:
    """All open connections by the client's address."""

    known: dict[Address, Connection] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def opened(self, protocol: H11Protocol) -> None:
        """A client connected."""
        if protocol.client is not None:
            self.known[protocol.client] = Connection(next(self._numbers), protocol)

    def closed(self, protocol: H11Protocol) -> None:
        """A client is gone, of his own will or ours."""
        if protocol.client is not None:
            self.known.pop(protocol.client, None)

    def of(self, client: Any) -> Connection | None:
        """The connection of an ASGI scope's `client`, or None when no server of ours made the scope."""
        return None if client is None else self.known.get((client[0], client[1]))

    def abort_all(self) -> None:
        """Cut everybody off; for the end of the server."""
        for connection in list(self.known.values()):
            connection.drop()


class PortalProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 that reports its connections."""

    def __init__(self, connections: Connections, config: Config, state: ServerState) -> None:
        super().__init__(config, state, {})
        self._known = connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """uvicorn's hook: also remember who came."""
        super().connection_made(transport)
        self._known.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """uvicorn's hook: also forget who went."""
        self._known.closed(self)
        super().connection_lost(exc)


def protocol_factory(connections: Connections, config: Config) -> Any:
    """What `loop.create_server` wants."""
    state = ServerState()
    return lambda: PortalProtocol(connections, config, state)
