"""Rules checked against the ladders of their own playbook: a stage that a rule names must stand where it says.

A rule on a stage that is not there would simply never fire, which nobody notices; so it is a mistake of the file.
Pipelines that the playbook does not design are the portal's own and cannot be checked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from b24kit.migrate.design import Fault, Path, fold
from b24kit.migrate.spec import Ladder
from b24kit.playbook.schema import Playbook

_SECTIONS = ("routing", "sla", "cadence", "gates", "spawn", "payments")
# Fields that name stages of the rule's own pipeline.
_OWN = ("stages", "stage", "to", "intake", "assigned", "then_stage", "on_reply", "pause_stages")


def rule_faults(playbook: Playbook) -> list[Fault]:
    """Rules that name a stage which their ladder in this playbook does not have."""
    return list(_Names(playbook).faults())


class _Names:
    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self._ladders: dict[str | None, Ladder] = {None: playbook.stages} if playbook.stages is not None else {}
        for spec in playbook.pipelines:
            for name in (spec.name.ru, spec.name.en, *spec.was):
                if name:
                    self._ladders[fold(name)] = spec

    def faults(self) -> Iterator[Fault]:
        for name in _SECTIONS:
            section = getattr(self._playbook, name)
            if section is not None:
                yield from self._within(section, (name,), None)

    def _within(self, model: BaseModel, path: Path, pipeline: str | None) -> Iterator[Fault]:
        """The faults of a rule and of everything inside it; a rule's own `pipeline` holds for its parts."""
        pipeline = getattr(model, "pipeline", pipeline)
        for field in sorted(model.model_fields_set):  # a default is no word of the consultant's
            value, here = getattr(model, field), (*path, field)
            if field in _OWN and not isinstance(value, BaseModel):
                yield from self._stages(value, here, pipeline)
            for at, part in _parts(value):
                yield from self._within(part, (*here, *at), pipeline)

    def _stages(self, value: Any, path: Path, pipeline: str | None) -> Iterator[Fault]:
        ladder = self._ladders.get(None if pipeline is None else fold(pipeline))
        if ladder is None or value is None:
            return
        known = {stage.code for stage in ladder.ladder}
        known |= {fold(text) for stage in ladder.ladder for text in (stage.name.ru, stage.name.en) if text}
        many = isinstance(value, tuple)
        for at, name in enumerate(value if many else (value,)):
            if name not in known and fold(name) not in known:
                facts = {"stage": name, "known": ", ".join(stage.code for stage in ladder.ladder)}
                yield Fault((*path, at) if many else path, "playbook.fault.stage_unknown", facts)


def _parts(value: Any) -> Iterator[tuple[Path, BaseModel]]:
    if isinstance(value, BaseModel):
        yield (), value
    elif isinstance(value, tuple):
        yield from (((at,), one) for at, one in enumerate(value) if isinstance(one, BaseModel))
