"""The field in which a portal without origins keeps our marks: a plan that makes cards there makes it first.

By its mark a card is found again when the answer to its creation was lost, so that none is made twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason
from b24kit.change.snapshot import Snapshot
from b24kit.crm.portal import Capabilities
from b24kit.crm.refs import CARDS, Kind

MARK_FIELD = "B24KIT_ID"


def with_marks(operations: Sequence[Operation], snapshot: Snapshot, capabilities: Capabilities) -> list[Operation]:
    """The operations with the fields that their new cards need and the portal lacks; every new card waits for its own.

    Fields are shared by kinds of cards that the vendor keeps as one (`Capabilities.fields_of`).
    """
    if not capabilities.marks_need_field:
        return list(operations)
    there = {gate.card_kind for gate in snapshot.gates() if gate.code == MARK_FIELD}
    wanted = {capabilities.fields_of.get(kind, kind) for kind in _made(operations)}
    fields = {kind: _field(kind) for kind in CARDS if kind in wanted and kind.value not in there}
    return [*fields.values(), *(_waiting(one, fields, capabilities) for one in operations)]


def _made(operations: Iterable[Operation]) -> set[Kind]:
    return {one.kind for one in operations if isinstance(one, CreateRecord) and one.kind in CARDS}


def _field(kind: Kind) -> CreateRecord:
    return CreateRecord(
        key=f"mark-{kind.value}",
        phase=Phase.SETTINGS,
        reason=Reason("design.mark_field", {"field": MARK_FIELD}),
        kind=Kind.FIELD,
        values={"card_kind": kind.value, "code": MARK_FIELD, "label": "b24kit", "type": "string"},
    )


def _waiting(one: Operation, fields: dict[Kind, CreateRecord], capabilities: Capabilities) -> Operation:
    if not isinstance(one, CreateRecord) or one.kind not in CARDS:
        return one
    field = fields.get(capabilities.fields_of.get(one.kind, one.kind))
    return one if field is None else replace(one, needs=(*one.needs, field.key))
