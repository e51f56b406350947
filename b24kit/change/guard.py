"""Everything that speaks against a run, asked before the first write; nothing is written when any of it says no.

What is checked: the right portal, the plan's age and fate, our rights, the CRM mode, stages that moved on, the size,
consent to what is final, unanswered hand steps, and how many cards people changed since the plan was made.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from b24kit.change.intake import AcceptIncoming, AttachIncoming, DeclineIncoming
from b24kit.change.journal import Entry, State
from b24kit.change.merging import MergeRecords
from b24kit.change.operation import (
    BindLetter,
    CreateRecord,
    NoWayBack,
    Operation,
    RemoveRecord,
    UnbindLetter,
    UpdateRecord,
)
from b24kit.change.plan import HandStep, Plan
from b24kit.change.prints import present_settings, settings_prints
from b24kit.change.references import settled
from b24kit.change.verdict import moved_on
from b24kit.crm.pipeline import Stage, deals_ladder
from b24kit.crm.portal import Capabilities, Portal, PortalFacts
from b24kit.crm.records import Record, values_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.errors import NotAllowed, PlanStale, Refused

TAP = "tap"  # the check of steps that close what makes the pile
HAND_MOVES = 20  # up to so many card moves may go without an answer to a blocking hand step
DRIFT_SHARE, DRIFT_FLOOR = 0.10, 5
_LOOK = 5000  # a hundred pages, two requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the person at the keyboard agreed to. `phrase` is what was typed for what is final (see `final_phrase`)."""

    phrase: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)  # hand step key -> answer
    max_changes: int | None = None
    drift_share: float = DRIFT_SHARE
    drift_floor: int = DRIFT_FLOOR


@dataclass(frozen=True, slots=True)
class Drift:
    """An object of the plan that somebody changed since, which fields, and by whom where the portal tells."""

    key: str
    ref: Ref
    code: str
    fields: tuple[str, ...]
    by: str | None

    def entry(self, at: datetime) -> Entry:
        """How the journal says that it is left alone."""
        return Entry(
            key=self.key,
            state=State.CONFLICT,
            at=at,
            code=self.code,
            facts={"fields": list(self.fields), "by": self.by},
        )


# What only an administrator may write.
_SETTINGS = frozenset(
    {Kind.STAGE, Kind.PIPELINE, Kind.SOURCE, Kind.FIELD, Kind.GATE, Kind.LOSS_REASON, Kind.SUBSCRIPTION, Kind.LAYOUT}
)


def check(
    plan: Plan,
    portal: Portal,
    facts: PortalFacts,
    now: datetime,
    consent: Consent,
    *,
    pending: Collection[str] | None = None,
    touched: Collection[str] = (),
    ids: Mapping[str, str] | None = None,
) -> list[Drift]:
    """Refuse the run, or return what has to be left alone because people changed it meanwhile.

    A resumed run names the operations that are still `pending`, the references of settings it `touched` itself, and the
    `ids` of what it made: a card half written speaks of them already. Its plan may be past its day, since a half-done
    portal is worse than an old plan.
    """
    todo = [one for one in plan.operations if pending is None or one.key in pending]
    _check_letters(todo)
    if facts.id != plan.portal_id:
        raise Refused("guard.other_portal", plan=plan.portal_id, portal=facts.id)
    if pending is None and now >= plan.expires_at:
        raise PlanStale("guard.expired", plan=plan.id, expired=plan.expires_at.isoformat())
    _check_rights(todo, facts)
    _check_size(todo, consent)
    _check_final(todo, portal.capabilities, consent)
    _check_hand_steps(plan, todo, consent)
    _check_settings(plan, portal, touched)
    return _check_drift([_with_ids(one, ids or {}) for one in todo], portal, consent)


def _with_ids(operation: Operation, ids: Mapping[str, str]) -> Operation:
    if not isinstance(operation, UpdateRecord):
        return operation
    try:
        return replace(operation, after=settled(operation.after, ids))
    except KeyError:  # it speaks of what was not made yet, so it cannot have been written
        return operation


def final_phrase(count: int) -> dict[str, str]:
    """The phrase to type for `count` final operations, by language."""
    return {"ru": f"удалить {count}", "en": f"delete {count}"}


def final_operations(operations: Iterable[Operation], capabilities: Capabilities) -> list[Operation]:
    """Removals, merges and incoming leads sent to the bin that nothing brings back on this vendor, or only as new cards
    out of a copy."""
    final = (RemoveRecord, MergeRecords, DeclineIncoming, AttachIncoming)
    removals = (one for one in operations if isinstance(one, final))
    return [one for one in removals if isinstance(one.inverse("0", capabilities), NoWayBack)]


def drift(operations: Iterable[Operation], portal: Portal) -> list[Drift]:
    """Which cards of these operations are not any more as the plan knew them; settings are judged by their hash."""
    found: list[Drift] = []
    aimed = (
        one
        for one in operations
        if isinstance(one, UpdateRecord | RemoveRecord)
        and one.ref.kind in CARDS
        and not one.ref.is_new
        and not _hidden(one)
    )
    while part := list(itertools.islice(aimed, _LOOK)):
        present = portal.read({one.ref for one in part})
        found += [moved for one in part if (moved := _drift_of(one, present.get(one.ref))) is not None]
    return found


def _hidden(operation: UpdateRecord | RemoveRecord) -> bool:
    """Whether nobody can see its card before the run itself has revealed it."""
    return isinstance(operation, UpdateRecord) and operation.revealed


