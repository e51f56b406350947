"""What stuck means, once for audit, clean-up and reports: open, too long on its stage, and nothing ahead of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from b24kit.crm.activity import Activity, Channel
from b24kit.crm.cards import Lead
from b24kit.crm.pipeline import Outcome
from b24kit.crm.refs import Kind, Ref

DEFAULT_LIMIT = timedelta(days=14)


class Standing(StrEnum):
    """How an open card stands."""

    STUCK = "stuck"
    YOUNG = "young"
    NEXT_STEP = "next_step"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class StuckRule:
    """How long a card may stand: by stage code, else `limit`."""

    limit: timedelta = DEFAULT_LIMIT
    by_stage: Mapping[str, timedelta] | None = None

    def limit_of(self, stage: str) -> timedelta:
        return (self.by_stage or {}).get(stage, self.limit)


def standing(lead: Lead, rule: StuckRule, next_steps: Mapping[Ref, datetime], now: datetime) -> Standing:
    """How a lead stands at `now`; `next_steps` is what `next_steps()` found."""
    if lead.outcome is not Outcome.OPEN:
        return Standing.CLOSED
    if lead.ref in next_steps:
        return Standing.NEXT_STEP
    aged = age(lead, now)
    return Standing.YOUNG if aged is not None and aged <= rule.limit_of(lead.stage) else Standing.STUCK


def age(lead: Lead, now: datetime) -> timedelta | None:
    """How long a lead stands on its stage; None when the portal says neither when it came nor when it moved."""
    since = lead.moved or lead.created
    return None if since is None else now - since


def next_steps(activities: Iterable[Activity], now: datetime) -> dict[Ref, datetime]:
    """The nearest open activity still ahead, by card: through its owner and through its bindings.

    A letter without an answer is no next step, whatever deadline the portal gave it.
    """
    found: dict[Ref, datetime] = {}
    for activity in activities:
        ahead = activity.deadline or activity.start
        if activity.done or activity.channel is Channel.EMAIL or ahead is None or ahead <= now:
            continue
        for card in {activity.card, *(activity.bindings or ())}:
            if card.kind is Kind.LEAD:
                found[card] = min(ahead, found.get(card, ahead))
    return found


def stuck_leads(
    leads: Iterable[Lead], activities: Iterable[Activity], now: datetime, rule: StuckRule | None = None
) -> list[Lead]:
    """The stuck leads in the order given."""
    ahead = next_steps(activities, now)
    wanted = rule or StuckRule()
    return [lead for lead in leads if standing(lead, wanted, ahead, now) is Standing.STUCK]
