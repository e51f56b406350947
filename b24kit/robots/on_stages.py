"""Robots on the stages that receive cards: no documented method reads them, so a person has to look.

A mass move through the API fires them as a move by hand would (crm.lead.update), letters to clients included.
Stages that the plan itself creates have no robots yet.
"""

from __future__ import annotations

from collections.abc import Mapping

from b24kit.change.plan import HandStep
from b24kit.crm.pipeline import LEADS, Stage


def robots_step(
    ladder: str, moves: Mapping[Stage, int], answers: Mapping[str, str] | None = None, *, quiet: bool = False
) -> HandStep | None:
    """The step "open the automation of this ladder, write down the robots of these stages"; None without moves.

    `moves` counts cards by the existing stage that takes them. The step blocks a larger run until it is answered;
    `answers` are what people wrote down, by the step's key. `quiet`: the cards are new deals, made by an import, which
    starts no robots at once (those that wait for a time or a change still may).
    """
    busy = {stage: count for stage, count in moves.items() if count}
    if not busy:
        return None
    listed = ", ".join(f"«{stage.name}» ({count})" for stage, count in busy.items())
    key = f"robots-{ladder.replace(':', '-')}"
    facts = {"stages": listed, "codes": [stage.code for stage in busy], "count": sum(busy.values())}
    return HandStep(
        key=key,
        code="step.robots_new_deals" if quiet else "step.robots_leads" if ladder == LEADS else "step.robots_deals",
        facts=facts,
        link=automation_link(ladder),
        answer=(answers or {}).get(key),
        blocking=True,
    )


def automation_link(ladder: str) -> str:
    """The path on the portal of the page with the robots of a ladder."""
    if ladder == LEADS:
        return "/crm/lead/automation/0/"
    return f"/crm/deal/automation/{ladder.partition(':')[2]}/"
