"""Required data of stages as demands of fields: which field each datum is, which are missing, where each is demanded.

Data that a stage requires must be there before a card leaves it, so a field is demanded by every later stage in work
and by success; failure is reachable without it. What people demand already stays demanded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, UpdateRecord
from b24kit.crm.pipeline import Gate, Outcome
from b24kit.crm.records import ref_of
from b24kit.crm.refs import Kind
from b24kit.migrate.design import fold
from b24kit.migrate.recognise import Recognised
from b24kit.migrate.spec import FieldSpec, Language, StageSpec

# Data that every portal has a field of its own for: (kind of card, the vendor-free code of the field).
WITHOUT_FIELD = frozenset({"full_name"})  # a part of every card: no field of its own to demand
BUILT_IN = {"phone": ("contact", "PHONE"), "email": ("contact", "EMAIL"), "position": ("contact", "POSITION")}
CODE = "B24KIT_"


@dataclass(frozen=True, slots=True)
class GateDiff:
    """What has to be done to fields; `notes` name the data for which there is no field."""

    operations: tuple[Operation, ...]
    notes: tuple[Reason, ...]


def demands(wanted: Sequence[StageSpec], known: Recognised) -> dict[str, tuple[str, ...]]:
    """The stages, by the code that cards carry here, that each datum must be there for."""
    found: dict[str, list[str]] = {}
    for at, spec in enumerate(wanted):
        later = [known.code(one.code) for one in wanted[at + 1 :] if one.outcome is not Outcome.LOST]
        for datum in spec.required:
            mine = found.setdefault(datum, [])
            mine += [code for code in later if code not in mine]
    return {datum: tuple(codes) for datum, codes in found.items() if codes}


def diff_gates(
    demanded: Mapping[str, Sequence[str]], fields: Sequence[FieldSpec], present: Sequence[Gate], lang: Language
) -> GateDiff:
    """Fields to make and demands to add; nothing that is demanded already is taken away."""
    operations: list[Operation] = []
    notes: list[Reason] = []
    specs = {spec.datum: spec for spec in fields}
    added: dict[str, list[str]] = {}
    gates = {gate.id: gate for gate in present}
    for datum, codes in demanded.items():
        gate = _gate_of(datum, specs.get(datum), present)
        if gate is not None:
            added.setdefault(gate.id, []).extend(code for code in codes if code not in added.get(gate.id, ()))
        elif datum in specs:
            operations.append(_create(specs[datum], codes, lang))
        elif datum not in WITHOUT_FIELD:
            notes.append(Reason("design.datum_without_field", {"datum": datum}))
    for gate_id, codes in added.items():
        operations += _demand(gates[gate_id], codes)
    return GateDiff(tuple(operations), tuple(notes))


def _gate_of(datum: str, spec: FieldSpec | None, present: Iterable[Gate]) -> Gate | None:
    """The account's field for a datum: by code, or by a name that the playbook gives it."""
    kind, code = BUILT_IN.get(datum, ("", "")) if spec is None else (spec.card, _code(datum))
    names = set() if spec is None else {fold(name) for name in (spec.name.ru, spec.name.en, *spec.was) if name}
    mine = [gate for gate in present if gate.card_kind == kind]
    by_code = next((gate for gate in mine if gate.code and gate.code in (code, *(spec.was if spec else ()))), None)
    return by_code or next((gate for gate in mine if fold(gate.name) in names), None)


def _code(datum: str) -> str:
    return f"{CODE}{datum.upper()}"


def _create(spec: FieldSpec, codes: Sequence[str], lang: Language) -> CreateRecord:
    values = {"card_kind": spec.card, "code": _code(spec.datum), "label": spec.name.said(lang), "type": spec.type}
    options = [one.said(lang) for one in spec.options]
    return CreateRecord(
        key=f"field-{spec.card}-{spec.datum}",
        phase=Phase.SETTINGS,
        reason=Reason("design.create_field", {"field": values["label"], "n": len(codes)}),
        kind=Kind.FIELD,
        values={**values, **({"options": options} if options else {}), "required_on": list(codes)},
    )


def _demand(gate: Gate, codes: Sequence[str]) -> list[UpdateRecord]:
    missing = [code for code in codes if code not in gate.required_on]
    if not missing:
        return []
    return [
        UpdateRecord(
            key=f"gate-{gate.id}",
            phase=Phase.SETTINGS,
            reason=Reason("design.demand", {"field": gate.name, "n": len(missing)}),
            ref=ref_of(gate),
            before={"required_on": list(gate.required_on)},
            after={"required_on": [*gate.required_on, *missing]},
        )
    ]
