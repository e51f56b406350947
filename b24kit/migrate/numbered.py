"""A ladder on a portal that gives stages its own codes and numbers them anew with every change, into operations.

Stages are known by name; new ones are made at the end and then take their places one by one from the top, so that
every number written is read back as written and the way back is the same moves backwards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, UpdateRecord
from b24kit.crm.pipeline import Outcome, Stage
from b24kit.crm.portal import Capabilities
from b24kit.crm.records import ref_of
from b24kit.crm.refs import Kind, Ref, new_ref
from b24kit.migrate.colours import nearest
from b24kit.migrate.prompts import stage_prompts
from b24kit.migrate.recognise import Recognised, is_intake, slug, stage_key
from b24kit.migrate.spec import Language, StageSpec


class NumberedLadder:
    """The work on one ladder: `operations` in their order, `notes` on what is written otherwise than designed."""

    def __init__(
        self, ladder: str, known: Recognised, present: Sequence[Stage], capabilities: Capabilities, lang: Language
    ) -> None:
        assert capabilities.stage_numbers is not None
        self._ladder, self._known, self._able, self._lang = ladder, known, capabilities, lang
        self._first, self._step = capabilities.stage_numbers
        ordinary = [one for one in present if not one.system and not is_intake(one, capabilities)]
        self._stages = {one.id: one for one in ordinary}
        self._order = [one.id for one in sorted(ordinary, key=lambda one: one.sort)]
        self.operations: list[Operation] = []
        self._last = ""  # a place counts from where the move before it left the others
        self.notes: list[Reason] = []
        self._nearest: dict[str, str] = {}  # by the design's code: which colour stands for the wanted one
        self._coloured: set[str] = set()  # whose colour is written

    def design(self, wanted: Sequence[StageSpec], leaving: Collection[str]) -> None:
        """Make, name, colour and place the stages of the design; those it does not name follow, the leaving last."""
        mine = [spec for spec in wanted if spec.code not in self._known.aliases]
        for spec in mine:
            if spec.code not in self._known.stages:
                self._make(spec)
        ours = [self._id(spec) for spec in mine if spec.outcome is Outcome.OPEN]
        rest = [one for one in self._order if one not in ours]
        rest.sort(key=lambda one: one in self._stages and self._stages[one].code in leaving)
        places = self._places([*ours, *rest])
        for spec in mine:
            stage = self._known.stages.get(spec.code)
            after = self._values(spec) if stage is not None else {}
            moved = places.pop(self._id(spec), None)
            self._update(stage, spec, after, moved)
        for one, moved in places.items():
            self._update(self._stages[one], None, {}, moved)
        self._tell_colours()

    def _tell_colours(self) -> None:
        """One note on all the colours that are written otherwise than designed; those already there are no news."""
        told = [text for code, text in self._nearest.items() if code in self._coloured]
        if told:
            self.notes.append(Reason("design.nearest_colours", {"list": ", ".join(told)}))

    def _id(self, spec: StageSpec) -> str:
        stage = self._known.stages.get(spec.code)
        return stage.id if stage is not None else f"new:{stage_key(self._ladder, spec.code)}"

    def _make(self, spec: StageSpec) -> None:
        values = {"ladder": self._ladder, "outcome": spec.outcome.value, "system": False} | self._values(spec)
        key = stage_key(self._ladder, spec.code)
        self._coloured.add(spec.code)
        values["sort"] = self._first + self._step * len(self._order)
        reason = Reason("design.create_named", {"stage": values["name"]})
        self.operations.append(
            CreateRecord(key=key, phase=Phase.SETTINGS, reason=reason, kind=Kind.STAGE, values=values)
        )
        self._order.append(f"new:{key}")

    def _values(self, spec: StageSpec) -> dict[str, Any]:
        """What the stage shall be; of the vendor's own stages only the name can be written."""
        values: dict[str, Any] = {"name": spec.name.said(self._lang)}
        stage = self._known.stages.get(spec.code)
        if stage is not None and stage.system and self._able.system_names_only:
            return values
        if spec.colour:
            values["colour"] = nearest(spec.colour, self._able.colours)
            if values["colour"].lower() != spec.colour.lower():
                self._nearest[spec.code] = f"«{values['name']}» {spec.colour} → {values['colour']}"
        prompts, cut = stage_prompts(spec, self._able, self._lang)
        if prompts:
            values["prompts"] = prompts
        if cut:
            self.notes.append(Reason("design.prompts_cut", {"stage": values["name"], "n": self._able.prompt_length}))
        return values

    def _places(self, wanted: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Which stages to move, in order, each from its number to its number; nobody else is renumbered for good."""
        order = list(self._order)
        found: dict[str, tuple[int, int]] = {}
        for at, one in enumerate(wanted):
            place = order.index(one)
            if place != at:
                found[one] = self._number(place), self._number(at)
                order.insert(at, order.pop(place))
        return found

    def _number(self, place: int) -> int:
        return self._first + self._step * place

    def _update(
        self, stage: Stage | None, spec: StageSpec | None, wanted: Mapping[str, Any], moved: tuple[int, int] | None
    ) -> None:
        before, after = _differing(stage, wanted)
        if moved is not None:
            before["sort"], after["sort"] = moved
        if not after:
            return
        if spec is not None and "colour" in after:
            self._coloured.add(spec.code)
        if stage is None:
            assert spec is not None
            key = stage_key(self._ladder, spec.code)
            ref, name, told = new_ref(Kind.STAGE, key), spec.name.said(self._lang), spec.code
        else:
            ref, name = ref_of(stage), stage.name
            told = spec.code if spec is not None else stage.id.replace(":", "-")
        change = self._change(ref, name, told, before, after)
        if moved is not None:
            change = replace(change, needs=(self._last,) if self._last else ())
            self._last = change.key
        self.operations.append(change)

    def _change(
        self, ref: Ref, name: str, told: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> UpdateRecord:
        code = "design.rename" if "name" in after else "design.rearrange"
        return UpdateRecord(
            key=f"restage-{slug(self._ladder)}-{told}",
            phase=Phase.SETTINGS,
            reason=Reason(code, {"stage": name, "name": after.get("name", name)}),
            ref=ref,
            before=before,
            after=after,
        )


def _differing(stage: Stage | None, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(before, after) of what is not as wanted yet; of prompts only the levels that the design speaks of."""
    if stage is None:
        return {}, {}
    now: dict[str, Any] = {"name": stage.name, "colour": (stage.colour or "").lower() or None}
    after = {name: value for name, value in wanted.items() if name != "prompts" and now[name] != value}
    before: dict[str, Any] = {name: stage.colour if name == "colour" else now[name] for name in after}
    prompts = {level: said for level, said in wanted.get("prompts", {}).items() if stage.prompts.get(level) != said}
    if prompts:
        after["prompts"] = prompts
        before["prompts"] = {level: stage.prompts.get(level) for level in prompts}
    return before, after
