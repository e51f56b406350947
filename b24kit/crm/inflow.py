"""A mailbox that makes leads of its letters: counted by the clean-up, judged by the audit, named to people by both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Inflow:
    """One mailbox: leads in all and in the last weeks, a day in those weeks, whose they become, when the last came.

    `mailbox` is empty where the portal does not tell which one received the letters.
    """

    mailbox: str
    owner: str | None
    source: str | None
    leads: int
    recent: int
    per_day: float
    last: datetime | None
