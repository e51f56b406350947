"""Stage design and clean-up joined: one lead gets one update, and a stage goes only once its cards have gone.

Where both speak of a lead, the clean-up's outcome wins and what only the design says (its source) is added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from b24kit.change.operation import Operation, RemoveRecord, UpdateRecord
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.errors import UsageError
from b24kit.migrate.remap import Exit, removals


def join(moves: Sequence[UpdateRecord], cleaning: Sequence[Operation]) -> list[Operation]:
    """Operations of both with one update a card; UsageError when the clean-up itself updates a card twice."""
    waiting = {move.ref: move for move in moves}
    joined: list[Operation] = []
    seen: set[Ref] = set()
    for operation in cleaning:
        if isinstance(operation, UpdateRecord) and operation.ref.kind in CARDS:
            if operation.ref in seen:
                raise UsageError("playbook.updated_twice", card=str(operation.ref))
            seen.add(operation.ref)
            move = waiting.pop(operation.ref, None)
            operation = operation if move is None else _united(operation, move)
        elif isinstance(operation, RemoveRecord):
            waiting.pop(operation.ref, None)  # what is removed need not be moved before
        joined.append(operation)
    return [*joined, *waiting.values()]


def with_needs(operations: Sequence[Operation], made: Mapping[str, str]) -> list[Operation]:
    """Every operation that writes a stage or a source made by this plan waits for it to be made."""
    return [_waiting(operation, made) for operation in operations]


def departures(
    leaving: Sequence[Exit], standing: Mapping[str, Sequence[Ref]], operations: Sequence[Operation]
) -> list[RemoveRecord]:
    """The removal of each leaving stage, waiting for every operation that takes a card out of it or removes the card.

    A stage in which a card stays, because only some clusters were asked for, stays too.
    """
    movers = {
        operation.ref: operation.key
        for operation in operations
        if (isinstance(operation, UpdateRecord) and operation.moves)
        or (isinstance(operation, RemoveRecord) and operation.ref.kind in CARDS)
    }
    emptied = [one for one in leaving if all(ref in movers for ref in standing.get(one.stage.code, ()))]
    needs = {one.stage.code: [movers[ref] for ref in standing.get(one.stage.code, ())] for one in emptied}
    return removals(emptied, needs)


def _united(operation: UpdateRecord, move: UpdateRecord) -> UpdateRecord:
    return replace(
        operation,
        before={**move.before, **operation.before},
        after={**move.after, **operation.after},
        needs=tuple(dict.fromkeys((*operation.needs, *move.needs))),
    )


def _waiting(operation: Operation, made: Mapping[str, str]) -> Operation:
    if not isinstance(operation, UpdateRecord) or operation.ref.kind not in (Kind.LEAD, Kind.DEAL):
        return operation
    wanted = (f"{name}:{operation.after.get(name)}" for name in ("stage", "source"))
    needs = tuple(made[name] for name in wanted if name in made)
    return replace(operation, needs=tuple(dict.fromkeys((*operation.needs, *needs)))) if needs else operation
