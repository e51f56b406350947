"""Segments written into the portal as a plan: one field of contacts and companies, compared before it is written.

Nothing else of a card changes, so the way back is the field's old value; a field that the plan made goes away again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, UpdateRecord
from b24kit.change.plan import LeftAlone
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.cleanup.extract import Client, extract_clients
from b24kit.cleanup.spec import CleanSpec
from b24kit.crm.refs import Kind
from b24kit.errors import UsageError

LABEL = "Сегмент"
_KINDS = (Kind.CONTACT, Kind.COMPANY)


def plan_segments(
    snapshot: Snapshot, spec: CleanSpec, now: datetime, limit: int | None = None, *, topics: Collection[str] = ()
) -> CleanDraft:
    """The draft that writes each card's segment; UsageError when the playbook names no field for it."""
    name = spec.extract.field
    if name is None:
        raise UsageError("clean.extract_no_field")
    clients = extract_clients(snapshot, spec, now, topics).clients
    changed = [client for client in clients if client.segment and client.card.extra.get(name) != client.segment]
    taken = changed if limit is None else changed[:limit]
    made = _missing_fields(name, spec, clients, taken)
    operations: list[Operation] = [*made.values(), *(_writing(one, name, made) for one in taken)]
    kinds = Counter(client.segment for client in taken)
    notes = [Reason("clean.note.segment", {"segment": segment, "count": kinds[segment]}) for segment in sorted(kinds)]
    if not operations:
        notes = [Reason("clean.note.segments_as_they_are", {"count": len(clients), "field": name})]
    return CleanDraft(
        operations=tuple(operations),
        left=tuple(LeftAlone(one.ref, Reason("clean.left.limit")) for one in changed[len(taken) :]),
        notes=tuple(notes),
        counters={"scope": len(clients), "segmented": len(taken), "left": len(changed) - len(taken)},
    )


def _missing_fields(
    name: str, spec: CleanSpec, clients: Iterable[Client], taken: Iterable[Client]
) -> dict[Kind, CreateRecord]:
    """The field on each kind of card where no card holds a value of it: nothing else tells whether it is there."""
    if not spec.extract.create_field:
        return {}
    there = {client.ref.kind for client in clients if name in client.card.extra}
    wanted = {client.ref.kind for client in taken} - there
    return {kind: _field(name, kind) for kind in _KINDS if kind in wanted}


def _field(name: str, kind: Kind) -> CreateRecord:
    return CreateRecord(
        key=f"field-{kind.value}-{name}",
        phase=Phase.SETTINGS,
        reason=Reason("clean.create_field", {"field": name}),
        kind=Kind.FIELD,
        values={"card_kind": kind.value, "code": name, "label": LABEL, "type": "string"},
    )


def _writing(client: Client, name: str, made: dict[Kind, CreateRecord]) -> UpdateRecord:
    maker = made.get(client.ref.kind)
    phase = Phase.CONTACTS if client.ref.kind is Kind.CONTACT else Phase.COMPANIES
    return UpdateRecord(
        key=f"segment-{client.ref.kind.value}-{client.ref.id}",
        cluster=f"s-{client.ref.kind.value}-{client.ref.id}",
        phase=phase,
        reason=Reason("clean.write_segment", {"segment": client.segment}),
        ref=client.ref,
        before={"extra": {name: client.card.extra.get(name)}},
        after={"extra": {name: client.segment}},
        needs=(maker.key,) if maker is not None else (),
    )
