"""When somebody is not there, as far as a portal itself knows; a role of its own, since not every vendor tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Absence:
    """Whole days on which a user is away, both included."""

    user: str
    first: date
    last: date


@runtime_checkable
class TellsAbsences(Protocol):
    """A portal that knows who is away."""

    def absences(self, users: Iterable[str], first: date, last: date) -> list[Absence]:
        """Absences of these users that touch the days asked for; none where this access may not ask."""
