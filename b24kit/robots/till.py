"""Where a bank or 1C tells of money: one address a portal, each message signed with a key of its own.

The signature is HMAC-SHA256 of the body, in hex, in the header `X-B24kit-Signature`. Answers tell a stranger nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from b24kit.clock import Clock
from b24kit.robots.metrics import Metrics
from b24kit.robots.payments import MAX_BYTES, BadPayment, Payments, parse_payment
from b24kit.robots.rate import Rate
from b24kit.robots.reading import BODY_SECONDS, read_body
from b24kit.robots.store import Store

SIGNATURE = "X-B24kit-Signature"
PATH = "/payments/{secret}"
PAYMENTS_A_MINUTE = 600
_SHORTEST = 16


@dataclass(frozen=True, slots=True)
class Drawer:
    """One portal's address for payments: `/payments/<secret>`, and the key that signs what comes there."""

    portal: str
    secret: str = field(repr=False)
    key: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < _SHORTEST or len(self.key) < _SHORTEST:
            raise ValueError("an address for payments needs a secret and a key of 16 characters")


def signed(key: str, body: bytes) -> str:
    """The signature of a message.

    >>> signed("k" * 16, b"{}")[:8]
    '4bde3c95'
    """
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


class Till:
    """Takes payments in: proves, reads, stores, rings; the rules decide later."""

    def __init__(
        self,
        drawers: Sequence[Drawer],
        store: Store,
        clock: Clock,
        metrics: Metrics,
        bell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._drawers, self._store, self._clock = drawers, store, clock
        self._metrics, self._bell = metrics, bell
        self._rates = {one.portal: Rate(PAYMENTS_A_MINUTE, clock) for one in drawers}

    @property
    def route(self) -> Route:
        return Route(PATH, self._hear, methods=["POST"])

    async def _hear(self, request: Request) -> Response:
        drawer = self._drawer(request.path_params["secret"])
        if drawer is None:
            return self._answer(404)
        try:
            body = await asyncio.wait_for(read_body(request, MAX_BYTES), BODY_SECONDS)
        except (TimeoutError, ClientDisconnect):
            return self._answer(408)
        if body is None:
            return self._answer(413)
        given = request.headers.get(SIGNATURE, "").strip().lower().removeprefix("sha256=")
        if not hmac.compare_digest(signed(drawer.key, body).encode(), given.encode("utf-8", "surrogatepass")):
            return self._answer(404)
        if not self._rates[drawer.portal].allows(1):
            return self._answer(429)
        try:
            status = await asyncio.get_running_loop().run_in_executor(None, self._kept, drawer, body)
        except BadPayment:
            return self._answer(400)
        except self._store.base.errors as error:  # not stored: whoever sent it has to send it again
            self._metrics.count("b24kit_errors_total", portal=drawer.portal, code=type(error).__name__)
            return self._answer(503)
        return self._answer(status)

    def _kept(self, drawer: Drawer, body: bytes) -> int:
        now = self._clock.now()
        if not Payments(self._store, drawer.portal).keep(parse_payment(body, now), now):
            return 409  # this id was told before, of another payment
        self._metrics.count("b24kit_payments_total", portal=drawer.portal)
        self._bell(drawer.portal)
        return 200

    def _drawer(self, secret: str) -> Drawer | None:
        """Every one is compared, so that the time says nothing about how near a guess was."""
        found = None
        for drawer in self._drawers:
            if hmac.compare_digest(drawer.secret.encode(), secret.encode("utf-8", "surrogatepass")):
                found = drawer
        return found

    def _answer(self, status: int) -> Response:
        self._metrics.count("b24kit_requests_total", status=str(status))
        return PlainTextResponse("" if status == 200 else "no", status, headers={"Cache-Control": "no-store"})
