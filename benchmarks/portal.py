"""A sandbox in a process of its own for the benchmarks, with the figures' settings, and leads to work on."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from b24kit.clock import Clock, SystemClock
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.commands import Command
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.pacing import Limits
from b24kit.crm.writes import Settled
from b24kit.sandbox.remote import RemoteClock, SandboxControl

# Every figure that names no others: 0.15 s latency, 0.06 s a new connection, 0.02 s a list page and 0.02 s more when it
# counts, 0.05 s an update, the vendor's counter of 50 and 2 a second.
FIGURES: dict[str, Any] = {
    "latency": 0.15,
    "new_connection": 0.06,
    "work": {"*.list": 0.02, "count": 0.02, "*.get": 0.02, "*.update": 0.05, "*.add": 0.05},
    "bucket": {"capacity": 50, "leak": 2, "smooth": False},
    "operating": {"model": "docs", "window": 600, "limit": 480},
    "request_seconds": 60,
}
_OFF: dict[str, Any] = {
    "latency": 0,
    "new_connection": 0,
    "work": {},
    "bucket": None,
    "operating": None,
    "workers": None,
}
SEED = 20260112


@dataclass(slots=True)
class Portal:
    """A running sandbox: its webhook, its control, and the clock that it lives by."""

    control: SandboxControl
    webhook: Webhook
    clock: Clock

    def client(self, *, limits: Limits | None = None, state: Path | None = None, in_flight: int = 8) -> RestClient:
        """b24kit's client of this portal."""
        return RestClient(
            self.webhook, clock=self.clock, state_dir=state, max_in_flight=in_flight, limits=limits or Limits()
        )

    def settle(self, **changes: Any) -> None:
        """Put the figures' settings into force, with these changes, all counters at zero."""
        self.control.settings(**(FIGURES | {"workers": None} | changes))
        self.control.forget_metrics()

    def second_webhook(self) -> Webhook:
        """Another webhook of the same portal."""
        known = self.control.settings()["webhooks"]
        if len(known) < 2:
            known = self.control.settings(webhooks=[*known, {"user_id": 1, "code": "bystander00000000"}])["webhooks"]
        code = known[1]["code"]
        return Webhook(self.webhook.host, "1", code, self.webhook.scheme)

    def plant_leads(self, count: int, *, gaps: bool = True) -> list[int]:
        """Make so many leads, with `gaps` a quarter of the ids between them missing; limits are off meanwhile."""
        before = {name: value for name, value in self.control.settings().items() if name in _OFF}
        self.control.settings(**_OFF)
        made = count * 4 // 3 if gaps else count
        self._with_all(Command(f"a{n}", "crm.lead.add", {"fields": lead(n)}) for n in range(made))
        client = self._quick()
        ids = [int(row["ID"]) for row in client.rows("crm.lead.list", {"select": ["ID"]})]
        client.close()
        gone = random.Random(SEED).sample(ids, len(ids) - count)
        self._with_all(Command(f"d{lead_id}", "crm.lead.delete", {"id": lead_id}) for lead_id in gone)
        self.control.settings(**before)
        self.control.forget_metrics()
        return sorted(set(ids) - set(gone))

    def _quick(self) -> RestClient:
        return self.client(limits=Limits(bucket=1e9), in_flight=2)

    def _with_all(self, commands: Iterator[Command]) -> None:
        client = self._quick()
        for outcome in client.run(commands):
            if outcome.settled is not Settled.DONE:
                raise SystemExit(f"planting leads: {outcome}")
        client.close()


def lead(number: int) -> dict[str, Any]:
    """A lead as a company's mail brings it."""
    return {
        "TITLE": f"Заявка с сайта {number}: окна, доставка 2-3 недели",
        "NAME": f"Имя {number % 97}",
        "LAST_NAME": f"Фамилия {number % 389}",
        "SOURCE_ID": "EMAIL",
        "SOURCE_DESCRIPTION": "письмо",
        "COMMENTS": "Добрый день! Пришлите, пожалуйста, предложение и сроки.",
        "COMPANY_TITLE": f"ООО Ромашка-{number % 211}",
        "EMAIL": [{"VALUE": f"client{number}@firm{number % 211}.example", "VALUE_TYPE": "WORK"}],
        "PHONE": [{"VALUE": f"+7495{number:07d}", "VALUE_TYPE": "WORK"}],
    }


@contextmanager
def started(*, clock: str = "real", leads_count: int = 0) -> Iterator[Portal]:
    """A fresh sandbox on a free port; ends with the block. `leads_count` > 0 generates the company instead."""
    seed = ["--seed", "company", "--leads-count", str(leads_count)] if leads_count else ["--seed", "empty"]
    process = subprocess.Popen(
        [sys.executable, "-m", "b24kit.sandbox", "--port", "0", "--clock", clock, *seed],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        told = dict(process.stdout.readline().strip().split(None, 1) for _ in range(2))
        control = SandboxControl(told["Portal:"])
        own = RemoteClock(control) if clock != "real" else SystemClock()
        yield Portal(control, Webhook.parse(told["Webhook:"]), own)
    finally:
        process.terminate()
        process.wait(timeout=20)


def tell(figures: Mapping[str, Any]) -> None:
    """The one JSON object of a benchmark."""
    print(json.dumps(figures, ensure_ascii=False, indent=2))
