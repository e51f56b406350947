"""One exchange with an amoCRM account: send a request below /api/v4, decode what came, follow a renamed account.

Answers are HAL or problem JSON, nothing at all (204), or a web page when something in front of the API answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

from b24kit.clock import Clock
from b24kit.connectors.amocrm.access import Access, trusted
from b24kit.connectors.credentials import HIDDEN
from b24kit.connectors.http import Connections, RawReply
from b24kit.errors import BadAnswer, PortalMoved

API = "/api/v4"
_MOVED = (301, 302, 307, 308)

Query = Iterable[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A decoded answer with any status. `body` is None when there was none or it was no JSON, `page` then tells which.

    `seconds` from sending to the last byte, by our Clock; `at` the portal's own time of the answer.
    """

    status: int
    body: Any
    seconds: float = 0.0
    page: bool = False  # a web page, or anything else that is no JSON
    said: str = ""  # the beginning of what was no JSON
    at: datetime | None = None


class AmoTransport:
    """Connections to one account, kept open and shared by `lanes` threads."""

    def __init__(
        self,
        access: Access,
        clock: Clock,
        *,
        lanes: int = 8,
        on_moved: Callable[[str], None] | None = None,
        hidden: str | None = None,
    ) -> None:
        """`hidden`: one more secret that may stand in a request, such as the address of our receiver."""
        self.access = access
        self._clock, self._on_moved = clock, on_moved
        self._secrets: set[str] = {hidden} if hidden else set()
        self._http = Connections(lanes=lanes, secure=access.scheme == "https", mask=self.mask)

    @property
    def requests(self) -> int:
        """How many have left."""
        return self._http.sent

    def send(self, verb: str, path: str, query: Query, body: Any, token: str) -> Reply:
        """One request below /api/v4. Raises NoAnswer (with `sent`), PortalMoved to where no token may go."""
        self._secrets.add(token)
        target = f"{API}{path}{query_text(query)}"
        payload = None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        headers = {"Authorization": f"Bearer {token}"}
        if payload is not None:
            headers["Content-Type"] = "application/json"
        method = f"{verb} {path}"
        started, asked = self._clock.monotonic(), self.access
        raw = self._sent(verb, target, method, payload, headers)
        if raw.status in _MOVED:
            self._follow(raw, asked)
            raw = self._sent(verb, target, method, payload, headers)
            if raw.status in _MOVED:
                raise PortalMoved("portal_moved", method=method, host=_new_address(raw)[1])
        return self._read(raw, method, self._clock.monotonic() - started)

    def ask_for_tokens(
        self, verb: str, address: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        """One request of the OAuth dance (see `auth.tokens`); redirects are not followed with a secret in the body."""
        for secret in (*(body or {}).values(), *headers.values()):
            if len(str(secret)) >= 16 and str(secret) != self.access.integration:
                self._secrets.add(str(secret))
        payload = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if payload is not None else {}
        method, host = urlsplit(address).path, urlsplit(address).netloc
        raw = self._http.send(verb, address, method=method, host=host, payload=payload, headers={**headers, **kind})
        reply = self._read(raw, method, 0.0)
        if reply.status >= 500 or (reply.page and reply.status == 200):
            raise BadAnswer("html_answer", method=method, status=reply.status, said=reply.said)
        return reply.status, reply.body

    def moved(self, host: str, scheme: str) -> None:
        """The account lives elsewhere now: all later requests go there."""
        if host == self.access.host:
            return
        self.access = self.access.moved_to(host, scheme)
        if self._on_moved is not None:
            self._on_moved(host)

    def mask(self, text: str) -> str:
        """`text` without any token or secret that this process has sent."""
        for secret in tuple(self._secrets):
            text = text.replace(secret, HIDDEN)
        return self.access.mask(text)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _sent(self, verb: str, target: str, method: str, payload: bytes | None, headers: Mapping[str, str]) -> RawReply:
        access = self.access
        url = f"{access.scheme}://{access.host}{target}"
        return self._http.send(verb, url, method=method, host=access.host, payload=payload, headers=headers)

    def _follow(self, raw: RawReply, here: Access) -> None:
        scheme, host = _new_address(raw)
        if not host or host == here.host or not trusted(scheme, host, here.host):
            raise PortalMoved("portal_moved", host=host or "?", old_host=here.host)
        self.moved(host, scheme)

    def _read(self, raw: RawReply, method: str, seconds: float) -> Reply:
        at = _moment(raw.headers.get("date"))
        if not raw.content.strip():
            return Reply(raw.status, None, seconds, at=at)
        try:
            return Reply(raw.status, self._http.decoded(raw, method), seconds, at=at)
        except BadAnswer as error:
            return Reply(raw.status, None, seconds, page=True, said=str(error.facts.get("said", "")), at=at)


def query_text(query: Query) -> str:
    """Arguments as the vendor's pages write them: brackets bare, values quoted.

    >>> query_text([("filter[id][]", 5), ("query", "a@b.ru"), ("page", 2)])
    '?filter[id][]=5&query=a%40b.ru&page=2'
    """
    pairs = [f"{name}={quote(str(value), safe='')}" for name, value in query]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _new_address(raw: RawReply) -> tuple[str, str]:
    parts = urlsplit(raw.headers.get("location", ""))
    return parts.scheme.lower(), parts.netloc.lower()


def _moment(told: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(told).astimezone(UTC) if told else None
    except ValueError:
        return None
