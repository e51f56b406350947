"""An application at a fake portal, as a test plays it: keys, tokens, calls with `auth`, somebody who is told."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from b24kit.sandbox.server import OFF, Sandbox

CLIENT = "local.5fa5e0f8a1b2c3.12345678"
SECRET = "c0ffee" * 8
EXTENDED = ["rest_offline_extended", "rest_auth_connector"]


def application(**changes: Any) -> dict[str, Any]:
    """An application as the settings take it."""
    return {"client_id": CLIENT, "client_secret": SECRET, **changes}


@dataclass
class Office:
    """Calls by token and by webhook; every answer is `(status, body)`."""

    box: Sandbox
    pair: dict[str, Any] = field(default_factory=dict)

    def get(self, path: str, **query: str) -> tuple[int, Any]:
        """A page of the portal; redirects are not followed."""
        return self._send(f"{self.box.url}{path}?{urllib.parse.urlencode(query)}", None)

    def token(self, **query: str) -> tuple[int, Any]:
        """What the authorization server says."""
        return self.get("/oauth/token/", **{"client_id": CLIENT, "client_secret": SECRET, **query})

    def enter(self) -> dict[str, Any]:
        """Through the consent page to the first pair."""
        _, code = self.get("/oauth/authorize/", client_id=CLIENT, state="s")
        status, self.pair = self.token(grant_type="authorization_code", code=code["code"])
        assert status == 200, self.pair
        return self.pair

    def ask(self, method: str, /, **params: Any) -> tuple[int, Any]:
        """A call of the application."""
        return self._send(f"{self.box.url}/rest/{method}", {**params, "auth": self.pair["access_token"]})

    def result(self, method: str, /, **params: Any) -> Any:
        """The result of a call of the application that must succeed."""
        status, body = self.ask(method, **params)
        assert status == 200, body
        return body["result"]

    def by_webhook(self, method: str, /, **params: Any) -> tuple[int, Any]:
        """A call of a person's incoming webhook."""
        return self._send(f"{self.box.webhook_url}{method}", params)

    def _send(self, url: str, params: dict[str, Any] | None) -> tuple[int, Any]:
        payload = None if params is None else json.dumps(params).encode()
        request = urllib.request.Request(url, payload, {"Content-Type": "application/json"})
        try:
            with _OPENER.open(request) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            if error.code == 302:
                query = urllib.parse.urlsplit(error.headers["Location"]).query
                return 302, dict(urllib.parse.parse_qsl(query))
            text = error.read()
            return error.code, json.loads(text) if text.startswith(b"{") else text


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **named: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))


def open_box(**changes: Any) -> Sandbox:
    """A small portal without limits, not started yet."""
    return Sandbox(clock="moved", manners=OFF, seed={"kind": "company", "leads": 4, "seed": 7}, **changes)
