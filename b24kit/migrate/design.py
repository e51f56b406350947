"""The wanted ladder checked in itself, before any portal is asked.

The rules are Bitrix24's (crm.status.add): codes are Latin and limited in length, the group of a stage is fixed at
birth and groups stand in the order in work, success, failure; there is one success stage, and system codes stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from b24kit.crm.pipeline import Outcome
from b24kit.migrate.spec import Ladder, PipelineSpec, SourceSpec, StageSpec

LEAD_CODE_LIMIT = 21
DEAL_CODE_LIMIT = 22
# Bitrix24's own stages and the group each was born in; they can be renamed and never be made again.
LEAD_SYSTEM = {"NEW": Outcome.OPEN, "CONVERTED": Outcome.WON, "JUNK": Outcome.LOST}
DEAL_SYSTEM = {"NEW": Outcome.OPEN, "WON": Outcome.WON, "LOSE": Outcome.LOST}

_CODE = re.compile(r"[A-Za-z0-9_-]+")
_RANK = {Outcome.OPEN: 0, Outcome.WON: 1, Outcome.LOST: 2}

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a playbook: where it stands (keys and indexes), its code and facts."""

    path: Path
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def lead_faults(section: Ladder, path: Path = ("stages",)) -> list[Fault]:
    """Everything wrong with the ladder of leads in itself."""
    return list(_ladder_faults(section, path, LEAD_SYSTEM, LEAD_CODE_LIMIT))


def pipeline_faults(pipelines: Sequence[PipelineSpec], path: Path = ("pipelines",)) -> list[Fault]:
    """Everything wrong with the pipelines of deals: each ladder, and two pipelines of one name."""
    found = list(_twice(((*path, at, "name"), spec.name.ru) for at, spec in enumerate(pipelines)))
    for at, spec in enumerate(pipelines):
        found += _ladder_faults(spec, (*path, at), DEAL_SYSTEM, DEAL_CODE_LIMIT)
        for place, move in enumerate(spec.moves):
            if move.source is not None:
                found.append(Fault((*path, at, "moves", place, "source"), "design.source_on_deals"))
    return found


def source_faults(sources: Sequence[SourceSpec], path: Path = ("sources",)) -> list[Fault]:
    """Sources named twice."""
    return list(_twice(((*path, at, "code"), spec.code) for at, spec in enumerate(sources)))


def _ladder_faults(section: Ladder, path: Path, system: Mapping[str, Outcome], limit: int) -> Iterator[Fault]:
    stages, at = section.ladder, (*path, "ladder")
    yield from _code_faults(stages, at, limit)
    yield from _twice(((*at, i, "code"), stage.code) for i, stage in enumerate(stages))
    yield from _twice((((*at, i, "name"), stage.name.ru) for i, stage in enumerate(stages)), "design.name_twice")
    yield from _order_faults(stages, at)
    yield from _system_faults(stages, at, system)
    yield from _move_faults(section, path)


def _code_faults(stages: Sequence[StageSpec], path: Path, limit: int) -> Iterator[Fault]:
    for at, stage in enumerate(stages):
        if _CODE.fullmatch(stage.code) is None:
            yield Fault((*path, at, "code"), "design.code_not_latin", {"stage": stage.code})
        elif len(stage.code) > limit:
            yield Fault(
                (*path, at, "code"),
                "design.code_too_long",
                {"stage": stage.code, "length": len(stage.code), "limit": limit},
            )


def _order_faults(stages: Sequence[StageSpec], path: Path) -> Iterator[Fault]:
    won = [stage.code for stage in stages if stage.outcome is Outcome.WON]
    if len(won) != 1:
        yield Fault(path, "design.one_success", {"count": len(won), "stages": ", ".join(won)})
    if not any(stage.outcome is Outcome.OPEN for stage in stages):
        yield Fault(path, "design.nothing_in_work")
    if not any(stage.outcome is Outcome.LOST for stage in stages):
        yield Fault(path, "design.no_failure")
    for at in range(1, len(stages)):
        before, stage = stages[at - 1], stages[at]
        if _RANK[stage.outcome] < _RANK[before.outcome]:
            yield Fault((*path, at), "design.order", {"stage": stage.code, "after": before.code})


def _system_faults(stages: Sequence[StageSpec], path: Path, system: Mapping[str, Outcome]) -> Iterator[Fault]:
    for at, stage in enumerate(stages):
        born = system.get(stage.code, stage.outcome)
        if born is not stage.outcome:
            facts = {"stage": stage.code, "born": born.value, "wanted": stage.outcome.value}
            yield Fault((*path, at, "outcome"), "design.group_fixed", facts)
        elif stage.outcome is Outcome.WON and stage.code not in system:
            code = next(name for name, outcome in system.items() if outcome is Outcome.WON)
            yield Fault((*path, at, "code"), "design.success_is_system", {"stage": stage.code, "system": code})


def _move_faults(section: Ladder, path: Path) -> Iterator[Fault]:
    codes = {stage.code for stage in section.ladder}
    outcomes = {stage.code: stage.outcome for stage in section.ladder}
    claimed = {fold(name) for stage in section.ladder for name in stage.was}
    yield from _twice((((*path, "moves", i, "stage"), move.stage) for i, move in enumerate(section.moves)))
    for at, move in enumerate(section.moves):
        here = (*path, "moves", at)
        if move.to is not None and move.to not in codes:
            yield Fault((*here, "to"), "design.move_to_nowhere", {"stage": move.stage, "to": move.to})
        elif move.to is not None and outcomes[move.to] is Outcome.WON:
            # A success stage set through REST creates no client (crm.lead.update): only a clean-up may close leads so.
            yield Fault((*here, "to"), "design.move_to_success", {"stage": move.stage, "to": move.to})
        if move.stage in codes or fold(move.stage) in claimed:
            yield Fault((*here, "stage"), "design.move_and_keep", {"stage": move.stage})


def _twice(named: Iterable[tuple[Path, str]], code: str = "design.twice") -> Iterator[Fault]:
    seen: set[str] = set()
    for path, name in named:
        if fold(name) in seen:
            yield Fault(path, code, {"name": name})
        seen.add(fold(name))


def fold(name: str) -> str:
    """A name as names of stages are compared: case, ё and outer spaces do not count."""
    return " ".join(name.casefold().replace("ё", "е").split())
