"""Taking incoming leads in, turning them down, linking them: one request each, the vendor has no bulk form.

Rests on the vendor's page "Incoming leads"; private addresses of the web pages are never used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.connectors.amocrm.methods import ENTITIES
from b24kit.connectors.amocrm.steps import Step, step
from b24kit.connectors.amocrm.translate import stage_code, stage_numbers
from b24kit.connectors.amocrm.wirevalues import Row, wire_id
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Accept, Decline, Result, Settled, TakeIn
from b24kit.errors import UsageError


def take_in_step(write: TakeIn) -> Step:
    """The one request of such a write."""
    uid = write.incoming.id
    if isinstance(write, Accept):
        body: dict[str, Any] = {"user_id": wire_id(write.owner), "status_id": stage_numbers(write.stage)[1]}
        return step("POST /leads/unsorted/{uid}/accept", body, uid=uid, touches=f"unsorted/{uid}")
    if isinstance(write, Decline):
        by = {"user_id": wire_id(write.by)} if write.by else None
        return step("DELETE /leads/unsorted/{uid}/decline", by, uid=uid, touches=f"unsorted/{uid}")
    if write.card.kind not in (Kind.LEAD, Kind.DEAL):
        raise UsageError("kind_not_readable", kind=write.card.kind.value)
    target: dict[str, Any] = {"entity_id": wire_id(write.card.id), "entity_type": ENTITIES[write.card.kind]}
    if write.contact:
        target["metadata"] = {"contact_id": wire_id(write.contact)}
    return step("POST /leads/unsorted/{uid}/link", {"link": target}, uid=uid, touches=f"unsorted/{uid}")


def settled_intake(write: TakeIn, waits: bool, row: Row | None) -> Result:
    """What became of a lost answer: `waits` tells whether it stands among the incoming ones, `row` is its card.

    What does not wait any more and is on the wanted side (taken in, or binned) is done; on the other side a person was
    quicker, and the write can never be carried out.
    """
    if waits:
        return Result(write.key, Settled.NOT_EXECUTED)
    taken = row is not None
    if taken is isinstance(write, Accept) and (not isinstance(write, Accept) or _at(row or {}) == write.stage):
        return Result(write.key, Settled.DONE)
    return Result(write.key, Settled.REFUSED, code="taken_by_others", said="somebody settled it meanwhile")


def card_of_incoming(before: Mapping[str, Any]) -> Ref | None:
    """The card that an incoming lead stood on."""
    found = before.get("lead")
    return Ref(Kind.LEAD, str(found)) if found else None


def _at(row: Row) -> str:
    return stage_code(int(row.get("pipeline_id") or 0), int(row.get("status_id") or 0))
