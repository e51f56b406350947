"""The fake portal with all that stands around it: data, time, manners, doors, logs. One object for the whole server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from b24kit.sandbox.behaviour import Behaviour, Manners
from b24kit.sandbox.bitrix24.access import Doors, Webhook
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import tables
from b24kit.sandbox.calllog import CallLog, RequestLog
from b24kit.sandbox.clock import PortalClock
from b24kit.sandbox.delivery import Delivery
from b24kit.sandbox.faults import rules
from b24kit.sandbox.store import Store


@dataclass(slots=True)
class Site:
    """What the routes and the control API work on. `churned` remembers the leads that a living portal bore and lost."""

    portal: FakePortal
    clock: PortalClock
    behaviour: Behaviour
    doors: Doors
    calls: CallLog = field(default_factory=CallLog)
    requests: RequestLog = field(default_factory=RequestLog)
    churned: dict[str, list[int]] = field(default_factory=lambda: {"born": [], "gone": []})
    delivery: Delivery | None = None  # None: nothing goes to outgoing webhooks

    def keep(self) -> None:
        """Put the settings beside the data, so that a restart on the same file finds everything."""
        facts = self.portal.store.facts
        facts["settings"] = self.portal.settings
        facts["manners"] = self.behaviour.manners.model_dump()
        facts["faults"] = [rule.model_dump() for rule in self.behaviour.faults.rules]
        facts["webhooks"] = [webhook.as_data() for webhook in self.doors.webhooks]
        facts["clock"] = self.clock.snapshot()
        self.portal.store.commit()

    def commit(self) -> None:
        """Make what a request wrote durable, with the portal's time of it."""
        if self.portal.store.changed():
            self.portal.store.facts["clock"] = self.clock.snapshot()
            self.portal.store.commit()

    def empty(self) -> None:
        """Forget all data, counters and logs; settings, doors and the clock stay."""
        self.portal.store.reset()
        self.behaviour.forget()
        self.calls.lines.clear()
        self.requests.forget()
        for ids in self.churned.values():
            ids.clear()
        self.keep()


def open_site(
    clock: PortalClock, path: Path | None, manners: Manners, webhooks: list[Webhook], domain: str
) -> tuple[Site, bool]:
    """A site over a file or in memory, and whether it was there before. A kept site keeps its own settings."""
    store = Store(tables(), path)
    facts = store.facts
    existed = "clock" in facts
    if existed:
        clock.restore(facts["clock"])
        manners = Manners.model_validate(facts["manners"])
        webhooks = [Webhook.from_data(data) for data in facts["webhooks"]]
    behaviour = Behaviour(clock, manners)
    if existed:
        behaviour.set_faults(rules(facts["faults"]))
    portal = FakePortal(store, clock.now, facts.get("settings", {}), domain)
    return Site(portal, clock, behaviour, Doors(webhooks)), existed
