"""From a playbook and a fresh reading of the portal to a priced plan; used by `plan`, by `apply` and by the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from b24kit.cli.scope import EVERYTHING
from b24kit.cli.stock import consent_names
from b24kit.errors import Refused, UsageError

if TYPE_CHECKING:
    from b24kit.change.operation import Reason
    from b24kit.change.plan import LeftAlone, Plan
    from b24kit.change.snapshot import Snapshot
    from b24kit.cli.context import Desk
    from b24kit.i18n import Language
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
    tap_open: bool = False
    probe_again: bool = False


def make_plan(at: Desk, wish: Wish) -> tuple[Plan, Snapshot]:
    """Read the portal and plan the playbook on it. Nothing is written."""
    from b24kit.change.draft import plan_over
    from b24kit.change.merging import with_links
    from b24kit.change.trials import LINK_MAIL, recall
    from b24kit.config.settings import state_dir
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
        decisions=at.decided(snapshot.portal_id),
        linking=None if wish.probe_again else recall(state_dir(), snapshot.portal_id, LINK_MAIL, now),
    )
    plan = plan_over(
        snapshot,
        with_links(pieces.operations, at.portal),
        playbook=playbook.name,
        now=now,
        portal=at.portal,
        steps=pieces.steps,
        left=pieces.left,
        notes=(*pieces.notes, *after_an_undo(at, facts.id, playbook, pieces.left)),
        assignment=pieces.assignment,
        names={**pieces.names, **consent_names(playbook.clean.consent if playbook.clean else ())},
        valid_hours=wish.valid_hours,
    )
    plan = with_answers(plan, wish.answers or {})
    return (tap_left_open(plan, at.lang) if wish.tap_open else plan), snapshot


def after_an_undo(at: Desk, portal_id: str, playbook: Playbook, left: Sequence[LeftAlone]) -> list[Reason]:
    """Why a pile seems young after an undo: the portal counts a lead's days on its stage from the move back."""
    from b24kit.change.operation import Reason

    young = sum(one.reason.code == "clean.left.young" for one in left)
    since = at.clock.now() - timedelta(days=playbook.clean.pile.stuck_after if playbook.clean else 0)
    undone = [
        run
        for run in at.runs.list()
        if run.undoes and run.portal_id == portal_id and run.ended is not None and run.ended > since
    ]
    if not young or not undone:
        return []
    return [Reason("clean.note.young_after_undo", {"count": young, "run": max(undone, key=lambda one: one.started).id})]


def tap_left_open(plan: Plan, lang: Language) -> Plan:
    """The plan with the consent to clean while letters go on making leads; it stays in the plan for who applies it."""
    from b24kit.change.guard import TAP
    from b24kit.i18n import say

    said = say("clean.text.tap_open", lang)
    asked = (step.blocking and step.check == TAP and not step.answer for step in plan.steps)
    steps = tuple(replace(step, answer=said) if open_ else step for step, open_ in zip(plan.steps, asked, strict=True))
    return replace(plan, steps=steps)


def check_tap(plan: Plan) -> None:
    """Refused when this plan is a larger clean-up and its step about the tap has no answer yet."""
    from b24kit.change.guard import HAND_MOVES, TAP, leaving_cards, tap_open

    step = next((one for one in plan.steps if one.blocking and one.check == TAP and not one.answer), None)
    moves = leaving_cards(plan.operations)
    if step is not None and moves > HAND_MOVES:
        raise tap_open(step, moves)


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
