"""Which operations may go together: whole clusters when a run is cut, and waves that respect what must come before.

Everything here is pure: the executor tells what has become of earlier operations and gets the next wave.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from b24kit.change.operation import CreateRecord, Operation, Phase, RemoveRecord, UpdateRecord, prerequisites
from b24kit.change.plan import Plan
from b24kit.crm.refs import Kind

WAVE = 1000
_SETTINGS = frozenset({Kind.STAGE, Kind.PIPELINE, Kind.SOURCE, Kind.FIELD})


class Fate(Enum):
    """What an operation that waits for another one learns about it."""

    DONE = auto()
    WAITING = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True)
class Wave:
    """`ready` may be sent together, in any order; `hopeless` wait for what will never be; `rest` comes later."""

    ready: list[Operation]
    hopeless: list[tuple[Operation, str]]
    rest: list[Operation]


def phases(plan: Plan) -> Iterator[tuple[Phase, list[Operation]]]:
    """The plan's operations in its own order, cut where the phase changes (an undo walks the phases backwards)."""
    for phase, group in itertools.groupby(plan.operations, key=lambda operation: operation.phase):
        yield phase, list(group)


def next_wave(pending: Sequence[Operation], fate: Callable[[str], Fate], size: int = WAVE) -> Wave:
    """The next operations to send. Stages, pipelines and the like keep the plan's order strictly, cards do not."""
    ready: list[Operation] = []
    hopeless: list[tuple[Operation, str]] = []
    rest: list[Operation] = []
    targets = set()
    for place, operation in enumerate(pending):
        if len(ready) == size or (ready and _barrier(ready[-1], operation)) or (rest and _ordered(operation)):
            rest.extend(pending[place:])
            break
        needed = {key: fate(key) for key in prerequisites(operation)}
        never = [key for key, value in needed.items() if value is Fate.NEVER]
        if never:
            hopeless.append((operation, min(never)))
        elif Fate.WAITING in needed.values() or operation.target in targets:
            rest.append(operation)
        else:
            ready.append(operation)
            targets.add(operation.target)
    return Wave(ready, hopeless, rest)


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


def _barrier(before: Operation, after: Operation) -> bool:
    return (_ordered(before) or _ordered(after)) and _sort(before) != _sort(after)


def _ordered(operation: Operation) -> bool:
    return _sort(operation)[1] in _SETTINGS


def _sort(operation: Operation) -> tuple[type[Operation], Kind]:
    if isinstance(operation, CreateRecord):
        return CreateRecord, operation.kind
    if isinstance(operation, UpdateRecord | RemoveRecord):
        return type(operation), operation.ref.kind
    return type(operation), Kind.ACTIVITY
