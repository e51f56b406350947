"""A fake account whose clock stands still, and b24kit's client of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from b24kit.clock import Clock
from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.amocrm.portal import AmoPortal
from b24kit.connectors.factory import read_credentials
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Create, Result, Write
from b24kit.sandbox.remote import RemoteClock, SandboxControl
from b24kit.sandbox.server import Sandbox


@dataclass(frozen=True, slots=True)
class Desk:
    """An account and our way into it."""

    sandbox: Sandbox
    client: AmoClient
    portal: AmoPortal
    clock: Clock

    @property
    def control(self) -> SandboxControl:
        return self.sandbox.control

    def do(self, *writes: Write) -> dict[str, Result]:
        """Results by key, one for each write."""
        return {result.key: result for result in self.portal.perform(writes, lambda batch: None)}

    def plant(self, count: int) -> list[Ref]:
        """So many new leads."""
        made = self.do(*(Create(f"l{number:04d}", Kind.LEAD, {"title": f"L{number}"}) for number in range(count)))
        return [Ref(Kind.LEAD, str(made[key].new_id)) for key in sorted(made)]


@pytest.fixture
def desk() -> Iterator[Desk]:
    # Limits of speed have figures of their own; here they would only make a busy machine wait.
    manners = {"rate": None}
    with Sandbox(vendor="amocrm", seed={"kind": "empty"}, clock="moved", grace=0.001, manners=manners) as sandbox:
        clock = RemoteClock(sandbox.control)
        access = read_credentials(f"{sandbox.url} {sandbox.token}")
        client = AmoClient(access, clock=clock)  # type: ignore[arg-type]
        portal = AmoPortal(client, host=access.host)
        yield Desk(sandbox, client, portal, clock)
        portal.close()
