"""A plan: ordered operations over what was read, with their price, their way back and the steps left to people.

A plan is a value: making, saving, showing and applying it happen elsewhere. It holds no secret; the file that carries
it (`planfile`) is versioned and says which portal, which state and until when it is good for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from b24kit.change.operation import (
    CreateRecord,
    NoWayBack,
    Operation,
    Phase,
    Reason,
    RemoveRecord,
    UpdateRecord,
)
from b24kit.crm.portal import Capabilities, Cost
from b24kit.crm.refs import Ref
from b24kit.crm.writes import write_name


@dataclass(frozen=True, slots=True, kw_only=True)
class HandStep:
    """What only a person can do, as a numbered step with a link; `answer` is what the person said, if anything.

    `check` names the read-only test that `verify` runs afterwards, empty when no reading can tell.
    """

    key: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    link: str = ""  # path on the portal
    check: str = ""
    answer: str | None = None
    blocking: bool = False  # a larger run refuses to start without an answer


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A record in scope that the plan does not touch, and why."""

    ref: Ref
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Operations stand in the order of their phases. Times are aware UTC."""

    id: str
    portal_id: str
    playbook: str
    made_at: datetime
    expires_at: datetime
    settings_hash: str  # of every stage, pipeline and source that was read
    snapshot_id: str
    operations: tuple[Operation, ...]
    steps: tuple[HandStep, ...] = ()
    left: tuple[LeftAlone, ...] = ()
    notes: tuple[Reason, ...] = ()  # why there is nothing to do, what could not be previewed
    cost: Cost = field(default_factory=lambda: Cost(requests=0))
    read_through: Mapping[str, str] = field(
        default_factory=dict
    )  # kind -> last id read: what came later is "new since"
    undoes: str | None = None  # run id, when this plan is the way back of a run
    assignment: Mapping[str, str] = field(default_factory=dict)  # lead id -> client ref, for export and reports
    settings: Mapping[str, str] = field(default_factory=dict)  # what settings_hash is made of, by reference
    names: Mapping[str, str] = field(default_factory=dict)  # what refs are called: "stage:leads:NEW", "user:5" -> name

    @property
    def empty(self) -> bool:
        """Nothing to change; hand steps are no changes."""
        return not self.operations

    def counts(self) -> dict[str, int]:
        """Operations by the symbol they are shown with; `>` are cards moved between stages."""
        found: Counter[str] = Counter()
        for operation in self.operations:
            moves = isinstance(operation, UpdateRecord) and operation.moves
            found[">" if moves else operation.symbol] += 1
        return dict(found)

    def write_counts(self) -> dict[str, int]:
        """How many writes of each name (`change lead`, ...): what a portal is asked to price."""
        return dict(Counter(operation_name(operation) for operation in self.operations))

    def no_way_back(self, capabilities: Capabilities) -> list[NoWayBack]:
        """What this plan does for good, asked before it starts."""
        answers = (operation.inverse("0", capabilities) for operation in self.operations)
        return [answer for answer in answers if isinstance(answer, NoWayBack)]

    def clusters(self) -> dict[str, list[Operation]]:
        """Operations by cluster; settings have the empty one."""
        found: dict[str, list[Operation]] = {}
        for operation in self.operations:
            found.setdefault(operation.cluster, []).append(operation)
        return found


def operation_name(operation: Operation) -> str:
    """The name of the write that an operation will become."""
    if isinstance(operation, CreateRecord):
        return f"create {operation.kind.value}"
    if isinstance(operation, UpdateRecord):
        return f"change {operation.ref.kind.value}"
    if isinstance(operation, RemoveRecord):
        return f"delete {operation.ref.kind.value}"
    return write_name(operation.write(_AnyId(), {}))


def ordered(operations: list[Operation]) -> tuple[Operation, ...]:
    """By phase; within a phase as given (stable), so the same state gives the same plan."""
    return tuple(sorted(operations, key=lambda operation: operation.phase))


class _AnyId(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "0"


__all__ = ["HandStep", "LeftAlone", "Phase", "Plan", "operation_name", "ordered"]
