"""Which card became which: what a run removed or merged away and its undo made again, by old and new reference."""

from __future__ import annotations

from collections.abc import Iterator

from b24kit.change.merging import MergeRecords
from b24kit.change.operation import CreateRecord, RemoveRecord
from b24kit.change.runs import Run, RunStore
from b24kit.crm.refs import CARDS, Ref
from b24kit.errors import UsageError


def id_map(run: Run, store: RunStore) -> Iterator[tuple[Ref, Ref]]:
    """(old, new) of every card that a run made again, in the plan's order; nothing for a run that is no undo."""
    if run.plan.undoes is None:
        return
    undone = store.open(run.plan.undoes)
    removed = {f"undo-{one.key}": one.ref for one in undone.plan.operations if isinstance(one, RemoveRecord)}
    merges = [one for one in undone.plan.operations if isinstance(one, MergeRecords)]
    removed |= {f"undo-{one.key}-{loser.id}": loser for one in merges for loser in one.losers}
    undone.close()
    last = run.journal.last()
    for operation in run.plan.operations:
        entry = last.get(operation.key)
        if isinstance(operation, CreateRecord) and operation.kind in CARDS and entry is not None and entry.new_id:
            old = removed.get(operation.key)
            if old is not None:
                yield old, Ref(operation.kind, entry.new_id)


def renewed(store: RunStore, portal_id: str) -> dict[Ref, Ref]:
    """Every card of a portal that runs of this project made again, and the card that it is now."""
    steps: dict[Ref, Ref] = {}
    for info in store.list():
        if info.undoes is None or info.portal_id != portal_id:
            continue
        run = store.open(info.id)
        try:
            steps.update(id_map(run, store))
        except UsageError as error:
            if error.code != "run.absent":
                raise  # the run that was undone is purged, and with it what its cards were called
        finally:
            run.close()
    return {old: _newest(old, steps) for old in steps}


def _newest(card: Ref, steps: dict[Ref, Ref]) -> Ref:
    while card in steps:  # a new card has a higher number, so this ends
        card = steps[card]
    return card
