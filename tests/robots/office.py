"""A small office for tests of the runtime: a fake portal, a store, and rules simple enough to check by head."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from b24kit.change.operation import Reason
from b24kit.clock import Clock
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.cards import Lead
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Create, Write
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.gather import WatchedPortal
from b24kit.robots.stopping import StoppableClock
from b24kit.robots.store import Store
from b24kit.robots.worker import Duty, Worker
from b24kit.sandbox.remote import RemoteClock, SandboxControl
from b24kit.sandbox.server import Sandbox

OWNERS = ("1", "2", "3")
DEADLINE = timedelta(minutes=15)
WHY = Reason("test.rule")


def decide(facts: CardFacts, now: datetime) -> Decision:
    """Every new lead gets an owner, a step on, a comment and a to-do; after fifteen minutes one reminder."""
    card = facts.card
    if not isinstance(card, Lead):
        return Decision()

    def action(kind: str, what: str, **values: Any) -> Action:
        return Action(kind=kind, key=f"test/{card.ref}/{what}", card=card.ref, values=values, reason=WHY)

    entered = facts.moves[0].at if facts.moves else now
    due = entered + DEADLINE
    actions: list[Action] = []
    if card.stage == "NEW":
        actions += [
            action("assign", "owner", owner=OWNERS[int(card.id) % len(OWNERS)]),
            action("move", "step", stage="IN_PROCESS"),
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
    names: Iterator[str] = field(default_factory=lambda: (f"w{n}" for n in range(10_000)))

    def worker(self, **more: Any) -> Worker:
        rules = more.pop("rules", decide)
        portal = more.pop("portal", self.portal)
        duty = Duty(portal_id="p", portal=portal, decide=rules, shadow=more.pop("shadow", False))
        return Worker(duty, more.pop("store", self.store), self.clock, next(self.names), **more)

    def leads(self, count: int, stage: str = "NEW") -> list[Ref]:
        """So many new leads, as a site's form would bring them."""
        writes: list[Write] = [
            Create(f"made-{n}", Kind.LEAD, {"title": f"Заявка {n}", "stage": stage}, quiet=True) for n in range(count)
        ]
        results = list(self.portal.perform(writes, lambda _: None))
        return [Ref(Kind.LEAD, str(one.new_id)) for one in sorted(results, key=lambda one: int(one.key[5:]))]

    def rows(self, table: str) -> dict[int, dict[str, Any]]:
        rows = self.control.dump([table])["tables"][table]
        return {int(number): row for number, row in cast(dict[str, Any], rows).items()}

    def effects(self) -> dict[str, int]:
        """What people would see."""
        return {"comments": len(self.comments()), "todos": len(self.rows("activity"))}

    def comments(self) -> list[str]:
        return [str(row["COMMENT"]) for row in self.rows("comment").values()]

    def owners(self, leads: Sequence[Ref]) -> list[str | None]:
        present = self.portal.read(leads)
        return [cast(Lead, present[ref]).owner for ref in leads]


@contextmanager
def office(
    folder: Path, *, store: Store | None = None, stopping: Callable[[], bool] = lambda: False, **options: Any
) -> Iterator[Office]:
    """A furnished office with one employee and no cards."""
    options = {"seed": {"kind": "empty"}, "clock": "moved", "grace": 0.001, **options}
    with Sandbox(**options) as sandbox:
        clock = RemoteClock(sandbox.control)
        patient = StoppableClock(clock, stopping)
        portal = cast(WatchedPortal, open_portal(Webhook.parse(sandbox.webhook_url), patient))
        kept = store or Store(folder / "robots.sqlite")
        yield Office(portal, clock, sandbox.control, kept)
        kept.close()
        portal.close()
        assert not sandbox.control.mails(), "a letter was really sent"
