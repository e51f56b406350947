"""The rules of `rules.yaml` over the ladders of `world`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from b24kit.robots.rules import Rules
from b24kit.robots.spec_cadence import CadenceSpec
from b24kit.robots.spec_gates import GatesSpec
from b24kit.robots.spec_sla import SlaSpec
from b24kit.robots.spec_spawn import SpawnSpec
from tests.robots.world import PIPELINES, STAGES

SECTIONS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "rules.yaml").read_text(encoding="utf-8"))

_GATES = GatesSpec.model_validate(SECTIONS["gates"])
# Everything that a gate asks for: a portal with gates of its own may demand all of it.
DATA = frozenset(
    datum
    for gate in _GATES.gates
    for datum in (*gate.leave, *gate.enter, *(one for question in gate.questions for one in question.ask))
)


def rules_of(**changed: Any) -> Rules:
    """All sections, or other ones by name (an empty mapping switches a section off)."""
    sections = {**SECTIONS, **{name: value for name, value in changed.items() if name in SECTIONS}}
    rest = {name: value for name, value in changed.items() if name not in SECTIONS}
    return Rules(
        stages=STAGES,
        pipelines=PIPELINES,
        sla=SlaSpec.model_validate(sections["sla"]),
        cadence=CadenceSpec.model_validate(sections["cadence"]),
        gates=GatesSpec.model_validate(sections["gates"]),
        spawn=SpawnSpec.model_validate(sections["spawn"]),
        **rest,
    )


RULES = rules_of()
ONLY: dict[str, Rules] = {
    name: rules_of(
        **{other: {} for other in SECTIONS if other not in (name, "gates")},
        **({} if name == "gates" else {"gates": {"fields": SECTIONS["gates"]["fields"]}}),
    )
    for name in SECTIONS
}
