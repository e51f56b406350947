"""One contract for every vendor: the same tests on each portal, through its sandbox.

A `Field` is a portal with what a test needs to disturb it and to look behind it. Where vendors differ a test asks the
portal's capabilities, never which vendor it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from b24kit.clock import Clock
from b24kit.connectors.factory import open_portal, read_credentials
from b24kit.crm.portal import Portal
from b24kit.crm.refs import CARDS, Kind
from b24kit.crm.writes import Create, Result, Write
from b24kit.sandbox.remote import RemoteClock, SandboxControl
from b24kit.sandbox.server import Sandbox

VENDORS = ("bitrix24", "amocrm")
TABLES = {"bitrix24": {Kind.CONTACT: "contact"}, "amocrm": {Kind.CONTACT: "contacts"}}


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

    def has(self, kind: Kind, name: str) -> bool:
        """Whether the vendor's cards of this kind have a field."""
        return name not in self.portal.capabilities.lacks.get(kind, frozenset())

    def within(self, kind: Kind, values: dict[str, Any]) -> dict[str, Any]:
        """Those of the values that the vendor has a field for."""
        return {name: value for name, value in values.items() if self.has(kind, name)}

    def deletes(self, kind: Kind) -> bool:
        """Whether the vendor's API removes things of this kind."""
        return kind in self.portal.capabilities.deletes

    def refuses(self, name: str) -> bool:
        """Whether the vendor's API has no way for a write."""
        return name in self.portal.capabilities.refuses

    def count(self, kind: Kind) -> int:
        """How many rows of a kind stand in the portal's own table."""
        table = TABLES[self.vendor][kind]
        return len(self.control.dump([table])["tables"][table])

    def prepare_marks(self) -> None:
        """Make the fields in which origins are kept, where a portal has none by itself; a plan does it first."""
        if self.portal.capabilities.marks_need_field:
            field = {"code": "B24KIT_ID", "label": "b24kit", "type": "string"}
            kinds = [kind for kind in CARDS if kind is not Kind.DEAL]
            self.do(*(Create(f"mark {kind}", Kind.FIELD, {**field, "card_kind": kind.value}) for kind in kinds))

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
    only = getattr(request.module, "ONLY", None)
    if only is not None and request.param not in only:
        pytest.skip("speaks of what this vendor's requests do not know: commands of many kinds side by side")
    seed = {"kind": "company", "leads": 60, "seed": 7}
    with Sandbox(
        vendor=request.param, seed=seed, clock="moved", grace=0.001 if request.param == "bitrix24" else 0.01
    ) as sandbox:
        clock = RemoteClock(sandbox.control)
        access = sandbox.webhook_url if request.param == "bitrix24" else f"{sandbox.url} {sandbox.token}"
        portal = open_portal(read_credentials(access), clock)
        found = Field(request.param, portal, clock, sandbox.control)
        kept = os.environ.get("B24KIT_KEEP_CALLS")  # a folder: the calls are kept for the vendor's contract check
        sandbox.control.log_calls(bool(kept))
        found.prepare_marks()
        yield found
        portal.close()
        if kept:
            with (Path(kept) / f"{request.param}.jsonl").open("a", encoding="utf-8") as out:
                out.write(sandbox.control.calls_text())
        assert not sandbox.control.mails(), "a letter was really sent"
