"""What robots did in a stretch of time or on one card, told as a run: so the engine's undo takes it back, three-way.

Several writes of robots to one field are one deed from the first state to the last; where a person wrote in between,
only what came after him is robots'. What they wrote to a card or a to-do of their own goes with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from b24kit.change.journal import Entry, State
from b24kit.change.operation import CreateRecord, Operation, UpdateRecord
from b24kit.change.plan import Plan
from b24kit.change.runs import Run, RunStore
from b24kit.crm.portal import PortalFacts
from b24kit.crm.records import agrees
from b24kit.crm.refs import Kind, Ref, new_ref
from b24kit.robots.act import PLAN
from b24kit.robots.ledger import Ledger

MEMBERS = "operations"  # the fact of a deed that names the operations of robots it is made of


@dataclass(frozen=True, slots=True)
class Deed:
    """One operation of robots that was carried out: as it was sent, and its end."""

    operation: Operation
    card: Ref
    sent: Entry
    done: Entry


@dataclass(slots=True)
class _Change:
    """What robots made of one object: the fields before the first and after the last of their writes."""

    seen: dict[str, Any] = field(default_factory=dict)
    wrote: dict[str, Any] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)


def record_run(deeds: Sequence[Deed], store: RunStore, facts: PortalFacts, plan_id: str, now: datetime) -> Run:
    """A finished run in the store that says the same as these deeds; `plan_id` must be new."""
    told = [*_made(deeds), *_changed(deeds)]
    told.sort(key=lambda one: one.done.at)
    plan = Plan(
        id=plan_id,
        portal_id=facts.id,
        playbook=PLAN,
        made_at=now,
        expires_at=now,
        settings_hash="",
        snapshot_id="",
        operations=tuple(one.operation for one in told),
    )
    run = store.start(plan, facts, min(one.sent.at for one in told), (facts.now - now).total_seconds())
    run.journal.append([entry for one in told for entry in (one.sent, one.done)])
    run.end(max(one.done.at for one in told), "done", "{}")
    return run


def deeds_of(ledger: Ledger, *, since: datetime | None, card: Ref | None, without: Collection[str] = ()) -> list[Deed]:
    """What robots carried out since a moment, or ever on a card, oldest first; `without` was taken back already."""
    return [
        Deed(operation, of, sent, done)
        for operation, of, sent, done in ledger.carried_out(since=since, card=card)
        if operation.key not in without
    ]


def taken_back_before(store: RunStore, portal_id: str) -> frozenset[str]:
    """Operations of robots that an earlier undo has taken back."""
    found: set[str] = set()
    for info in store.list():
        if info.portal_id != portal_id or info.undoes is None or store.undoing(info.id):
            continue
        undo, run = store.open(info.id), store.open(info.undoes)
        if run.plan.playbook == PLAN:
            members = {key: entry.facts.get(MEMBERS, [key]) for key, entry in run.journal.last().items()}
            for key, entry in undo.journal.last().items():
                if entry.state.final:
                    found |= set(members.get(key.removeprefix("undo-"), ()))
        undo.close()
        run.close()
    return frozenset(found)


def _made(deeds: Iterable[Deed]) -> list[Deed]:
    return [one for one in deeds if isinstance(one.operation, CreateRecord)]


def _changed(deeds: Sequence[Deed]) -> list[Deed]:
    """One deed an object; of an object that robots made, one that speaks of its making."""
    makers: dict[Ref, str] = {}
    for one in deeds:
        if isinstance(one.operation, CreateRecord) and one.done.new_id:
            kind = one.operation.kind  # a to-do is made as one and changed as an activity
            makers[Ref(Kind.ACTIVITY if kind is Kind.TODO else kind, one.done.new_id)] = one.operation.key
    changes: dict[Ref, _Change] = {}
    for deed in deeds:
        if isinstance(deed.operation, UpdateRecord):
            change = changes.setdefault(deed.operation.ref, _Change())
            _join(change.seen, change.wrote, deed.sent.seen or {}, deed.sent.wrote or {})
            change.deeds.append(deed)
    return [_whole(ref, change, makers.get(ref)) for ref, change in changes.items()]


def _join(seen: dict[str, Any], wrote: dict[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    for name, value in after.items():
        was = before.get(name)
        if name == "extra":
            _join(seen.setdefault(name, {}), wrote.setdefault(name, {}), was or {}, value or {})
            continue
        if name not in wrote or not agrees(name, was, wrote[name]):
            seen[name] = was  # the first write of ours, or a person's own state
        wrote[name] = value


def _whole(ref: Ref, change: _Change, maker: str | None) -> Deed:
    first, last = change.deeds[0], change.deeds[-1]
    assert isinstance(last.operation, UpdateRecord)
    operation = replace(
        last.operation,
        ref=ref if maker is None else new_ref(ref.kind, maker),
        before=change.seen,
        after=change.wrote,
        needs=(),
    )
    sent = replace(last.sent, state=State.INTENDED, at=first.sent.at, seen=change.seen, wrote=change.wrote)
    members = [one.operation.key for one in change.deeds]
    return Deed(operation, last.card, sent, replace(last.done, facts={MEMBERS: members}))
