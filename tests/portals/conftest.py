"""One contract for every vendor: the same tests on each portal, through its sandbox.

A `Field` is a portal with what a test needs to disturb it and to look behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from b24kit.clock import Clock
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.portal import Portal
from b24kit.crm.writes import Result, Write
from b24kit.sandbox.remote import RemoteClock, SandboxControl
from b24kit.sandbox.server import Sandbox

VENDORS = ("bitrix24",)


@dataclass(frozen=True, slots=True)
class Field:
    """A portal under test."""

    vendor: str
    portal: Portal
    clock: Clock
    control: SandboxControl

    def do(self, *writes: Write) -> dict[str, Result]:
        """Perform writes; results by key, one for each."""
        results = list(self.portal.perform(writes, lambda batch: None))
        assert sorted(result.key for result in results) == sorted(write.key for write in writes)
        return {result.key: result for result in results}

    def made(self, write: Write) -> str:
        """Perform one creation that has to succeed; gives the new id."""
        (result,) = self.do(write).values()
        assert result.new_id is not None, result
        return result.new_id

    @contextmanager
    def losing_answers(self, *, done: bool) -> Iterator[None]:
        """Every writing request is cut meanwhile: after its work, or before any of it."""
        self.control.faults({"kind": "cut_after" if done else "cut_before", "writes_only": True})
        yield
        self.control.faults()

    def letters_sent(self) -> int:
        """How many e-mails the portal has really sent."""
        return len(self.control.mails())


@pytest.fixture(params=VENDORS)
def field(request: pytest.FixtureRequest) -> Iterator[Field]:
    """A fresh generated company of 60 leads on a portal whose clock stands still."""
    with Sandbox(seed={"kind": "company", "leads": 60, "seed": 7}, clock="moved", grace=0.001) as sandbox:
        clock = RemoteClock(sandbox.control)
        portal = open_portal(Webhook.parse(sandbox.webhook_url), clock)
        yield Field(request.param, portal, clock, sandbox.control)
        portal.close()
        assert not sandbox.control.mails(), "a letter was really sent"
