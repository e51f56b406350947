"""What stands between a plan and the removal of cards: which ones have to be copied, which must stay after all, and how
contents of copied files get back into the writes that make things again."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from b24kit.change.backup import Backup, Backups, came_since
from b24kit.change.operation import CreateRecord, Operation, Reason, RemoveRecord
from b24kit.change.plan import Plan
from b24kit.crm.portal import PortalReads
from b24kit.crm.refs import Ref
from b24kit.crm.writes import Create, Write

AT_ONCE = 32 * 2**20  # bytes of files in memory at a time


def kept_cards(plan: Plan) -> list[Ref]:
    """The cards that a plan removes and that have to be copied whole before."""
    return [one.ref for one in plan.operations if isinstance(one, RemoveRecord) and one.kept]


class Luggage:
    """How many bytes of files are on their way: what carries files waits until they fit into memory together."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}

    def fits(self, operation: Operation) -> bool:
        """Whether it carries no files, or they may be taken into memory now."""
        size = _weight(operation)
        return not size or not self._sizes or sum(self._sizes.values()) + size <= AT_ONCE

    def take(self, operation: Operation) -> None:
        """Its files are in memory from now on."""
        if size := _weight(operation):
            self._sizes[operation.key] = size

    def drop(self, key: str) -> None:
        """Its files, if it had any, are gone from memory."""
        self._sizes.pop(key, None)


def _weight(operation: Operation) -> int:
    files = operation.values.get("files") or () if isinstance(operation, CreateRecord) else ()
    return sum(int(file.get("size") or 0) for file in files)


@dataclass(frozen=True, slots=True)
class Sparing:
    """Looks at cards right before they are removed: no copy, or something new on them, and they stay."""

    backup: Backup
    portal: PortalReads

    def __call__(self, removals: Sequence[RemoveRecord]) -> Mapping[str, Reason]:
        refs = [one.ref for one in removals]
        without = set(self.backup.missing(refs))
        fresh = came_since(self.backup, self.portal, [ref for ref in refs if ref not in without])
        there = self.portal.read(without) if without else {}
        found = {}
        for one in removals:
            if one.ref in fresh:
                found[one.key] = Reason("change.conflict.came_since", {"parts": fresh[one.ref]})
            elif one.ref in there:
                found[one.key] = Reason("change.conflict.no_backup")
        return found


@dataclass(frozen=True, slots=True)
class Filling:
    """Puts the contents of files, which a plan names by their hashes, into the write that sends them."""

    backups: Backups

    def __call__(self, write: Write) -> Write:
        if not isinstance(write, Create) or not write.values.get("files"):
            return write
        filled = [one for file in write.values["files"] if (one := self._filled(file)) is not None]
        return replace(write, values={**write.values, "files": filled})

    def _filled(self, file: Mapping[str, Any]) -> dict[str, str] | None:
        content = self.backups.content(str(file["kept"]))
        return None if content is None else {"name": str(file["name"]), "content": b64encode(content).decode()}
