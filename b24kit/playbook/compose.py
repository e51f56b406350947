"""Sections of a playbook into the pieces of one plan: the only place where stage design and clean-up meet.

Order of a run: settings, then companies and contacts, letters, cards, and the emptied stages last. A lead gets one
update at most.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from b24kit.change.canary import births
from b24kit.change.operation import Operation, Reason, RemoveRecord, UpdateRecord
from b24kit.change.plan import HandStep, LeftAlone, ordered
from b24kit.change.snapshot import Snapshot
from b24kit.change.trials import Trial
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.cleanup.decisions import Decision
from b24kit.cleanup.planner import plan_clean
from b24kit.cleanup.segment_plan import plan_segments
from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.standing_decisions import InForce, in_force
from b24kit.crm.cards import Deal
from b24kit.crm.pipeline import LEADS, Stage, deals_ladder
from b24kit.crm.portal import Capabilities, PortalFacts
from b24kit.crm.refs import Kind
from b24kit.errors import Refused, UsageError
from b24kit.migrate.recognise import pipeline_of, recognise
from b24kit.migrate.spec import Language, StageSpec
from b24kit.playbook.join import departures, join, with_needs
from b24kit.playbook.ladders import SettingsDraft, closing_codes, closing_reasons, draft_closing, draft_settings
from b24kit.playbook.marks import with_marks
from b24kit.playbook.schema import Playbook
from b24kit.robots.on_stages import robots_step

MODES = ("convert", "archive", "delete", "extract")
PARTS = ("stages", "clean")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What a plan is made of; operations stand in the order of their phases. `names` say refs in people's words."""

    operations: tuple[Operation, ...]
    steps: tuple[HandStep, ...] = ()
    left: tuple[LeftAlone, ...] = ()
    notes: tuple[Reason, ...] = ()
    assignment: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)


def compose(
    playbook: Playbook,
    snapshot: Snapshot,
    *,
    capabilities: Capabilities,
    facts: PortalFacts,
    now: datetime,
    only: str | None = None,
    mode: str | None = None,
    limit: int | None = None,
    answers: Mapping[str, str] | None = None,
    lang: Language | None = None,
    decisions: Sequence[Decision] = (),
    linking: Trial | None = None,
) -> Pieces:
    """Everything that a playbook asks of this portal. Pure: nothing is read but the snapshot.

    `only` narrows to "stages" or "clean", `mode` overrides how the pile is cleaned ("extract" asked for here plans the
    writing of segments and nothing else), `limit` takes so many clusters,
    `answers` add to what the playbook says of hand steps, `lang` overrides the language written to the portal,
    `decisions` are what people answered about doubtful clients of this portal, `linking` what an earlier run showed of
    linking incoming letters on it.
    """
    _check_wish(playbook, only, mode)
    if not facts.leads_on and (playbook.stages is not None or playbook.clean is not None):
        raise Refused("plan.leads_off", portal=facts.id)
    written = lang or playbook.language
    stages = only != "clean" and mode != "extract"
    cleans = only != "stages" and playbook.clean is not None
    settings = draft_settings(playbook, snapshot, capabilities, written) if stages else SettingsDraft()
    force = in_force(snapshot, decisions, playbook.clean.protect if playbook.clean is not None else None)
    settings.moves = [move for move in settings.moves if move.ref not in force.protected]
    cleaned = CleanDraft()
    if cleans:
        cleaned = _clean(playbook, snapshot, capabilities, now, mode, limit, written, force, settings.reasons, linking)
        if not stages:
            settings = draft_closing(playbook, snapshot, cleaned.stages_needed, written, capabilities)
    operations = _operations(settings, cleaned, limit)
    steps = [
        *cleaned.steps,
        *_robots_steps(playbook, snapshot, operations, answers or {}, capabilities.automation_page),
    ]
    return Pieces(
        operations=ordered(with_marks(operations, snapshot, capabilities)),
        steps=tuple(steps),
        left=(*settings.left, *cleaned.left),
        notes=(*settings.notes, *_as_designed(settings, stages), *cleaned.notes),
        assignment=cleaned.assignment,
        names=_names(playbook, snapshot, written, capabilities),
        counters=cleaned.counters,
    )


