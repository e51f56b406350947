"""The seam between what a seed tells and the vendor whose portal it is told on.

The same people, letters, deals and truth come out of one generator; a planter writes them down as its vendor keeps
them. Moments are ISO 8601 in UTC, users are the ids of `organiser.EMPLOYEES`, which both vendors' portals use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from b24kit.sandbox.seeds.cast import Firm, Person
from b24kit.sandbox.seeds.organiser import Seminar
from b24kit.sandbox.seeds.writing import Inquiry


@dataclass(frozen=True, slots=True)
class DealToBe:
    """A client's deal: `stage` is one of the planter's own `deal_stages`, `amount` in roubles."""

    person: Person
    event: Seminar
    pipeline: int  # of organiser.PIPELINES
    stage: str
    title: str
    amount: int
    moment: str
    touched: str


class Planter(Protocol):
    """One vendor's pen. What writes a card or a lead gives the id of what it wrote."""

    def now(self) -> datetime:
        """The portal's present moment, aware."""

    def walls(self) -> None:
        """Employees, stages, pipelines and directories."""

    def opt_out(self) -> None:
        """The field of a card in which a client's wish not to be written to stands."""

    def deal_stages(self, pipeline: int, group: str) -> Sequence[str]:
        """Stages of a deal pipeline by semantics P, S or F: as many on every vendor, so that chance draws alike."""

    def company(self, firm: Firm, moment: str) -> int:
        """A firm that the portal knows."""

    def contact(self, person: Person, moment: str) -> int:
        """A client that the portal knows; his firm was written before."""

    def deal(self, deal: DealToBe) -> int:
        """A deal of a known client."""

    def lead(self, inquiry: Inquiry, moment: str, previous: dict[int, str]) -> int:
        """One stuck inquiry; `previous` carries message ids from letter to letter of a thread."""

    def plan(self, lead_id: int, owner: int, deadline: str, moment: str, *, task: bool) -> None:
        """Work on a lead that lies ahead or was missed: a task, or a reminder where the vendor knows the difference."""

    def summary(self) -> dict[str, Any]:
        """`rows` by kind and `stages` of the leads."""
