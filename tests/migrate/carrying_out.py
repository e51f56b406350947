"""A plan carried out on a snapshot in memory: what a portal would be like afterwards, for tests of second plans."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from b24kit.change.operation import CreateRecord, Operation, RemoveRecord, UpdateRecord
from b24kit.change.references import settled
from b24kit.change.snapshot import Snapshot
from b24kit.crm.cards import Lead
from b24kit.crm.pipeline import Outcome, Stage
from b24kit.crm.records import Record, record_from, values_of
from b24kit.crm.refs import Kind, Ref

_KINDS = (
    Kind.STAGE,
    Kind.PIPELINE,
    Kind.SOURCE,
    Kind.USER,
    Kind.TEAM,
    Kind.COMPANY,
    Kind.CONTACT,
    Kind.DEAL,
    Kind.LEAD,
)


class StageInUse(AssertionError):
    """What the portal would answer: there are active items in this status."""


def carried_out(snapshot: Snapshot, operations: Iterable[Operation]) -> Snapshot:
    """The snapshot after these operations, in their order; letters stay where they are."""
    state: dict[Ref, dict[str, Any]] = {}
    for kind in (*_KINDS, Kind.ACTIVITY):
        for record in snapshot.records(kind):
            state[record.ref if hasattr(record, "ref") else Ref(kind, record.id)] = values_of(record)
    ids: dict[str, str] = {}
    for operation in operations:
        _do(state, operation, ids)
    records = [_record(ref, values) for ref, values in state.items()]
    return Snapshot.of(_with_outcomes(records), snapshot.facts, snapshot.taken_at)


def _do(state: dict[Ref, dict[str, Any]], operation: Operation, ids: dict[str, str]) -> None:
    assert set(operation.needs) <= ids.keys(), f"{operation.key} came before what it needs"
    ids[operation.key] = operation.target.id
    if isinstance(operation, CreateRecord):
        if operation.kind is Kind.STAGE and operation.values["outcome"] == "open":
            _refuse_above_success(state, operation)
        ids[operation.key] = str(9000 + len(ids))
        state[Ref(operation.kind, ids[operation.key])] = settled(operation.values, ids)
    elif isinstance(operation, UpdateRecord):
        for name, value in operation.before.items():
            assert (state[operation.ref].get(name) or None) == (value or None), (
                f"{operation.key}: {name} is not as read"
            )
        state[operation.ref].update(settled(operation.after, ids))
    elif isinstance(operation, RemoveRecord):
        gone = state.pop(operation.ref)
        if any(ref.kind is Kind.LEAD and values["stage"] == gone.get("code") for ref, values in state.items()):
            raise StageInUse(operation.key)


def _refuse_above_success(state: dict[Ref, dict[str, Any]], make: CreateRecord) -> None:
    """crm.status.add: no working stage may be added above the success stage."""
    for ref, values in state.items():
        if ref.kind is Kind.STAGE and values["ladder"] == make.values["ladder"] and values["outcome"] == "won":
            assert make.values["sort"] <= values["sort"], f"{make.key} would stand above the success stage"


def _record(ref: Ref, values: dict[str, Any]) -> Record:
    return record_from(ref.kind, ref.id, values)


def _with_outcomes(records: list[Record]) -> list[Record]:
    stages = {stage.code: stage for stage in records if isinstance(stage, Stage)}
    found: list[Record] = []
    for record in records:
        if isinstance(record, Lead):
            outcome = stages[record.stage].outcome if record.stage in stages else Outcome.OPEN
            record = cast(Lead, record_from(Kind.LEAD, record.id, {**values_of(record), "outcome": outcome.value}))
        found.append(record)
    return found
