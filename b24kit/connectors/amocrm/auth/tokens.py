"""Which token to send, and its renewal: the new pair is stored before anybody uses it, one renewal at a time.

Rests on the vendor's page "OAuth 2.0": a renewal ends the old pair at once, and a refresh token used twice is refused.
So whoever has the turn first looks whether somebody else renewed meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from b24kit.clock import Clock
from b24kit.connectors.amocrm.access import Integration, LongLived, claims, parse_host, trusted
from b24kit.connectors.amocrm.auth.pair import Pair, TokenStore, pair_from
from b24kit.errors import NotAllowed, UsageError

MOVED = (401, 404)  # what a renewal at an address that is nobody's any more answers

TokenSender = Callable[[str, str, Mapping[str, Any] | None, Mapping[str, str]], tuple[int, Any]]
"""`(verb, address, JSON body, headers)` to (status, decoded body); raises what the wire raises."""


class Tokens(Protocol):
    """What the exchange asks of an access."""

    def current(self) -> str:
        """The token to send now."""

    def refused(self, token: str) -> bool:
        """The portal said 401 to this token: True when another is at hand, and the request may be sent again."""


class FixedToken:
    """A long-lived token: nothing can be renewed."""

    def __init__(self, access: LongLived) -> None:
        self._access = access

    def current(self) -> str:
        return self._access.token

    def refused(self, token: str) -> bool:
        return False


class RotatingTokens:
    """The pair of one integration on one account; safe to share between threads and, by its store, processes."""

    def __init__(
        self,
        access: Integration,
        store: TokenStore,
        clock: Clock,
        send: TokenSender,
        on_moved: Callable[[str, str], None] | None = None,
    ) -> None:
        """`on_moved(host, scheme)` hears of an account that was renamed."""
        self.access = access
        self._store, self._clock, self._send, self._on_moved = store, clock, send, on_moved
        self._lock = threading.Lock()
        self._pair: Pair | None = None

    def current(self) -> str:
        """The stored access token, renewed shortly before its end; NotAllowed when there is none to begin with."""
        pair = self._pair
        if pair is None or not pair.fresh(self._now()):
            pair = self._renewed(None)
        return pair.access

    def refused(self, token: str) -> bool:
        """Take the pair that another process stored meanwhile, or renew; raises NotAllowed when that is refused."""
        return self._renewed(token).access != token

    def begin(self, code: str) -> None:
        """Exchange the code of the consent page (it lives 20 minutes) for the first pair, and store it."""
        with self._lock, self._store.turn():
            status, body = self._ask({"grant_type": "authorization_code", "code": code})
            if status != 200:
                raise NotAllowed("amo_code_refused", method="/oauth2/access_token", said=_words(body), status=status)
            self._keep(body)

    def _renewed(self, refused: str | None) -> Pair:
        with self._lock:
            if self._usable(self._pair, refused):
                return self._taken(self._pair)
            with self._store.turn():
                stored = self._store.load()
                if stored is None:
                    raise NotAllowed("amo_not_authorised", method="/oauth2/access_token", host=self.access.host)
                self._follow(stored.host)
                if not self._usable(stored, refused):
                    stored = self._renew(stored)
                self._pair = stored
                return stored

    def _usable(self, pair: Pair | None, refused: str | None) -> bool:
        return pair is not None and pair.access != refused and pair.fresh(self._now())

    @staticmethod
    def _taken(pair: Pair | None) -> Pair:
        assert pair is not None
        return pair

    def _renew(self, old: Pair) -> Pair:
        given = {"grant_type": "refresh_token", "refresh_token": old.refresh}
        status, body = self._ask(given)
        if status in MOVED and self._look_for_new_address(old):
            status, body = self._ask(given)
        if status != 200:
            raise NotAllowed("amo_renewal_refused", method="/oauth2/access_token", said=_words(body), status=status)
        return self._keep(body)

    def _keep(self, body: Any) -> Pair:
        """Stored first, used afterwards: if this process dies in between, the next one finds the new pair."""
        pair = pair_from(body, f"{self.access.scheme}://{self.access.host}", self._now())
        self._store.save(pair)
        self._pair = pair
        return pair

    def _ask(self, given: Mapping[str, Any]) -> tuple[int, Any]:
        """POST to the account's own token endpoint: the only address that ever sees the secret."""
        access = self.access
        body = {"client_id": access.client_id, "client_secret": access.client_secret, **given}
        body["redirect_uri"] = access.redirect_uri
        return self._send("POST", f"{access.scheme}://{access.host}/oauth2/access_token", body, {})

    def _look_for_new_address(self, old: Pair) -> bool:
        """Ask the API server named in the token where the account lives now ("Getting the subdomain of an account")."""
        server = str(claims(old.access).get("api_domain") or "")
        if not server or not trusted(self.access.scheme, server, self.access.host):
            return False
        address = f"{self.access.scheme}://{server}/oauth2/account/current/subdomain"
        status, body = self._send("GET", address, None, {"X-Refresh-Token": old.refresh})
        told = body.get("domain") if isinstance(body, Mapping) else None
        if status != 200 or not isinstance(told, str):
            return False
        before = self.access.host
        self._follow(f"{self.access.scheme}://{told}")
        return self.access.host != before

    def _follow(self, address: str) -> None:
        if not address:
            return
        try:
            scheme, host = parse_host(address)
        except UsageError:
            return  # an address that may see no token is not followed
        if host == self.access.host or not trusted(scheme, host, self.access.host):
            return
        self.access = self.access.moved_to(host, scheme)
        if self._on_moved is not None:
            self._on_moved(host, scheme)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _words(body: Any) -> str:
    told = body if isinstance(body, Mapping) else {}
    return " ".join(str(told.get(name) or "") for name in ("title", "detail", "hint")).strip()[:200]
