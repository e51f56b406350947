"""Whether what a run did still stands: every deed compared with the portal as it is now. Nothing is written."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from b24kit.change.journal import Entry
from b24kit.change.merging import MergeRecords
from b24kit.change.operation import BindLetter, Operation, RemoveRecord, UnbindLetter, UpdateRecord
from b24kit.change.references import resolved
from b24kit.change.runs import Run
from b24kit.change.snapshot import Difference
from b24kit.crm.activity import Activity
from b24kit.crm.portal import PortalReads
from b24kit.crm.records import READABLE, Record, agrees, values_of
from b24kit.crm.refs import Ref

_LOOK = 2450  # activities: so many bindings and 49 pages make fifty full batches


@dataclass(frozen=True, slots=True)
class Checked:
    """How many objects were looked at, and what is not as the run left it."""

    checked: int
    differences: tuple[Difference, ...]


def check_run(run: Run, portal: PortalReads) -> Checked:
    """Compare all that this run did with the present; kinds that no list can read are not counted."""
    last = run.journal.last()
    sent = {entry.key: entry for entry in run.journal.sent()}
    ids = {key: entry.new_id for key, entry in last.items() if entry.new_id is not None}
    done = [op for op in run.plan.operations if op.key in last and last[op.key].state.final and _readable(op)]
    merged = {loser for op in done if isinstance(op, MergeRecords) for loser in op.losers}
    done = [op for op in done if _object(op, ids) not in merged]  # what made two cards equal went with the second
    found = [Difference(ref, "", None, str(ref)) for part in _parts(merged) for ref in portal.read(part)]
    walk = iter(done)
    while part := list(itertools.islice(walk, _LOOK)):
        present = portal.read({_object(operation, ids) for operation in part})
        for operation in part:
            found += _differences(operation, _object(operation, ids), sent.get(operation.key), present, ids)
    return Checked(len({_object(operation, ids) for operation in done} | merged), tuple(found))


def _parts(refs: Iterable[Ref]) -> Iterator[list[Ref]]:
    walk = iter(sorted(refs))
    while part := list(itertools.islice(walk, _LOOK)):
        yield part


def _readable(operation: Operation) -> bool:
    return operation.target.kind in READABLE


def _object(operation: Operation, ids: Mapping[str, str]) -> Ref:
    target = operation.target
    return resolved(target, ids) if target.is_new else target


def _differences(
    operation: Operation, ref: Ref, sent: Entry | None, present: Mapping[Ref, Record], ids: Mapping[str, str]
) -> Iterable[Difference]:
    record = present.get(ref)
    if isinstance(operation, RemoveRecord):
        return [] if record is None else [Difference(ref, "", None, str(ref))]
    if record is None:
        return [Difference(ref, "", str(ref), None)]
    if isinstance(operation, BindLetter | UnbindLetter):
        return _binding(operation, ref, record, ids)
    wanted: Mapping[str, Any] = (sent.wrote if sent is not None else None) or _wanted(operation)
    return _fields(ref, wanted, values_of(record))


def _wanted(operation: Operation) -> Mapping[str, Any]:
    """What an operation that found everything as wanted had wanted; references to new objects cannot be told."""
    wanted = operation.after if isinstance(operation, UpdateRecord) else {}
    return {name: value for name, value in wanted.items() if not str(value).startswith("new:")}


def _fields(ref: Ref, wanted: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for name, value in wanted.items():
        if name in now and not agrees(name, now[name], value):
            yield Difference(ref, name, value, now[name])


def _binding(
    operation: BindLetter | UnbindLetter, ref: Ref, record: Record, ids: Mapping[str, str]
) -> Iterator[Difference]:
    card = resolved(operation.card, ids)
    bound = isinstance(record, Activity) and card in (*(record.bindings or ()), record.card)
    if bound is not isinstance(operation, BindLetter):
        yield Difference(ref, "bindings", str(card) if isinstance(operation, BindLetter) else None, None)
