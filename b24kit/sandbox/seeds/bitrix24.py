"""The seeds' pen for Bitrix24: what the generator tells, as cards, activities and directories of that vendor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.seeds import directories, organiser, writing
from b24kit.sandbox.seeds.cast import Firm, Person
from b24kit.sandbox.seeds.planter import DealToBe
from b24kit.sandbox.seeds.writing import Inquiry


@dataclass(frozen=True, slots=True)
class Bitrix24Planter:
    """The planter over one fake portal; see `planter.Planter` for what each method is given."""

    portal: FakePortal

    def now(self) -> datetime:
        """The portal's present moment."""
        return self.portal.now()

    def walls(self) -> None:
        """Departments, employees, stages, pipelines and directories."""
        organiser.plant_people(self.portal)
        organiser.plant_stages(self.portal)

    def opt_out(self) -> None:
        """The user field for refusals."""
        directories.plant_opt_out(self.portal)

    def deal_stages(self, pipeline: int, group: str) -> Sequence[str]:
        """Codes of stages."""
        return directories.deal_stages(self.portal, pipeline, group)

    def company(self, firm: Firm, moment: str) -> int:
        """A company's card."""
        return directories.company_card(self.portal, firm, moment)

    def contact(self, person: Person, moment: str) -> int:
        """A contact's card."""
        return directories.contact_card(self.portal, person, moment)

    def deal(self, deal: DealToBe) -> int:
        """A deal's card."""
        return directories.deal_card(self.portal, deal)

    def lead(self, inquiry: Inquiry, moment: str, previous: dict[int, str]) -> int:
        """A lead with the activity that it came with."""
        return writing.write(self.portal, inquiry, moment, previous)

    def plan(self, lead_id: int, owner: int, deadline: str, moment: str, *, task: bool) -> None:
        """A task beside the lead, or a to-do on it."""
        writing.plan(self.portal, lead_id, owner, deadline, moment, task=task)

    def summary(self) -> dict[str, Any]:
        """How many rows of each kind there are, and how the leads stand."""
        return summary(self.portal)


def summary(portal: FakePortal) -> dict[str, Any]:
    """How many rows of each kind there are, and how the leads stand."""
    stages = Counter(row["STATUS_ID"] for _, row in portal.store["lead"])
    kinds = ("lead", "contact", "company", "deal", "activity", "task", "user")
    return {"rows": {kind: len(portal.store[kind]) for kind in kinds}, "stages": dict(sorted(stages.items()))}
