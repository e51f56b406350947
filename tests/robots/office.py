"""A small office for tests of the runtime: a fake portal of either vendor, a store, and rules simple enough to check by
head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx

from b24kit.change.operation import Reason
from b24kit.clock import Clock
from b24kit.connectors.factory import open_portal, read_credentials
from b24kit.crm.cards import Lead
from b24kit.crm.pipeline import LEADS
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Create, Delete, Write
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.gather import WatchedPortal
from b24kit.robots.store import Store
from b24kit.robots.worker import Duty, Worker
from b24kit.sandbox.remote import RemoteClock, SandboxControl
from b24kit.sandbox.server import Sandbox

VENDORS = ("bitrix24", "amocrm")
OWNERS = ("1", "2", "3")
DEADLINE = timedelta(minutes=15)
WHY = Reason("test.rule")


def decide(facts: CardFacts, now: datetime, steps: tuple[str, str] = ("NEW", "IN_PROCESS")) -> Decision:
    """Every new lead gets an owner, a step on, a comment and a to-do; after fifteen minutes one reminder."""
    first, following = steps
    card = facts.card
    if not isinstance(card, Lead):
        return Decision()

    def action(kind: str, what: str, **values: Any) -> Action:
        return Action(kind=kind, key=f"test/{card.ref}/{what}", card=card.ref, values=values, reason=WHY)

    entered = facts.moves[0].at if facts.moves else now
    due = entered + DEADLINE
    actions: list[Action] = []
    if card.stage == first:
        actions += [
            action("assign", "owner", owner=OWNERS[int(card.id) % len(OWNERS)]),
            action("move", "step", stage=following),
        ]
    actions += [
        action("comment", "why", text=f"Назначен по правилу: {card.title}"),
        action("task", "call", title="Позвонить", text="", deadline=due.isoformat()),
    ]
    if now >= due:
        actions.append(action("comment", "late", text="Клиенту не позвонили вовремя"))
    left = tuple(one for one in actions if one.key not in facts.done)
    return Decision(left, wake=due if now < due else None)


@dataclass
class Office:
    """The portal as robots see it, and its back door."""

    portal: WatchedPortal
    clock: Clock
    control: SandboxControl
    store: Store
    box: Sandbox
    vendor: str = "bitrix24"
    steps: tuple[str, str] = ("NEW", "IN_PROCESS")  # where leads arrive, and where their owner has them
    names: Iterator[str] = field(default_factory=lambda: (f"w{n}" for n in range(10_000)))

    def worker(self, **more: Any) -> Worker:
        rules = more.pop("rules", self.decide)
        portal = more.pop("portal", self.portal)
        posting = more.pop("posting", None)
        duty = Duty(portal_id="p", portal=portal, decide=rules, shadow=more.pop("shadow", False), posting=posting)
        return Worker(duty, more.pop("store", self.store), self.clock, next(self.names), **more)

    def decide(self, facts: CardFacts, now: datetime) -> Decision:
        """The rules of this office, in the words of its portal."""
        return decide(facts, now, self.steps)

    def leads(self, count: int, stage: str | None = None) -> list[Ref]:
        """So many new leads, as a site's form would bring them."""
        writes: list[Write] = [
            Create(f"made-{n}", Kind.LEAD, {"title": f"Заявка {n}", "stage": stage or self.steps[0]}, quiet=True)
            for n in range(count)
        ]
        results = list(self.portal.perform(writes, lambda _: None))
        return [Ref(Kind.LEAD, str(one.new_id)) for one in sorted(results, key=lambda one: int(one.key[5:]))]

    def rows(self, table: str) -> dict[int, dict[str, Any]]:
        rows = self.control.dump([table])["tables"][table]
        return {int(number): row for number, row in cast(dict[str, Any], rows).items()}

    def effects(self) -> dict[str, int]:
        """What people would see."""
        return {"comments": len(self.comments()), "todos": len(self.todos())}

    def comments(self) -> list[str]:
        """Their texts."""
        if self.vendor == "amocrm":
            return [str(row["params"]["text"]) for row in self._notes()]
        return [str(row["COMMENT"]) for row in self.rows("comment").values()]

    def commented(self) -> list[str]:
        """The card of each comment, in the vendor's own words."""
        if self.vendor == "amocrm":
            return [str(row["owner"]) for row in self._notes()]
        return [str(row["OWNER"]) for row in self.rows("comment_binding").values()]

    def todos(self) -> list[str]:
        """The card of each to-do."""
        table, column = ("task", "owner") if self.vendor == "amocrm" else ("activity", "OWNER")
        return [str(row[column]) for row in self.rows(table).values()]

    def ticked(self) -> list[bool]:
        """Whether each to-do is ticked off."""
        if self.vendor == "amocrm":
            return [bool(row["is_completed"]) for row in self.rows("task").values()]
        return [row["COMPLETED"] == "Y" for row in self.rows("activity").values()]

    def todo_refs(self) -> list[Ref]:
        if self.vendor == "amocrm":
            return [Ref(Kind.TODO, f"tasks/{number}") for number in self.rows("task")]
        return [Ref(Kind.ACTIVITY, str(number)) for number in self.rows("activity")]

    def bin(self, lead: Ref) -> None:
        """Somebody throws a lead away: on amoCRM only people can."""
        if self.vendor == "amocrm":
            self.box.site.portal.store["leads"].change(int(lead.id), {"state": "deleted"})
        else:
            list(self.portal.perform([Delete("gone", lead)], lambda _: None))

    def stages(self) -> set[str]:
        """Where leads stand."""
        return {lead.stage for lead in self.portal.leads()}

    def _notes(self) -> list[dict[str, Any]]:
        return [row for row in self.rows("note").values() if row["note_type"] == "common"]

    def owners(self, leads: Sequence[Ref]) -> list[str | None]:
        present = self.portal.read(leads)
        return [cast(Lead, present[ref]).owner for ref in leads]


@contextmanager
def office(folder: Path, *, vendor: str = "bitrix24", store: Store | None = None, **options: Any) -> Iterator[Office]:
    """A furnished office without cards."""
    options = {"seed": {"kind": "empty"}, "clock": "moved", "grace": 0.001, "vendor": vendor, **options}
    if vendor == "amocrm":
        options.setdefault("manners", {"rate": None})  # its speed has figures of its own
    with Sandbox(**options) as sandbox:
        clock = RemoteClock(sandbox.control)
        portal = cast(WatchedPortal, open_portal(read_credentials(access_of(sandbox)), clock))
        kept = store or Store(folder / "robots.sqlite")
        found = Office(portal, clock, sandbox.control, kept, sandbox, vendor)
        if vendor == "amocrm":
            _people(sandbox)
            working = [one.code for one in portal.stages() if one.ladder == LEADS and not one.system]
            found.steps = working[0], working[1]
        yield found
        kept.close()
        portal.close()
        if vendor == "bitrix24":
            assert not sandbox.control.mails(), "a letter was really sent"


def access_of(sandbox: Sandbox) -> str:
    """What a person would paste to reach this portal."""
    tokens = getattr(sandbox.site.doors, "tokens", ())
    return f"{sandbox.url} {sandbox.token}" if tokens else sandbox.webhook_url


def _people(sandbox: Sandbox) -> None:
    """Colleagues for the account's one administrator: amoCRM gives cards to people it knows only."""
    for name in ("Анна Белова", "Пётр Котов"):
        body = [{"name": name, "email": f"{len(name)}{name[0]}@portal.example", "password": "Qwerty-12345"}]
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        httpx.post(f"{sandbox.url}/api/v4/users", json=body, headers=headers).raise_for_status()
