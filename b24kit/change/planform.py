"""A plan as JSON values and back: one form for the plan file and for the journal of the run that carries it out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from b24kit.change.merging import MergeRecords
from b24kit.change.operation import (
    BindLetter,
    CreateRecord,
    Operation,
    Phase,
    Reason,
    RemoveRecord,
    UnbindLetter,
    UpdateRecord,
)
from b24kit.change.plan import HandStep, LeftAlone, Plan
from b24kit.crm.portal import Cost
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import UsageError

_DOES: dict[type[Operation], str] = {
    CreateRecord: "create",
    UpdateRecord: "update",
    RemoveRecord: "remove",
    BindLetter: "bind",
    UnbindLetter: "unbind",
    MergeRecords: "merge",
}


def body_of(plan: Plan) -> dict[str, Any]:
    """The plan as JSON values."""
    return {
        "id": plan.id,
        "portal_id": plan.portal_id,
        "playbook": plan.playbook,
        "made_at": plan.made_at.isoformat(),
        "expires_at": plan.expires_at.isoformat(),
        "settings_hash": plan.settings_hash,
        "settings": dict(plan.settings),
        "snapshot_id": plan.snapshot_id,
        "undoes": plan.undoes,
        "read_through": dict(plan.read_through),
        "cost": asdict(plan.cost) | {"method_seconds": dict(plan.cost.method_seconds)},
        "operations": [operation_body(operation) for operation in plan.operations],
        "steps": [asdict(step) | {"facts": dict(step.facts)} for step in plan.steps],
        "left": [{"ref": str(left.ref), "reason": _reason_body(left.reason)} for left in plan.left],
        "notes": [_reason_body(note) for note in plan.notes],
        "assignment": dict(plan.assignment),
        "names": dict(plan.names),
    }


def plan_of(body: Mapping[str, Any]) -> Plan:
    """The plan that `body_of` took apart; what a newer minor version added is passed over."""
    try:
        return Plan(
            id=body["id"],
            portal_id=body["portal_id"],
            playbook=body["playbook"],
            made_at=datetime.fromisoformat(body["made_at"]),
            expires_at=datetime.fromisoformat(body["expires_at"]),
            settings_hash=body["settings_hash"],
            settings=body.get("settings", {}),
            snapshot_id=body["snapshot_id"],
            undoes=body.get("undoes"),
            read_through=body.get("read_through", {}),
            cost=_cost(body.get("cost", {})),
            operations=tuple(operation_of(item) for item in body["operations"]),
            steps=tuple(_step(item) for item in body.get("steps", [])),
            left=tuple(LeftAlone(Ref.parse(item["ref"]), _reason(item["reason"])) for item in body.get("left", [])),
            notes=tuple(_reason(item) for item in body.get("notes", [])),
            assignment=body.get("assignment", {}),
            names=body.get("names", {}),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError("plan.unreadable", why=f"{type(error).__name__}: {error}") from error


def operation_body(operation: Operation) -> dict[str, Any]:
    """One operation as JSON values; `does` tells which it is."""
    body: dict[str, Any] = {
        "does": _DOES[type(operation)],
        "key": operation.key,
        "phase": operation.phase.name.lower(),
        "cluster": operation.cluster,
        "needs": list(operation.needs),
        "reason": _reason_body(operation.reason),
    }
    match operation:
        case CreateRecord():
            body |= {"kind": operation.kind.value, "values": dict(operation.values), "quiet": operation.quiet}
        case UpdateRecord():
            body |= {"ref": str(operation.ref), "before": dict(operation.before), "after": dict(operation.after)}
        case RemoveRecord():
            body |= {"ref": str(operation.ref), "before": dict(operation.before), "remake": operation.remake}
            body |= {"kept": True} if operation.kept else {}
        case BindLetter() | UnbindLetter():
            body |= {"activity": str(operation.activity), "card": str(operation.card)}
            body |= {"unless_last": True} if isinstance(operation, UnbindLetter) and operation.unless_last else {}
        case MergeRecords():
            body |= {"survivor": str(operation.survivor), "losers": [str(one) for one in operation.losers]}
            body |= {"before": dict(operation.before), "links": {k: list(v) for k, v in operation.links.items()}}
            body |= {"ignores": list(operation.ignores)}
    return body


def operation_of(body: Mapping[str, Any]) -> Operation:
    """The operation that `operation_body` took apart; ValueError when it is of a sort unknown here."""
    shared: dict[str, Any] = {
        "key": body["key"],
        "phase": Phase[body["phase"].upper()],
        "cluster": body.get("cluster", ""),
        "needs": tuple(body.get("needs", ())),
        "reason": _reason(body["reason"]),
    }
    match body["does"]:
        case "create":
            return CreateRecord(kind=Kind(body["kind"]), values=body["values"], quiet=body.get("quiet", True), **shared)
        case "update":
            return UpdateRecord(ref=Ref.parse(body["ref"]), before=body["before"], after=body["after"], **shared)
        case "remove":
            again = {"remake": body.get("remake"), "kept": body.get("kept", False)}
            return RemoveRecord(ref=Ref.parse(body["ref"]), before=body["before"], **again, **shared)
        case "bind":
            return BindLetter(activity=Ref.parse(body["activity"]), card=Ref.parse(body["card"]), **shared)
        case "unbind":
            shared |= {"unless_last": body.get("unless_last", False)}
            return UnbindLetter(activity=Ref.parse(body["activity"]), card=Ref.parse(body["card"]), **shared)
        case "merge":
            cards = Ref.parse(body["survivor"]), tuple(Ref.parse(one) for one in body["losers"])
            more = {"links": body.get("links", {}), "ignores": tuple(body.get("ignores", ()))}
            return MergeRecords(survivor=cards[0], losers=cards[1], before=body["before"], **more, **shared)
        case other:
            raise ValueError(f"no operation {other!r}")


def canonical(body: Mapping[str, Any]) -> str:
    """The one text of a body: keys sorted, no spaces."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def seal_of(body: Mapping[str, Any]) -> str:
    """The hash by which a body is known again."""
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def _reason_body(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "facts": dict(reason.facts)}


def _reason(body: Mapping[str, Any]) -> Reason:
    return Reason(body["code"], body.get("facts", {}))


def _step(body: Mapping[str, Any]) -> HandStep:
    known = ("key", "code", "facts", "link", "check", "answer", "blocking")
    return HandStep(**{name: body[name] for name in known if name in body})


def _cost(body: Mapping[str, Any]) -> Cost:
    known = ("requests", "method_seconds", "seconds_low", "seconds_high")
    return Cost(**({"requests": 0} | {name: body[name] for name in known if name in body}))
