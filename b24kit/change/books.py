"""What has become of every operation of a run so far, in memory and in the journal, both kept by the executor alone."""

from __future__ import annotations

from b24kit.change.journal import Entry, Journal, State
from b24kit.change.operation import Operation
from b24kit.change.plan import Plan

HOPELESS = frozenset({State.REFUSED, State.FAILED, State.CONFLICT, State.SKIPPED})


class Books:
    """`last` entries, `ids` of what was created, and what went wrong in this attempt, by operation key."""

    def __init__(self, plan: Plan, journal: Journal) -> None:
        self.operations: dict[str, Operation] = {operation.key: operation for operation in plan.operations}
        self._journal = journal
        self.last = {key: entry for key, entry in journal.last().items() if key in self.operations}
        self.ids = {key: entry.new_id for key, entry in self.last.items() if entry.new_id is not None}
        # What an earlier attempt skipped or was refused is tried afresh: only this attempt's verdicts count.
        self.hopeless: set[str] = set()
        self.broken: dict[str, str] = {}  # cluster -> the operation that stopped it
        self._unwritten: list[Entry] = []
        self._ended = {key for key, entry in self.last.items() if entry.state.final}

    def note(self, entry: Entry) -> None:
        """Remember an outcome; it is durable after the next flush."""
        self._unwritten.append(entry)
        self.last[entry.key] = entry
        if entry.new_id is not None:
            self.ids[entry.key] = entry.new_id
        if entry.state.final or entry.state in HOPELESS:
            self._ended.add(entry.key)
        if entry.state in HOPELESS:
            self.hopeless.add(entry.key)
            cluster = self.operations[entry.key].cluster
            if cluster and entry.state is not State.SKIPPED:
                self.broken.setdefault(cluster, entry.key)

    def flush(self) -> None:
        """Write down what was noted, in one transaction."""
        self._journal.append(self._unwritten)
        self._unwritten.clear()

    def final(self, key: str) -> bool:
        """Whether nothing more has to be done for it."""
        entry = self.last.get(key)
        return entry is not None and entry.state.final

    def open(self, key: str) -> bool:
        """Whether it may or may not have happened."""
        entry = self.last.get(key)
        return entry is not None and entry.state.open

    @property
    def ended(self) -> int:
        """How many operations came to an end, good or bad, as far as this attempt knows."""
        return len(self._ended)
