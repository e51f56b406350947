"""Which card became which: what a run removed and its undo made again, by old and new reference."""

from __future__ import annotations

from collections.abc import Iterator

from b24kit.change.operation import CreateRecord, RemoveRecord
from b24kit.change.runs import Run, RunStore
from b24kit.crm.refs import CARDS, Ref


def id_map(run: Run, store: RunStore) -> Iterator[tuple[Ref, Ref]]:
    """(old, new) of every card that a run made again, in the plan's order; nothing for a run that is no undo."""
    if run.plan.undoes is None:
        return
    undone = store.open(run.plan.undoes)
    removed = {f"undo-{one.key}": one.ref for one in undone.plan.operations if isinstance(one, RemoveRecord)}
    undone.close()
    last = run.journal.last()
    for operation in run.plan.operations:
        entry = last.get(operation.key)
        if isinstance(operation, CreateRecord) and operation.kind in CARDS and entry is not None and entry.new_id:
            old = removed.get(operation.key)
            if old is not None:
                yield old, Ref(operation.kind, entry.new_id)
