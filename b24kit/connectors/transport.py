"""One exchange with a portal over HTTP: send, decode, mask, or raise a named error. The only module that knows httpx.

Nothing is repeated here except after a 302, which tells that the portal was renamed and that nothing was executed
("Change of Domain": a client must repeat the POST itself, since a redirect followed blindly loses the body).
"""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from b24kit import __version__
from b24kit.clock import Clock
from b24kit.connectors.credentials import Webhook, is_loopback
from b24kit.errors import BadAnswer, NoAnswer, PortalMoved, UsageError

TIMEOUT = 75.0  # the portal itself gives up after 60 s
CONNECT_TIMEOUT = 15.0
KEEP_ALIVE = 4.0  # shorter than servers keep idle connections, so that a request does not meet a closing one
SHOWN = 200  # characters of an unreadable answer that an error carries
_MOVED = (301, 302, 307, 308)
_FINE, _BROKEN = 200, 500


@dataclass(frozen=True, slots=True)
class Reply:
    """A decoded JSON answer with any status; `seconds` from sending to the last byte, by our Clock."""

    status: int
    body: dict[str, Any]
    seconds: float


class Transport:
    """Connections to one portal, kept open and shared by `lanes` threads."""

    def __init__(
        self, webhook: Webhook, clock: Clock, *, lanes: int = 8, on_moved: Callable[[str], None] | None = None
    ) -> None:
        self.webhook = webhook
        self._clock = clock
        self._on_moved = on_moved
        _silence_http_logs()
        self._http = httpx.Client(
            timeout=httpx.Timeout(TIMEOUT, connect=CONNECT_TIMEOUT),
            limits=httpx.Limits(
                max_connections=lanes + 2, max_keepalive_connections=lanes + 2, keepalive_expiry=KEEP_ALIVE
            ),
            headers={"Accept": "application/json", "User-Agent": f"b24kit/{__version__}"},
            follow_redirects=False,
            verify=_trust(webhook),
            # A portal on this machine is never asked through a proxy of the environment.
            mounts={"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None},
        )

    def send(self, method: str, params: Mapping[str, Any]) -> Reply:
        """POST one method call as JSON.

        Raises NoAnswer (with `sent`), BadAnswer for what is no JSON object, PortalMoved when the new address cannot be
        trusted, UsageError for a certificate that does not hold.
        """
        payload = json.dumps(params, ensure_ascii=False, allow_nan=False).encode()
        started = self._clock.monotonic()
        asked = self.webhook
        response = self._post(method, payload)
        if response.status_code in _MOVED:
            self._follow(response, asked)
            response = self._post(method, payload)
            if response.status_code in _MOVED:
                raise PortalMoved("portal_moved", method=method, host=_new_address(response)[1])
        return Reply(response.status_code, self._decoded(response, method), self._clock.monotonic() - started)

    def fetch(self, address: str, most: int) -> bytes | None:
        """The content behind an address of this portal; None where it is refused, gone or larger than `most` bytes.

        Only its path and query are taken, so that an answer cannot send the access elsewhere; where the portal hands
        on to its store of files, a redirect is followed without anything of ours. Raises NoAnswer.
        """
        parts = urlsplit(address)
        url = f"{self.webhook.scheme}://{self.webhook.host}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        try:
            with self._http.stream("GET", url, follow_redirects=True) as response:
                if response.status_code >= _BROKEN:
                    raise NoAnswer("connection_broke", method="download", host=self.webhook.host, sent=True, said="")
                return _up_to(response, most) if response.status_code == _FINE else None
        except httpx.HTTPError as error:
            facts = {"method": "download", "host": self.webhook.host, "said": type(error).__name__}
            raise NoAnswer("connection_broke", sent=True, **facts) from None

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _post(self, method: str, payload: bytes) -> httpx.Response:
        url = f"{self.webhook.base_url}{method}"
        headers = {"Content-Type": "application/json"}
        try:
            return self._http.post(url, content=payload, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise self._unreached(error, method) from None
        except httpx.TimeoutException:
            raise NoAnswer("no_answer_in_time", method=method, host=self.webhook.host, sent=True) from None
        except httpx.HTTPError as error:
            said = self._shown(str(error))
            raise NoAnswer("connection_broke", method=method, host=self.webhook.host, sent=True, said=said) from None

    def _unreached(self, error: httpx.HTTPError, method: str) -> NoAnswer | UsageError:
        """The request never left: the portal is not there, or is not who it says."""
        said = self._shown(str(error))
        if "CERTIFICATE_VERIFY_FAILED" in said:
            return UsageError("bad_certificate", host=self.webhook.host, said=said)
        return NoAnswer("portal_unreachable", method=method, host=self.webhook.host, sent=False, said=said)

    def _follow(self, response: httpx.Response, here: Webhook) -> None:
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

    def _decoded(self, response: httpx.Response, method: str) -> dict[str, Any]:
        facts = {"method": method, "status": response.status_code}
        text = response.content
        if not text.strip():
            raise BadAnswer("empty_answer", **facts)
        try:
            body = json.loads(text)
        except ValueError:
            code = "html_answer" if text.lstrip().startswith(b"<") else "broken_json"
            shown = self._shown(response.text)
            raise BadAnswer(code, **facts, said=shown) from None
        if not isinstance(body, dict):
            raise BadAnswer("wrong_shape", **facts, said=self._shown(response.text))
        return body

    def _shown(self, text: str) -> str:
        return self.webhook.mask(" ".join(text.split()))[:SHOWN]


def _up_to(response: httpx.Response, most: int) -> bytes | None:
    found = bytearray()
    for piece in response.iter_bytes():
        found += piece
        if len(found) > most:
            return None
    return bytes(found)


def _new_address(response: httpx.Response) -> tuple[str, str]:
    parts = urlsplit(response.headers.get("location", ""))
    return parts.scheme.lower(), parts.netloc.lower()


def _trust(webhook: Webhook) -> ssl.SSLContext | bool:
    """Certificates are always checked; SSL_CERT_FILE names another authority. Plain HTTP on loopback needs none."""
    return httpx.create_ssl_context(trust_env=True) if webhook.scheme == "https" else True


class _NoAddresses(logging.Filter):
    """httpx logs the URL of every request, and the URL of a webhook is a password."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


_NO_ADDRESSES = _NoAddresses()


def _silence_http_logs() -> None:
    logging.getLogger("httpx").addFilter(_NO_ADDRESSES)
