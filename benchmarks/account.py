"""An amoCRM sandbox in a process of its own for the benchmarks, with the figures' settings, and leads to work on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from b24kit.clock import Clock, SystemClock
from b24kit.connectors.amocrm.access import Integration, LongLived, parse_access
from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.factory import open_portal
from b24kit.crm.portal import Portal
from b24kit.crm.refs import Kind
from b24kit.crm.writes import Create, Settled
from b24kit.sandbox.remote import RemoteClock, SandboxControl

# Every figure that names no others: 0.3 s latency, the vendor's 7 requests a second of an integration and 50 of all.
FIGURES: dict[str, Any] = {"latency": 0.3, "rate": {"integration": 7, "account": 50}}
_OFF: dict[str, Any] = {"latency": 0, "rate": None}


@dataclass(slots=True)
class Account:
    """A running sandbox: its access, its control, and the clock that it lives by."""

    control: SandboxControl
    access: LongLived
    url: str
    clock: Clock

    def client(self, **options: Any) -> AmoClient:
        """b24kit's client of this account."""
        return AmoClient(self.access, clock=self.clock, **options)

    def portal(self) -> Portal:
        """The account behind the Portal protocol."""
        return open_portal(self.access, self.clock)

    def settle(self, **changes: Any) -> None:
        """Put the figures' settings into force, with these changes, all counters at zero."""
        self.control.settings(**(FIGURES | changes))
        self.control.forget_metrics()

    def refused(self) -> int:
        """Answers 429 since the counters were emptied."""
        return int(self.control.metrics()["statuses"].get("429", 0))

    def plant_leads(self, count: int) -> list[str]:
        """Make so many leads, each with a contact; limits are off meanwhile."""
        self.control.settings(**_OFF)
        portal = self.portal()
        (made,) = portal.perform([Create("c", Kind.CONTACT, {"name": {"first": "Анна"}})], lambda _batch: None)
        leads = [Create(f"l{n}", Kind.LEAD, lead(n) | {"contact": made.new_id}) for n in range(count)]
        ids = [create_result(result) for result in portal.perform(leads, lambda _batch: None)]
        portal.close()
        return sorted(ids, key=int)


def create_result(result: Any) -> str:
    """The new id; ends the benchmark when there is none."""
    if result.settled is not Settled.DONE or result.new_id is None:
        raise SystemExit(f"planting: {result}")
    return str(result.new_id)


def lead(number: int) -> dict[str, Any]:
    """A lead as a company's mail brings it."""
    return {"title": f"Заявка с сайта {number}: окна, доставка 2-3 недели", "extra": {"price": number}}


def mark_field(portal: Portal, kinds: Sequence[Kind]) -> None:
    """Our own field on these cards, as a plan makes it first."""
    field = {"code": "B24KIT_ID", "label": "b24kit", "type": "string"}
    writes = [Create(kind.value, Kind.FIELD, {**field, "card_kind": kind.value}) for kind in kinds]
    for result in portal.perform(writes, lambda _batch: None):
        create_result(result)


@contextmanager
def started(*, clock: str = "real") -> Iterator[Account]:
    """A fresh empty account on a free port; ends with the block."""
    command = [sys.executable, "-m", "b24kit.sandbox", "--vendor", "amocrm", "--port", "0", "--clock", clock]
    process = subprocess.Popen(
        [*command, "--seed", "empty"], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    )
    try:
        assert process.stdout is not None
        told = dict(process.stdout.readline().strip().split(None, 1) for _ in range(2))
        control = SandboxControl(told["Portal:"])
        access = parse_access(f"{told['Portal:']} {told['Token:']}")
        assert isinstance(access, LongLived)
        own = RemoteClock(control) if clock != "real" else SystemClock()
        yield Account(control, access, told["Portal:"], own)
    finally:
        process.terminate()
        process.wait(timeout=20)


def integration(url: str) -> Integration:
    """The integration that every fake account has."""
    from b24kit.sandbox.amocrm.integrations import DEFAULT

    access = parse_access(f"{url} {DEFAULT.client_id} {DEFAULT.client_secret} {DEFAULT.redirect_uri}")
    assert isinstance(access, Integration)
    return access
