"""Sources and pipelines as they are and as they are wanted, into operations. Nothing here is ever removed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, UpdateRecord
from b24kit.crm.pipeline import Pipeline, Source
from b24kit.crm.records import ref_of
from b24kit.crm.refs import Kind
from b24kit.migrate.recognise import pipeline_of
from b24kit.migrate.spec import Language, PipelineSpec, SourceSpec

_STEP = 10


@dataclass(frozen=True, slots=True)
class SettingsDiff:
    """What has to be done to a directory or to the list of pipelines."""

    operations: tuple[Operation, ...]
    created: Mapping[str, str]
    notes: tuple[Reason, ...] = ()


def diff_sources(
    wanted: Sequence[SourceSpec], present: Sequence[Source], *, needed: Collection[str] | None = None, lang: Language
) -> SettingsDiff:
    """Sources that are missing or named otherwise; `needed` narrows to making these codes. None is ever removed."""
    by_code = {source.code: source for source in present}
    last = max((source.sort for source in present), default=0)
    found: list[Operation] = []
    created: dict[str, str] = {}
    for spec in wanted:
        source, name = by_code.get(spec.code), spec.name.said(lang)
        if source is None and (needed is None or spec.code in needed):
            last += _STEP
            make = _create_source(spec.code, name, last)
            found.append(make)
            created[spec.code] = make.key
        elif source is not None and source.name != name and needed is None:
            found.append(_rename_source(source, name))
    return SettingsDiff(tuple(found), created)


def diff_pipelines(wanted: Sequence[PipelineSpec], present: Sequence[Pipeline], *, lang: Language) -> SettingsDiff:
    """Pipelines that are missing or named otherwise. `created` goes by the design's Russian name.

    The vendor gives a new pipeline default stages of its own (crm.category.add), which no plan can know: its ladder
    waits for the next plan, and a note says so.
    """
    found: list[Operation] = []
    created: dict[str, str] = {}
    notes: list[Reason] = []
    for at, spec in enumerate(wanted):
        pipeline, name = pipeline_of(spec, present), spec.name.said(lang)
        if pipeline is None and spec.only_add:
            notes.append(Reason("design.pipeline_absent", {"pipeline": name}))
        elif pipeline is None:
            make = _create_pipeline(at, name, spec.sort)
            found.append(make)
            created[spec.name.ru] = make.key
            notes.append(Reason("design.pipeline_two_plans", {"pipeline": name, "stages": len(spec.ladder)}))
        elif pipeline.name != name and not spec.only_add:
            found.append(_rename_pipeline(pipeline, name))
    return SettingsDiff(tuple(found), created, tuple(notes))


def _create_source(code: str, name: str, sort: int) -> CreateRecord:
    return CreateRecord(
        key=f"source-{code}",
        phase=Phase.SETTINGS,
        reason=Reason("design.create_source", {"code": code, "source": name}),
        kind=Kind.SOURCE,
        values={"code": code, "name": name, "sort": sort},
    )


def _rename_source(source: Source, name: str) -> UpdateRecord:
    return UpdateRecord(
        key=f"resource-{source.code}",
        phase=Phase.SETTINGS,
        reason=Reason("design.rename_source", {"code": source.code, "source": source.name, "name": name}),
        ref=ref_of(source),
        before={"name": source.name},
        after={"name": name},
    )


def _create_pipeline(at: int, name: str, sort: int) -> CreateRecord:
    return CreateRecord(
        key=f"pipeline-{at + 1}",
        phase=Phase.SETTINGS,
        reason=Reason("design.create_pipeline", {"pipeline": name}),
        kind=Kind.PIPELINE,
        values={"name": name, "sort": sort},
    )


def _rename_pipeline(pipeline: Pipeline, name: str) -> UpdateRecord:
    return UpdateRecord(
        key=f"repipeline-{pipeline.id}",
        phase=Phase.SETTINGS,
        reason=Reason("design.rename_pipeline", {"pipeline": pipeline.name, "name": name}),
        ref=ref_of(pipeline),
        before={"name": pipeline.name},
        after={"name": name},
    )