def _check_rights(todo: Iterable[Operation], facts: PortalFacts) -> None:
    if "crm" in facts.missing_scopes:
        raise NotAllowed("guard.no_scope", scopes="crm")
    kinds: set[Kind] = set()
    settings: set[Kind] = set()
    merges = False
    for operation in todo:
        merges = merges or isinstance(operation, MergeRecords)
        kinds |= _kinds(operation)
        settings |= {operation.target.kind} & _SETTINGS
    if Kind.LEAD in kinds and not facts.leads_on:
        raise Refused("guard.no_leads", portal=facts.id)
    needed = {Kind.TASK: "task", Kind.NOTICE: "im"}
    missing = sorted(scope for kind, scope in needed.items() if kind in kinds and scope in facts.missing_scopes)
    if missing:
        raise NotAllowed("guard.no_scope", scopes=", ".join(missing))
    if (settings or merges) and not facts.admin:  # crm.entity.mergeBatch: administrators only
        raise NotAllowed("guard.not_admin", user=facts.user_name)


def _kinds(operation: Operation) -> set[Kind]:
    if isinstance(operation, CreateRecord):
        return {operation.kind}
    if isinstance(operation, BindLetter | UnbindLetter):
        return {operation.activity.kind, operation.card.kind}
    return {operation.target.kind}


def _check_letters(todo: Iterable[Operation]) -> None:
    """A letter leaves by the robots' outbox alone: a plan that holds one was tampered with."""
    letters = [one.key for one in todo if isinstance(one, CreateRecord) and one.kind is Kind.LETTER]
    if letters:
        raise Refused("guard.letters", count=len(letters))


def _check_size(todo: Collection[Operation], consent: Consent) -> None:
    if consent.max_changes is not None and len(todo) > consent.max_changes:
        raise Refused("guard.too_many", changes=len(todo), allowed=consent.max_changes)


def _check_final(todo: Iterable[Operation], capabilities: Capabilities, consent: Consent) -> None:
    count = len(final_operations(todo, capabilities))
    typed = {_compact(phrase) for phrase in final_phrase(count).values()}
    if count and _compact(consent.phrase) not in typed:
        raise Refused("guard.final", count=count)


def _compact(phrase: str) -> str:
    """A phrase without case, spaces and thousands separators: "Удалить 3 765" is "удалить3765"."""
    return re.sub(r"[\s,]", "", phrase.casefold())


def _check_hand_steps(plan: Plan, todo: Iterable[Operation], consent: Consent) -> None:
    moves = leaving_cards(todo)
    unanswered = [step for step in plan.steps if step.blocking and not (step.answer or consent.answers.get(step.key))]
    if not unanswered or moves <= HAND_MOVES:
        return
    running = next((step for step in unanswered if step.check == TAP), None)
    if running is not None:
        raise tap_open(running, moves)
    steps = ", ".join(step.key for step in unanswered)
    raise Refused("guard.hand_step", steps=steps, moves=moves, allowed=HAND_MOVES)


def tap_open(step: HandStep, moves: int) -> Refused:
    """Why a larger clean-up does not begin: the letters that made the pile go on making it."""
    return Refused("guard.tap_open", step=step.key, moves=moves, allowed=HAND_MOVES, per_day=step.facts.get("per_day"))


def leaving_cards(operations: Iterable[Operation]) -> int:
    """How many cards change their stage or are removed."""
    return sum(
        isinstance(one, AcceptIncoming)
        or (isinstance(one, UpdateRecord) and one.moves)
        or (isinstance(one, RemoveRecord) and one.ref.kind in CARDS)
        for one in operations
    )


def _check_settings(plan: Plan, portal: Portal, touched: Collection[str]) -> None:
    records = present_settings(portal)
    now = settings_prints(records.values())
    if not plan.settings:
        return
    moved = [ref for ref in sorted(now.keys() | plan.settings.keys()) if now.get(ref) != plan.settings.get(ref)]
    foreign = [ref for ref in moved if ref not in touched and not _follows(records.get(ref), touched)]
    if foreign:
        said = [_named(records.get(ref), ref, plan) for ref in foreign]
        raise PlanStale("guard.settings_moved", moved="; ".join(said), count=len(foreign))


def _follows(record: Record | None, touched: Collection[str]) -> bool:
    """Whether a stage came or went with a pipeline of ours: the portal makes and removes those by itself."""
    pipelines = [Ref.parse(ref).id for ref in touched if Ref.parse(ref).kind is Kind.PIPELINE]
    if record is None:
        return bool(pipelines)
    return isinstance(record, Stage) and record.ladder in {deals_ladder(pipeline) for pipeline in pipelines}


def _named(record: Record | None, ref: str, plan: Plan) -> str:
    if record is None:
        return f"{plan.names.get(ref, ref)} (-)"
    return f"{getattr(record, 'name', ref)} ({ref})"


def _check_drift(todo: Collection[Operation], portal: Portal, consent: Consent) -> list[Drift]:
    found = drift(todo, portal)
    refs = {moved.ref for moved in found}
    aimed = {one.ref for one in todo if isinstance(one, UpdateRecord | RemoveRecord) and one.ref.kind in CARDS}
    if len(refs) > consent.drift_floor and len(refs) > consent.drift_share * len(aimed):
        by = sorted({moved.by for moved in found if moved.by})
        some = ", ".join(str(ref) for ref in sorted(refs)[:10])
        raise PlanStale("guard.cards_moved", count=len(refs), of=len(aimed), by=", ".join(by) or "?", some=some)
    return found


def _drift_of(operation: UpdateRecord | RemoveRecord, record: Record | None) -> Drift | None:
    if record is None:
        gone = isinstance(operation, UpdateRecord)  # somebody removed what we would have removed: fine
        return Drift(operation.key, operation.ref, "change.conflict.gone", (), None) if gone else None
    now = values_of(record)
    fields = moved_on(operation, now)
    if not fields:
        return None
    return Drift(operation.key, operation.ref, "change.conflict.moved_on", fields, now.get("changed_by"))
