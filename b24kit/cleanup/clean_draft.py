"""What a clean-up wants done, before the playbook's composition joins it with the stage design into one plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from b24kit.change.operation import Operation, Reason
from b24kit.change.plan import HandStep, LeftAlone
from b24kit.cleanup.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanDraft:
    """`stages_needed` are the codes the leads are closed on; a plan must make those that the portal lacks.

    `counters` count leads by outcome (`scope`, `converted`, `linked`, `archived`, `deleted`, `review`, `left`), clients
    (`new_clients`, `known_clients`) and `deals`; `classes` counts the stuck leads by what their letters are, `actions`
    what is done with them, by action and class; `readings` tell of each lead by id.
    """

    operations: tuple[Operation, ...] = ()
    left: tuple[LeftAlone, ...] = ()
    notes: tuple[Reason, ...] = ()
    steps: tuple[HandStep, ...] = ()
    assignment: Mapping[str, str] = field(default_factory=dict)
    stages_needed: frozenset[str] = frozenset()
    counters: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)
    actions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
