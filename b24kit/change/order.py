"""In which order operations may go: steps one after the other, and inside a step whatever waits for nothing any more.

Stages and the like keep the plan's order strictly. Cards of one client go phase by phase (a card is closed only after
its letters are bound), those of different clients side by side. Everything here is pure.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import Enum, auto

from b24kit.change.operation import CreateRecord, Operation, Phase, RemoveRecord, UpdateRecord, prerequisites
from b24kit.change.plan import Plan
from b24kit.crm.refs import Kind, Ref

SETTINGS = frozenset({Kind.STAGE, Kind.PIPELINE, Kind.SOURCE, Kind.FIELD, Kind.GATE, Kind.LOSS_REASON, Kind.LAYOUT})
Group = list[Operation]
# What an operation waits for: another one's key, or all of a cluster (None: of everybody, "": of nobody) in a group.
_Token = str | tuple[str | None, int]


class Fate(Enum):
    """What an operation that waits for another one learns about it."""

    DONE = auto()
    WAITING = auto()
    NEVER = auto()


def phases(plan: Plan) -> Iterator[tuple[Phase, Group]]:
    """The plan's operations in its own order, cut where the phase changes (an undo walks the phases backwards)."""
    for phase, group in itertools.groupby(plan.operations, key=lambda operation: operation.phase):
        yield phase, list(group)


def steps(plan: Plan) -> Iterator[list[Group]]:
    """The plan as steps, each a list of phases; no operation may begin before the step before its own is over.

    A step ends before and after stages and the like, at every change of what is done to them, before a phase that
    removes things or lets cards swallow others, and in it before every other kind: what speaks of another card is
    looked at before that one goes.
    """
    step: list[Group] = []
    last: Operation | None = None
    for phase, group in phases(plan):
        parts = _parted(group)
        for number, part in enumerate(parts):
            cut = number > 0 or phase in (Phase.RETIRE, Phase.MERGES) or (last is not None and _barrier(last, part[0]))
            if cut and step:
                yield step
                step = []
            step.append(part)
            last = part[-1]
    if step:
        yield step


class Order:
    """One step on its way: gives operations once nothing holds them, and those that wait in vain."""

    def __init__(self, groups: Sequence[Sequence[Operation]], fate: Callable[[str], Fate]) -> None:
        """`fate` tells of operations outside this step."""
        self._operations = {operation.key: operation for group in groups for operation in group}
        self._place = {operation.key: place for place, group in enumerate(groups) for operation in group}
        self._left: Counter[_Token] = Counter()
        self._missing: dict[str, int] = {}
        self._followers: dict[_Token, list[str]] = defaultdict(list)
        self._needing: dict[str, list[str]] = defaultdict(list)
        self.ready: deque[Operation] = deque()
        self.hopeless: deque[tuple[Operation, str]] = deque()
        for key, place in self._place.items():
            self._left[self._operations[key].cluster, place] += 1
            self._left[None, place] += 1
        self._tie(fate)

    def __bool__(self) -> bool:
        return bool(self._operations)

    @property
    def left(self) -> Collection[Operation]:
        """Operations that are not over."""
        return self._operations.values()

    def holds(self, key: str) -> bool:
        """Whether this operation belongs to the step and is not over."""
        return key in self._operations

    def again(self, key: str) -> None:
        """It was not carried out and may be tried once more."""
        self.ready.append(self._operations[key])

    def over(self, key: str, *, done: bool) -> None:
        """It came to its end: those that waited for it may go, or wait in vain."""
        operation = self._operations.pop(key, None)
        if operation is None:
            return
        place = self._place[key]
        self._release(key)
        for token in ((operation.cluster, place), (None, place)):
            self._left[token] -= 1
            if not self._left[token]:
                self._release(token)
        if not done:
            self.hopeless.extend((self._operations[one], key) for one in self._needing[key] if self.holds(one))

    def _tie(self, fate: Callable[[str], Fate]) -> None:
        before: dict[Ref, str] = {}  # the last operation on each object
        for key, operation in self._operations.items():
            needed = prerequisites(operation)
            never = [one for one in needed if one not in self._operations and fate(one) is not Fate.DONE]
            if never:
                self.hopeless.append((operation, min(never)))
            tokens: set[_Token] = {one for one in needed if one in self._operations}
            for one in tokens:
                self._needing[str(one)].append(key)
            if operation.target in before:
                tokens.add(before[operation.target])
            before[operation.target] = key
            who = operation.cluster or None
            earlier = range(self._place[key])
            tokens |= {(whose, place) for place in earlier for whose in (who, "") if self._left[whose, place]}
            self._missing[key] = len(tokens)
            for token in tokens:
                self._followers[token].append(key)
            if not tokens and not never:
                self.ready.append(operation)

    def _release(self, token: _Token) -> None:
        for key in self._followers.pop(token, ()):
            self._missing[key] -= 1
            if not self._missing[key] and self.holds(key):
                self.ready.append(self._operations[key])


def chosen_clusters(
    plan: Plan, finished: Collection[str], *, limit: int | None = None, sample: int | None = None
) -> frozenset[str] | None:
    """The clusters of a cut run, None when it is not cut.

    `limit` takes so many from the start of the plan, `sample` so many spread evenly over it; `finished` do not count.
    """
    if limit is None and sample is None:
        return None
    names = [name for name in plan.clusters() if name and name not in finished]
    if sample is not None and sample < len(names):
        names = [names[place * len(names) // sample] for place in range(sample)]
    return frozenset(names[:limit])


def in_cut(operation: Operation, clusters: frozenset[str] | None) -> bool:
    """Whether a cut run carries the operation out: settings are made, but none removed while cards are left behind."""
    if clusters is None or operation.cluster in clusters:
        return True
    return not operation.cluster and operation.phase is not Phase.RETIRE


def _parted(group: Group) -> list[Group]:
    """A phase cut at its barriers."""
    parts: list[Group] = [[group[0]]]
    for operation in group[1:]:
        if _barrier(parts[-1][-1], operation):
            parts.append([])
        parts[-1].append(operation)
    return parts


def _barrier(before: Operation, after: Operation) -> bool:
    removals = isinstance(before, RemoveRecord) and isinstance(after, RemoveRecord)
    return (removals or _ordered(before) or _ordered(after)) and _sort(before) != _sort(after)


def _ordered(operation: Operation) -> bool:
    return _sort(operation)[1] in SETTINGS


def _sort(operation: Operation) -> tuple[type[Operation], Kind]:
    if isinstance(operation, CreateRecord):
        return CreateRecord, operation.kind
    if isinstance(operation, UpdateRecord | RemoveRecord):
        return type(operation), operation.ref.kind
    return type(operation), Kind.ACTIVITY
