"""How each deed of a run goes back, three-way against the portal as it is now: what to write, to make again, to remove,
and what is left alone because people have built on it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from b24kit.change.in_use import Deed, held_by_people, opened, used_by_people
from b24kit.change.intake import Intake
from b24kit.change.making_again import Copies, MakingAgain
from b24kit.change.merging import MergeRecords, hung_back, linked_to
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
from b24kit.change.references import resolved
from b24kit.change.runs import RunInfo
from b24kit.change.threeway import edited, relinked, taken_back
from b24kit.change.views_back import kept_in_step
from b24kit.crm.activity import Activity
from b24kit.crm.pipeline import Outcome, Stage, deals_ladder
from b24kit.crm.portal import Portal, Where
from b24kit.crm.records import READABLE, Record, ref_of, values_of
from b24kit.crm.refs import Kind, Ref

_LOOK = 1000


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
    again = MakingAgain(deeds, portal, settings, copies or Copies(None, {}))
    again.restore_removed()
    again.make_again()
    again.bring_back_merged()
    finder = _Finder(info, deeds, portal, settings, again)
    for part in _parts(deeds):
        present = portal.read(finder.asked(part))
        for deed in part:
            finder.take_back(deed, present)
    finder.keep_stages_in_use()
    finder.keep_last_stages()
    finder.keep_what_holds_values()
    way = finder.way
    way.back, way.removed, left = kept_in_step(deeds, way.back, way.removed, portal)
    way.left += left
    finder.one_place_after_the_other()
    return finder.way


class _Finder:
    def __init__(
        self, info: RunInfo, deeds: Sequence[Deed], portal: Portal, settings: Mapping[str, Record], again: MakingAgain
    ) -> None:
        self._info, self._deeds, self._portal, self._again = info, deeds, portal, again
        self._settings = settings
        self._capabilities = portal.capabilities
        self._ids = {deed.operation.key: deed.made.id for deed in deeds if deed.made is not None}
        self._made = set(self._ids_as_refs())
        self._written = self._written_to_ours()
        self._used = used_by_people(info, deeds, portal)
        self.way = WayBack(restored=again.restored, hanging=again.hanging, left=again.left)

    def asked(self, deeds: Iterable[Deed]) -> set[Ref]:
        """The objects to look at for these deeds."""
        found: set[Ref] = set()
        for deed in deeds:
            match deed.operation:
                case UpdateRecord():
                    found.add(resolved(deed.operation.ref, self._ids))
                case CreateRecord() if deed.made is not None and deed.made.kind in (*READABLE, Kind.TODO):
                    found.add(deed.made)
                case BindLetter() | UnbindLetter() if deed.operation.activity.kind is Kind.ACTIVITY:
                    found.add(deed.operation.activity)
                case MergeRecords():
                    found |= linked_to(self._again.unmerging.whole(deed.operation)) | {deed.operation.survivor}
        return found

    def take_back(self, deed: Deed, present: Mapping[Ref, Record]) -> None:
        """Decide on one deed."""
        match deed.operation:
            case UpdateRecord():
                ref = resolved(deed.operation.ref, self._ids)
                # What we made goes away whole, and what we merged away is made again as it was.
                # A stage of ours still has to leave its place, for the others' own ways back count places.
                made = _as_made(ref, self._made) in self._made and ref.kind is not Kind.STAGE
                if not made and ref not in self._again.merged:
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

    def keep_last_stages(self) -> None:
        """Where a ladder cannot be without a stage of its own, the first of ours stays if no other would be there."""
        if not self._capabilities.keeps_last_stage:
            return
        going = {one.ref for one in self.way.removed}
        filled = {one.values["ladder"] for one in self.way.restored if one.kind is Kind.STAGE}
        filled |= {deals_ladder(one.id) for one in going if one.kind is Kind.PIPELINE}
        stages = sorted((one for one in self._settings.values() if isinstance(one, Stage)), key=lambda one: one.sort)
        working = [one for one in stages if one.outcome is Outcome.OPEN and not one.system]
        filled |= {one.ladder for one in working if ref_of(one) not in going}
        for one in working:
            if one.ladder not in filled:
                filled.add(one.ladder)
                self._leave(ref_of(one), "undo.left.last_stage", {"named": one.name})
                self.way.removed = [removal for removal in self.way.removed if removal.ref != ref_of(one)]

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
        after, kept = taken_back(now, deed.sent.seen or {}, relinked(deed.sent.wrote or {}, self._again.merged))
        if kept:
            self._leave(ref, "undo.left.edited", {"fields": kept, "by": now.get("changed_by")})
        if after:
            inverse = operation.inverse(None, self._capabilities)
            assert isinstance(inverse, UpdateRecord)
            after = self._again.on_stages_made_anew(relinked(after, self._again.again))
            before = {name: now.get(name) for name in after}
            self.way.back.append(replace(inverse, ref=ref, before=before, after=after, needs=self._needs(ref, after)))

    def _needs(self, ref: Ref, after: Mapping[str, Any]) -> tuple[str, ...]:
        """A card goes back to a stage only after that stage is there again."""
        wanted = {after.get("stage"), after.get("source")} - {None}
        if ref.kind in SETTINGS or not wanted:
            return ()
        made = (one for one in self.way.restored if one.kind in SETTINGS)
        return tuple(one.key for one in made if one.values.get("code") in wanted)

    def _unmerge(self, operation: MergeRecords, present: Mapping[Ref, Record]) -> None:
        if operation.survivor not in present:
            self._leave(operation.survivor, "undo.left.gone")
        self.way.back += hung_back(self._again.unmerging.whole(operation), present, self._again.again)

    def _remove(self, deed: Deed, operation: CreateRecord, present: Mapping[Ref, Record]) -> None:
        ref = deed.made or operation.target
        inverse = operation.inverse(None if deed.made is None else ref.id, self._capabilities)
        if isinstance(inverse, NoWayBack):
            self._leave(ref, inverse.code, inverse.facts)
            return
        assert isinstance(inverse, RemoveRecord)
        wrote = self._written.get(ref, {})
        todo = present.get(ref)
        if ref.kind is Kind.TODO and isinstance(todo, Activity) and todo.done and not wrote.get("done"):
            self._leave(ref, "undo.left.touched", {"fields": ["done"], "by": None})  # a person did what it asked for
            return
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
            self.way.back.append(replace(inverse, card=self._again.again.get(card, card)))
            return
        if not isinstance(record, Activity):
            self._leave(operation.activity, "undo.left.gone")
            return
        bound = card in (*(record.bindings or ()), record.card)
        if bound is isinstance(inverse, UnbindLetter):
            self.way.back.append(replace(inverse, card=self._again.again.get(card, card)))

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


def _parts(deeds: Iterable[Deed]) -> Iterator[list[Deed]]:
    walk = iter(deeds)
    while part := list(itertools.islice(walk, _LOOK)):
        yield part
