"""What a run removed or merged away, made again: out of the operation where that says all, else out of the copy.

Whatever spoke of it is put on the new one: cards on a stage, links of a card, what hung on a merged one.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from b24kit.change.backup import Backup
from b24kit.change.in_use import Deed
from b24kit.change.merging import MergeRecords, made_again
from b24kit.change.operation import CreateRecord, NoWayBack, Operation, Reason, RemoveRecord, UnbindLetter, UpdateRecord
from b24kit.change.plan import LeftAlone
from b24kit.change.recreation import Again, hanging, in_two_steps, recreate
from b24kit.change.threeway import relinked
from b24kit.change.unmerging import Unmerging
from b24kit.crm.dossier import Dossier
from b24kit.crm.portal import Portal
from b24kit.crm.records import Record, values_of
from b24kit.crm.refs import Kind, Ref, new_ref

_LOOK = 1000


@dataclass(frozen=True, slots=True)
class Copies:
    """Whole copies of the cards a run removed, if there are any, and what users are called."""

    backup: Backup | None
    names: Mapping[str, str]


class MakingAgain:
    """`restored` makes it again, `hanging` is what hung on it, `left` what cannot be made again and why.

    `again` tells what will stand in the place of a removed object, `merged` the card that a swallowed one became.
    """

    def __init__(self, deeds: Sequence[Deed], portal: Portal, settings: Mapping[str, Record], copies: Copies) -> None:
        self._deeds, self._portal, self._copies = deeds, portal, copies
        self._capabilities = portal.capabilities
        self._names = {_identity(ref, values_of(record)) for ref, record in settings.items()}
        self._unbound: dict[Ref, set[Ref]] = defaultdict(set)
        for deed in deeds:
            if isinstance(deed.operation, UnbindLetter):
                self._unbound[deed.operation.card].add(deed.operation.activity)
        self.again: dict[Ref, Ref] = {}
        self.merged: dict[Ref, Ref] = {}
        self.unmerging = Unmerging(portal, copies.backup, copies.names)
        self.restored: list[CreateRecord] = []
        self.hanging: list[Operation] = []
        self.left: list[LeftAlone] = []

    def restore_removed(self) -> None:
        """Make again what the run removed, where this vendor allows it."""
        for deed in self._deeds:
            if isinstance(deed.operation, RemoveRecord) and not deed.operation.kept:
                self._restore(deed.operation)
            elif isinstance(deed.operation, MergeRecords):
                self._restore_merged(deed, deed.operation)
        self._relink()

    def make_again(self) -> None:
        """Make again, out of their copies, the cards that the run removed; what survived elsewhere is only bound."""
        removals = [one.operation for one in self._deeds if isinstance(one.operation, RemoveRecord)]
        walk = iter([one for one in removals if one.kept])
        while part := list(itertools.islice(walk, _LOOK)):
            there = self._portal.read({one.ref for one in part})
            gone = [one for one in part if one.ref not in there]
            for one in part:
                if one.ref in there:
                    self._leave(one.ref, "undo.left.there_again", {"named": str(one.ref)})
            backup = self._copies.backup
            found = [(one, None if backup is None else backup.dossier(one.ref)) for one in gone]
            hung = {ref for _, dossier in found if dossier is not None for ref in hanging(dossier)}
            surviving = self._portal.surviving(hung) if hung else set()
            for one, dossier in found:
                self._make_one(one, dossier, surviving)
        self._relink()
        self._keep_holders()

    def bring_back_merged(self) -> None:
        """What hung on swallowed cards and only their copies know goes to the cards made in their place."""
        for deed in self._deeds:
            if isinstance(deed.operation, MergeRecords):
                self.hanging += self.unmerging.bring_back(deed.operation, self.merged)

    def _keep_holders(self) -> None:
        """Cards that spoke of a removed one speak of it again, unless they are gone or people gave them another."""
        holders = [one for one in self.hanging if isinstance(one, UpdateRecord) and not one.ref.is_new]
        there = self._portal.read({one.ref for one in holders}) if holders else {}
        for one in holders:
            now = values_of(there[one.ref]) if one.ref in there else None
            if now is None or one.moved_on(now):
                self.hanging.remove(one)
            if now is not None and one.moved_on(now):
                self._leave(one.ref, "undo.left.edited", {"fields": list(one.after), "by": now.get("changed_by")})

    def _relink(self) -> None:
        self.restored[:] = [replace(one, values=relinked(one.values, self.again)) for one in self.restored]

    def _make_one(self, removal: RemoveRecord, dossier: Dossier | None, surviving: set[Ref]) -> None:
        if dossier is None or self._copies.backup is None:
            self._leave(removal.ref, "undo.left.no_backup")
            return
        how = Again(
            key=f"undo-{removal.key}",
            cluster=removal.cluster,
            capabilities=self._capabilities,
            files=self._copies.backup.file,
            surviving=surviving,
            leave=self._unbound.get(removal.ref, set()),
            names=self._copies.names,
        )
        card, *rest = recreate(dossier, how)
        assert isinstance(card, CreateRecord)
        self.again[removal.ref] = new_ref(card.kind, card.key)
        self.restored.append(card)
        self.hanging += rest

    def on_stages_made_anew(self, after: Mapping[str, Any]) -> dict[str, Any]:
        """Where a removed stage comes back as another one, what spoke of it speaks of that one."""
        if not self._capabilities.remakes_stages:
            return dict(after)
        made = {ref.id: new.id for ref, new in self.again.items() if ref.kind is Kind.STAGE}
        found = dict(after)
        if "stage" in found:
            found["stage"] = made.get(found["stage"], found["stage"])
        if "required_on" in found:
            found["required_on"] = [made.get(code, code) for code in found["required_on"] or ()]
        return found

    def _restore(self, operation: RemoveRecord) -> None:
        inverse = operation.inverse(None, self._capabilities)
        if isinstance(inverse, NoWayBack):
            self._leave(operation.ref, inverse.code, inverse.facts)
            return
        assert isinstance(inverse, CreateRecord)
        if _identity(f"{inverse.kind.value}:", inverse.values) in self._names:
            self._leave(operation.ref, "undo.left.there_again", {"named": inverse.values.get("code")})
        else:
            self.again[operation.ref] = new_ref(inverse.kind, inverse.key)
            made, *rest = in_two_steps(inverse)
            assert isinstance(made, CreateRecord)
            self.restored.append(made)
            self.hanging += rest

    def _restore_merged(self, deed: Deed, operation: MergeRecords) -> None:
        """Make the cards again that this very run let the survivor swallow; those gone before are not ours."""
        ours = set((deed.sent.wrote or {}).get("losers", ()))
        for loser, create in made_again(operation).items():
            if str(loser) in ours:
                self.merged[loser] = operation.survivor
                self.again[loser] = new_ref(create.kind, create.key)
                self.restored.append(create)

    def _leave(self, ref: Ref, code: str, facts: Mapping[str, Any] | None = None) -> None:
        self.left.append(LeftAlone(ref, Reason(code, facts or {})))


def _identity(ref: str, values: Mapping[str, Any]) -> tuple[str, str, str]:
    """What a stage or a source is known by when its row changes: its ladder and its code."""
    return ref.partition(":")[0], str(values.get("ladder", "")), str(values.get("code", ""))
