"""A ladder as it is and as it is wanted, into operations; a portal that is as designed gives none.

Sort numbers are written only where the order is not yet right, so a second look has nothing to do. An in-work stage
may not be added above the success stage (crm.status.add), hence final stages go up first and come down last.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, UpdateRecord
from b24kit.crm.pipeline import Outcome, Stage
from b24kit.crm.portal import Capabilities
from b24kit.crm.records import ref_of
from b24kit.crm.refs import Kind
from b24kit.errors import UsageError
from b24kit.migrate.numbered import NumberedLadder
from b24kit.migrate.recognise import Recognised, recognise, slug
from b24kit.migrate.spec import Language, StageSpec

_STEP = 10


@dataclass(frozen=True, slots=True)
class LadderDiff:
    """What has to be done to one ladder; `created` gives the operation that makes a stage, by the code it will have."""

    ladder: str
    recognised: Recognised
    operations: tuple[Operation, ...]
    created: Mapping[str, str]
    notes: tuple[Reason, ...] = ()


def diff_ladder(
    ladder: str,
    wanted: Sequence[StageSpec],
    present: Sequence[Stage],
    *,
    capabilities: Capabilities,
    leaving: Collection[str] = (),
    lang: Language = "ru",
) -> LadderDiff:
    """Operations that make one ladder as designed.

    `present` are the portal's stages of this ladder, `leaving` the codes of those that go away in the same plan.
    """
    known = recognise(wanted, present, capabilities)
    if capabilities.stage_numbers is not None:
        numbered = NumberedLadder(ladder, known, present, capabilities, lang)
        numbered.design(wanted, leaving)
        return LadderDiff(ladder, known, tuple(numbered.operations), {}, tuple(numbered.notes))
    _check_groups(wanted, known, capabilities)
    sorts = _sorts(wanted, known, frozenset(leaving))
    makes = [
        _create(ladder, spec, sorts[spec.code], known.prefix, lang) for spec in wanted if spec.code not in known.stages
    ]
    changes, notes = _changes(ladder, wanted, known, sorts, capabilities, lang)
    raised = sorted((change for change in changes if _rises(change)), key=lambda change: -change.after["sort"])
    others = [change for change in changes if not _rises(change)]
    operations: tuple[Operation, ...] = (*raised, *makes, *others)
    return LadderDiff(ladder, known, operations, _created(makes), tuple(notes))


def make_missing(
    ladder: str,
    wanted: Sequence[StageSpec],
    present: Sequence[Stage],
    codes: Collection[str],
    lang: Language = "ru",
    capabilities: Capabilities | None = None,
) -> LadderDiff:
    """Only the named failure stages of a design, where the portal has none yet, at the end of the ladder.

    A clean-up alone needs no more; UsageError when it needs a stage that must stand inside the ladder.
    """
    known = recognise(wanted, present, capabilities)
    sort = max((stage.sort for stage in present), default=0)
    makes: list[CreateRecord] = []
    for spec in wanted:
        if spec.code in codes and spec.code not in known.stages:
            if spec.outcome is not Outcome.LOST:
                raise UsageError("design.stage_missing", code=spec.code, stage=spec.name.said(lang))
            sort += _STEP
            makes.append(_create(ladder, spec, sort, known.prefix, lang))
    return LadderDiff(ladder, known, tuple(makes), _created(makes))


def _check_groups(wanted: Sequence[StageSpec], known: Recognised, capabilities: Capabilities) -> None:
    for spec in wanted:
        stage = known.stages.get(spec.code)
        if stage is not None and stage.outcome is not spec.outcome:
            facts = {"stage": stage.name, "code": spec.code, "born": stage.outcome.value, "wanted": spec.outcome.value}
            raise UsageError("design.group_differs", **facts)
        longest = capabilities.stage_code_limit
        if capabilities.own_stage_codes and stage is None and len(known.prefix + spec.code) > longest:
            raise UsageError("design.code_over_limit", code=known.prefix + spec.code, limit=longest)
    won = next(spec for spec in wanted if spec.outcome is Outcome.WON)
    rival = next((stage for stage in known.others if stage.outcome is Outcome.WON), None)
    if rival is not None and won.code not in known.stages:
        raise UsageError("design.second_success", code=won.code, stage=rival.name, present=rival.code)


def _order(wanted: Sequence[StageSpec], known: Recognised, leaving: frozenset[str]) -> list[str]:
    """Keys of the ladder in the order it should stand: the design first in each group, then what it does not name."""
    staying = [stage for stage in known.others if stage.code not in leaving]
    order: list[str] = []
    for outcome in (Outcome.OPEN, Outcome.WON, Outcome.LOST):
        order += [spec.code for spec in wanted if spec.outcome is outcome]
        order += [f"id:{stage.id}" for stage in staying if stage.outcome is outcome]
    return order


def _sorts(wanted: Sequence[StageSpec], known: Recognised, leaving: frozenset[str]) -> dict[str, int]:
    """The sort number of every stage that stays, by the design's code or by `id:<vendor's id>`."""
    order = _order(wanted, known, leaving)
    present = {code: stage.sort for code, stage in known.stages.items()}
    present |= {f"id:{stage.id}": stage.sort for stage in known.others}
    now = [present.get(key) for key in order]
    if None not in now and all(a < b for a, b in pairwise(now) if a is not None and b is not None):
        return {key: present[key] for key in order}
    finals = {spec.code for spec in wanted if spec.outcome is not Outcome.OPEN}
    finals |= {f"id:{stage.id}" for stage in known.others if stage.outcome is not Outcome.OPEN}
    floor = max((s.sort for s in known.others if s.code in leaving and s.outcome is Outcome.OPEN), default=0)
    found: dict[str, int] = {}
    sort = 0
    for key in order:
        if key in finals and sort < floor:
            sort = floor // _STEP * _STEP
        sort += _STEP
        found[key] = sort
    return found


def _changes(
    ladder: str,
    wanted: Sequence[StageSpec],
    known: Recognised,
    sorts: Mapping[str, int],
    capabilities: Capabilities,
    lang: Language,
) -> tuple[list[UpdateRecord], list[Reason]]:
    found: list[UpdateRecord] = []
    notes: list[Reason] = []
    for spec in wanted:
        stage = known.stages.get(spec.code)
        if stage is None:
            continue
        if stage.system and not capabilities.renames_system_stages:
            notes.append(Reason("design.system_stage_kept", {"stage": stage.name}))
            continue
        after = _wanted_values(spec, sorts[spec.code], capabilities, lang)
        if not capabilities.own_stage_codes and spec.outcome is not Outcome.OPEN:
            after = {"name": after["name"]}  # of its own ends such a vendor lets only the name be written
        found += _update(ladder, stage, after, spec.code)
    for stage in known.others:
        if f"id:{stage.id}" in sorts and (capabilities.own_stage_codes or not _fixed(stage)):
            found += _update(ladder, stage, {"sort": sorts[f"id:{stage.id}"]}, stage.code)
    return found, notes


def _wanted_values(spec: StageSpec, sort: int, capabilities: Capabilities, lang: Language) -> dict[str, Any]:
    values: dict[str, Any] = {"name": spec.name.said(lang), "sort": sort}
    if spec.colour and (capabilities.colours is None or spec.colour in capabilities.colours):
        values["colour"] = spec.colour
    return values


def _update(ladder: str, stage: Stage, wanted: Mapping[str, Any], code: str) -> list[UpdateRecord]:
    now: dict[str, Any] = {"name": stage.name, "sort": stage.sort, "colour": stage.colour}
    after = {name: value for name, value in wanted.items() if _differs(name, now[name], value)}
    if not after:
        return []
    renamed = "name" in after
    facts = {"code": stage.code, "stage": stage.name, "name": after.get("name", stage.name)}
    return [
        UpdateRecord(
            key=f"restage-{slug(ladder)}-{code}",
            phase=Phase.SETTINGS,
            reason=Reason("design.rename" if renamed else "design.rearrange", facts),
            ref=ref_of(stage),
            before={name: now[name] for name in after},
            after=after,
        )
    ]


def _differs(name: str, now: Any, value: Any) -> bool:
    return bool((now or "").lower() != value.lower()) if name == "colour" else bool(now != value)


def _fixed(stage: Stage) -> bool:
    return stage.system or stage.outcome is not Outcome.OPEN


def _rises(change: UpdateRecord) -> bool:
    return "sort" in change.after and change.after["sort"] > change.before["sort"]


def _create(ladder: str, spec: StageSpec, sort: int, prefix: str, lang: Language) -> CreateRecord:
    values: dict[str, Any] = {"ladder": ladder, "code": f"{prefix}{spec.code}", "name": spec.name.said(lang)}
    values |= {"sort": sort, "colour": spec.colour, "outcome": spec.outcome.value, "system": False}
    return CreateRecord(
        key=f"stage-{slug(ladder)}-{spec.code}",
        phase=Phase.SETTINGS,
        reason=Reason("design.create", {"code": spec.code, "stage": values["name"]}),
        kind=Kind.STAGE,
        values=values,
    )


def _created(makes: Sequence[CreateRecord]) -> dict[str, str]:
    return {str(make.values["code"]): make.key for make in makes}
