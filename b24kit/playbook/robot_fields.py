"""The fields that rules read and write and a portal has not: made by the plan of robots, with names people understand.

Which fields a playbook needs stands in its `gates:` section; what kind they are in its `fields:`, else it is told by
their use. On Bitrix24 people mark on the card what a stage demands, so the plan says that too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason
from b24kit.change.plan import HandStep
from b24kit.crm.cardfield import CardField, TellsFields
from b24kit.crm.portal import Portal
from b24kit.crm.refs import Kind
from b24kit.i18n import Language, has, say
from b24kit.migrate.gates import BUILT_IN
from b24kit.migrate.spec import FieldSpec, Ladder
from b24kit.playbook.dialects import field_of
from b24kit.playbook.ruleset import gates_with_ladders
from b24kit.playbook.schema import Playbook
from b24kit.robots.dialect import DATUM

_DEMANDS = "/crm/lead/details/0/"  # a new lead's card: its settings hold what a stage demands
_NAMED = 6  # stages listed in the step for people


@dataclass(frozen=True, slots=True)
class FieldsDraft:
    """What has to be made; `steps` are what only a person can do about fields, `notes` what could not be found out."""

    operations: tuple[Operation, ...] = ()
    steps: tuple[HandStep, ...] = ()
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A field by the playbook's name of it, and the datum it holds ("" for what rules write themselves)."""

    name: str
    datum: str
    type: str
    spec: FieldSpec | None


def draft_fields(playbook: Playbook, portal: Portal) -> FieldsDraft:
    """The difference between the fields that the playbook's rules speak of and those that cards have."""
    able, lang = portal.capabilities, playbook.language
    present = portal.card_fields() if isinstance(portal, TellsFields) else None
    wanted = [one for one in _wanted(playbook) if not (one.datum == DATUM and able.loss_reasons)]
    if not wanted:
        return FieldsDraft()
    if present is None:
        return FieldsDraft(notes=(Reason("install.fields_unknown", {"n": len(wanted)}),))
    kinds = _kinds(playbook, shared=not able.own_stage_codes)
    operations = [_create(one, kind, lang) for one in wanted for kind in kinds if not _stands(one, kind, present)]
    steps = () if able.native_gates else tuple(_steps(playbook, lang))
    return FieldsDraft(tuple(operations), steps)


def _wanted(playbook: Playbook) -> Iterator[_Wanted]:
    specs = {spec.datum: spec for spec in playbook.fields}
    dates = {rule.on for rule in playbook.spawn.wakes}
    for datum, names in playbook.gates.fields.items():
        spec = specs.get(datum)
        if names and datum not in BUILT_IN:
            kind = spec.type if spec is not None else "date" if datum in dates or datum.endswith("_date") else "text"
            yield _Wanted(names[0], datum, kind, spec)
    score, portrait = playbook.gates.score, playbook.gates.portrait
    if score is not None and score.points_field is not None:
        yield _Wanted(score.points_field, "points", "number", None)
    if score is not None and score.grade_field is not None:
        yield _Wanted(score.grade_field, "grade", "text", None)
    if portrait is not None and portrait.field is not None:
        yield _Wanted(portrait.field, "portrait", "text", None)


def _kinds(playbook: Playbook, *, shared: bool) -> tuple[Kind, ...]:
    """The cards that rules work on; where leads and deals are one to the vendor, one field serves both."""
    pipelines = [gate.pipeline for gate in playbook.gates.gates]
    leads = playbook.stages is not None or None in pipelines or not playbook.pipelines
    deals = bool(playbook.pipelines) or any(pipelines)
    if shared:
        return (Kind.LEAD,)
    return (*((Kind.LEAD,) if leads else ()), *((Kind.DEAL,) if deals else ()))


def _stands(one: _Wanted, kind: Kind, present: Sequence[CardField]) -> bool:
    """Whether a card of this kind, or the client behind it, has the field under any of its names."""
    mine = [field for field in present if field.kind in (kind, Kind.CONTACT, Kind.COMPANY)]
    return field_of(one.datum, one.spec, (one.name,), mine) is not None


def _create(one: _Wanted, kind: Kind, lang: Language) -> CreateRecord:
    label = _called(one.datum, one.spec, lang)
    options = [option.said(lang) for option in one.spec.options] if one.spec is not None else []
    values = {"card_kind": kind.value, "code": one.name, "label": label, "type": one.type}
    return CreateRecord(
        key=f"field-{kind.value}-{one.name.lower()}",
        cluster="robots",
        phase=Phase.SETTINGS,
        reason=Reason("install.field", {"field": label, "datum": one.datum}),
        kind=Kind.FIELD,
        values=values | ({"options": options} if options else {}),
    )


def _called(datum: str, spec: FieldSpec | None, lang: Language) -> str:
    """What people call a datum."""
    if spec is not None:
        return spec.name.said(lang)
    code = f"datum.{datum}"
    return say(code, lang) if has(code, lang) else datum.replace("_", " ").capitalize()


def _steps(playbook: Playbook, lang: Language) -> Iterator[HandStep]:
    """One step: the fields that people mark as required at their stages on the card."""
    gates = [gate for gate in gates_with_ladders(playbook).gates if gate.leave]
    if not gates:
        return
    specs = {spec.datum: spec for spec in playbook.fields}
    names = {stage.code: stage.name.said(lang) for section in _ladders(playbook) for stage in section.ladder}
    told = [
        (names.get(one.stage, one.stage), [_called(datum, specs.get(datum), lang) for datum in one.leave])
        for one in gates[:_NAMED]
    ]
    listed = "; ".join(f"«{stage}»: {', '.join(data)}" for stage, data in told)
    yield HandStep(key="required-fields", code="step.required_fields", facts={"stages": listed}, link=_DEMANDS)


def _ladders(playbook: Playbook) -> Iterator[Ladder]:
    if playbook.stages is not None:
        yield playbook.stages
    yield from playbook.pipelines
