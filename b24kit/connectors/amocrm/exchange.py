"""One request to an amoCRM account with all that belongs to it: its place in the line, its token, its record, and what
its answer means for all requests that follow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from b24kit.clock import Clock
from b24kit.connectors.amocrm import faults
from b24kit.connectors.amocrm.auth.tokens import Tokens
from b24kit.connectors.amocrm.rates import Rate
from b24kit.connectors.amocrm.transport import API, AmoTransport, Query, Reply, query_text
from b24kit.connectors.retry import repeated
from b24kit.connectors.tap import Tap
from b24kit.errors import NotAllowed, Stopped, TooFast

# A paid account answers 402 for some minutes around midnight: so long it is believed to be a flap.
FLAPS = (5.0, 10.0, 20.0, 40.0, 60.0)
PROBE = "/account"


class Exchange:
    """Sends requests; safe to share between threads."""

    def __init__(self, transport: AmoTransport, tokens: Tokens, rate: Rate, clock: Clock, tap: Tap | None) -> None:
        self.transport, self.tokens, self.rate = transport, tokens, rate
        self._clock, self._tap = clock, tap
        self._blocked: NotAllowed | None = None
        self.closed = False

    def get(self, path: str, query: Query = ()) -> Reply:
        """One question, repeated after any failure of the wire."""
        asked = list(query)
        return repeated(lambda: self.send("GET", path, asked), self._clock, reads=True, stopped=lambda: self.closed)

    def send(
        self, verb: str, path: str, query: Query = (), body: Any = None, *, wanted: Callable[[], bool] | None = None
    ) -> Reply:
        """One request; raises what its answer says, after waiting out a flap of 402 and renewing a token once.

        `wanted` is asked just before it leaves: Stopped when nobody wants it any more.
        """
        asked = list(query)
        renewed = False
        flaps = list(FLAPS)
        while True:
            token = self._admitted(wanted)
            reply = self.transport.send(verb, path, asked, body, token)
            if self._tap is not None:
                target = f"{API}{path}{query_text(asked)}"
                self._tap.record_request(verb, target, body, reply.status, reply.body, mask=self.transport.mask)
            try:
                faults.check(reply, f"{verb} {path}")
            except TooFast as error:
                self.rate.hold(float(str(error.facts["retry_after"])))
                raise
            except NotAllowed as error:
                if reply.status == 401 and not renewed and self.tokens.refused(token):
                    renewed = True
                    continue
                if reply.status == 402 and flaps:
                    self._clock.sleep(flaps.pop(0))
                    continue
                self._heed(error, path)
                raise
            return reply

    def _admitted(self, wanted: Callable[[], bool] | None) -> str:
        """The token to send, when it is this request's turn; after a block nothing is sent by anybody."""
        token = self.tokens.current()
        if self._blocked is None:
            self.rate.take()
        if self._blocked is not None:
            raise self._blocked
        if self.closed or (wanted is not None and not wanted()):
            raise Stopped("connection_closed")
        return token

    def _heed(self, error: NotAllowed, path: str) -> None:
        """A 403 may be a right that is missing, or the block of the whole account: one question tells."""
        if error.code == "amo_account_blocked":
            self._blocked = error
        elif error.code == "access_denied" and path != PROBE and not self._answers():
            self._blocked = NotAllowed("amo_account_blocked", **error.facts)
            raise self._blocked

    def _answers(self) -> bool:
        self.rate.take()
        reply = self.transport.send("GET", PROBE, (), None, self.tokens.current())
        return reply.status != 403
