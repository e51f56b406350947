"""The stage design of a playbook over a snapshot: settings to change, cards to move, stages to remove at the end."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from b24kit.change.operation import Operation, Reason, UpdateRecord
from b24kit.change.plan import LeftAlone
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.closing_words import DesignedReasons
from b24kit.crm.cards import Deal, Lead
from b24kit.crm.pipeline import LEADS, deals_ladder
from b24kit.crm.portal import Capabilities
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import UsageError
from b24kit.migrate.diff import diff_ladder, make_missing
from b24kit.migrate.directories import diff_pipelines, diff_sources
from b24kit.migrate.gates import demands, diff_gates
from b24kit.migrate.loss_reasons import diff_reasons, failures
from b24kit.migrate.recognise import pipeline_of, recognise
from b24kit.migrate.remap import Exit, exits, move_cards, unlisted
from b24kit.migrate.spec import Ladder, Language, PipelineSpec, Wording
from b24kit.playbook.schema import Playbook

_CODE = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(slots=True)
class SettingsDraft:
    """What the stage design asks for, before it is joined with the clean-up.

    `made` gives the operation that makes a stage or a source, by `stage:<code>` or `source:<code>`.
    """

    operations: list[Operation] = field(default_factory=list)
    moves: list[UpdateRecord] = field(default_factory=list)
    leaving: list[Exit] = field(default_factory=list)
    standing: dict[str, tuple[Ref, ...]] = field(default_factory=dict)  # by the leaving stage's code
    made: dict[str, str] = field(default_factory=dict)
    left: list[LeftAlone] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)
    demanded: dict[str, tuple[str, ...]] = field(default_factory=dict)  # datum -> stages that it must be there for
    reasons: dict[str, str] = field(default_factory=dict)  # name of a loss reason -> the operation that makes it
    designed: int = 0  # stages that were looked at


def draft_settings(playbook: Playbook, snapshot: Snapshot, capabilities: Capabilities, lang: Language) -> SettingsDraft:
    """The whole stage design: sources, pipelines, the ladder of leads and the ladders of deals."""
    draft = SettingsDraft()
    carries = "source" not in capabilities.lacks.get(Kind.LEAD, frozenset())
    sources = diff_sources(playbook.sources if carries else (), snapshot.sources(), lang=lang)
    pipelines = diff_pipelines(playbook.pipelines, snapshot.pipelines(), lang=lang)
    draft.operations += [*sources.operations, *pipelines.operations]
    draft.notes += [*sources.notes, *pipelines.notes]
    draft.made |= {f"source:{code}": key for code, key in sources.created.items()}
    if playbook.stages is not None:
        _add_ladder(draft, LEADS, playbook.stages, snapshot, capabilities, lang)
    for spec in playbook.pipelines:
        pipeline = pipeline_of(spec, snapshot.pipelines())
        if pipeline is None:
            continue
        if spec.only_add:
            _add_missing(draft, deals_ladder(pipeline.id), spec, snapshot, lang)
        else:
            _add_ladder(draft, deals_ladder(pipeline.id), spec, snapshot, capabilities, lang)
    if capabilities.loss_reasons:
        reasons = diff_reasons(_reasons(playbook, capabilities), snapshot.loss_reasons(), lang)
        draft.operations += reasons
        draft.reasons |= {str(one.reason.facts["name"]): one.key for one in reasons}
    if capabilities.native_gates:
        gates = diff_gates(draft.demanded, playbook.fields, snapshot.gates(), lang)
        draft.operations += gates.operations
        draft.notes += gates.notes
    return draft


def _reasons(playbook: Playbook, capabilities: Capabilities) -> list[Wording]:
    """What cards may be lost for: the playbook's own list, and failure stages that this vendor has no room for."""
    ladders = [*([playbook.stages] if playbook.stages is not None else []), *playbook.pipelines]
    further = [spec.name for ladder in ladders for spec in failures(ladder.ladder)] if capabilities.one_failure else []
    return [*playbook.loss_reasons, *further]


def draft_closing(
    playbook: Playbook, snapshot: Snapshot, codes: Collection[str], lang: Language, capabilities: Capabilities
) -> SettingsDraft:
    """Only what a clean-up alone needs: the stages in which it closes leads, where the portal has none yet."""
    present = snapshot.stages(LEADS)
    draft = SettingsDraft()
    if playbook.stages is not None:
        made = make_missing(LEADS, playbook.stages.ladder, present, codes, lang, capabilities)
        draft.operations += made.operations
        draft.made |= {f"stage:{code}": key for code, key in made.created.items()}
    return draft


