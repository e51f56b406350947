"""What a write becomes on amoCRM: steps in order, each an element of a bulk request or a request of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from b24kit.connectors.amocrm.methods import ROUTES, Route
from b24kit.crm.writes import Settled, Write


@dataclass(frozen=True, slots=True)
class Step:
    """`path` is the address with its numbers in it; `touches` names an object that no batch may hold twice."""

    route: str
    path: str
    body: Mapping[str, Any] | None = None
    touches: str = ""

    @property
    def kind(self) -> Route:
        return ROUTES[self.route]


NEW_ID = "the id that the first step gave"


def filled(one: Step, made: str | None) -> Step:
    """The step with the id of what an earlier step made."""
    if one.body is None or NEW_ID not in one.body.values() or made is None:
        return one
    body = {name: int(made) if value == NEW_ID else value for name, value in one.body.items()}
    return Step(one.route, one.path, body, one.touches)


@dataclass(frozen=True, slots=True)
class Planned:
    """A write with its steps, and for each step what takes it back should a later one be refused (None: nothing)."""

    write: Write
    steps: Sequence[Step]
    back: Sequence[Step | None] = ()


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What became of a step; `row` is what the answer told of it."""

    settled: Settled
    row: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    said: str = ""


def step(route: str, body: Mapping[str, Any] | None = None, *, touches: str = "", **at: object) -> Step:
    """A step of a known route, its places filled."""
    verb_and_path = ROUTES[route].name.partition(" ")[2]
    return Step(route, verb_and_path.format(**at), body, touches)
