"""One exchange with a Bitrix24 portal: send a method call, decode, mask, or raise a named error.

Nothing is repeated here except after a 302, which tells that the portal was renamed and that nothing was executed
("Change of Domain": a client must repeat the POST itself, since a redirect followed blindly loses the body).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from b24kit.clock import Clock
from b24kit.connectors.credentials import HIDDEN, is_loopback
from b24kit.connectors.http import Connections, RawReply
from b24kit.errors import BadAnswer, PortalMoved

_MOVED = (301, 302, 307, 308)
EXPIRED = "expired_token"


@dataclass(frozen=True, slots=True)
class Reply:
    """A decoded JSON answer with any status; `seconds` from sending to the last byte, by our Clock."""

    status: int
    body: dict[str, Any]
    seconds: float


class Access(Protocol):
    """What the wire asks of any way into a portal: where methods are called, and what of it must never be shown."""

    @property
    def host(self) -> str: ...
    @property
    def scheme(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    def mask(self, text: str) -> str: ...
    def moved_to(self, host: str, scheme: str = "https") -> Access: ...


class Tokens(Protocol):
    """The access tokens of an application; a webhook has none, its address is the secret."""

    def current(self) -> str:
        """The token to send now."""

    def refused(self, token: str) -> bool:
        """The portal called this token expired: True when another is at hand, and the call may be sent again."""

    def mask(self, text: str) -> str:
        """`text` without the tokens in use."""


class Transport:
    """Connections to one portal, kept open and shared by `lanes` threads."""

    def __init__(
        self,
        webhook: Access,
        clock: Clock,
        *,
        lanes: int = 8,
        on_moved: Callable[[str], None] | None = None,
        tokens: Tokens | None = None,
        hidden: str | None = None,
    ) -> None:
        """`hidden`: one more secret that may stand in a call, such as the address of our receiver."""
        self.webhook = webhook
        self._tokens, self._hidden = tokens, hidden
        self._clock = clock
        self._on_moved = on_moved
        self._http = Connections(lanes=lanes, secure=webhook.scheme == "https", mask=self.mask)

    def mask(self, text: str) -> str:
        """`text` without any secret of this access."""
        shown = self.webhook.mask(text)
        if self._hidden:
            shown = shown.replace(self._hidden, HIDDEN).replace(json.dumps(self._hidden)[1:-1], HIDDEN)
        return shown if self._tokens is None else self._tokens.mask(shown)

    def send(self, method: str, params: Mapping[str, Any]) -> Reply:
        """POST one method call as JSON.

        Raises NoAnswer (with `sent`), BadAnswer for what is no JSON object, PortalMoved when the new address cannot be
        trusted, UsageError for a certificate that does not hold.
        """
        if self._tokens is None:
            return self._sent(method, params)
        token = self._tokens.current()
        reply = self._sent(method, {**params, "auth": token})
        # "Automatic Renewal": the same call once more with a new token. One that is refused has done nothing.
        if str(reply.body.get("error", "")).lower() == EXPIRED and self._tokens.refused(token):
            reply = self._sent(method, {**params, "auth": self._tokens.current()})
        return reply

    def _sent(self, method: str, params: Mapping[str, Any]) -> Reply:
        payload = json.dumps(params, ensure_ascii=False, allow_nan=False).encode()
        started = self._clock.monotonic()
        asked = self.webhook
        response = self._post(method, payload)
        if response.status in _MOVED:
            self._follow(response, asked)
            response = self._post(method, payload)
            if response.status in _MOVED:
                raise PortalMoved("portal_moved", method=method, host=_new_address(response)[1])
        return Reply(response.status, self._decoded(response, method), self._clock.monotonic() - started)

    def fetch(self, address: str, most: int) -> bytes | None:
        """The content behind an address of this portal; None where it is refused, gone or larger than `most` bytes.

        Only its path and query are taken, so that an answer cannot send the access elsewhere; where the portal hands
        on to its store of files, a redirect is followed without anything of ours. Raises NoAnswer.
        """
        parts = urlsplit(address)
        url = f"{self.webhook.scheme}://{self.webhook.host}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return self._http.fetch(url, host=self.webhook.host, most=most)

    @property
    def requests(self) -> int:
        """How many have left."""
        return self._http.sent

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _post(self, method: str, payload: bytes) -> RawReply:
        return self._http.send(
            "POST",
            f"{self.webhook.base_url}{method}",
            method=method,
            host=self.webhook.host,
            payload=payload,
            headers={"Content-Type": "application/json"},
        )

    def _follow(self, response: RawReply, here: Access) -> None:
        """Take the portal's new address for this and all later requests, if the secret may be shown there.

        `here` is where this request went: other lanes may have followed the same move meanwhile.
        """
        scheme, host = _new_address(response)
        trusted = scheme == "https" or (scheme == "http" and is_loopback(host) and is_loopback(here.host))
        if not host or not trusted or host == here.host:
            raise PortalMoved("portal_moved", host=host or "?", old_host=here.host)
        if self.webhook.host == host:
            return
        self.webhook = here.moved_to(host, scheme)
        if self._on_moved is not None:
            self._on_moved(host)

    def _decoded(self, reply: RawReply, method: str) -> dict[str, Any]:
        body = self._http.decoded(reply, method)
        if not isinstance(body, dict):
            raise BadAnswer("wrong_shape", method=method, status=reply.status, said=self._http.text(reply))
        return body


def _new_address(response: RawReply) -> tuple[str, str]:
    parts = urlsplit(response.headers.get("location", ""))
    return parts.scheme.lower(), parts.netloc.lower()