def closing_reasons(playbook: Playbook, made: Mapping[str, str], lang: Language) -> DesignedReasons:
    """What the design calls the failures in which leads are closed, for portals where they are loss reasons."""
    assert playbook.clean is not None
    close = playbook.clean.close
    designed = {spec.code: spec.name for spec in playbook.stages.ladder} if playbook.stages else {}
    codes = {"linked": close.linked, "archive": close.archive}
    names = {word: designed[code] for word, code in codes.items() if code in designed}
    return DesignedReasons({word: (name.said(lang), name.ru, name.en) for word, name in names.items()}, made)


def closing_codes(playbook: Playbook, snapshot: Snapshot, capabilities: Capabilities) -> dict[str, str]:
    """The stages in which the clean-up closes leads: the playbook's word -> the code that cards carry here.

    UsageError when neither the portal nor the design knows one of them.
    """
    assert playbook.clean is not None
    close, present = playbook.clean.close, snapshot.stages(LEADS)
    known = recognise(playbook.stages.ladder if playbook.stages else (), present, capabilities)
    designed = {spec.code for spec in playbook.stages.ladder} if playbook.stages else set()
    portal = {stage.code for stage in present}
    found: dict[str, str] = {}
    for word in filter(None, (close.new_client, close.linked, close.archive)):
        if word not in designed and word not in portal:
            if capabilities.one_failure and word != close.new_client:
                continue  # leads end on the ladder's one failure, whatever the word
            raise UsageError("playbook.closing_unknown", code=word)
        found[word] = known.code(word) if word in designed else word
    return found


def _add_ladder(
    draft: SettingsDraft, ladder: str, section: Ladder, snapshot: Snapshot, capabilities: Capabilities, lang: Language
) -> None:
    present = snapshot.stages(ladder)
    if "source" in capabilities.lacks.get(Kind.LEAD, frozenset()):
        moves = tuple(move.model_copy(update={"source": None}) for move in section.moves)
        section = section.model_copy(update={"moves": moves})
    leaving, gone = exits(section, recognise(section.ladder, present, capabilities))
    if not capabilities.own_stage_codes:  # codes of another vendor's stages were never here
        gone = [note for note in gone if not _CODE.fullmatch(str(note.facts["stage"]))]
    removed = {one.stage.code for one in leaving if one.removed}
    diff = diff_ladder(ladder, section.ladder, present, capabilities=capabilities, leaving=removed, lang=lang)
    cards: Sequence[Lead | Deal] = []
    if leaving:
        codes = {one.stage.code for one in leaving}
        cards = [card for card in _cards(ladder, snapshot) if card.stage in codes]
    moved = move_cards(section, leaving, cards)
    draft.operations += diff.operations
    draft.moves += moved.operations
    draft.leaving += leaving
    draft.standing |= dict(moved.standing)
    for datum, places in demands(section.ladder, diff.recognised).items():
        draft.demanded[datum] = (*draft.demanded.get(datum, ()), *places)
    draft.made |= {f"stage:{code}": key for code, key in diff.created.items()}
    draft.left += unlisted(diff.recognised, leaving)
    draft.notes += [*diff.notes, *(gone if leaving or diff.operations else [])]
    draft.designed += len(section.ladder)


def _add_missing(draft: SettingsDraft, ladder: str, spec: PipelineSpec, snapshot: Snapshot, lang: Language) -> None:
    """A pipeline that lives already gets the failure stages it lacks; its names, order and colours are not touched."""
    codes = {stage.code for stage in spec.ladder}
    made = make_missing(ladder, spec.ladder, snapshot.stages(ladder), codes, lang)
    draft.operations += made.operations
    draft.made |= {f"stage:{code}": key for code, key in made.created.items()}
    draft.designed += len(spec.ladder)


def _cards(ladder: str, snapshot: Snapshot) -> list[Lead | Deal]:
    if ladder == LEADS:
        return list(snapshot.leads())
    return [deal for deal in snapshot.deals() if deals_ladder(deal.pipeline) == ladder]
