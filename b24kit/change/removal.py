"""What stands between a plan and the removal of cards: which ones have to be copied, which must stay after all, and how
contents of copied files get back into the writes that make things again."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from b24kit.change.backup import Backup, Backups, came_since
from b24kit.change.operation import Operation, Reason, RemoveRecord
from b24kit.change.plan import Plan
from b24kit.change.verdict import Sending
from b24kit.crm.portal import PortalReads
from b24kit.crm.refs import Ref
from b24kit.crm.writes import Create, Write

AT_ONCE = 32 * 2**20  # bytes of files in memory at a time


def kept_cards(plan: Plan) -> list[Ref]:
    """The cards that a plan removes and that have to be copied whole before."""
    return [one.ref for one in plan.operations if isinstance(one, RemoveRecord) and one.kept]


def portions(sendings: Mapping[str, tuple[Operation, Sending]]) -> Iterator[dict[str, tuple[Operation, Sending]]]:
    """A wave cut so that the files it carries fit into memory together; what carries none is not cut."""
    part: dict[str, tuple[Operation, Sending]] = {}
    weight = 0
    for key, pair in sendings.items():
        files = (pair[1].wrote or {}).get("files") or ()
        size = sum(int(file.get("size") or 0) for file in files)
        if part and size and weight + size > AT_ONCE:
            yield part
            part, weight = {}, 0
        part[key] = pair
        weight += size
    if part:
        yield part


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
