"""One contract for every vendor: the same tests on each portal, through its sandbox, and on a real one when asked to.

A `Field` is a portal with what a test needs to disturb it and to look behind it. Where vendors differ a test asks the
portal's capabilities, never which vendor it is. On a real portal (`tests/portals/real.py` names the variables) a test
works on cards of the session's own, and skips what only a sandbox can do.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from b24kit.clock import Clock
from b24kit.connectors.factory import open_portal, read_credentials
from b24kit.crm.portal import Portal, Where
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Create, Result, Write
from b24kit.sandbox.remote import RemoteClock, SandboxControl
from b24kit.sandbox.server import Sandbox
from tests.portals.real import ABSENT, Fenced, OnlyOnTheSandbox, Stay, arrive, told_of

Row = TypeVar("Row")
REAL = "-real"  # the end of a parameter that means the environment's own portal
VENDORS = ("bitrix24", "amocrm")
# Requests for the dossiers of 60 cards: notes of amoCRM are listed a card at a time.
DOSSIER_REQUESTS = {"bitrix24": 20, "amocrm": 70}
TABLES = {"bitrix24": {Kind.CONTACT: "contact"}, "amocrm": {Kind.CONTACT: "contacts"}}


@dataclass(frozen=True, slots=True)
class Field:
    """A portal under test."""

    vendor: str
    portal: Portal
    clock: Clock
    control: SandboxControl
    stay: Stay | None = None  # on a real portal

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

    def needs(self, *names: str) -> None:
        """Skip what rests on a write that the vendor's API has no way for."""
        missing = [name for name in names if self.refuses(name)]
        if missing:
            pytest.skip(f"this vendor has no way to {missing[0]}")

    def cards(self, kind: Kind, count: int) -> list[Any]:
        """Cards that a test may change: ours on a real portal, here the first that nobody waits to take in."""
        if self.stay is not None:
            return self.stay.cards(kind, count)
        portal = self.portal
        lists: dict[Kind, Any] = {
            Kind.LEAD: portal.leads, Kind.CONTACT: portal.contacts, Kind.COMPANY: portal.companies,
            Kind.DEAL: portal.deals,
        }  # fmt: skip
        waiting = {one.lead for one in portal.incoming()} if kind is Kind.LEAD else set()
        return [card for card, _ in zip((c for c in lists[kind]() if c.id not in waiting), range(count), strict=False)]

    def absent(self, kind: Kind) -> Ref:
        """A reference to nothing."""
        return Ref(kind, ABSENT)

    def user(self, number: int) -> str:
        """A user by his place in the seed; on a real portal nobody but this access's own user is troubled."""
        return str(number) if self.stay is None else self.portal.facts().user

    def origin(self, key: str) -> dict[str, str]:
        """A mark of ours that no other test has used on this portal."""
        run = "run" if self.stay is None else f"check-{self.stay.began}-{self.stay.tests}"
        return {"system": "b24kit", "id": f"{run}/{key}"}

    def many(self, count: int) -> int:
        """So many, or a few where every one stays for good."""
        return count if self.stay is None else min(count, 3)

    def one(self, rows: Iterable[Row]) -> Row:
        """The first row; a real portal may have none."""
        found = next(iter(rows), None)
        if found is None and self.stay is not None:
            pytest.skip("this portal has nothing of the kind")
        assert found is not None
        return found

    def near(self, card: Any, **narrowed: Any) -> Where:
        """Narrowed as asked, and on a real portal to where our own card stands."""
        return Where(**narrowed, above_id=None if self.stay is None else str(int(card.id) - 1))

    def needs_seed(self, why: str) -> None:
        """Skip on a real portal what rests on the generated company."""
        if self.stay is not None:
            pytest.skip(f"rests on the generated company: {why}")

    def needs_whole_lists(self) -> None:
        """Skip where a real portal has more rows than were looked at."""
        if self.stay is not None and cast(Fenced, self.portal).cut:
            pytest.skip("this portal has more rows than a check reads")

    def wait(self, seconds: float) -> None:
        """Let portal time pass; on a real portal no more than tells two seconds apart."""
        self.clock.sleep(seconds if self.stay is None else min(seconds, 2))

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
        return 0 if self.stay is not None else len(self.control.mails())


class Stays:
    """The stays of a session, begun when the first test asks for them."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._begun: dict[str, Stay] = {}

    def of(self, vendor: str) -> Stay:
        """The stay on this vendor's real portal."""
        if vendor not in self._begun:
            self._begun[vendor] = arrive(vendor, self._say)
            self._begun[vendor].prepare_marks()
        return self._begun[vendor]

    def end(self) -> None:
        """Tidy up everywhere and tell what is left."""
        for stay in self._begun.values():
            left = stay.tidy()
            self._say(f"{stay.vendor}: nothing is left" if not left else f"{stay.vendor}: left: {', '.join(left)}")

    def _say(self, text: str) -> None:
        with self._config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n[real portal] {text}", flush=True)


@pytest.fixture(scope="session")
def stays(request: pytest.FixtureRequest) -> Iterator[Stays]:
    """Real portals that the environment names."""
    found = Stays(request.config)
    yield found
    found.end()


@pytest.fixture(params=[*VENDORS, *(vendor + REAL for vendor in VENDORS if told_of(vendor))])
def field(request: pytest.FixtureRequest, stays: Stays) -> Iterator[Field]:
    """A fresh generated company of 60 leads on a portal whose clock stands still, or a fenced real portal."""
    if request.param.endswith(REAL):
        yield _real(request, stays)
    else:
        yield from _generated(request)


def _real(request: pytest.FixtureRequest, stays: Stays) -> Field:
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("a real portal is checked by one process: run without -n")
    if reason := getattr(request.module, "SANDBOX_ONLY", None):
        pytest.skip(reason)
    stay = stays.of(request.param.removesuffix(REAL))
    stay.tests += 1
    fenced, nothing = cast(Portal, Fenced(stay.portal, stay)), cast(SandboxControl, OnlyOnTheSandbox())
    return Field(stay.vendor, fenced, stay.clock, nothing, stay)


def _generated(request: pytest.FixtureRequest) -> Iterator[Field]:
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
