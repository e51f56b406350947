"""What a portal does of a playbook as written, what it does in another way and what it cannot, from its capabilities.

One list serves a plan on one portal ("here otherwise") and the comparison of several; nothing is read from a portal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from b24kit.crm.portal import Capabilities
from b24kit.crm.refs import Kind
from b24kit.migrate.loss_reasons import failures
from b24kit.migrate.spec import Ladder, Language
from b24kit.playbook.client_words import by_hand, client_words, listed
from b24kit.playbook.schema import Playbook


class Way(StrEnum):
    CAN = "can"
    OTHERWISE = "otherwise"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Ability:
    """One thing that a playbook asks for, and how this portal does it: a catalogue code with its facts."""

    code: str
    way: Way
    facts: Mapping[str, Any] = field(default_factory=dict)


def abilities(playbook: Playbook, able: Capabilities, lang: Language) -> list[Ability]:
    """Everything the playbook speaks of, in the order of its sections; what it does not ask for is left out."""
    ladders: list[Ladder] = [*([playbook.stages] if playbook.stages is not None else []), *playbook.pipelines]
    found = [*_ladders(ladders, able), *_failures(playbook, ladders, able, lang), *_carried(playbook, ladders, able)]
    found += _people(playbook, able)
    if playbook.clean is not None:
        found += [*_cleaning(able), *_letters(able)]
    return [*found, *_robots(playbook, able, lang)]


def _ladders(ladders: Sequence[Ladder], able: Capabilities) -> Iterator[Ability]:
    if not ladders:
        return
    named = able.own_stage_codes
    yield Ability(f"ability.stages_by_{'code' if named else 'name'}", Way.CAN if named else Way.OTHERWISE)
    if any(stage.colour for ladder in ladders for stage in ladder.ladder):
        free = able.colours is None
        facts = {} if free else {"n": len(able.colours or ())}
        yield Ability(f"ability.{'any_colour' if free else 'palette'}", Way.CAN if free else Way.OTHERWISE, facts)
    only = able.system_names_only
    yield Ability(f"ability.system_{'names_only' if only else 'renamed'}", Way.OTHERWISE if only else Way.CAN)
    if able.keeps_incoming:
        yield Ability("ability.incoming", Way.OTHERWISE)
    if any(move.remove for ladder in ladders for move in ladder.moves):
        same = able.restores_stage_code
        yield Ability(f"ability.stage_{'returns' if same else 'remade'}", Way.CAN if same else Way.OTHERWISE)
    if able.keeps_last_stage:
        yield Ability("ability.last_stage", Way.OTHERWISE)
    if able.stage_numbers is not None:
        yield Ability("ability.numbered", Way.OTHERWISE)


def _failures(playbook: Playbook, ladders: Sequence[Ladder], able: Capabilities, lang: Language) -> Iterator[Ability]:
    further = [spec.name.said(lang) for ladder in ladders for spec in failures(ladder.ladder)]
    if further and able.one_failure:
        yield Ability("ability.loss_reasons", Way.OTHERWISE, {"list": ", ".join(f"«{name}»" for name in further)})
    elif further:
        yield Ability("ability.failure_stages", Way.CAN)
    if playbook.loss_reasons:
        kept = able.loss_reasons
        yield Ability(f"ability.{'reasons_kept' if kept else 'no_loss_reasons'}", Way.CAN if kept else Way.CANNOT)


def _carried(playbook: Playbook, ladders: Sequence[Ladder], able: Capabilities) -> Iterator[Ability]:
    stages = [stage for ladder in ladders for stage in ladder.ladder]
    if any(stage.prompts or stage.goal for stage in stages):
        levels = len(able.prompt_levels)
        facts = {"n": levels} if levels else {}
        yield Ability(f"ability.{'prompts' if levels else 'no_prompts'}", Way.CAN if levels else Way.CANNOT, facts)
    if any(stage.required for stage in stages):
        gates = able.native_gates
        yield Ability(f"ability.{'gates' if gates else 'no_gates'}", Way.CAN if gates else Way.CANNOT)
    if playbook.gates.gates and playbook.gates.on_card:
        shown = able.lays_out
        yield Ability(f"ability.{'card_view' if shown else 'no_card_view'}", Way.CAN if shown else Way.OTHERWISE)
    if playbook.fields:
        made = able.native_gates
        yield Ability(f"ability.{'fields' if made else 'no_fields'}", Way.CAN if made else Way.CANNOT)
    if playbook.sources or any(move.source for ladder in ladders for move in ladder.moves):
        carries = "source" not in able.lacks.get(Kind.LEAD, frozenset())
        yield Ability(f"ability.{'sources' if carries else 'no_sources'}", Way.CAN if carries else Way.CANNOT)


def _people(playbook: Playbook, able: Capabilities) -> Iterator[Ability]:
    owners = playbook.owners
    if owners.seminars or owners.sources:
        told = "position" not in able.lacks.get(Kind.USER, frozenset())
        yield Ability(f"ability.{'positions' if told else 'no_positions'}", Way.CAN if told else Way.OTHERWISE)
    if owners.fallback.head_of:
        told = "head" not in able.lacks.get(Kind.TEAM, frozenset())
        yield Ability(f"ability.{'heads' if told else 'no_heads'}", Way.CAN if told else Way.OTHERWISE)


def _letters(able: Capabilities) -> Iterator[Ability]:
    """What becomes of letters, of the contacts that came with them, and what of it can be taken back."""
    bound, notes = "bind activity" not in able.refuses, Kind.COMMENT in able.deletes
    yield Ability(f"ability.{'letters_bound' if bound else 'letters_copied'}", Way.CAN if bound else Way.OTHERWISE)
    if able.brings_contacts:
        yield Ability("ability.fresh_contacts", Way.OTHERWISE)
    if able.keeps_incoming:
        yield Ability("ability.incoming_for_good", Way.OTHERWISE)
    yield Ability(f"ability.{'notes_go' if notes else 'notes_stay'}", Way.CAN if notes else Way.OTHERWISE)
    flies = {Kind.LEAD, Kind.DEAL} <= able.deletes
    yield Ability(f"ability.{'canary' if flies else 'no_canary'}", Way.CAN if flies else Way.CANNOT)
    listed = "exceptions" in able.pages
    yield Ability(f"ability.{'exceptions' if listed else 'no_exceptions'}", Way.CAN if listed else Way.CANNOT)
    if able.marks_need_field:
        yield Ability("ability.mark_field", Way.OTHERWISE)


def _robots(playbook: Playbook, able: Capabilities, lang: Language) -> Iterator[Ability]:
    works = playbook.routing or playbook.sla.rules or playbook.cadence.sequences or playbook.cadence.heard
    if works:
        notice = "create notice" not in able.refuses
        yield Ability(f"ability.{'notices' if notice else 'no_notices'}", Way.CAN if notice else Way.OTHERWISE)
    yield from _client_words(playbook, able, lang)


def _client_words(playbook: Playbook, able: Capabilities, lang: Language) -> Iterator[Ability]:
    """Which messages leave by themselves and which an employee sends: to each its own line."""
    words = client_words(playbook, lang)
    hand = by_hand(words, able)
    leaving = [one for one in words if one not in hand]
    if leaving:
        yield Ability("ability.sends", Way.CAN, {"list": listed(leaving, lang)})
    if hand:
        yield Ability("ability.by_hand", Way.OTHERWISE, {"n": len(hand), "list": listed(hand, lang)})


def _cleaning(able: Capabilities) -> Iterator[Ability]:
    deletes, quiet = Kind.LEAD in able.deletes, Kind.CONTACT in able.quiet_creation
    yield Ability(f"ability.{'deletes' if deletes else 'no_deletes'}", Way.CAN if deletes else Way.OTHERWISE)
    yield Ability(f"ability.{'merges' if able.merges else 'no_merges'}", Way.CAN if able.merges else Way.OTHERWISE)
    yield Ability(f"ability.{'quiet' if quiet else 'loud'}", Way.CAN if quiet else Way.OTHERWISE)
