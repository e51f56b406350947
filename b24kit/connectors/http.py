"""Connections to one portal over HTTP: bytes out, bytes in, and what can go wrong named. The only module of the wire
that knows httpx; what the bytes mean is each vendor's transport's own business.
"""

from __future__ import annotations

import json
import logging
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from b24kit import __version__
from b24kit.errors import BadAnswer, NoAnswer, UsageError

TIMEOUT = 75.0  # the portals themselves give up after 60 s
CONNECT_TIMEOUT = 15.0
KEEP_ALIVE = 4.0  # shorter than servers keep idle connections, so that a request does not meet a closing one
SHOWN = 200  # characters of an unreadable answer that an error carries
_FINE, _BROKEN = 200, 500
USER_AGENT = f"b24kit/{__version__}"


@dataclass(frozen=True, slots=True)
class RawReply:
    """An answer as it came: `headers` by lower-case name."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


class Connections:
    """Kept open and shared by `lanes` threads. `mask` takes every secret out of a text that may be shown."""

    def __init__(self, *, lanes: int, secure: bool, mask: Callable[[str], str]) -> None:
        _silence_http_logs()
        self._mask = mask
        self._sent, self._counting = 0, threading.Lock()
        self._http = httpx.Client(
            timeout=httpx.Timeout(TIMEOUT, connect=CONNECT_TIMEOUT),
            limits=httpx.Limits(
                max_connections=lanes + 2, max_keepalive_connections=lanes + 2, keepalive_expiry=KEEP_ALIVE
            ),
            headers={"Accept": "application/json", "User-Agent": USER_AGENT},
            follow_redirects=False,
            # Certificates are always checked; SSL_CERT_FILE names another authority. Plain HTTP needs none.
            verify=_trust() if secure else True,
            # A portal on this machine is never asked through a proxy of the environment.
            mounts={"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None},
        )

    def send(
        self, verb: str, url: str, *, method: str, host: str, payload: bytes | None, headers: Mapping[str, str]
    ) -> RawReply:
        """One request; `method` and `host` are how errors name it.

        Raises NoAnswer (with `sent`), and UsageError for a certificate that does not hold.
        """
        with self._counting:
            self._sent += 1
        try:
            answer = self._http.request(verb, url, content=payload, headers=dict(headers))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise self._unreached(error, method, host) from None
        except httpx.TimeoutException:
            raise NoAnswer("no_answer_in_time", method=method, host=host, sent=True) from None
        except httpx.HTTPError as error:
            said = self.shown(str(error))
            raise NoAnswer("connection_broke", method=method, host=host, sent=True, said=said) from None
        return RawReply(
            answer.status_code, {name.lower(): text for name, text in answer.headers.items()}, answer.content
        )

    @property
    def sent(self) -> int:
        """How many requests have left, whatever became of them; files not counted."""
        return self._sent

    def fetch(self, url: str, *, host: str, most: int) -> bytes | None:
        """A file's content, over redirects; None where it is refused, gone or larger than `most` bytes.

        Raises NoAnswer. Nothing of the portal's access travels with a redirect.
        """
        try:
            with self._http.stream("GET", url, follow_redirects=True) as response:
                if response.status_code >= _BROKEN:
                    raise NoAnswer("connection_broke", method="download", host=host, sent=True, said="")
                return _up_to(response, most) if response.status_code == _FINE else None
        except httpx.HTTPError as error:
            facts = {"method": "download", "host": host, "said": type(error).__name__}
            raise NoAnswer("connection_broke", sent=True, **facts) from None

    def decoded(self, reply: RawReply, method: str) -> Any:
        """The JSON of an answer; BadAnswer for nothing, a web page, or what is cut off."""
        facts = {"method": method, "status": reply.status}
        if not reply.content.strip():
            raise BadAnswer("empty_answer", **facts)
        try:
            return json.loads(reply.content)
        except ValueError:
            code = "html_answer" if reply.content.lstrip().startswith(b"<") else "broken_json"
            raise BadAnswer(code, **facts, said=self.text(reply)) from None

    def text(self, reply: RawReply) -> str:
        """The beginning of an answer as it may be shown."""
        return self.shown(reply.content.decode("utf-8", errors="replace"))

    def shown(self, text: str) -> str:
        """A text of the portal's as an error may carry it: on one line, short, without secrets."""
        return self._mask(" ".join(text.split()))[:SHOWN]

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _unreached(self, error: httpx.HTTPError, method: str, host: str) -> NoAnswer | UsageError:
        """The request never left: the portal is not there, or is not who it says."""
        said = self.shown(str(error))
        if "CERTIFICATE_VERIFY_FAILED" in said:
            return UsageError("bad_certificate", host=host, said=said)
        return NoAnswer("portal_unreachable", method=method, host=host, sent=False, said=said)


def _up_to(response: httpx.Response, most: int) -> bytes | None:
    found = bytearray()
    for piece in response.iter_bytes():
        found += piece
        if len(found) > most:
            return None
    return bytes(found)


def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=True)


class _NoAddresses(logging.Filter):
    """httpx logs the URL of every request, and the URL of a webhook is a password."""

    def filter(self, record: logging.LogRecord) -> bool:
        return False


_NO_ADDRESSES = _NoAddresses()


def _silence_http_logs() -> None:
    logging.getLogger("httpx").addFilter(_NO_ADDRESSES)
