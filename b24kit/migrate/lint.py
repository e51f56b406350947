"""What is wrong with the names and rules of stages, on a portal or in a playbook, each with a proposal.

A stage should say where the relationship stands now; a source is an attribute of the card, and "in work" says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from b24kit.crm.pipeline import Outcome, Stage
from b24kit.crm.records import ref_of
from b24kit.crm.refs import Ref
from b24kit.migrate.design import Path, fold
from b24kit.migrate.spec import Ladder, Language, Moment, StageSpec
from b24kit.migrate.wordlist import is_vague, source_in

Severity = Literal["high", "medium", "low"]
_MOMENTS: tuple[Moment, ...] = ("request", "qualification", "meeting", "contract")

# When a datum may first be asked for; what is not named here may be asked at any time.
ASKED_FROM: Mapping[str, Moment] = {
    "business_line": "qualification",
    "role": "qualification",
    "needs": "qualification",
    "budget": "qualification",
    "stand_size": "qualification",
    "equipment": "qualification",
    "price_range": "qualification",
    "company_details": "meeting",
    "position": "meeting",
    "requisites": "contract",
    "director": "contract",
    "signatory": "contract",
    "bank_details": "contract",
    "tax_number": "contract",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to do about a stage: rename it or send its cards on, as a line for the playbook."""

    code: str
    line: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFinding:
    """One complaint about a stage: `ref` on a portal, `path` in a playbook."""

    code: str
    severity: Severity
    facts: Mapping[str, Any]
    ref: Ref | None = None
    path: Path = ()
    proposal: Proposal | None = None


def lint_portal(
    stages: Sequence[Stage], holding: Mapping[str, int], section: Ladder | None = None
) -> list[StageFinding]:
    """Complaints about one ladder as it stands; `holding` counts its cards by the stage's code.

    `section` is the playbook's ladder, from which proposals are taken; without one they follow the usual ladder.
    """
    found: list[StageFinding] = []
    total = max(1, sum(holding.get(stage.code, 0) for stage in stages if stage.outcome is Outcome.OPEN))
    for stage in stages:
        found += _name_findings(stage, holding.get(stage.code, 0), total, section)
    found += _twice(stages, holding)
    outcomes = {stage.outcome for stage in stages}
    ladder = stages[0].ladder if stages else ""
    found += [
        StageFinding(code=code, severity="high", facts={"ladder": ladder})
        for outcome, code in ((Outcome.WON, "lint.no_success"), (Outcome.LOST, "lint.no_failure"))
        if stages and outcome not in outcomes
    ]
    return found


def lint_design(section: Ladder, path: Path = ("stages",), lang: Language = "ru") -> list[StageFinding]:
    """Complaints about the ladder of a playbook: names, and what every working stage has to say."""
    found: list[StageFinding] = []
    for at, spec in enumerate(section.ladder):
        here = (*path, "ladder", at)
        found += _design_name(spec, here, lang)
        if spec.outcome is Outcome.OPEN:
            found += _rules(spec, here, lang)
            found += _asked_early(section, at, here, lang)
    return found


def moment_of(section: Ladder, at: int) -> Moment:
    """Which moment of a sale a working stage is: its own word, else by its place between first and last."""
    spec = section.ladder[at]
    if spec.moment is not None:
        return spec.moment
    working = [i for i, stage in enumerate(section.ladder) if stage.outcome is Outcome.OPEN]
    if at == working[0]:
        return "request"
    if at == working[-1]:
        return "contract"
    return "qualification" if working.index(at) <= len(working) // 2 else "meeting"


def _name_findings(stage: Stage, count: int, total: int, section: Ladder | None) -> Iterator[StageFinding]:
    if stage.outcome is not Outcome.OPEN:
        return
    facts = {"stage": stage.name, "code": stage.code, "count": count, "share": round(100 * count / total)}
    severity: Severity = "high" if count * 10 >= total else "medium"
    source = source_in(stage.name)
    if source is not None:
        proposal = _source_proposal(stage, source, section)
        facts |= {"source": source}
        yield StageFinding(
            code="lint.source_as_stage", severity=severity, facts=facts, ref=ref_of(stage), proposal=proposal
        )
    elif is_vague(stage.name):
        proposal = _vague_proposal(stage, section)
        yield StageFinding(code="lint.vague", severity=severity, facts=facts, ref=ref_of(stage), proposal=proposal)


