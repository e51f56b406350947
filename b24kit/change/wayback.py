"""How each deed of a run goes back, three-way against the portal as it is now: what to write, to make again, to remove,
and what is left alone because people have built on it."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from b24kit.change.backup import Backup
from b24kit.change.in_use import Deed, held_by_people, opened, used_by_people
from b24kit.change.intake import Intake
from b24kit.change.merging import MergeRecords, hung_back, linked_to, made_again
from b24kit.change.operation import (
    BindLetter,
    CreateRecord,
    NoWayBack,
    Operation,
    Reason,
    RemoveRecord,
    UnbindLetter,
    UpdateRecord,
)
from b24kit.change.order import SETTINGS
from b24kit.change.plan import LeftAlone
from b24kit.change.recreation import Again, hanging, in_two_steps, recreate
from b24kit.change.references import resolved
from b24kit.change.runs import RunInfo
from b24kit.change.threeway import edited, relinked, taken_back
from b24kit.change.unmerging import Unmerging
from b24kit.crm.activity import Activity
from b24kit.crm.dossier import Dossier
from b24kit.crm.portal import Portal, Where
from b24kit.crm.records import READABLE, Record, values_of
from b24kit.crm.refs import Kind, Ref, new_ref

_LOOK = 1000


@dataclass(frozen=True, slots=True)
class Copies:
    """Whole copies of the cards a run removed, if there are any, and what users are called."""

    backup: Backup | None
    names: Mapping[str, str]


@dataclass
class WayBack:
    """What takes a run back: `back` in the run's own order, `restored` what it had removed, `removed` what it made.

    `hanging` is what hung on cards that are made again out of their copies.
    """

    back: list[Operation] = field(default_factory=list)
    restored: list[CreateRecord] = field(default_factory=list)
    removed: list[RemoveRecord] = field(default_factory=list)
    left: list[LeftAlone] = field(default_factory=list)
    hanging: list[Operation] = field(default_factory=list)

    def leave(self, ref: Ref, reason: Reason) -> None:
        self.left.append(LeftAlone(ref, reason))


def find_way_back(
    info: RunInfo,
    deeds: Sequence[Deed],
    portal: Portal,
    settings: Mapping[str, Record],
    copies: Copies | None = None,
) -> WayBack:
    """Look at everything the deeds touched and decide; `settings` are the present stages, pipelines and sources.

    `copies` hold the cards that the run removed.
    """
    finder = _Finder(info, deeds, portal, settings)
    finder.restore_removed()
    finder.make_again(copies or Copies(None, {}))
    finder.bring_back_merged(copies or Copies(None, {}))
    for part in _parts(deeds):
        present = portal.read(finder.asked(part))
        for deed in part:
            finder.take_back(deed, present)
    finder.keep_stages_in_use()
    finder.keep_what_holds_values()
    finder.one_place_after_the_other()
    return finder.way


class _Finder:
    def __init__(self, info: RunInfo, deeds: Sequence[Deed], portal: Portal, settings: Mapping[str, Record]) -> None:
        self._info, self._deeds, self._portal = info, deeds, portal
        self._names = {_identity(ref, values_of(record)) for ref, record in settings.items()}
        self._capabilities = portal.capabilities
        self._ids = {deed.operation.key: deed.made.id for deed in deeds if deed.made is not None}
        self._made = set(self._ids_as_refs())
        self._written = self._written_to_ours()
        self._again: dict[Ref, Ref] = {}  # removed by the run -> what will be made in its place
        self._unmerging = Unmerging(portal, None, {})
        self._merged: dict[Ref, Ref] = {}  # swallowed -> the card whose links its links have become
        self._used = used_by_people(info, deeds, portal)
        self._unbound: dict[Ref, set[Ref]] = defaultdict(set)
        for deed in deeds:
            if isinstance(deed.operation, UnbindLetter):
                self._unbound[deed.operation.card].add(deed.operation.activity)
        self.way = WayBack()

    def restore_removed(self) -> None:
        """Make again what the run removed, where this vendor allows it."""
        for deed in self._deeds:
            if isinstance(deed.operation, RemoveRecord) and not deed.operation.kept:
                self._restore(deed.operation)
            elif isinstance(deed.operation, MergeRecords):
                self._restore_merged(deed, deed.operation)
        self._relink()

    def make_again(self, copies: Copies) -> None:
        """Make again, out of their copies, the cards that the run removed; what survived elsewhere is only bound."""
        removals = [one.operation for one in self._deeds if isinstance(one.operation, RemoveRecord)]
        walk = iter([one for one in removals if one.kept])
        while part := list(itertools.islice(walk, _LOOK)):
            there = self._portal.read({one.ref for one in part})
            gone = [one for one in part if one.ref not in there]
            for one in part:
                if one.ref in there:
                    self._leave(one.ref, "undo.left.there_again", {"named": str(one.ref)})
            found = [(one, None if copies.backup is None else copies.backup.dossier(one.ref)) for one in gone]
            hung = {ref for _, dossier in found if dossier is not None for ref in hanging(dossier)}
            surviving = self._portal.surviving(hung) if hung else set()
            for one, dossier in found:
                self._make_one(one, dossier, surviving, copies)
        self._relink()
        self._keep_holders()

    def bring_back_merged(self, copies: Copies) -> None:
        """What hung on swallowed cards and only their copies know goes to the cards made in their place."""
        self._unmerging = Unmerging(self._portal, copies.backup, copies.names)
        for deed in self._deeds:
            if isinstance(deed.operation, MergeRecords):
                self.way.hanging += self._unmerging.bring_back(deed.operation, self._merged)

    def _keep_holders(self) -> None:
        """Cards that spoke of a removed one speak of it again, unless they are gone or people gave them another."""
        holders = [one for one in self.way.hanging if isinstance(one, UpdateRecord) and not one.ref.is_new]
        there = self._portal.read({one.ref for one in holders}) if holders else {}
        for one in holders:
            now = values_of(there[one.ref]) if one.ref in there else None
            if now is None or one.moved_on(now):
                self.way.hanging.remove(one)
            if now is not None and one.moved_on(now):
                self._leave(one.ref, "undo.left.edited", {"fields": list(one.after), "by": now.get("changed_by")})

    def _relink(self) -> None:
        self.way.restored = [replace(one, values=relinked(one.values, self._again)) for one in self.way.restored]

    def _make_one(self, removal: RemoveRecord, dossier: Dossier | None, surviving: set[Ref], copies: Copies) -> None:
        if dossier is None or copies.backup is None:
            self._leave(removal.ref, "undo.left.no_backup")
            return
        how = Again(
            key=f"undo-{removal.key}",
            cluster=removal.cluster,
            capabilities=self._capabilities,
            files=copies.backup.file,
            surviving=surviving,
            leave=self._unbound.get(removal.ref, set()),
            names=copies.names,
        )
        card, *rest = recreate(dossier, how)
        assert isinstance(card, CreateRecord)
        self._again[removal.ref] = new_ref(card.kind, card.key)
        self.way.restored.append(card)
        self.way.hanging += rest

    def asked(self, deeds: Iterable[Deed]) -> set[Ref]:
        """The objects to look at for these deeds."""
        found: set[Ref] = set()
        for deed in deeds:
            match deed.operation:
                case UpdateRecord():
                    found.add(resolved(deed.operation.ref, self._ids))
                case CreateRecord() if deed.made is not None and deed.made.kind in READABLE:
                    found.add(deed.made)
                case BindLetter() | UnbindLetter() if deed.operation.activity.kind is Kind.ACTIVITY:
                    found.add(deed.operation.activity)
                case MergeRecords():
                    found |= linked_to(self._unmerging.whole(deed.operation)) | {deed.operation.survivor}
        return found

    def take_back(self, deed: Deed, present: Mapping[Ref, Record]) -> None:
        """Decide on one deed."""
        match deed.operation:
            case UpdateRecord():
                ref = resolved(deed.operation.ref, self._ids)
                # What we made goes away whole, and what we merged away is made again as it was.
                # A stage of ours still has to leave its place, for the others' own ways back count places.
                made = _as_made(ref, self._made) in self._made and ref.kind is not Kind.STAGE
                if not made and ref not in self._merged:
                    self._put_back(deed, deed.operation, ref, present.get(ref))
            case CreateRecord():
                self._remove(deed, deed.operation, present)
            case BindLetter() | UnbindLetter():
                self._rebind(deed.operation, present.get(deed.operation.activity))
            case MergeRecords():
                self._unmerge(deed.operation, present)
            case Intake():
                told = deed.operation.inverse(None, self._capabilities)
                if isinstance(told, NoWayBack):
                    self._leave(told.ref, told.code, told.facts)

    def one_place_after_the_other(self) -> None:
        """Where a moved stage renumbers its ladder, places are given back one by one, the last one first."""
        if self._capabilities.stage_numbers is None:
            return
        later = ""
        for at in range(len(self.way.back) - 1, -1, -1):
            one = self.way.back[at]
            if isinstance(one, UpdateRecord) and one.ref.kind is Kind.STAGE and "sort" in one.after:
                self.way.back[at] = replace(one, needs=(*one.needs, later) if later else one.needs)
                later = one.key

    def keep_stages_in_use(self) -> None:
        """A stage of ours that people have put cards into stays, with the cards."""
        leaving = {one.ref for one in self.way.back if isinstance(one, UpdateRecord) and "stage" in one.after}
        leaving |= {one.ref for one in self.way.removed}
        kept: list[RemoveRecord] = []
        for removal in self.way.removed:
            guest = self._guest(removal, leaving)
            if guest is None:
                kept.append(removal)
            else:
                self._leave(removal.ref, "undo.left.in_use", {"card": str(guest)})
        self.way.removed = kept

    def keep_what_holds_values(self) -> None:
        """A field of ours that people have filled since stays with their values, and demands nothing any more."""
        held = held_by_people(self._info, self._deeds, self._portal, {one.ref: one.before for one in self.way.removed})
        stay: dict[Ref, tuple[str, Mapping[str, Any]]] = {}
        for one in [one for one in self.way.removed if one.ref in held]:
            use = held[one.ref]
            facts = {"named": one.before.get("label") or one.before.get("name"), "card": str(use.card), "n": use.count}
            self._leave(one.ref, f"undo.left.{one.ref.kind.value}_held", facts)
            stay |= {one.ref: (one.key, one.before)} if one.ref.kind is Kind.FIELD else {}
        self.way.removed = [one for one in self.way.removed if one.ref not in held]
        self.way.back += opened(stay, self._portal)

    def _put_back(self, deed: Deed, operation: UpdateRecord, ref: Ref, record: Record | None) -> None:
        if record is None:
            self._leave(ref, "undo.left.gone")
            return
        now = values_of(record)
        after, kept = taken_back(now, deed.sent.seen or {}, relinked(deed.sent.wrote or {}, self._merged))
        if kept:
            self._leave(ref, "undo.left.edited", {"fields": kept, "by": now.get("changed_by")})
        if after:
            inverse = operation.inverse(None, self._capabilities)
            assert isinstance(inverse, UpdateRecord)
            after = self._on_stages_made_anew(relinked(after, self._again))
            before = {name: now.get(name) for name in after}
            self.way.back.append(replace(inverse, ref=ref, before=before, after=after, needs=self._needs(ref, after)))

    def _on_stages_made_anew(self, after: Mapping[str, Any]) -> dict[str, Any]:
        """Where a removed stage comes back as another one, what spoke of it speaks of that one."""
        if not self._capabilities.remakes_stages:
            return dict(after)

        made = {ref.id: new.id for ref, new in self._again.items() if ref.kind is Kind.STAGE}
        found = dict(after)
        if "stage" in found:
            found["stage"] = made.get(found["stage"], found["stage"])
        if "required_on" in found:
            found["required_on"] = [made.get(code, code) for code in found["required_on"] or ()]
        return found

    def _needs(self, ref: Ref, after: Mapping[str, Any]) -> tuple[str, ...]:
        """A card goes back to a stage only after that stage is there again."""
        wanted = {after.get("stage"), after.get("source")} - {None}
        if ref.kind in SETTINGS or not wanted:
            return ()
        made = (one for one in self.way.restored if one.kind in SETTINGS)
        return tuple(one.key for one in made if one.values.get("code") in wanted)

    def _restore(self, operation: RemoveRecord) -> None:
        inverse = operation.inverse(None, self._capabilities)
        if isinstance(inverse, NoWayBack):
            self._leave(operation.ref, inverse.code, inverse.facts)
            return
        assert isinstance(inverse, CreateRecord)
        if _identity(f"{inverse.kind.value}:", inverse.values) in self._names:
            self._leave(operation.ref, "undo.left.there_again", {"named": inverse.values.get("code")})
        else:
            self._again[operation.ref] = new_ref(inverse.kind, inverse.key)
            made, *rest = in_two_steps(inverse)
            assert isinstance(made, CreateRecord)
            self.way.restored.append(made)
            self.way.hanging += rest

    def _restore_merged(self, deed: Deed, operation: MergeRecords) -> None:
        """Make the cards again that this very run let the survivor swallow; those gone before are not ours."""
        ours = set((deed.sent.wrote or {}).get("losers", ()))
        for loser, create in made_again(operation).items():
            if str(loser) in ours:
                self._merged[loser] = operation.survivor
                self._again[loser] = new_ref(create.kind, create.key)
                self.way.restored.append(create)

    def _unmerge(self, operation: MergeRecords, present: Mapping[Ref, Record]) -> None:
        if operation.survivor not in present:
            self._leave(operation.survivor, "undo.left.gone")
        self.way.back += hung_back(self._unmerging.whole(operation), present, self._again)

    def _remove(self, deed: Deed, operation: CreateRecord, present: Mapping[Ref, Record]) -> None:
        ref = deed.made or operation.target
        inverse = operation.inverse(None if deed.made is None else ref.id, self._capabilities)
        if isinstance(inverse, NoWayBack):
            self._leave(ref, inverse.code, inverse.facts)
            return
        assert isinstance(inverse, RemoveRecord)
        wrote = self._written.get(ref, {})
        if ref.kind not in READABLE:
            self.way.removed.append(replace(inverse, before=wrote, remake=wrote))
            return
        record = present.get(ref)
        if record is None:
            return  # somebody removed it already
        now = values_of(record)
        why = edited(ref, now, wrote, self._info, self._last_moment())
        if why is not None:
            self._leave(ref, "undo.left.touched", {"fields": list(why), "by": now.get("changed_by")})
        elif ref in self._used:
            self._leave(ref, "undo.left.used", {"card": str(self._used[ref])})
        else:
            self.way.removed.append(replace(inverse, before=now, remake=wrote))

    def _rebind(self, operation: BindLetter | UnbindLetter, record: Record | None) -> None:
        inverse = operation.inverse(None, self._capabilities)
        assert isinstance(inverse, BindLetter | UnbindLetter)
        card = resolved(operation.card, self._ids)
        if operation.activity.kind is Kind.COMMENT:  # no list tells where a comment hangs; doing it twice is harmless
            self.way.back.append(replace(inverse, card=self._again.get(card, card)))
            return
        if not isinstance(record, Activity):
            self._leave(operation.activity, "undo.left.gone")
            return
        bound = card in (*(record.bindings or ()), record.card)
        if bound is isinstance(inverse, UnbindLetter):
            self.way.back.append(replace(inverse, card=self._again.get(card, card)))

    def _guest(self, removal: RemoveRecord, leaving: set[Ref]) -> Ref | None:
        if removal.ref.kind is not Kind.STAGE:
            return None
        where = Where(stages=(removal.before["code"],))
        if removal.before["ladder"] == "leads":
            return next((lead.ref for lead in self._portal.leads(where) if lead.ref not in leaving), None)
        return next((deal.ref for deal in self._portal.deals(where) if deal.ref not in leaving), None)

    def _ids_as_refs(self) -> Iterator[Ref]:
        return (deed.made for deed in self._deeds if deed.made is not None)

    def _written_to_ours(self) -> dict[Ref, dict[str, Any]]:
        """What we wrote to each thing of ours: when it was made, and in later operations of the same run."""
        found: dict[Ref, dict[str, Any]] = {}
        for deed in self._deeds:
            operation, wrote = deed.operation, dict(deed.sent.wrote or {})
            if deed.made is not None:
                found.setdefault(deed.made, {}).update(wrote)
            elif isinstance(operation, UpdateRecord) and operation.ref.is_new:
                known = found.setdefault(_as_made(resolved(operation.ref, self._ids), self._made), {})
                if "extra" in wrote and "extra" in known:  # a few unnamed fields more, not instead of the others
                    wrote["extra"] = {**known["extra"], **wrote["extra"]}
                known.update(wrote)
        return found

    def _last_moment(self) -> datetime:
        """When the run last wrote, in the portal's time."""
        sent = max((deed.sent.at for deed in self._deeds), default=self._info.started)
        return (self._info.ended or sent) + timedelta(seconds=self._info.skew_seconds)

    def _leave(self, ref: Ref, code: str, facts: Mapping[str, Any] | None = None) -> None:
        self.way.leave(ref, Reason(code, facts or {}))


def _as_made(ref: Ref, made: Collection[Ref]) -> Ref:
    """A to-do is made as one and changed as an activity."""
    todo = Ref(Kind.TODO, ref.id)
    return todo if ref.kind is Kind.ACTIVITY and todo in made else ref


def _identity(ref: str, values: Mapping[str, Any]) -> tuple[str, str, str]:
    """What a stage or a source is known by when its row changes: its ladder and its code."""
    return ref.partition(":")[0], str(values.get("ladder", "")), str(values.get("code", ""))


def _parts(deeds: Iterable[Deed]) -> Iterator[list[Deed]]:
    walk = iter(deeds)
    while part := list(itertools.islice(walk, _LOOK)):
        yield part
