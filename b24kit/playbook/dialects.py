"""The words of a playbook found on one portal: fields for its data, failures that are loss reasons there, sources.

Built from what the portal tells of itself, whenever its stages and people are read anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from b24kit.crm.cardfield import CardField, TellsFields
from b24kit.crm.pipeline import LEADS, Gate, LossReason, Outcome, Stage, deals_ladder
from b24kit.crm.portal import Portal
from b24kit.crm.refs import Kind
from b24kit.migrate.design import fold
from b24kit.migrate.gates import BUILT_IN, CODE
from b24kit.migrate.loss_reasons import failures
from b24kit.migrate.recognise import is_intake
from b24kit.migrate.spec import FieldSpec, Ladder
from b24kit.playbook.ruleset import Names
from b24kit.playbook.schema import Playbook
from b24kit.robots.dialect import Dialect, Failure
from b24kit.robots.spec_gates import GatesSpec

_POSITION = "POST"  # Bitrix24's own field for what a person is


def dialect_of(playbook: Playbook, portal: Portal, stages: Sequence[Stage], names: Names) -> Dialect:
    """How this portal says what the playbook speaks of."""
    able = portal.capabilities
    fields = portal.card_fields() if isinstance(portal, TellsFields) else None
    reasons = tuple(portal.loss_reasons()) if able.loss_reasons else ()
    return Dialect(
        fields=None if fields is None else tuple(fields),
        places=_places(playbook, fields or ()),
        reasons=reasons,
        failures=tuple(_failures(playbook, stages, names, reasons)) if able.one_failure else (),
        sources={
            fold(name): one.code for one in playbook.sources for name in (one.code, one.name.ru, one.name.en) if name
        },
        tells_sources="source" not in able.lacks.get(Kind.LEAD, frozenset()),
    )


def working(stages: Iterable[Stage], portal: Portal) -> list[Stage]:
    """The stages that rules work on: where cards only wait to be taken in nothing is decided by stage."""
    return [one for one in stages if not is_intake(one, portal.capabilities)]


def with_failures(stages: Sequence[Stage], dialect: Dialect) -> tuple[Stage, ...]:
    """The stages, and beside the one failure of a ladder those of the design that are loss reasons here."""
    more = [
        Stage(
            id=one.code, ladder=one.stage.ladder, code=one.code, name=_reason_name(dialect.reasons, one.reason),
            sort=one.stage.sort + place, colour=None, outcome=Outcome.LOST,
        )
        for place, one in enumerate(dialect.failures, 1)
    ]  # fmt: skip
    return (*stages, *more)


def with_aliases(names: Names, playbook: Playbook, dialect: Dialect) -> Mapping[str, Mapping[str, str]]:
    """By ladder, the design's code of a stage -> the portal's; further failures by the code that rules know them by."""
    found = {ladder: dict(codes) for ladder, codes in names.stages.items()}
    for ladder, section in _ladders(playbook, names):
        known = {
            fold(_reason_name(dialect.reasons, one.reason)): one.code
            for one in dialect.failures
            if one.stage.ladder == ladder
        }
        for spec in failures(section.ladder):
            code = next(
                (known[fold(name)] for name in (spec.name.ru, spec.name.en) if name and fold(name) in known), None
            )
            if code is not None:
                found.setdefault(ladder, {})[spec.code] = code
    return found


def with_places(gates: GatesSpec, playbook: Playbook, dialect: Dialect) -> GatesSpec:
    """The gates, with the portal's own fields among the names of each datum."""
    fields = {datum: tuple(names) for datum, names in gates.fields.items()}
    for spec in playbook.fields:
        if spec.datum not in fields:
            found = _found(spec.datum, spec, (), dialect.fields or ())
            fields |= {spec.datum: (found.key,)} if found is not None else {}
    return gates.model_copy(update={"fields": fields})


def demanded(gates: GatesSpec, playbook: Playbook, dialect: Dialect, present: Sequence[Gate]) -> frozenset[str]:
    """The data that the portal itself asks for before a card comes to a stage."""
    asked = {fold(name) for gate in present if gate.required_on for name in (gate.code, gate.name, gate.id) if name}
    specs = {spec.datum: spec for spec in playbook.fields}
    data = {datum for gate in gates.gates for datum in (*gate.leave, *gate.enter)}
    data |= {datum for gate in gates.gates for question in gate.questions for datum in question.ask}
    known = set()
    for datum in data:
        found = _found(datum, specs.get(datum), gates.fields.get(datum, ()), dialect.fields or ())
        if found is not None and asked & {fold(found.code), fold(found.label), found.key.removeprefix("cf")}:
            known.add(datum)
    return frozenset(known)


def _places(playbook: Playbook, fields: Sequence[CardField]) -> dict[str, str]:
    """Names of fields in the playbook that the portal has under another one."""
    specs = {spec.datum: spec for spec in playbook.fields}
    found: dict[str, str] = {}
    for datum, names in playbook.gates.fields.items():
        there = _found(datum, specs.get(datum), names, fields)
        if there is not None:
            found |= {name: there.key for name in names if name not in (there.key, there.code)}
    return found


def _found(datum: str, spec: FieldSpec | None, names: Sequence[str], fields: Sequence[CardField]) -> CardField | None:
    """The portal's field for a datum: by the playbook's code, by ours, by a name that people gave it."""
    codes = [*names, f"{CODE}{datum.upper()}", *(spec.was if spec is not None else ())]
    if datum in BUILT_IN:
        codes += [BUILT_IN[datum][1], _POSITION] if datum == "position" else [BUILT_IN[datum][1]]
    by_code = {name: one for one in reversed(fields) for name in (one.key, one.code) if name}
    found = next((by_code[code] for code in codes if code in by_code), None)
    if found is not None or spec is None:
        return found
    labels = {fold(name) for name in (spec.name.ru, spec.name.en, *spec.was) if name}
    return next((one for one in fields if one.kind.value == spec.card and fold(one.label) in labels), None)


def _failures(
    playbook: Playbook, stages: Sequence[Stage], names: Names, reasons: Sequence[LossReason]
) -> Iterator[Failure]:
    by_name = {fold(one.name): one.id for one in reasons}
    for ladder, section in _ladders(playbook, names):
        lost = next((one for one in stages if one.ladder == ladder and one.outcome is Outcome.LOST), None)
        for spec in failures(section.ladder) if lost is not None else ():
            wanted = (by_name[fold(name)] for name in (spec.name.ru, spec.name.en) if name and fold(name) in by_name)
            reason = next(wanted, None)
            if reason is not None and lost is not None:
                yield Failure(f"{lost.code}~{reason}", lost, reason)


def _ladders(playbook: Playbook, names: Names) -> Iterator[tuple[str, Ladder]]:
    if playbook.stages is not None:
        yield LEADS, playbook.stages
    for spec in playbook.pipelines:
        number = names.pipelines.get(spec.name.ru)
        if number is not None:
            yield deals_ladder(number), spec


def _reason_name(reasons: Sequence[LossReason], number: str) -> str:
    return next((one.name for one in reasons if one.id == number), number)
