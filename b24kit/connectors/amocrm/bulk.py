"""Performs many writes: elements are gathered into bulk requests, a few in flight, and every write gets its own outcome
though the vendor accepts or refuses a bulk as a whole.

The caller's thread decides everything; lanes only carry a request and bring back what became of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from b24kit.clock import Clock
from b24kit.connectors.amocrm.answers import outcomes_of, refused_elements
from b24kit.connectors.amocrm.exchange import Exchange
from b24kit.connectors.amocrm.rates import PER_SECOND
from b24kit.connectors.amocrm.steps import Planned, Step, StepOutcome, filled
from b24kit.connectors.amocrm.translate import stage_code
from b24kit.connectors.amocrm.transport import Reply
from b24kit.connectors.flight import Flight
from b24kit.connectors.retry import repeated, surely_not_executed
from b24kit.crm.portal import Progress
from b24kit.crm.refs import Kind
from b24kit.crm.writes import Create, Result, Settled, Write
from b24kit.errors import B24kitError, NotAllowed, PortalError, Unsettled

Intend = Callable[[Sequence[Write]], None]
Tell = Callable[[Progress], None]

HOPELESS = 5  # so many requests in a row without an answer that can be trusted end the run


@dataclass(slots=True, eq=False)
class Job:
    """One write on its way: how many of its steps are done, and whether it is being taken back after a refusal."""

    planned: Planned
    at: int = 0
    told: bool = False
    refusal: StepOutcome | None = None
    back: deque[Step] | None = None
    made: str | None = None

    @property
    def step(self) -> Step:
        return filled(self.back[0] if self.back else self.planned.steps[self.at], self.made)


@dataclass(frozen=True, slots=True)
class Landed:
    """What came back for a batch: an answer, or the error that stands for all of it."""

    reply: Reply | None
    error: B24kitError | None = None


class Bulk:
    """One run of writes. `size`: elements of a request."""

    def __init__(self, exchange: Exchange, pool: Executor, clock: Clock, *, lanes: int, size: int) -> None:
        self._exchange, self._clock, self._lanes, self._size = exchange, clock, lanes, size
        self._flight: Flight[list[Job], Landed] = Flight(pool)
        self._waiting: dict[tuple[str, str], deque[Job]] = {}
        self._apart: deque[list[Job]] = deque()  # halves of a refused batch: never joined with others again
        self._busy: set[str] = set()
        self._closing = False
        self._silent = 0
        self._done = self._total = 0

    def run(self, planned: Sequence[Planned], intend: Intend, tell: Tell | None) -> Generator[Result, None, None]:
        """One Result a write, in the order answers come. Closing it sends nothing more, waits for what is in flight
        and yields no more. A wrong access or a blocked account is raised after the results of what was in flight.
        """
        self._total = len(planned)
        for one in planned:
            self._queue(Job(one))
        failure: B24kitError | None = None
        try:
            while self._flight.count or (failure is None and self._left()):
                if failure is None:
                    self._fill(intend)
                batch, landed = self._flight.land()
                self._busy -= {job.step.touches for job in batch}
                failure = failure or self._judge(landed)
                results = self._results(batch, landed, failure)
                self._done += len(results)
                if failure is None:
                    self._fill(intend)
                if tell is not None and results:
                    tell(Progress(self._done, self._total, self._requests_left() / PER_SECOND))
                yield from results
            if failure is not None:
                raise failure
        finally:
            self._closing = True
            self._flight.drain()

    def _left(self) -> bool:
        return bool(self._apart) or any(self._waiting.values())

    def _requests_left(self) -> float:
        return len(self._apart) + sum(-(-len(queue) // self._size) for queue in self._waiting.values())

    def _queue(self, job: Job) -> None:
        self._waiting.setdefault((job.step.route, job.step.path), deque()).append(job)

    def _fill(self, intend: Intend) -> None:
        while self._flight.count < self._lanes and (batch := self._next()):
            news = [job for job in batch if not job.told]
            if news:
                intend([job.planned.write for job in news])
            for job in news:
                job.told = True
            self._busy |= {job.step.touches for job in batch} - {""}
            self._flight.send(batch, lambda batch=batch: self._carry(batch))  # type: ignore[misc]

    def _next(self) -> list[Job]:
        for place, half in enumerate(self._apart):
            if not self._busy & {job.step.touches for job in half}:
                del self._apart[place]
                return half
        for queue in self._waiting.values():
            batch = self._cut(queue)
            if batch:
                return batch
        return []

    def _cut(self, queue: deque[Job]) -> list[Job]:
        """The next elements of one address: none that an earlier request is still changing, none twice."""
        batch: list[Job] = []
        aside: list[Job] = []
        taken = set(self._busy)
        while queue and len(batch) < (self._size if queue[0].step.kind.many else 1):
            job = queue.popleft()
            if job.step.touches and job.step.touches in taken:
                aside.append(job)
                continue
            taken.add(job.step.touches)
            batch.append(job)
        queue.extendleft(reversed(aside))
        return batch

    def _carry(self, batch: list[Job]) -> Landed:
        """In a lane: send until there is an answer or no repeat is safe."""
        step = batch[0].step
        body = [job.step.body for job in batch] if step.kind.many else step.body

        def once() -> Reply:
            return self._exchange.send(step.kind.verb, step.path, body=body, wanted=lambda: not self._closing)

        try:
            return Landed(repeated(once, self._clock, reads=False, stopped=lambda: self._closing))
        except B24kitError as error:
            return Landed(None, error)

    def _judge(self, landed: Landed) -> B24kitError | None:
        """The error that ends the run, if this is one."""
        error = landed.error
        if error is None or (isinstance(error, PortalError) and not _ends_all(error)):
            self._silent = 0
            return None
        if isinstance(error, Unsettled) and not surely_not_executed(error):
            self._silent += 1
            return error if self._silent >= HOPELESS else None
        return error

    def _results(self, batch: list[Job], landed: Landed, failure: B24kitError | None) -> list[Result]:
        error = landed.error
        if error is None:
            assert landed.reply is not None
            outcomes = outcomes_of([job.step for job in batch], landed.reply)
            return self._settled(batch, outcomes, failure)
        if isinstance(error, PortalError) and not _ends_all(error):
            return self._refused(batch, error, failure)
        sent = isinstance(error, Unsettled) and not surely_not_executed(error)
        settled = Settled.UNKNOWN if sent else Settled.NOT_EXECUTED
        outcome = StepOutcome(settled, code=error.code, said=str(error.facts.get("said", "")))
        return self._settled(batch, [outcome] * len(batch), failure)

    def _refused(self, batch: list[Job], error: PortalError, failure: B24kitError | None) -> list[Result]:
        """A bulk is refused as a whole: those that the answer names are refused, the others are sent again; when it
        names none, both halves are tried apart.
        """
        if len(batch) == 1:
            outcome = StepOutcome(Settled.REFUSED, code=str(error.facts["vendor_code"]), said=str(error.facts["said"]))
            return self._settled(batch, [outcome], failure)
        named = refused_elements(error, len(batch))
        refused = [job for place, job in enumerate(batch) if place in named]
        others = [job for place, job in enumerate(batch) if place not in named]
        halves = [others] if named else [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
        results = self._settled(refused, [named[place] for place in sorted(named)], failure)
        if failure is None:
            self._apart.extend(half for half in halves if half)
            return results
        outcome = StepOutcome(Settled.NOT_EXECUTED, code="not_executed")
        return results + self._settled(others, [outcome] * len(others), failure)

    def _settled(
        self, batch: Sequence[Job], outcomes: Sequence[StepOutcome], failure: B24kitError | None
    ) -> list[Result]:
        results = (self._advance(job, outcome, failure) for job, outcome in zip(batch, outcomes, strict=True))
        return [result for result in results if result is not None]

    def _advance(self, job: Job, outcome: StepOutcome, failure: B24kitError | None) -> Result | None:
        """One step of a write is over: its Result, or None when it goes on with its next step."""
        key = job.planned.write.key
        if job.back is not None:
            return self._taken_back(job, outcome, failure)
        if outcome.settled is Settled.DONE:
            job.made = job.made or _new_id(job.planned.write, outcome)
            job.at += 1
            if job.at == len(job.planned.steps):
                return Result(key, Settled.DONE, new_id=job.made)
            if failure is not None:
                return Result(key, Settled.UNKNOWN, job.made, failure.code, "stopped half-way")
            self._queue(job)
            return None
        back = [one for one in reversed(job.planned.back[: job.at]) if one is not None]
        if outcome.settled is Settled.REFUSED and back and failure is None:
            job.refusal, job.back = outcome, deque(back)
            self._queue(job)
            return None
        if job.at:
            return Result(key, Settled.UNKNOWN, job.made, outcome.code, outcome.said)
        return Result(key, outcome.settled, code=outcome.code, said=outcome.said)

    def _taken_back(self, job: Job, outcome: StepOutcome, failure: B24kitError | None) -> Result | None:
        """A later step was refused: what earlier ones did is taken back, so that refused means untouched."""
        assert job.back is not None and job.refusal is not None
        key = job.planned.write.key
        if outcome.settled is not Settled.DONE:
            return Result(key, Settled.UNKNOWN, code="amo_half_done", said=job.refusal.said)
        job.back.popleft()
        if not job.back:
            return Result(key, Settled.REFUSED, code=job.refusal.code, said=job.refusal.said)
        if failure is not None:
            return Result(key, Settled.UNKNOWN, code="amo_half_done", said=job.refusal.said)
        self._queue(job)
        return None


def _ends_all(error: PortalError) -> bool:
    """A refusal of the whole access ends the run; one of a right or a missing address is about its own writes."""
    about_one = error.code in ("access_denied", "method_missing")
    return surely_not_executed(error) or (isinstance(error, NotAllowed) and not about_one)


def _new_id(write: Write, outcome: StepOutcome) -> str | None:
    """The id of what a Create made, as our records speak of it."""
    found = outcome.row.get("id")
    if not isinstance(write, Create) or found is None:
        return None
    if write.kind is Kind.STAGE:
        return stage_code(int(outcome.row["pipeline_id"]), int(found))
    return str(found)
