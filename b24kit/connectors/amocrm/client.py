"""The REST client of one amoCRM account: single questions, lists without lost rows, bulk writes. It composes the pieces
of the wire and knows no card of the CRM.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from b24kit.clock import Clock
from b24kit.connectors.amocrm.access import Access, Integration
from b24kit.connectors.amocrm.answers import rows_of
from b24kit.connectors.amocrm.auth.tokens import FixedToken, RotatingTokens, Tokens
from b24kit.connectors.amocrm.bulk import Bulk, Intend, Tell
from b24kit.connectors.amocrm.exchange import Exchange
from b24kit.connectors.amocrm.lists import AmoList, Listing
from b24kit.connectors.amocrm.methods import BATCH, LONGEST_BATCH
from b24kit.connectors.amocrm.paging import LONGEST, MOST, Row, Walk
from b24kit.connectors.amocrm.rates import Rate
from b24kit.connectors.amocrm.steps import Planned
from b24kit.connectors.amocrm.transport import AmoTransport, Query, Reply
from b24kit.connectors.ledger import Ledger
from b24kit.connectors.pairs.pair import TokenStore
from b24kit.connectors.tap import Tap
from b24kit.crm.portal import Progress
from b24kit.crm.writes import Result
from b24kit.errors import BadAnswer, UsageError

Question = tuple[str, Sequence[tuple[str, Any]]]


class AmoClient:
    """One account through one access. Close it when done."""

    def __init__(
        self,
        access: Access,
        *,
        clock: Clock,
        tokens: TokenStore | None = None,
        state_dir: Path | None = None,
        max_in_flight: int = 8,
        batch: int = BATCH,
        tap: Tap | None = None,
        on_moved: Callable[[str], None] | None = None,
        hidden: str | None = None,
    ) -> None:
        """`tokens` keeps the pair of an integration with OAuth; `batch` is how many elements a bulk write holds,
        `hidden` a secret that may stand in requests and is never shown.
        """
        if not 1 <= batch <= LONGEST_BATCH:
            raise UsageError("amo_bad_batch", size=batch, most=LONGEST_BATCH)
        self.clock, self.batch = clock, batch
        self.lanes = max(1, max_in_flight)
        self._transport = AmoTransport(access, clock, lanes=self.lanes + MOST, on_moved=on_moved, hidden=hidden)
        self.tokens = self._tokens(access, tokens)
        self._ledger = Ledger(state_dir)
        rate = Rate(self._ledger, access.host, access.integration, clock)
        self.exchange = Exchange(self._transport, self.tokens, rate, clock, tap)
        self._pool = ThreadPoolExecutor(self.lanes, thread_name_prefix="b24kit-lane")
        # Pages of a list have lanes of their own: several lists may be read at once, each from the caller's thread.
        self._readers = ThreadPoolExecutor(MOST, thread_name_prefix="b24kit-page")

    @property
    def access(self) -> Access:
        """The access in use; its host is the new one after the account was renamed."""
        return self._transport.access

    def get(self, path: str, query: Query = ()) -> Reply:
        """One question, repeated after any failure of the wire. A body of None means that there is nothing."""
        return self.exchange.get(path, query)

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """Many questions at once, answers in their order; the first error is raised."""
        if len(questions) == 1:
            return [self.get(*questions[0])]
        flights = [self._readers.submit(self.get, path, query) for path, query in questions]
        try:
            return [flight.result() for flight in flights]
        finally:
            for flight in flights:
                flight.cancel()

    def directory(self, path: str, collection: str, query: Query = (), *, paged: bool = True) -> list[Row]:
        """A small list from its first page to its last, by the link `next`. A list that knows no pages is read once,
        even where it goes on to name a next one.
        """
        found: dict[str, Row] = {}
        number = 1
        while True:
            reply = self.get(path, [*query, *([("limit", LONGEST), ("page", number)] if paged else [])])
            rows = rows_of(reply.body, collection)
            fresh = {_name(row): dict(row) for row in rows if _name(row) not in found}
            found |= fresh
            links = reply.body.get("_links") if isinstance(reply.body, dict) else None
            if not paged or not fresh or not isinstance(links, dict) or "next" not in links:
                return list(found.values())
            number += 1

    def rows(self, listing: Listing, tell: Tell | None = None) -> Iterator[Row]:
        """Every row of a long list that fits what was asked, each once though people work on the account meanwhile."""
        source = AmoList(self.exchange, self.clock, listing, self._readers)
        told = None if tell is None else lambda done: tell(Progress(done, None))
        for row in Walk(source, self._readers, told).rows():
            if listing.fits is None or listing.fits(row):
                yield row

    def perform(
        self, planned: Sequence[Planned], intend: Intend, tell: Tell | None = None
    ) -> Generator[Result, None, None]:
        """One Result a write; see `bulk.Bulk.run`."""
        bulk = Bulk(self.exchange, self._pool, self.clock, lanes=self.lanes, size=self.batch)
        return bulk.run(planned, intend, tell)

    def begin(self, code: str) -> None:
        """Exchange the code of the consent page for the first pair of tokens; UsageError for a long-lived access."""
        if not isinstance(self.tokens, RotatingTokens):
            raise UsageError("amo_no_code_needed")
        self.tokens.begin(code)

    @property
    def requests(self) -> int:
        """How many have left."""
        return self._transport.requests

    def close(self) -> None:
        """End all lanes and connections."""
        self.exchange.closed = True
        self._pool.shutdown(wait=True)
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._transport.close()
        self._ledger.close()

    def _tokens(self, access: Access, store: TokenStore | None) -> Tokens:
        if not isinstance(access, Integration):
            return FixedToken(access)
        if store is None:
            raise UsageError("tokens_no_store")
        transport = self._transport
        return RotatingTokens(access, store, self.clock, transport.ask_for_tokens, transport.moved)


def only(reply: Reply, method: str) -> dict[str, Any]:
    """The one thing that an answer holds; BadAnswer for anything else."""
    if not isinstance(reply.body, dict):
        raise BadAnswer("wrong_shape", method=method, status=reply.status, said="no object")
    return reply.body


def _name(row: Any) -> str:
    """What tells a row of a directory from another: its id, or its uid or destination."""
    return str(row.get("id") or row.get("uid") or row.get("key") or row)
