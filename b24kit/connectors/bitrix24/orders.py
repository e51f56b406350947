"""A run's wishes as commands that come up while others are answered: looks by the page, new cards by the import.

What does not fill a page or an import is kept back until there is nothing better to send.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from b24kit.connectors.bitrix24.calls import PlannedCall, calls_for, is_quiet_card, results_of
from b24kit.connectors.bitrix24.lookup import ACTIVITY_KINDS, Lookup, lookup_of
from b24kit.connectors.bitrix24.methods import IMPORT_SIZE, PAGE_SIZE
from b24kit.connectors.bitrix24.pricing import pieces_needed
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.crm.portal import Feed, Seen
from b24kit.crm.records import Record
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Create, Result, Settled, Write
from b24kit.errors import B24kitError

_PAGED = frozenset((*CARDS, *ACTIVITY_KINDS))
TRIES = 3  # of a look that an answered batch did not carry out, or that broke in it


class Orders:
    """Implements `connectors.batching.Source` over a `crm.portal.Feed`."""

    def __init__(self, feed: Feed, read: Callable[[Sequence[Ref]], Mapping[Ref, Record]]) -> None:
        """`read` looks at what is no card and no activity: directories, which come whole."""
        self._feed, self._read = feed, read
        self._number = itertools.count()
        self._looks: dict[Kind, deque[Ref]] = {}
        self._makes: dict[Kind, deque[Create]] = {}
        self._planned: dict[str, PlannedCall] = {}
        self._lookups: dict[str, Lookup] = {}  # by the key of each of its commands
        self._tries: Counter[str] = Counter()
        self._again: list[Command] = []
        self._refused: B24kitError | None = None  # a look; raised when there is nothing left to hear
        self._events: deque[Result | Seen] = deque()

    @property
    def open(self) -> bool:
        return self._feed.open or bool(self._events)

    def more(self) -> Sequence[Command]:
        if self._refused is not None:
            raise self._refused
        if self._events:
            return []  # the run has to hear of these first
        wanted = self._feed.more()
        self._look([ref for ref in wanted.looks if ref.kind not in _PAGED])
        for ref in wanted.looks:
            if ref.kind in _PAGED:
                kind = Kind.ACTIVITY if ref.kind in ACTIVITY_KINDS else ref.kind
                self._looks.setdefault(kind, deque()).append(ref)
        plain = []
        for write in wanted.writes:
            if isinstance(write, Create) and is_quiet_card(write):
                self._makes.setdefault(write.kind, deque()).append(write)
            else:
                plain.append(write)
        again, self._again = self._again, []
        return [*again, *self._pages(PAGE_SIZE), *self._imports(IMPORT_SIZE), *self._calls(plain)]

    def rest(self) -> Sequence[Command]:
        return [*self._pages(1), *self._imports(1)]

    def ahead(self) -> Mapping[str, int]:
        coming = self._feed.ahead()
        return pieces_needed(coming.writes, coming.reads)

    def intended(self, commands: Sequence[Command]) -> Sequence[Command]:
        """The commands that shall still leave, now that the run was told of them."""
        writes = [write for one in commands if one.key in self._planned for write in self._planned[one.key].writes]
        withheld = self._feed.intend(writes) if writes else ()
        return [kept for one in commands if (kept := self._kept(one, withheld)) is not None] if withheld else commands

    def hear(self, outcome: CommandOutcome) -> None:
        """Take an outcome in; what it means is told by `events`."""
        if outcome.key in self._planned:
            self._events.extend(results_of(self._planned.pop(outcome.key), outcome))
            return
        lookup = self._lookups[outcome.key]
        if outcome.settled in (Settled.NOT_EXECUTED, Settled.UNKNOWN) and self._tries[outcome.key] < TRIES:
            self._tries[outcome.key] += 1
            self._again += [command for command in lookup.commands if command.key == outcome.key]
            return
        del self._lookups[outcome.key], self._tries[outcome.key]
        lookup.outcomes[outcome.key] = outcome
        if lookup.complete:
            self._found(lookup)

    def events(self) -> Iterator[Result | Seen]:
        """What the run has to hear."""
        while self._events:
            yield self._events.popleft()

    def _found(self, lookup: Lookup) -> None:
        try:
            self._events.append(Seen(lookup.refs, lookup.found()))
        except B24kitError as error:
            self._refused = error

    def _look(self, refs: Sequence[Ref]) -> None:
        if refs:
            self._events.append(Seen(tuple(refs), self._read(refs)))

    def _pages(self, least: int) -> Iterator[Command]:
        for refs in self._looks.values():
            while len(refs) >= least:
                page = [refs.popleft() for _ in range(min(PAGE_SIZE, len(refs)))]
                lookup = lookup_of(page, f"l{next(self._number)}")
                self._lookups |= {command.key: lookup for command in lookup.commands}
                yield from lookup.commands

    def _imports(self, least: int) -> Iterator[Command]:
        for writes in self._makes.values():
            while len(writes) >= least:
                yield from self._calls([writes.popleft() for _ in range(min(IMPORT_SIZE, len(writes)))])

    def _calls(self, writes: Sequence[Write]) -> Iterator[Command]:
        calls = calls_for(writes)
        sent = {write.key for call in calls for write in call.writes}
        idle = [write for write in writes if write.key not in sent]  # changes that differ in nothing
        if idle:
            withheld = self._feed.intend(idle)
            self._events.extend(Result(write.key, Settled.DONE) for write in idle if write.key not in withheld)
        for call in calls:
            command = replace(call.command, key=f"w{next(self._number)}")
            self._planned[command.key] = PlannedCall(command, call.writes)
            yield command

    def _kept(self, command: Command, withheld: Collection[str]) -> Command | None:
        planned = self._planned.get(command.key)
        if planned is None or not any(write.key in withheld for write in planned.writes):
            return command
        del self._planned[command.key]
        left = [write for write in planned.writes if write.key not in withheld]
        return next(iter(self._calls(left)), None) if left else None
