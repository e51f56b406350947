"""Which stage of a portal is which stage of a design: by equal code or by the playbook's own word, never by a guess."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from b24kit.crm.pipeline import Outcome, Pipeline, Stage
from b24kit.crm.portal import Capabilities
from b24kit.crm.refs import Kind, new_ref
from b24kit.errors import UsageError
from b24kit.migrate.design import fold
from b24kit.migrate.spec import PipelineSpec, StageSpec, Wording


def bare(code: str) -> str:
    """A stage's code without the prefix of its pipeline (`C7:NEW` is `NEW`)."""
    return code.rpartition(":")[2]


def slug(ladder: str) -> str:
    """A ladder's name as a part of an operation's key (`deals:7` is `deals-7`)."""
    return ladder.replace(":", "-")


@dataclass(frozen=True, slots=True)
class Recognised:
    """Stages of one ladder by the design's code, and those of the portal that the design does not name."""

    stages: dict[str, Stage]
    others: tuple[Stage, ...]
    prefix: str = ""  # what the vendor puts before the codes of this ladder
    ladder: str = ""  # where codes are the vendor's: a stage still to be made is known by what will make it
    aliases: frozenset[str] = frozenset()  # codes of the design that share a stage with an earlier one

    def code(self, wanted: str) -> str:
        """The code that cards carry on this portal for a stage of the design, made already or not."""
        stage = self.stages.get(wanted)
        if stage is None and self.ladder:
            return new_ref(Kind.STAGE, stage_key(self.ladder, wanted)).id
        return stage.code if stage else f"{self.prefix}{wanted}"


def stage_key(ladder: str, code: str) -> str:
    """The key of the operation that makes a stage of the design."""
    return f"stage-{slug(ladder)}-{code}"


def is_intake(stage: Stage, capabilities: Capabilities) -> bool:
    """Whether cards wait in this stage to be taken in: it belongs to the vendor and is never touched."""
    return capabilities.keeps_incoming and stage.system and stage.outcome is Outcome.OPEN


def recognise(
    wanted: Sequence[StageSpec], present: Sequence[Stage], capabilities: Capabilities | None = None
) -> Recognised:
    """Pair a design with a ladder; UsageError when two stages of the design claim the same one of the portal.

    Where the vendor gives stages codes of its own, success and failure are the ladder's own, others go by name.
    """
    if capabilities is not None and not capabilities.own_stage_codes:
        return _by_names(wanted, present, capabilities)
    found: dict[str, Stage] = {}
    by_code = {bare(stage.code): stage for stage in present}
    for spec in wanted:
        if spec.code in by_code:
            found[spec.code] = by_code[spec.code]
    for spec in wanted:
        if spec.was and spec.code not in found:
            stage = _renamed(spec, present, found)
            if stage is not None:
                found[spec.code] = stage
    taken = {stage.id for stage in found.values()}
    others = tuple(stage for stage in present if stage.id not in taken)
    return Recognised(found, others, _prefix(present))


def _by_names(wanted: Sequence[StageSpec], present: Sequence[Stage], capabilities: Capabilities) -> Recognised:
    mine = [stage for stage in present if not is_intake(stage, capabilities)]
    working = [stage for stage in mine if stage.outcome is Outcome.OPEN]
    ends = {stage.outcome: stage for stage in reversed(mine) if stage.outcome is not Outcome.OPEN}
    found: dict[str, Stage] = {}
    aliases: set[str] = set()
    for spec in wanted:
        if spec.outcome in ends:
            if ends[spec.outcome] in found.values():
                aliases.add(spec.code)
            found[spec.code] = ends[spec.outcome]
    opens = [spec for spec in wanted if spec.outcome is Outcome.OPEN]
    for spec in opens:
        stages = (named(name, working) for name in _both(spec.name))
        free = [stage for stage in stages if stage is not None and stage not in found.values()]
        if free:
            found[spec.code] = free[0]
    for spec in opens:
        stage = _renamed(spec, working, found) if spec.was and spec.code not in found else None
        if stage is not None:
            found[spec.code] = stage
    taken = {stage.id for stage in found.values()}
    others = tuple(stage for stage in mine if stage.id not in taken)
    ladder = present[0].ladder if present else ""
    return Recognised(found, others, ladder=ladder, aliases=frozenset(aliases))


def _renamed(spec: StageSpec, present: Sequence[Stage], found: dict[str, Stage]) -> Stage | None:
    """The stage that `was:` names, or the one that already bears the new name since an earlier run."""
    holder = {stage.id: code for code, stage in found.items()}
    for name in (*spec.was, spec.name.ru, spec.name.en):
        stage = named(name, present)
        if stage is None:
            continue
        if stage.id in holder:
            if name in spec.was:
                raise UsageError("design.claimed_twice", stage=stage.name, first=holder[stage.id], second=spec.code)
            continue
        return stage
    return None


def named(name: str, present: Iterable[Stage]) -> Stage | None:
    """The stage with this code or, failing that, this name; UsageError when several bear the name."""
    stages = list(present)
    for stage in stages:
        if name and name in (stage.code, bare(stage.code)):
            return stage
    found = [stage for stage in stages if name and fold(stage.name) == fold(name)]
    if len(found) > 1:
        codes = ", ".join(stage.code for stage in found)
        raise UsageError("design.name_is_ambiguous", name=name, codes=codes)
    return found[0] if found else None


def pipeline_of(spec: PipelineSpec, present: Sequence[Pipeline]) -> Pipeline | None:
    """The portal's pipeline that `was:` or the design's own name means; UsageError when several bear the name."""
    names = {fold(name) for name in (*spec.was, *_both(spec.name))}
    found = [one for one in present if one.id in spec.was or fold(one.name) in names]
    if len(found) > 1:
        raise UsageError("design.pipeline_is_ambiguous", name=spec.name.ru, ids=", ".join(one.id for one in found))
    return found[0] if found else None


def _both(name: Wording) -> tuple[str, ...]:
    return tuple(text for text in (name.ru, name.en) if text)


def _prefix(present: Sequence[Stage]) -> str:
    head = present[0].code if present else ""
    return head[: len(head) - len(bare(head))]
