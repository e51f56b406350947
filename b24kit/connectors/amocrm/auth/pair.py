"""A pair of tokens as the vendor gives it, and the places that can keep one for all processes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from b24kit.errors import BadAnswer

EARLY = 120.0  # seconds before its end from which on a token is renewed: clocks differ, requests take time


@dataclass(frozen=True, slots=True)
class Pair:
    """The access token (24 hours), the refresh token (3 months, usable once), and where the account lives."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: float  # unix seconds by our clock
    host: str = ""

    def fresh(self, now: float) -> bool:
        """Whether it may still be sent."""
        return now < self.expires_at - EARLY

    def as_data(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


class TokenStore(Protocol):
    """Keeps one pair. `save` returns only when the pair would survive a loss of power."""

    def load(self) -> Pair | None: ...

    def save(self, pair: Pair) -> None: ...

    def turn(self) -> AbstractContextManager[None]:
        """Nobody else who uses this store renews meanwhile."""


def pair_from(data: Any, host: str = "", now: float | None = None) -> Pair:
    """A pair out of what a store kept, or (with `now`) out of the answer of /oauth2/access_token."""
    try:
        if now is None:
            return Pair(str(data["access"]), str(data["refresh"]), float(data["expires_at"]), str(data["host"]))
        until = now + float(data["expires_in"])
        return Pair(str(data["access_token"]), str(data["refresh_token"]), until, host)
    except (KeyError, TypeError, ValueError):
        raise BadAnswer("wrong_shape", method="/oauth2/access_token", said="no pair of tokens") from None
