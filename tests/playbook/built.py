"""A shipped playbook as a Bitrix24 portal would hold it once it is built: its ladders, its rules, a card on them."""

from __future__ import annotations

from functools import cache
from typing import Any

from b24kit.crm.pipeline import LEADS, Pipeline, Stage, deals_ladder
from b24kit.migrate.spec import StageSpec
from b24kit.playbook.loader import load_playbook
from b24kit.playbook.ruleset import gates_with_ladders, names_on
from b24kit.playbook.schema import Playbook
from b24kit.playbook.shipped import find_playbook
from b24kit.robots.facts import CardFacts
from b24kit.robots.rules import Rules
from tests.robots import world

FIRST = 7  # numbers of the pipelines that the plan makes


@cache
def playbook(name: str) -> Playbook:
    return load_playbook(find_playbook(name))


@cache
def rules(name: str) -> Rules:
    """The rules over the built ladders; a pipeline that only gets additions keeps the vendor's own name."""
    book = playbook(name)
    stages, pipelines = [], []
    if book.stages is not None:
        stages += [_stage(LEADS, "", spec, at) for at, spec in enumerate(book.stages.ladder)]
    for at, spec in enumerate(book.pipelines):
        number = spec.was[0] if spec.only_add else str(FIRST + at)
        pipelines.append(Pipeline(id=number, name="Общая" if spec.only_add else spec.name.ru, sort=spec.sort))
        prefix = "" if spec.only_add else f"C{number}:"
        stages += [_stage(deals_ladder(number), prefix, one, place) for place, one in enumerate(spec.ladder)]
    names = names_on(book, stages, pipelines)
    return Rules(
        stages=tuple(stages),
        pipelines=tuple(pipelines),
        aliases=names.stages,
        known_as=names.pipelines,
        sla=book.sla,
        cadence=book.cadence,
        gates=gates_with_ladders(book),
        spawn=book.spawn,
    )


def deal(name: str, pipeline: str, stage: str, created: str = "09.02 10:00", **extra: Any) -> CardFacts:
    """A fresh deal on a stage of a built playbook, by the playbook's words."""
    known = rules(name)
    ladder = known.ladder(pipeline)
    assert ladder is not None
    return world.deal(created, ladder.partition(":")[2], known.code(ladder, stage), **extra)


def _stage(ladder: str, prefix: str, spec: StageSpec, at: int) -> Stage:
    born = next(iter(spec.was), spec.code)  # a renamed system stage keeps its code
    return Stage(
        id=f"{ladder}-{at}", ladder=ladder, code=f"{prefix}{born}", name=spec.name.ru, sort=10 * at + 10,
        colour=spec.colour, outcome=spec.outcome,
    )  # fmt: skip
