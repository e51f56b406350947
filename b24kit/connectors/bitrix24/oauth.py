"""Tokens of a local application: which one to send, and their renewal, stored before it is used and by one at a time.

Rests on the vendor's pages "Complete OAuth 2.0 Authorization Protocol" and "Automatic Renewal of OAuth 2.0 Tokens": an
access token lives an hour, every renewal gives a new refresh token, and nobody renews before the hour is over. Whoever
has the turn to renew first looks whether another process has done so meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from b24kit.clock import Clock
from b24kit.connectors.bitrix24.application import Application
from b24kit.connectors.credentials import HIDDEN
from b24kit.connectors.http import Connections
from b24kit.connectors.pairs.pair import Pair, TokenStore, pair_from
from b24kit.errors import BadAnswer, NotAllowed

METHOD = "oauth/token"


class AuthServer(Protocol):
    """One question to the authorization server: `(grant_type and what belongs to it)` to (status, body)."""

    def __call__(self, given: Mapping[str, str]) -> tuple[int, Any]: ...


class AuthConnection:
    """Asks the application's authorization server. Nothing of what it sends is ever shown."""

    def __init__(self, access: Application) -> None:
        self._access = access
        self._secrets = {access.client_secret}
        secure = access.auth_server.startswith("https")
        self._http = Connections(lanes=1, secure=secure, mask=self._mask)

    def __call__(self, given: Mapping[str, str]) -> tuple[int, Any]:
        """GET of the token address, as the vendor's pages have it; redirects are not followed with a secret."""
        self._secrets |= {value for name, value in given.items() if name != "grant_type"}
        query = {**given, "client_id": self._access.client_id, "client_secret": self._access.client_secret}
        host = urlsplit(self._access.auth_server).netloc
        url = f"{self._access.token_url}?{urlencode(query)}"
        reply = self._http.send("GET", url, method=METHOD, host=host, payload=None, headers={})
        return reply.status, self._http.decoded(reply, METHOD)

    def close(self) -> None:
        """Close its connection."""
        self._http.close()

    def _mask(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


class ApplicationTokens:
    """The pair of one application on one portal; safe to share between threads and, by its store, processes."""

    def __init__(self, access: Application, store: TokenStore, clock: Clock, ask: AuthServer) -> None:
        self._access, self._store, self._clock, self._ask = access, store, clock, ask
        self._lock = threading.Lock()
        self._pair: Pair | None = None

    def current(self) -> str:
        """The stored access token, renewed once its hour is over; NotAllowed when there is none to begin with."""
        pair = self._pair
        if pair is None or not pair.fresh(self._now(), 0):
            pair = self._valid(None)
        return pair.access

    def refused(self, token: str) -> bool:
        """The portal said `expired_token`: take what another process stored meanwhile, or renew."""
        return self._valid(token).access != token

    def begin(self, code: str) -> None:
        """Exchange the code of the consent page (it lives 30 seconds) for the first pair, and store it."""
        with self._lock, self._store.turn():
            status, body = self._ask({"grant_type": "authorization_code", "code": code})
            self._check(status, body, "application_code_refused")
            self._keep(body)

    def take(self, auth: Mapping[str, Any]) -> None:
        """Store the pair that the portal's installation call brought (`auth` of ONAPPINSTALL, or AUTH_ID and so on).

        Anybody may post such a form, so the pair is believed only after the authorization server has renewed it for
        our secret key and named our portal; NotAllowed, and nothing is stored, when it does not. A form that is
        replayed carries a pair that is used up.
        """
        told = {
            "access_token": auth.get("access_token") or auth.get("AUTH_ID"),
            "refresh_token": auth.get("refresh_token") or auth.get("REFRESH_ID"),
            "expires_in": auth.get("expires_in") or auth.get("AUTH_EXPIRES"),
        }
        if not all(isinstance(one, str) and one for one in told.values()):
            raise BadAnswer("wrong_shape", method="ONAPPINSTALL", said="no pair of tokens")
        with self._lock, self._store.turn():
            self._renewed(pair_from(told, now=self._now()))

    def mask(self, text: str) -> str:
        """`text` without the token in use."""
        pair = self._pair
        return text if pair is None else text.replace(pair.access, HIDDEN).replace(pair.refresh, HIDDEN)

    def _valid(self, refused: str | None) -> Pair:
        with self._lock:
            if self._pair is not None and self._usable(self._pair, refused):
                return self._pair
            with self._store.turn():
                stored = self._store.load()
                if stored is None:
                    raise NotAllowed("application_not_authorised", method=METHOD, host=self._access.host)
                self._pair = stored if self._usable(stored, refused) else self._renewed(stored)
                return self._pair

    def _usable(self, pair: Pair, refused: str | None) -> bool:
        return pair.access != refused and pair.fresh(self._now(), 0)

    def _renewed(self, old: Pair) -> Pair:
        status, body = self._ask({"grant_type": "refresh_token", "refresh_token": old.refresh})
        self._check(status, body, "application_renewal_refused")
        return self._keep(body)

    def _keep(self, body: Any) -> Pair:
        """Stored first, used afterwards: if this process dies in between, the next one finds the new pair."""
        pair = pair_from(body, f"{self._access.scheme}://{self._access.host}", self._now())
        self._store.save(pair)
        self._pair = pair
        return pair

    def _check(self, status: int, body: Any, code: str) -> None:
        """An error may come with any status, 200 included."""
        told = body if isinstance(body, Mapping) else {}
        if status >= 500:
            raise BadAnswer("portal_broke", method=METHOD, status=status, said=str(told.get("error") or ""))
        if status != 200 or "error" in told:
            words = f"{told.get('error') or ''} {told.get('error_description') or ''}".strip()[:200]
            raise NotAllowed(code, method=METHOD, said=words, status=status, host=self._access.host)
        told_host = urlsplit(str(told.get("client_endpoint") or "")).netloc.lower()
        if told_host and told_host != self._access.host:
            raise NotAllowed("application_other_portal", method=METHOD, host=self._access.host, other=told_host)

    def _now(self) -> float:
        return self._clock.now().timestamp()