def _source_proposal(stage: Stage, source: str, section: Ladder | None) -> Proposal:
    move = next((m for m in section.moves if _means(m.stage, stage)), None) if section else None
    to = move.to if move and move.to else _first(section)
    if stage.system:
        return Proposal("proposal.rename", f'{{code: {stage.code}, name: "..."}}', {"name": "Новый ЛИД"})
    code = move.source if move and move.source else source
    line = f'{{stage: "{stage.name}", to: {to}, source: {code}}}'
    return Proposal("proposal.move_to_source", line, {"to": to, "source": code})


def _vague_proposal(stage: Stage, section: Ladder | None) -> Proposal:
    spec = next((s for s in section.ladder if s.code == stage.code), None) if section else None
    if spec is not None or stage.system:
        name = spec.name.ru if spec is not None else "Новый ЛИД"
        return Proposal("proposal.rename", f'{{code: {stage.code}, name: "{name}"}}', {"name": name})
    move = next((m for m in section.moves if _means(m.stage, stage)), None) if section else None
    to = move.to if move and move.to else "QUALIFYING"
    return Proposal("proposal.move", f'{{stage: "{stage.name}", to: {to}}}', {"to": to})


def _means(name: str, stage: Stage) -> bool:
    return name == stage.code or fold(name) == fold(stage.name)


def _first(section: Ladder | None) -> str:
    return section.ladder[0].code if section else "NEW"


def _twice(stages: Sequence[Stage], holding: Mapping[str, int]) -> Iterator[StageFinding]:
    seen: dict[str, Stage] = {}
    for stage in stages:
        first = seen.setdefault(fold(stage.name), stage)
        if first is not stage:
            facts = {"stage": stage.name, "code": stage.code, "first": first.code, "count": holding.get(stage.code, 0)}
            yield StageFinding(code="lint.same_name", severity="medium", facts=facts, ref=ref_of(stage))


def _design_name(spec: StageSpec, path: Path, lang: Language) -> Iterator[StageFinding]:
    facts = {"stage": spec.name.said(lang), "code": spec.code}
    source = source_in(spec.name.ru) if spec.outcome is Outcome.OPEN else None
    if source is not None:
        yield StageFinding(
            code="lint.design_source", severity="high", facts={**facts, "source": source}, path=(*path, "name")
        )
    elif is_vague(spec.name.ru):
        yield StageFinding(code="lint.design_vague", severity="high", facts=facts, path=(*path, "name"))


def _rules(spec: StageSpec, path: Path, lang: Language) -> Iterator[StageFinding]:
    told = (
        ("lint.no_exit", spec.exit_when or spec.on_exit),
        ("lint.no_owner", spec.owner),
        ("lint.no_deadline", spec.limit or spec.answer_within),
        ("lint.no_client_action", spec.client_action),
        ("lint.no_our_job", spec.our_job),
    )
    for code, rule in told:
        if not rule:
            yield StageFinding(
                code=code, severity="medium", facts={"stage": spec.name.said(lang), "code": spec.code}, path=path
            )


def _asked_early(section: Ladder, at: int, path: Path, lang: Language) -> Iterator[StageFinding]:
    spec, now = section.ladder[at], _MOMENTS.index(moment_of(section, at))
    for index, datum in enumerate(spec.required):
        earliest = ASKED_FROM.get(datum)
        if earliest is not None and _MOMENTS.index(earliest) > now:
            facts = {"stage": spec.name.said(lang), "code": spec.code, "datum": datum, "earliest": earliest}
            yield StageFinding(code="lint.asked_early", severity="medium", facts=facts, path=(*path, "required", index))
