"""From a playbook and a fresh reading of the portal to a priced plan; used by `plan`, by `apply` and by the demo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from b24kit.cli.scope import EVERYTHING
from b24kit.errors import Refused, UsageError

if TYPE_CHECKING:
    from b24kit.change.plan import Plan
    from b24kit.change.snapshot import Snapshot
    from b24kit.cli.context import Desk
    from b24kit.playbook.schema import Playbook


@dataclass(frozen=True, slots=True)
class Wish:
    """What to plan: the playbook, which of its parts, on how many clusters, and what people answered to hand steps."""

    playbook: str
    only: str | None = None
    mode: str | None = None
    limit: int | None = None
    answers: Mapping[str, str] | None = None
    valid_hours: float = 24.0


def make_plan(at: Desk, wish: Wish) -> tuple[Plan, Snapshot]:
    """Read the portal and plan the playbook on it. Nothing is written."""
    from b24kit.change.draft import plan_over
    from b24kit.playbook.compose import compose
    from b24kit.playbook.loader import load_playbook
    from b24kit.playbook.shipped import find_playbook

    playbook = load_playbook(find_playbook(wish.playbook))
    if wish.only == "robots":
        return install_plan(at, playbook, wish)
    facts = at.portal.facts()
    if not facts.leads_on and (playbook.stages is not None or playbook.clean is not None):
        raise Refused("plan.leads_off", portal=facts.id)
    snapshot = at.snapshot(EVERYTHING, bodies=wish.only != "stages")
    now = at.clock.now()
    pieces = compose(
        playbook,
        snapshot,
        capabilities=at.portal.capabilities,
        facts=facts,
        now=now,
        only=wish.only,
        mode=wish.mode,
        limit=wish.limit,
    )
    plan = plan_over(
        snapshot,
        pieces.operations,
        playbook=playbook.name,
        now=now,
        portal=at.portal,
        steps=pieces.steps,
        left=pieces.left,
        notes=pieces.notes,
        assignment=pieces.assignment,
        names=pieces.names,
        valid_hours=wish.valid_hours,
    )
    return with_answers(plan, wish.answers or {}), snapshot


def install_plan(at: Desk, playbook: Playbook, wish: Wish) -> tuple[Plan, Snapshot]:
    """What has to stand on the portal for its events to be heard. Nothing but what already stands there is read."""
    from b24kit.change.draft import plan_over
    from b24kit.change.prints import present_settings
    from b24kit.change.snapshot import Snapshot
    from b24kit.cli.robots_install import install_draft

    facts = at.portal.facts()
    snapshot = Snapshot.of(present_settings(at.portal).values(), facts, at.clock.now())
    draft = install_draft(at, playbook, facts)
    plan = plan_over(
        snapshot,
        draft.operations,
        playbook=playbook.name,
        now=at.clock.now(),
        portal=at.portal,
        steps=draft.steps,
        left=draft.left,
        notes=draft.notes,
        names={f"stage:{stage.id}": stage.name for stage in snapshot.stages()},
        valid_hours=wish.valid_hours,
    )
    return with_answers(plan, wish.answers or {}), snapshot


def with_answers(plan: Plan, answers: Mapping[str, str]) -> Plan:
    """The plan with what people answered to its hand steps; an answer to no step of this plan is noted, not refused."""
    from b24kit.change.operation import Reason

    steps = tuple(replace(step, answer=answers.get(step.key, step.answer)) for step in plan.steps)
    unused = sorted(answers.keys() - {step.key for step in steps})
    notes = [Reason("plan.unused_answer", {"key": key}) for key in unused]
    return replace(plan, steps=steps, notes=(*plan.notes, *notes))


def parse_answers(pairs: list[str]) -> dict[str, str]:
    """`--answer robots=none` pairs as a mapping."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key or not value:
            raise UsageError("plan.bad_answer", pair=pair)
        found[key.strip()] = value.strip()
    return found
