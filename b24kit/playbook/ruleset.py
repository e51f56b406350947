"""The names a playbook uses in its rules, found on one portal: its pipelines, its stages, and the data its ladders ask.

Rules speak the design's words; a portal may call its pipeline otherwise, keep a renamed system stage under the old
code, or, like amoCRM, choose codes itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from b24kit.crm.pipeline import LEADS, Outcome, Pipeline, Stage, deals_ladder
from b24kit.migrate.recognise import pipeline_of, recognise
from b24kit.migrate.spec import Ladder
from b24kit.playbook.schema import Playbook
from b24kit.robots.spec_gates import GateSpec, GatesSpec


@dataclass(frozen=True, slots=True)
class Names:
    """The playbook's name of a pipeline -> its id here; by ladder, the playbook's code of a stage -> the portal's."""

    pipelines: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def names_on(playbook: Playbook, stages: Sequence[Stage], pipelines: Sequence[Pipeline]) -> Names:
    """What of the playbook's design stands on this portal; UsageError where two of the portal's fit one of ours."""
    known: dict[str, str] = {}
    codes: dict[str, dict[str, str]] = {}
    if playbook.stages is not None:
        codes[LEADS] = _codes(playbook.stages, LEADS, stages)
    for spec in playbook.pipelines:
        found = pipeline_of(spec, pipelines)
        if found is None:
            continue
        known |= {name: found.id for name in (spec.name.ru, spec.name.en) if name}
        codes[deals_ladder(found.id)] = _codes(spec, deals_ladder(found.id), stages)
    return Names(known, codes)


def gates_with_ladders(playbook: Playbook) -> GatesSpec:
    """The gates, with one for every stage of the design that asks for data and has no gate that lists its own."""
    told = {(gate.pipeline, gate.stage) for gate in playbook.gates.gates if gate.leave or gate.questions}
    added = [one for one in _asked(playbook) if (one.pipeline, one.stage) not in told]
    entered = {(gate.pipeline, gate.stage): gate for gate in playbook.gates.gates}
    merged = {key: gate for key, gate in entered.items()}
    for one in added:
        key = (one.pipeline, one.stage)
        merged[key] = entered[key].model_copy(update={"leave": one.leave}) if key in entered else one
    return playbook.gates.model_copy(update={"gates": tuple(merged.values())})


def _asked(playbook: Playbook) -> Iterator[GateSpec]:
    ladders: list[tuple[str | None, Ladder]] = [(spec.name.ru, spec) for spec in playbook.pipelines]
    if playbook.stages is not None:
        ladders.append((None, playbook.stages))
    for pipeline, section in ladders:
        for stage in section.ladder:
            if stage.required and stage.outcome is Outcome.OPEN:
                yield GateSpec(pipeline=pipeline, stage=stage.code, leave=stage.required)


def _codes(section: Ladder, ladder: str, stages: Sequence[Stage]) -> dict[str, str]:
    known = recognise(section.ladder, [one for one in stages if one.ladder == ladder])
    return {code: stage.code for code, stage in known.stages.items()}
