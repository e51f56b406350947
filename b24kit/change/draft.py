"""From decided operations to a plan: its id, its day of expiry, what it rests on, and its price at this portal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from b24kit.change.operation import Operation, Reason, RemoveRecord
from b24kit.change.plan import HandStep, LeftAlone, Plan
from b24kit.change.planform import operation_body, seal_of
from b24kit.change.snapshot import Snapshot
from b24kit.change.verdict import looked_at
from b24kit.crm.portal import DOSSIER, PortalWrites
from b24kit.crm.refs import CARDS, Kind
from b24kit.errors import UsageError

VALID_HOURS = 24.0


def plan_over(
    snapshot: Snapshot,
    operations: Sequence[Operation],
    *,
    playbook: str,
    now: datetime,
    portal: PortalWrites,
    steps: Sequence[HandStep] = (),
    left: Sequence[LeftAlone] = (),
    notes: Sequence[Reason] = (),
    assignment: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    valid_hours: float = VALID_HOURS,
    undoes: str | None = None,
) -> Plan:
    """The plan of these operations, which stand in the order they shall be carried out in.

    The portal is only asked for the price. UsageError when two operations have one key.
    """
    settings = snapshot.prints(Kind.STAGE, Kind.PIPELINE, Kind.SOURCE)
    plan = Plan(
        id=_plan_id(snapshot, operations, now),
        portal_id=snapshot.portal_id,
        playbook=playbook,
        made_at=now,
        expires_at=now + timedelta(hours=valid_hours),
        settings_hash=snapshot.settings_hash(),
        settings=settings,
        snapshot_id=snapshot.id,
        operations=tuple(operations),
        steps=tuple(steps),
        left=tuple(left),
        notes=tuple(notes),
        read_through=snapshot.read_through(),
        undoes=undoes,
        assignment=assignment or {},
        names=names or {},
    )
    return priced(plan, portal)


def priced(plan: Plan, portal: PortalWrites) -> Plan:
    """The plan with its cost at this portal's limits: its writes, and the re-reading of what it touches.

    Cards are read twice, by the guard before the start and by the executor just before they are written.
    """
    refs = looked_at((one for one in plan.operations if not one.target.is_new), {})
    reads = Counter(ref.kind.value for ref in refs)
    reads.update(ref.kind.value for ref in refs if ref.kind in CARDS)
    # What is removed with a copy is read whole twice: for the copy, and right before it goes.
    if copied := 2 * sum(isinstance(one, RemoveRecord) and one.kept for one in plan.operations):
        reads[DOSSIER] = copied
    return replace(plan, cost=portal.price(plan.write_counts(), reads))


def _plan_id(snapshot: Snapshot, operations: Sequence[Operation], now: datetime) -> str:
    keys = [operation.key for operation in operations]
    if len(set(keys)) != len(keys):
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise UsageError("plan.key_twice", keys=", ".join(twice[:5]))
    bodies = [operation_body(operation) for operation in operations]
    return seal_of({"at": now.isoformat(), "over": snapshot.id, "operations": bodies})[:12]
