"""What is wrong with the questions of gates: data asked for before their time, or without a field to look for them."""

from __future__ import annotations

from collections.abc import Iterator

from b24kit.crm.pipeline import Outcome
from b24kit.migrate.design import Path
from b24kit.migrate.lint import ASKED_FROM, StageFinding, moment_of
from b24kit.migrate.spec import Ladder, Moment, StageSpec
from b24kit.playbook.ruleset import gates_with_ladders
from b24kit.playbook.schema import Playbook
from b24kit.robots.answers import OWN
from b24kit.robots.spec_gates import GateSpec

_MOMENTS: tuple[Moment, ...] = ("request", "qualification", "meeting", "contract")


def gate_findings(playbook: Playbook) -> list[StageFinding]:
    """Data that a gate asks for before their time, or that have no place on the portal to be looked for."""
    found: list[StageFinding] = []
    own = len(playbook.gates.gates)  # after them come the gates that stages of the design make by their `required`
    for at, gate in enumerate(gates_with_ladders(playbook).gates):
        ladder = _ladder_of(playbook, gate.pipeline)
        stage = _stage(ladder, gate.stage) if ladder is not None else None
        name = stage.name.said(playbook.language) if stage is not None else gate.stage
        for path, datum in _asked(gate):
            here: Path = ("gates", "gates", at, *path) if at < own else ()
            facts = {"stage": name, "code": gate.stage, "datum": datum}
            if here and ladder is not None and stage is not None and _early(ladder, stage, datum):
                early = {**facts, "earliest": ASKED_FROM[datum]}
                found.append(StageFinding(code="lint.asked_early", severity="medium", facts=early, path=here))
            if datum not in OWN and datum not in playbook.gates.fields:
                found.append(StageFinding(code="lint.gate_no_field", severity="medium", facts=facts, path=here))
    return found


def _ladder_of(playbook: Playbook, pipeline: str | None) -> Ladder | None:
    """The playbook's own ladder of leads or of a pipeline; None when it designs none."""
    if pipeline is None:
        return playbook.stages
    wanted = pipeline.casefold()
    return next((one for one in playbook.pipelines if wanted in (one.name.ru.casefold(), one.name.en.casefold())), None)


def _stage(ladder: Ladder, word: str) -> StageSpec | None:
    folded = word.casefold()
    return next(
        (
            one
            for one in ladder.ladder
            if one.code == word or folded in (one.name.ru.casefold(), one.name.en.casefold())
        ),
        None,
    )


def _early(ladder: Ladder, stage: StageSpec, datum: str) -> bool:
    earliest = ASKED_FROM.get(datum)
    if earliest is None or stage.outcome is not Outcome.OPEN:
        return False
    return _MOMENTS.index(earliest) > _MOMENTS.index(moment_of(ladder, ladder.ladder.index(stage)))


def _asked(gate: GateSpec) -> Iterator[tuple[Path, str]]:
    for name in ("leave", "enter"):
        yield from (((name, n), datum) for n, datum in enumerate(getattr(gate, name)))
    for at, one in enumerate(gate.questions):
        yield from ((("questions", at, "ask", n), datum) for n, datum in enumerate(one.ask))
