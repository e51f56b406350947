"""The seeds' pen for amoCRM: clients, companies and deals of the generator as contacts, companies and leads.

Rows go into the tables as the account's own handlers would write them, without hooks: what is planted was there
before anybody began to listen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from b24kit.sandbox.amocrm import bonds, stages
from b24kit.sandbox.amocrm.incoming_notes import add_note
from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.amocrm.tables import owner_key
from b24kit.sandbox.seeds import amocrm_leads, directories
from b24kit.sandbox.seeds.amocrm_pen import Pen, unix
from b24kit.sandbox.seeds.amocrm_walls import LOST_FOR, OPT_OUT_CODE, add_opt_out, plant_walls
from b24kit.sandbox.seeds.cast import Firm, Person
from b24kit.sandbox.seeds.planter import DealToBe
from b24kit.sandbox.seeds.writing import Inquiry
from b24kit.sandbox.store import Row

UNSORTED_SHARE = 0.6  # of the letters, forms, calls and chats; somebody accepted the others and left them lying
_NOTED = 5  # every so many deals have a remark


@dataclass(slots=True)
class AmoPlanter:
    """The planter over one fake account; `unsorted` is the share of inquiries that nobody accepted yet."""

    portal: FakePortal
    seed: int = 7
    unsorted: float = UNSORTED_SHARE
    _pen: Pen | None = None
    # Chance of this vendor alone: the generator's own must draw alike for every vendor.
    _chance: Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = Random(f"{self.seed}/amocrm")

    def now(self) -> datetime:
        """The account's present moment."""
        return self.portal.now()

    def walls(self) -> None:
        """Employees, roles, groups, pipelines, fields, loss reasons."""
        self._pen = Pen(self.portal, plant_walls(self.portal))

    def opt_out(self) -> None:
        """The checkbox for refusals."""
        add_opt_out(self.portal, self.pen.walls)

    @property
    def pen(self) -> Pen:
        """What rows are written with; the walls are built before any card."""
        if self._pen is None:
            raise RuntimeError("cards are planted between walls")
        return self._pen

    def deal_stages(self, pipeline: int, group: str) -> Sequence[str]:
        """`status` or `143:reason`, as many of each semantics as the other vendor has stages."""
        if group == "P":
            return [str(status_id) for status_id in self.pen.walls.deal_statuses[pipeline]]
        if group == "S":
            return [str(stages.WON)]
        return [f"{stages.LOST}:{reason}" for reason in self.pen.walls.reasons[: len(LOST_FOR)]]

    def company(self, firm: Firm, moment: str) -> int:
        """A company with its phone, site and perhaps a shared address."""
        points = {"PHONE": [firm.phone], "WEB": [f"https://{firm.domain}"]}
        if int(firm.key[1:]) % 3 == 0:
            points["EMAIL"] = [f"info@{firm.domain}"]
        row = self.pen.card(firm.legal_title, firm.owner, unix(moment)) | {
            "custom_fields": self.pen.values("companies", points)
        }
        return self.portal.store["companies"].add(row)

    def contact(self, person: Person, moment: str) -> int:
        """A contact in his company."""
        given, surname = directories.card_name(person)
        points = {"PHONE": [person.phone], "EMAIL": directories.card_addresses(person), "POSITION": [person.position]}
        fields = self.pen.values("contacts", points, kind="MOB")
        if (opt_out := self.pen.walls.fields.get(("contacts", OPT_OUT_CODE))) is not None:
            fields[str(opt_out)] = [{"value": person.opted_out}]
        row = self.pen.card(f"{given} {surname}", person.owner, unix(moment)) | {"custom_fields": fields}
        row |= {"first_name": given, "last_name": surname, "tags": [self.pen.tag("contacts", "клиент")]}
        made = self.portal.store["contacts"].add(row)
        if person.firm and person.firm.known_id:
            bonds.tie(self.portal, ("contacts", made), ("companies", person.firm.known_id))
        return made

    def deal(self, deal: DealToBe) -> int:
        """A lead in another pipeline than the ladder's."""
        status, _, reason = deal.stage.partition(":")
        closed = int(status) in (stages.WON, stages.LOST)
        row = self.pen.card(deal.title, deal.person.owner, unix(deal.moment)) | {"updated_at": unix(deal.touched)}
        row |= {"price": deal.amount, "pipeline_id": self.pen.walls.pipelines[deal.pipeline], "status_id": int(status)}
        row |= {"closed_at": unix(deal.touched) if closed else None, "loss_reason_id": int(reason) if reason else None}
        made = self.portal.store["leads"].add(row | {"tags": [self.pen.tag("leads", deal.event.nominative.lower())]})
        self.pen.begun(made)
        if deal.person.known_id:
            bonds.tie(self.portal, ("leads", made), ("contacts", deal.person.known_id))
        if deal.person.firm and deal.person.firm.known_id:
            bonds.tie(self.portal, ("leads", made), ("companies", deal.person.firm.known_id))
        if made % _NOTED == 0:
            text = f"Участие: {deal.event.title}"
            add_note(self.portal, made, "common", {"text": text}, unix(deal.moment), deal.person.owner)
        return made

    def lead(self, inquiry: Inquiry, moment: str, previous: dict[int, str]) -> int:
        """An incoming lead, or a lead of the pile, each with a fresh contact of its own."""
        answered = inquiry.letter is not None and inquiry.letter.answered
        waits = self._chance.random() < self.unsorted and not answered
        return amocrm_leads.write(self.pen, inquiry, unix(moment), waits=waits, previous=previous)

    def plan(self, lead_id: int, owner: int, deadline: str, moment: str, *, task: bool) -> None:
        """A task on the lead: this vendor has no reminders beside tasks."""
        row: Row = {"owner": owner_key("leads", lead_id), "entity_type": "leads", "entity_id": lead_id}
        row |= {"text": "Связаться с клиентом" if task else "Перезвонить клиенту", "task_type_id": 1}
        row |= {"complete_till": unix(deadline), "is_completed": False, "responsible_user_id": owner}
        made = unix(moment)
        row |= {"created_by": owner, "updated_by": owner, "created_at": made, "updated_at": made}
        self.portal.store["task"].add(row)

    def summary(self) -> dict[str, Any]:
        """How many rows of each kind there are, and how the leads of the ladder stand, by the names of statuses."""
        store, ladder = self.portal.store, self.pen.walls.ladder
        names = {row["status_id"]: row["name"] for _, row in stages.statuses(self.portal, ladder)}
        mine = [row for _, row in store["leads"] if row["pipeline_id"] == ladder]
        rows = {"lead": len(mine), "contact": len(store["contacts"].find("state", ""))}
        rows |= {"company": len(store["companies"]), "deal": len(store["leads"]) - len(mine)}
        rows |= {"incoming": len(store["unsorted"]), "hidden_contact": len(store["contacts"].find("state", "unsorted"))}
        rows |= {kind: len(store[kind]) for kind in ("note", "task", "user")}
        stood = Counter(names[row["status_id"]] for row in mine)
        return {"rows": rows, "stages": dict(sorted(stood.items()))}
