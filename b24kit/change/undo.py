"""From a run to the plan that takes it back, three-way: what people changed since stays, the rest goes back.

The journal tells what was seen before and what was written, the portal what is there now; the order is the run's
backwards, with stages that others need made first and created things removed last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from b24kit.change.draft import plan_over
from b24kit.change.executor import Executor
from b24kit.change.in_use import HELD, Deed, Use, held_by_people, used_by_people
from b24kit.change.journal import Entry, State
from b24kit.change.making_again import Copies
from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, RemoveRecord
from b24kit.change.plan import Plan
from b24kit.change.prints import present_settings
from b24kit.change.runs import Run, RunInfo, RunStore
from b24kit.change.snapshot import Snapshot
from b24kit.change.wayback import WayBack, find_way_back
from b24kit.clock import Clock
from b24kit.crm.pipeline import Stage
from b24kit.crm.portal import Portal
from b24kit.crm.records import Record
from b24kit.crm.refs import NEW, Kind, Ref
from b24kit.errors import Refused

UNDO_DAYS = 30
_REMOVAL_ORDER = (
    *(Kind.NOTICE, Kind.PRODUCT, Kind.COMMENT, Kind.TODO, Kind.TASK, Kind.ACTIVITY, Kind.DEAL, Kind.LEAD, Kind.CONTACT),
    *(Kind.COMPANY, Kind.STAGE, Kind.SOURCE, Kind.FIELD, Kind.LOSS_REASON, Kind.PIPELINE, Kind.SUBSCRIPTION),
)


def expires(run: RunInfo) -> datetime:
    """Until when a run can be taken back: portals move on, and journals are kept for a limited time."""
    return run.started + timedelta(days=UNDO_DAYS)


def undo_plan(run: Run, portal: Portal, store: RunStore, clock: Clock) -> Plan:
    """The plan that takes a run back as far as it goes; what it leaves alone stands in `left`, with the reasons.

    First settles what a crash left unknown. Refused when the run is of another portal or too long ago.
    """
    info, facts, now = run.info, portal.facts(), clock.now()
    if facts.id != info.portal_id:
        raise Refused("guard.other_portal", plan=info.portal_id, portal=facts.id)
    if now >= expires(info):
        raise Refused("undo.expired", run=run.id, until=expires(info).date().isoformat())
    Executor(run.plan, run.journal, portal, clock).settle_open()
    settings = present_settings(portal)
    deeds = list(_deeds(run, _taken_back(run.id, store)))
    backup = store.backups.find(info.plan_id)
    try:
        way = find_way_back(info, deeds, portal, settings, Copies(backup, run.plan.names))
    finally:
        if backup is not None:
            backup.close()
    operations = _in_order(way)
    return plan_over(
        Snapshot.of(settings.values(), facts, now),
        operations,
        playbook=run.plan.playbook,
        now=clock.now(),
        portal=portal,
        left=way.left,
        notes=[] if operations else [Reason("undo.nothing", {"run": run.id})],
        names={**_stage_names(settings, way), **run.plan.names},
        undoes=run.id,
    )


def _stage_names(settings: Mapping[str, Record], way: WayBack) -> dict[str, str]:
    """What stages are called that the run's own plan could not name yet: those it made, and those made again."""
    there = [one for one in settings.values() if isinstance(one, Stage)]
    again = [one for one in way.restored if one.kind is Kind.STAGE]
    found = {f"stage:{one.ladder}:{one.code}": one.name for one in there}
    return found | {f"stage:{one.values['ladder']}:{NEW}{one.key}": str(one.values["name"]) for one in again}


def used_meanwhile(plan: Plan, run: Run, portal: Portal, at: datetime) -> list[Entry]:
    """What an undo must leave alone because people put it on a card of theirs after the undo was planned.

    A card does not change when another one begins to speak of it, so re-reading it before its removal tells nothing.
    """
    removals = [one for one in plan.operations if isinstance(one, RemoveRecord)]
    made = {one.ref: one.before for one in removals}
    if not any(ref.kind in (Kind.CONTACT, Kind.COMPANY, *HELD) for ref in made):
        return []
    deeds = list(_deeds(run, frozenset()))
    used = {ref: Use(card, 1) for ref, card in used_by_people(run.info, deeds, portal, plan.made_at).items()}
    used |= held_by_people(run.info, deeds, portal, made, plan.made_at)
    return [
        Entry(key=one.key, state=State.CONFLICT, at=at, code="undo.left.used", facts={"card": str(used[one.ref].card)})
        for one in removals
        if one.ref in used
    ]


def _deeds(run: Run, skip: frozenset[str]) -> Iterator[Deed]:
    """What was done, in the plan's order."""
    last = run.journal.last()
    sent = {entry.key: entry for entry in run.journal.sent()}
    for operation in run.plan.operations:
        entry = last.get(operation.key)
        if entry is not None and entry.state is State.DONE and operation.key not in skip:
            made = Ref(operation.target.kind, entry.new_id) if entry.new_id else None
            yield Deed(operation, sent[operation.key], made)


def _taken_back(run_id: str, store: RunStore) -> frozenset[str]:
    """Operations that an earlier undo of this run has taken back already: some kinds cannot be read to find out."""
    found: set[str] = set()
    for info in store.undoing(run_id):
        if store.undoing(info.id):
            continue  # that undo was itself taken back
        undo = store.open(info.id)
        if not info.finished and any(map(_makes_again, undo.plan.operations)):
            undo.close()  # a second way back would make the same cards twice
            raise Refused("undo.unfinished", run=run_id, undo=info.id)
        found |= {key.removeprefix("undo-") for key, entry in undo.journal.last().items() if entry.state.final}
        undo.close()
    return frozenset(found)


def _makes_again(operation: Operation) -> bool:
    """Whether an operation makes a card again out of its copy."""
    return isinstance(operation, CreateRecord) and operation.reason.code == "recreation.card"


def _in_order(way: WayBack) -> list[Operation]:
    """Settings back first, then removed things made again, cards and links backwards, and what was created removed."""
    back = list(reversed(way.back))
    settings = [one for one in back if one.phase is Phase.SETTINGS]
    cards = [one for one in back if one.phase is not Phase.SETTINGS]
    restored = sorted(way.restored, key=lambda one: one.phase)
    removed = sorted(way.removed, key=lambda one: _REMOVAL_ORDER.index(one.ref.kind))
    return [*settings, *restored, *way.hanging, *cards, *removed]