def stage_limits(
    playbook: Playbook, snapshot: Snapshot, capabilities: Capabilities | None = None
) -> dict[str, timedelta]:
    """How long a lead may stand on each stage of the design, by the code that leads carry on this portal."""
    if playbook.stages is None:
        return {}
    known = recognise(playbook.stages.ladder, snapshot.stages(LEADS), capabilities)
    return {known.code(spec.code): spec.limit for spec in playbook.stages.ladder if spec.limit is not None}


def pile_limits(
    playbook: Playbook, snapshot: Snapshot, capabilities: Capabilities | None = None
) -> dict[str, timedelta]:
    """How long a lead must lie on each stage of the design to be cleaned away.

    A fresh inquiry breaks a stage's limit within a day; only what also lay as long as the pile is cleaned away.
    """
    least = timedelta(days=playbook.clean.pile.stuck_after if playbook.clean is not None else 0)
    return {code: max(limit, least) for code, limit in stage_limits(playbook, snapshot, capabilities).items()}


def _check_wish(playbook: Playbook, only: str | None, mode: str | None) -> None:
    if only is not None and only not in PARTS:
        raise UsageError("playbook.part_unknown", part=only, known=", ".join(PARTS))
    if mode is not None and mode not in MODES:
        raise UsageError("playbook.mode_unknown", mode=mode, known=", ".join(MODES))
    absent = ((only == "clean" or mode is not None) and playbook.clean is None) or (
        only == "stages" and playbook.stages is None and not playbook.pipelines
    )
    if absent:
        raise UsageError("playbook.section_absent", playbook=playbook.name, section=only or "clean")


def _clean(
    playbook: Playbook,
    snapshot: Snapshot,
    capabilities: Capabilities,
    now: datetime,
    mode: str | None,
    limit: int | None,
    lang: Language,
    force: InForce,
    reasons: Mapping[str, str],
    linking: Trial | None,
) -> CleanDraft:
    assert playbook.clean is not None
    codes = closing_codes(playbook, snapshot, capabilities)
    close = playbook.clean.close
    wanted = {
        name: codes.get(word, word) for name in ("new_client", "linked", "archive") if (word := getattr(close, name))
    }
    update: dict[str, object] = {"close": close.model_copy(update=wanted)}
    spec: CleanSpec = playbook.clean.model_copy(update={**update, "mode": mode} if mode else update)
    if spec.mode == "extract":
        return plan_segments(snapshot, spec, now, limit, topics=_topics(playbook))
    limits = pile_limits(playbook, snapshot, capabilities)
    return plan_clean(
        snapshot, spec, playbook.owners, now, capabilities, limit, lang=lang, stage_limits=limits, decisions=force,
        reasons=closing_reasons(playbook, reasons, lang),
        linking=linking,
    )  # fmt: skip


def _topics(playbook: Playbook) -> tuple[str, ...]:
    """The names under which letters speak of the playbook's own events."""
    return tuple(phrase for seminar in playbook.owners.seminars for phrase in seminar.phrases)


def _operations(settings: SettingsDraft, cleaned: CleanDraft, limit: int | None) -> list[Operation]:
    moves, waiting = settings.moves, 0
    if limit is not None:
        touched = {one.ref for one in cleaned.operations if isinstance(one, UpdateRecord | RemoveRecord)}
        clusters = len({one.cluster for one in cleaned.operations})
        alone = [move for move in settings.moves if move.ref not in touched]
        kept = {move.ref for move in alone[: max(0, limit - clusters)]} | touched
        moves = [move for move in settings.moves if move.ref in kept]
        waiting = len(settings.moves) - len(moves)
    operations = with_needs([*settings.operations, *join(moves, cleaned.operations)], settings.made)
    if waiting:
        settings.notes.append(Reason("compose.limited", {"limit": limit, "left": waiting}))
    return [*operations, *departures(settings.leaving, settings.standing, operations)]


