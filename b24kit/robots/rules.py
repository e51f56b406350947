"""The rules of a playbook made ready for one portal: sections, its ladders, and what this vendor does by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from b24kit.crm.pipeline import LEADS, Outcome, Pipeline, Stage, deals_ladder
from b24kit.robots.facts import CardFacts
from b24kit.robots.history import source_of
from b24kit.robots.spec_cadence import CadenceSpec
from b24kit.robots.spec_gates import GatesSpec
from b24kit.robots.spec_sla import SlaSpec
from b24kit.robots.spec_spawn import SpawnSpec
from b24kit.robots.spec_words import Language, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Sections of the playbook over the stages and pipelines of a portal.

    `aliases`: the code a playbook gives a stage -> the portal's own, by ladder, where the vendor chooses codes itself.
    `native_gates`: data without which the portal itself lets no card on. `armed`: messages really leave.
    """

    language: Language = "ru"
    stages: tuple[Stage, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    known_as: Mapping[str, str] = field(default_factory=dict)  # the playbook's name of a pipeline -> its id here
    sla: SlaSpec = field(default_factory=SlaSpec)
    cadence: CadenceSpec = field(default_factory=CadenceSpec)
    gates: GatesSpec = field(default_factory=GatesSpec)
    spawn: SpawnSpec = field(default_factory=SpawnSpec)
    native_gates: frozenset[str] = frozenset()
    armed: bool = False

    def ladder(self, pipeline: str | None) -> str | None:
        """The ladder a playbook means: leads for None, else the pipeline of this id or name; None when unknown."""
        if pipeline is None:
            return LEADS
        wanted = self.known_as.get(pipeline, pipeline)
        folded = wanted.casefold()
        found = next((one for one in self.pipelines if one.id == wanted or one.name.casefold() == folded), None)
        return None if found is None else deals_ladder(found.id)

    def on(self, ladder: str) -> tuple[Stage, ...]:
        """The stages of a ladder in their order."""
        return tuple(sorted((one for one in self.stages if one.ladder == ladder), key=lambda one: one.sort))

    def stage(self, ladder: str, name: str) -> Stage | None:
        """The stage that a playbook names by code or name; codes of further pipelines may carry the vendor's prefix."""
        wanted = self.aliases.get(ladder, {}).get(name, name)
        standing = self.on(ladder)
        by_code = (one for one in standing if wanted in (one.code, one.code.rpartition(":")[2]))
        return next(by_code, None) or next((one for one in standing if one.name.casefold() == name.casefold()), None)

    def intake(self, ladder: str, named: Iterable[str]) -> str | None:
        """The first of the stages where cards arrive; None where the ladder has none."""
        wanted = self.codes(ladder, tuple(named)) if tuple(named) else None
        standing = (one.code for one in self.on(ladder) if wanted is None or one.code in wanted)
        return next(standing, None)

    def codes(self, ladder: str, names: Iterable[str]) -> frozenset[str]:
        """The portal's codes of the named stages; all working ones when none is named."""
        named = tuple(names)
        if not named:
            return frozenset(one.code for one in self.on(ladder) if one.outcome is Outcome.OPEN)
        return frozenset(one.code for one in (self.stage(ladder, name) for name in named) if one is not None)

    def code(self, ladder: str, name: str) -> str:
        """The portal's code of a stage; the playbook's own word where the portal has no such stage."""
        found = self.stage(ladder, name)
        return name if found is None else found.code

    def stage_name(self, ladder: str, code: str) -> str:
        """What people call a stage."""
        return next((one.name for one in self.on(ladder) if one.code == code), code)

    def place(self, ladder: str, code: str) -> int:
        """The place of a stage on its ladder, -1 for one that is not there."""
        return next((at for at, one in enumerate(self.on(ladder)) if one.code == code), -1)

    def covers(self, scope: Scope, facts: CardFacts) -> bool:
        """Whether a rule's ladder and sources are those of the card; its stages are the rule's own business."""
        sourced = not scope.sources or source_of(facts) in scope.sources
        return sourced and self.ladder(scope.pipeline) == facts.ladder
