"""What a run came to, counted from its journal: the last line on the screen, `recap.json` and the exit code."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from b24kit.change.journal import Entry, State
from b24kit.change.operation import Operation, UpdateRecord
from b24kit.change.plan import Plan


class Ended(StrEnum):
    """How a run ended. Only DONE closes it for good; every other can be resumed."""

    DONE = "done"
    PARTLY = "partly"  # something failed or was refused
    STOPPED = "stopped"  # by the run window or a limit, in order
    INTERRUPTED = "interrupted"  # by the person at the keyboard


EXIT_CODES = {Ended.DONE: 0, Ended.PARTLY: 3, Ended.STOPPED: 6, Ended.INTERRUPTED: 130}
_COUNTED = {
    State.AS_WANTED: "ok",
    State.SKIPPED: "skipped",
    State.CONFLICT: "conflict",
    State.REFUSED: "failed",
    State.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class Undone:
    """An operation that was not carried out: which, on what, and why (a code with facts, the portal's own words)."""

    key: str
    ref: str
    state: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recap:
    """`ok` were already as wanted, `left` were not reached; the rest is what the names say. Operations are counted."""

    run_id: str
    ended: Ended
    ok: int = 0
    changed: int = 0
    moved: int = 0
    skipped: int = 0
    conflict: int = 0
    failed: int = 0
    left: int = 0
    undone: tuple[Undone, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 done, 3 partly applied, 6 stopped in order, 130 interrupted."""
        return EXIT_CODES[self.ended]

    @property
    def resumable(self) -> bool:
        return self.ended is not Ended.DONE

    def line(self) -> str:
        """One greppable line in Ansible's manner."""
        names = ("ok", "changed", "moved", "skipped", "conflict", "failed", "left")
        return " ".join(f"{name}={getattr(self, name)}" for name in names)

    def summary(self) -> str:
        """The recap as JSON text."""
        return json.dumps(asdict(self) | {"exit_code": self.exit_code}, ensure_ascii=False, indent=1)


def recap_of(run_id: str, plan: Plan, last: Mapping[str, Entry], stopped: Ended | None = None) -> Recap:
    """Count a run by the last entries of its journal; `stopped` says that it was ended before its end."""
    counts: Counter[str] = Counter()
    undone: list[Undone] = []
    for operation in plan.operations:
        entry = last.get(operation.key)
        name = _counted(operation, entry)
        counts[name] += 1
        if entry is not None and name in ("skipped", "conflict", "failed"):
            undone.append(
                Undone(operation.key, str(operation.target), entry.state.value, entry.code, entry.facts, entry.said)
            )
    ended = stopped or (Ended.PARTLY if counts["failed"] or counts["left"] else Ended.DONE)
    return Recap(run_id=run_id, ended=ended, undone=tuple(undone), **counts)


def _counted(operation: Operation, entry: Entry | None) -> str:
    if entry is None:
        return "left"
    if entry.state is State.DONE:
        return "moved" if isinstance(operation, UpdateRecord) and operation.moves else "changed"
    return _COUNTED.get(entry.state, "left")
