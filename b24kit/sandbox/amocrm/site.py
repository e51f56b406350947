"""The fake account with all that stands around it: data, time, manners, doors, logs. One object for the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from b24kit.sandbox.amocrm.access import Doors, Token
from b24kit.sandbox.amocrm.hooks import delivery_of
from b24kit.sandbox.amocrm.manners import AmoBehaviour, AmoManners
from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.amocrm.tables import tables
from b24kit.sandbox.calllog import CallLog, RequestLog
from b24kit.sandbox.clock import PortalClock
from b24kit.sandbox.delivery import Delivery
from b24kit.sandbox.faults import rules
from b24kit.sandbox.store import Store


@dataclass(slots=True)
class Site:
    """What the routes and the control API work on. `churned`: leads that a living account bore and lost."""

    portal: FakePortal
    clock: PortalClock
    behaviour: AmoBehaviour
    doors: Doors
    delivery: Delivery
    calls: CallLog = field(default_factory=CallLog)
    requests: RequestLog = field(default_factory=RequestLog)
    churned: dict[str, list[int]] = field(default_factory=lambda: {"born": [], "gone": []})

    def keep(self) -> None:
        """Put the settings beside the data, so that a restart on the same file finds everything."""
        facts = self.portal.store.facts
        facts["vendor"] = "amocrm"
        facts["settings"] = self.portal.settings
        facts["manners"] = self.behaviour.manners.model_dump()
        facts["faults"] = [rule.model_dump() for rule in self.behaviour.faults.rules]
        facts |= self.doors.as_data()
        facts["clock"] = self.clock.snapshot()
        self.portal.store.commit()

    def commit(self) -> None:
        """Make what a request wrote durable, with the account's time of it."""
        if self.portal.store.changed():
            self.portal.store.facts["clock"] = self.clock.snapshot()
            self.portal.store.commit()

    def empty(self) -> None:
        """Forget all data, counters and logs; settings, doors and the clock stay."""
        self.portal.store.reset()
        self.behaviour.forget()
        self.calls.lines.clear()
        self.requests.forget()
        self.delivery.forget()
        for ids in self.churned.values():
            ids.clear()
        self.keep()


def open_site(
    clock: PortalClock, path: Path | None, manners: AmoManners, doors: Sequence[Mapping[str, Any]], domain: str
) -> tuple[Site, bool]:
    """A site over a file or in memory, and whether it was there before. A kept site keeps its own settings."""
    store = Store(tables(), path)
    facts = store.facts
    existed = "clock" in facts
    if existed:
        clock.restore(facts["clock"])
        manners = AmoManners.model_validate(facts["manners"])
        doors = facts["tokens"]
    behaviour = AmoBehaviour(clock, manners)
    if existed:
        behaviour.set_faults(rules(facts["faults"]))
    portal = FakePortal(store, clock.now, facts.get("settings", {}), domain)
    tokens = Doors([Token.from_data(data) for data in doors])
    return Site(portal, clock, behaviour, tokens, delivery_of(portal, clock)), existed
