"""A sandbox with a moved clock and b24kit's client of it, for the tests of the wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.commands import Command
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.pacing import Limits
from b24kit.sandbox.remote import RemoteClock
from b24kit.sandbox.server import Sandbox

WORK = {"*.list": 0.02, "count": 0.02, "*.get": 0.02, "*.update": 0.05, "*.add": 0.05}


@contextmanager
def portal(**manners: Any) -> Iterator[Sandbox]:
    """An empty portal whose time moves only by waiting; `manners` are its limits, latency and work."""
    with Sandbox(clock="moved", grace=0.002, manners={"latency": 0.15, "work": WORK} | manners) as box:
        yield box


@contextmanager
def client(
    box: Sandbox, *, limits: Limits | None = None, state: Path | None = None, **more: Any
) -> Iterator[RestClient]:
    """b24kit's client on the portal's own clock."""
    clock = RemoteClock(box.control)
    made = RestClient(Webhook.parse(box.webhook_url), clock=clock, state_dir=state, limits=limits or Limits(), **more)
    try:
        yield made
    finally:
        made.close()


def adds(count: int) -> list[Command]:
    return [Command(f"a{n}", "crm.lead.add", {"fields": {"TITLE": f"Lead {n}"}}) for n in range(count)]


def updates(ids: list[int]) -> list[Command]:
    return [Command(f"u{i}", "crm.lead.update", {"id": i, "fields": {"TITLE": f"u{i}"}}) for i in ids]


def plant(box: Sandbox, count: int) -> list[int]:
    """So many leads; gives their ids. Counters begin anew afterwards."""
    with client(box, limits=Limits(bucket=1e9)) as quick:
        ids = sorted(int(outcome.result) for outcome in quick.run(adds(count)))
    box.control.forget_metrics()
    return ids


def titles(box: Sandbox) -> dict[int, str]:
    """What the portal holds, by its own dump."""
    leads = box.control.dump(["lead"])["tables"]["lead"]
    return {int(lead_id): row["TITLE"] for lead_id, row in leads.items()}
