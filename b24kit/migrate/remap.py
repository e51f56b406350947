"""Cards moved out of the stages that go away, and the stage's old meaning, a source, written where it belongs.

Nothing is moved by the vendor: a stage that still holds cards refuses to go (crm.status.delete, "There are active
items in this status."). So every card is an operation of its own, with its before-image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from b24kit.change.operation import Phase, Reason, RemoveRecord, UpdateRecord
from b24kit.change.plan import LeftAlone
from b24kit.crm.cards import Deal, Lead
from b24kit.crm.pipeline import Stage
from b24kit.crm.records import ref_of, values_of
from b24kit.crm.refs import Ref
from b24kit.errors import UsageError
from b24kit.migrate.recognise import Recognised, bare, named, slug
from b24kit.migrate.spec import Ladder, MoveSpec


@dataclass(frozen=True, slots=True)
class Exit:
    """An old stage of the portal on its way out: where its cards go and whether it goes itself."""

    stage: Stage
    move: MoveSpec
    to: str | None  # the code on this portal of the stage that takes the cards

    @property
    def removed(self) -> bool:
        return self.move.remove


@dataclass(frozen=True, slots=True)
class Moves:
    """One operation a card, and the cards that stood in each stage that goes away."""

    operations: tuple[UpdateRecord, ...]
    standing: Mapping[str, tuple[Ref, ...]]


def exits(section: Ladder, known: Recognised) -> tuple[list[Exit], list[Reason]]:
    """The moves of a playbook that still have a stage on this portal, and a note on those that have none."""
    found: list[Exit] = []
    gone: list[Reason] = []
    for move in section.moves:
        stage = named(move.stage, known.others)
        if stage is None:
            gone.append(Reason("design.already_gone", {"stage": move.stage}))
        elif stage.system and move.remove:
            raise UsageError("design.system_stage_stays", stage=stage.name, code=stage.code)
        else:
            found.append(Exit(stage, move, known.code(move.to) if move.to else None))
    return found, gone


def move_cards(section: Ladder, leaving: Sequence[Exit], cards: Iterable[Lead | Deal]) -> Moves:
    """Move every card that stands in a leaving stage; UsageError when a stage with cards has nowhere to send them."""
    by_code = {one.stage.code: one for one in leaving}
    standing: dict[str, list[Ref]] = {code: [] for code in by_code}
    operations: list[UpdateRecord] = []
    lost: Counter[str] = Counter()
    for card in cards:
        way = by_code.get(card.stage)
        if way is None:
            continue
        standing[card.stage].append(card.ref)
        if way.to is None:
            lost[card.stage] += 1
        else:
            operations.append(_move(section, way, card))
    if lost:
        code, count = lost.most_common(1)[0]
        name = by_code[code].stage.name
        raise UsageError("design.stage_holds_cards", stage=name, count=count, line=f"{{stage: {name}, to: <code>}}")
    return Moves(tuple(operations), {code: tuple(refs) for code, refs in standing.items()})


def removals(leaving: Sequence[Exit], needs: Mapping[str, Sequence[str]]) -> list[RemoveRecord]:
    """The stages that go, each once the operations that empty it (by the stage's code) are done."""
    return [
        RemoveRecord(
            key=f"drop-{slug(one.stage.ladder)}-{bare(one.stage.code)}",
            phase=Phase.RETIRE,
            reason=Reason("design.remove", {"stage": one.stage.name, "count": len(needs.get(one.stage.code, ()))}),
            needs=tuple(needs.get(one.stage.code, ())),
            ref=ref_of(one.stage),
            before=values_of(one.stage),
        )
        for one in leaving
        if one.removed
    ]


def unlisted(known: Recognised, leaving: Sequence[Exit]) -> list[LeftAlone]:
    """Stages of the portal that neither the ladder nor the moves name: they stay, and the plan says so."""
    going = {one.stage.id for one in leaving}
    return [
        LeftAlone(ref_of(stage), Reason("design.unlisted", {"stage": stage.name, "code": stage.code}))
        for stage in known.others
        if stage.id not in going
    ]


def _move(section: Ladder, way: Exit, card: Lead | Deal) -> UpdateRecord:
    before: dict[str, Any] = {"stage": card.stage}
    after: dict[str, Any] = {"stage": way.to}
    if isinstance(card, Lead) and way.move.source is not None:
        empty = not card.source
        if (empty or section.source_policy == "overwrite") and card.source != way.move.source:
            before["source"], after["source"] = card.source, way.move.source
    facts = {"stage": way.stage.name, "to": way.to, "source": after.get("source") or ""}
    return UpdateRecord(
        key=f"move-{card.ref.kind.value}-{card.id}",
        cluster=f"m-{card.ref.kind.value}-{card.id}",
        phase=Phase.CARDS,
        reason=Reason("design.move_with_source" if "source" in after else "design.move", facts),
        ref=card.ref,
        before=before,
        after=after,
    )
