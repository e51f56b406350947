"""One step of a run as a portal is fed with it: objects are looked at just before they are written, and every write is
journalled before it leaves.

Looks run ahead of writes, but only so far, and a look that has grown old is made again instead of being believed.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from b24kit.change.books import Books
from b24kit.change.journal import Entry, State
from b24kit.change.operation import CreateRecord, Operation, Reason, RemoveRecord
from b24kit.change.order import Order
from b24kit.change.plan import operation_name
from b24kit.change.removal import Luggage
from b24kit.change.settling import LETTER_UNSURE, Settler, heard
from b24kit.change.verdict import Sending, looked_at, needs_look, weigh, write_key
from b24kit.clock import Clock
from b24kit.crm.portal import Ahead, Seen, Wanted
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Result, Settled, Write

LOOKED_AHEAD = 1000  # operations that were looked at, or are being looked at, and have not left yet
FRESH = timedelta(seconds=120)  # how old a look may be when the write leaves
ROUNDS = 3
# Asked right before cards are removed: those that must stay, and why, by the operation's key.
Spare = Callable[[Sequence[RemoveRecord]], Mapping[str, Reason]]
# Puts the contents of files into a write that names them by their hashes; the journal keeps the names.
Attach = Callable[[Write], Write]


@dataclass(slots=True)
class _Look:
    """What is still to be seen before an operation can be weighed, and what was seen of it."""

    missing: set[Ref]
    present: dict[Ref, Record]


@dataclass(frozen=True, slots=True)
class _Queued:
    sending: Sending
    looked: datetime | None  # None: it rests on no look


class Feeding:
    """Implements `crm.portal.Feed` for the operations of one step."""

    def __init__(
        self,
        plan_id: str,
        order: Order,
        books: Books,
        settler: Settler,
        clock: Clock,
        *,
        check: Callable[[], None],
        outside: Callable[[str], bool],
        later: Iterable[Operation] = (),
        spare: Spare | None = None,
        attach: Attach | None = None,
    ) -> None:
        """`check` raises when the run has to end, `outside` names operations that this run was told to leave out;
        `later` are the operations of the steps to come."""
        self._plan_id, self._order, self._books, self._settler, self._clock = plan_id, order, books, settler, clock
        self._check, self._outside = check, outside
        self._spare, self._attach = spare, attach
        self._clusters: dict[str, list[str]] = defaultdict(list)
        for operation in order.left:
            self._clusters[operation.cluster].append(operation.key)
        self._own = {write_key(plan_id, operation.key): operation.key for operation in order.left}
        self._resting: deque[Operation] = deque()  # ready, but enough are looked at already
        self._heavy: deque[Operation] = deque()  # ready, but the files of others fill the memory
        self._luggage = Luggage()
        self._looking: dict[Ref, list[str]] = defaultdict(list)
        self._looks: dict[str, _Look] = {}
        self._looked = 0  # operations between the asking for their look and their leaving
        self._found: list[Write] = []  # what looks have freed
        self._queued: dict[str, _Queued] = {}
        self._flying: dict[str, _Queued] = {}
        # Sent and not answered, by this process or by one that crashed: not sent again before that is settled.
        self._doubtful = {one.key for one in order.left if books.open(one.key)}
        self._due: set[str] = set()  # those of them that nothing else holds
        self._asked: set[str] = set()  # their look was asked for
        self._tries: Counter[str] = Counter()
        self._unread: Counter[str] = Counter()
        self._unwritten: Counter[str] = Counter()
        for operation in (*order.left, *later):
            if operation.key not in self._doubtful:
                self._count(operation, 1)

    # -- what the portal asks

    @property
    def open(self) -> bool:
        """Whether operations of this step were not handed out as writes yet."""
        return len(self._order.left) > len(self._queued) + len(self._flying)

    def more(self) -> Wanted:
        """Ready operations as looks and writes; those in vain, or whose cluster was stopped, are skipped here."""
        if len(self._order.left) > len(self._flying):
            self._check()
        writes, self._found = self._found, []
        looks: list[Ref] = []
        self._give_up()
        writes += self._unlooked()
        while self._order.ready:
            self._sort()
            writes += self._unlooked()
        while self._resting and self._looked < LOOKED_AHEAD:
            operation = self._resting.popleft()
            if self._order.holds(operation.key):
                looks += self._look(operation)
        self._books.flush()
        return Wanted(looks, writes)

    def _sort(self) -> None:
        """Ready operations by what they wait for next: an answer, a look, or room for their files."""
        while self._order.ready:
            operation = self._order.ready.popleft()
            if not self._order.holds(operation.key):
                continue
            if operation.key in self._doubtful:
                self._due.add(operation.key)
            elif needs_look(operation):
                self._resting.append(operation)
            else:
                self._heavy.append(operation)

    def _unlooked(self) -> list[Write]:
        """Writes that rest on no look, as far as their files fit into memory."""
        writes: list[Write] = []
        while self._heavy and self._luggage.fits(self._heavy[0]):
            operation = self._heavy.popleft()
            if self._order.holds(operation.key):
                writes += self._weigh(operation, {}, None)
                self._give_up()
        return writes

    def intend(self, writes: Sequence[Write]) -> Collection[str]:
        """Journal these as intended. Withheld is what was skipped meanwhile, and what was looked at too long ago.

        A write may come a second time: the portal refused it for speed, so it surely was not executed.
        """
        self._check()
        now = self._clock.now()
        withheld = {write.key for write in writes if not self._leaves(write, now)}
        self._books.flush()
        return withheld

    def ahead(self) -> Ahead:
        """What was not handed out yet, of this step and of those after it."""
        return Ahead(+self._unwritten, +self._unread)

    # -- what the portal answers

    def hear(self, event: Result | Seen) -> None:
        """Take an answer in; what it frees is handed out at the next asking."""
        if isinstance(event, Seen):
            self._see(event)
        else:
            self._take(event)

    def settle(self) -> None:
        """Find out what became of unanswered writes: those found are over, those absent may be tried again."""
        for key in self._settler.settle():
            if not self._once_only(key):
                self.may_try_again(key)
        for key in sorted(self._doubtful):
            entry = self._books.last[key]
            if not entry.state.open:
                due = key in self._due
                self._doubtful.discard(key)
                self._due.discard(key)
                self._answered(key, entry.state, due=due)
        self._books.flush()

    def may_try_again(self, key: str) -> bool:
        """Whether an operation that was not carried out gets another try; it fails for good when it had enough."""
        self._tries[key] += 1
        if self._tries[key] <= ROUNDS:
            return True
        self._settler.forget(key)
        self._books.note(Entry(key=key, state=State.FAILED, at=self._clock.now(), code="change.failed.unsettled"))
        return False

    def _once_only(self, key: str) -> bool:
        """A letter whose answer never came does not leave again by itself, found or not: a person decides."""
        operation = self._books.operations[key]
        if not (isinstance(operation, CreateRecord) and operation.kind is Kind.LETTER):
            return False
        self._settler.forget(key)
        self._books.note(Entry(key=key, state=State.FAILED, at=self._clock.now(), code=LETTER_UNSURE))
        return True

    def give_up_waiting(self) -> None:
        """What is left waits for itself: skip it."""
        for operation in list(self._order.left):
            self._skip(operation, "change.skipped.needs", operation.key)

    def _see(self, seen: Seen) -> None:
        now = self._clock.now()
        looks = self._whole(seen)
        self._looked -= len(looks)
        spared = self._spared([self._books.operations[key] for key in looks if self._order.holds(key)])
        for key in looks:
            if key in spared:
                self._conclude(key, State.CONFLICT, spared[key].code, spared[key].facts)
            elif self._order.holds(key):
                self._found += self._weigh(self._books.operations[key], looks[key].present, now)

    def _whole(self, seen: Seen) -> dict[str, _Look]:
        """The operations of which all objects were seen now."""
        found: dict[str, _Look] = {}
        for ref in seen.refs:
            for key in self._looking.pop(ref, ()):
                look = self._looks[key]
                look.missing.discard(ref)
                if ref in seen.present:
                    look.present[ref] = seen.present[ref]
                if not look.missing:
                    found[key] = self._looks.pop(key)
        return found

    def _spared(self, operations: Sequence[Operation]) -> Mapping[str, Reason]:
        removals = [one for one in operations if isinstance(one, RemoveRecord) and one.kept]
        return self._spare(removals) if self._spare is not None and removals else {}

    def _take(self, result: Result) -> None:
        key, now = self._own[result.key], self._clock.now()
        self._flying.pop(key, None)
        self._luggage.drop(key)
        self._books.note(heard(key, result, now))
        if result.settled is Settled.UNKNOWN:
            self._settler.broke(result.key, now)
            self._doubtful.add(key)
            self._due.add(key)
            return
        self._settler.paid(result.key)
        if result.settled is Settled.NOT_EXECUTED:
            self.may_try_again(key)
        self._answered(key, self._books.last[key].state)

    def _answered(self, key: str, state: State, *, due: bool = True) -> None:
        operation = self._books.operations[key]
        if state is not State.NOT_EXECUTED:
            self._over(key)
        elif operation.cluster in self._books.broken:
            self._count(operation, 1)
            self._skip(operation, "change.skipped.cluster", self._books.broken[operation.cluster])
        elif due:
            self._anew(operation)
        else:
            self._count(operation, 1)  # the order gives it out once nothing holds it

    # -- between the two

    def _leaves(self, write: Write, now: datetime) -> bool:
        """Note that this write leaves now, unless it must not any more."""
        key = self._own[write.key]
        returned = self._flying.pop(key, None)
        queued = returned or self._queued.pop(key, None)
        if queued is None:
            return False
        if returned is None:
            self._looked -= int(queued.looked is not None)
        old = queued.looked is not None and now - queued.looked > FRESH
        if old or self._books.operations[key].cluster in self._books.broken:
            if returned is not None:
                self._books.note(Entry(key=key, state=State.NOT_EXECUTED, at=now))
                self._settler.paid(write.key)
            self._answered(key, State.NOT_EXECUTED)
            return False
        sending = queued.sending
        self._books.note(Entry(key=key, state=State.INTENDED, at=now, seen=sending.seen, wrote=sending.wrote))
        self._settler.owe(key, write, now)
        self._flying[key] = queued
        return True

    def _look(self, operation: Operation) -> list[Ref]:
        refs = looked_at([operation], self._books.ids)
        self._looks[operation.key] = _Look(set(refs), {})
        for ref in refs:
            self._looking[ref].append(operation.key)
        self._looked += 1
        self._asked.add(operation.key)
        self._unread[operation.target.kind.value] -= 1
        return refs

    def _weigh(self, operation: Operation, present: Mapping[Ref, Record], looked: datetime | None) -> list[Write]:
        """The operation's write, put in the queue; none when nothing is to be written."""
        key = operation.key
        verdict = weigh(self._plan_id, operation, present, self._books.ids)
        if isinstance(verdict, Sending):
            self._queued[key] = _Queued(verdict, looked)
            self._looked += int(looked is not None)
            self._unwritten[operation_name(operation)] -= 1
            self._luggage.take(operation)
            return [verdict.write if self._attach is None else self._attach(verdict.write)]
        self._conclude(key, verdict.state, verdict.code, verdict.facts)
        return []

    def _conclude(self, key: str, state: State, code: str, facts: Mapping[str, Any]) -> None:
        """It ends without a write."""
        self._books.note(Entry(key=key, state=state, at=self._clock.now(), code=code, facts=facts))
        self._unwritten[operation_name(self._books.operations[key])] -= 1
        self._over(key)

    def _over(self, key: str) -> None:
        self._order.over(key, done=self._books.final(key))
        cluster = self._books.operations[key].cluster
        if cluster in self._books.broken:
            self._stop(cluster)

    def _stop(self, cluster: str) -> None:
        """What is left of a broken cluster is skipped, except for what is on its way."""
        for key in self._clusters.pop(cluster, ()):
            if self._order.holds(key) and key not in self._flying and key not in self._doubtful:
                self._skip(self._books.operations[key], "change.skipped.cluster", self._books.broken[cluster])

    def _give_up(self) -> None:
        for cluster in self._books.broken.keys() & self._clusters.keys():
            self._stop(cluster)
        while self._order.hopeless:
            operation, needed = self._order.hopeless.popleft()
            if self._order.holds(operation.key) and self._outside(needed):
                self._count(operation, -1)
                self._order.over(operation.key, done=False)
            elif self._order.holds(operation.key):
                self._skip(operation, "change.skipped.needs", needed)

    def _skip(self, operation: Operation, code: str, because: str) -> None:
        key = operation.key
        if (queued := self._queued.pop(key, None)) is not None:
            self._looked -= int(queued.looked is not None)
        else:
            self._count(operation, -1)
        self._luggage.drop(key)
        facts = {"because": because}
        self._books.note(Entry(key=key, state=State.SKIPPED, at=self._clock.now(), code=code, facts=facts))
        self._order.over(key, done=False)

    def _anew(self, operation: Operation) -> None:
        """From the look on."""
        self._luggage.drop(operation.key)
        self._asked.discard(operation.key)
        self._count(operation, 1)
        self._order.again(operation.key)

    def _count(self, operation: Operation, by: int) -> None:
        self._unwritten[operation_name(operation)] += by
        if needs_look(operation) and operation.key not in self._asked:
            self._unread[operation.target.kind.value] += by