def _robots_steps(
    playbook: Playbook, snapshot: Snapshot, operations: Sequence[Operation], answers: Mapping[str, str], page: str
) -> list[HandStep]:
    """One step a ladder: whoever applies this plan must know which robots its moves and its new deals will fire."""
    known = {(stage.ladder, stage.code): stage for stage in snapshot.stages()}
    busy: dict[str, Counter[Stage]] = defaultdict(Counter)
    for operation in operations:
        if isinstance(operation, UpdateRecord) and operation.moves:
            ladder = _ladder_of(operation, snapshot)
            stage = known.get((ladder, str(operation.after["stage"])))
            if stage is not None:
                busy[ladder][stage] += 1
    moved = frozenset(busy)
    for place, count in births(operations).items():
        if (newborn := known.get(place)) is not None:
            busy[place[0]][newborn] += count
    given = {**playbook.robots.answers, **answers}
    found = []
    for ladder, counts in sorted(busy.items()):
        step = robots_step(ladder, counts, given, quiet=ladder not in moved, page=page)
        if step is not None:
            found.append(step)
    return found


def _ladder_of(operation: UpdateRecord, snapshot: Snapshot) -> str:
    if operation.ref.kind is Kind.LEAD:
        return LEADS
    deal = snapshot.get(operation.ref)
    return deals_ladder(deal.pipeline) if isinstance(deal, Deal) else ""


def _as_designed(settings: SettingsDraft, asked: bool) -> list[Reason]:
    quiet = asked and settings.designed and not settings.operations and not settings.moves and not settings.leaving
    return [Reason("design.as_designed", {"stages": settings.designed})] if quiet else []


def _names(playbook: Playbook, snapshot: Snapshot, lang: Language, capabilities: Capabilities) -> dict[str, str]:
    """What people call the objects of a plan; stages of the design by the name they will have."""
    found: dict[str, str] = {}
    for stage in snapshot.stages():
        found[f"stage:{stage.id}"] = found[f"stage:{stage.ladder}:{stage.code}"] = stage.name
    for pipeline in snapshot.pipelines():
        found[f"pipeline:{pipeline.id}"] = pipeline.name
    for source in snapshot.sources():
        found[f"source:{source.id}"] = found[f"source:{source.code}"] = source.name
    for user in snapshot.users():
        found[f"user:{user.id}"] = user.name
    for team in snapshot.teams():
        found[f"team:{team.id}"] = team.name
    return found | _designed_names(playbook, snapshot, lang, capabilities)


def _designed_names(
    playbook: Playbook, snapshot: Snapshot, lang: Language, capabilities: Capabilities
) -> dict[str, str]:
    ladders = [(LEADS, playbook.stages)] if playbook.stages is not None else []
    found: dict[str, str] = {f"source:{spec.code}": spec.name.said(lang) for spec in playbook.sources}
    for ladder, section in ladders:
        found |= _stage_names(ladder, section.ladder, snapshot, lang, capabilities)
    for pipe in playbook.pipelines:
        pipeline = pipeline_of(pipe, snapshot.pipelines())
        if pipeline is not None:
            ladder = deals_ladder(pipeline.id)
            found |= _stage_names(ladder, pipe.ladder, snapshot, lang, capabilities)
    return found


def _stage_names(
    ladder: str, wanted: Sequence[StageSpec], snapshot: Snapshot, lang: Language, capabilities: Capabilities
) -> dict[str, str]:
    """Names of the design's stages by the code they have or will have; one shared by several goes by the first."""
    known = recognise(wanted, snapshot.stages(ladder), capabilities)
    specs = [spec for spec in wanted if spec.code not in known.aliases]
    return {f"stage:{ladder}:{known.code(spec.code)}": spec.name.said(lang) for spec in specs}
