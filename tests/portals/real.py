"""A real portal behind a fence: read within bounds, written only on cards that this very session made, tidied up after.

The address comes from the environment (`VARIABLES`). Without `WRITES` nothing is written at all. What could disturb the
people who work there is never sent: no directory is touched, nobody else's card, no notice, no mail.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pytest

from b24kit.clock import Clock, SystemClock
from b24kit.connectors.factory import open_portal, read_credentials, vendor_of
from b24kit.crm.pipeline import Outcome
from b24kit.crm.portal import Intend, Portal, Tell, Where
from b24kit.crm.records import values_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Bind, Change, Create, Delete, Result, Settled, Unbind, Write
from b24kit.errors import B24kitError
from b24kit.sandbox.remote import RemoteClock, SandboxControl

VARIABLES = {"bitrix24": "B24KIT_TEST_BITRIX24", "amocrm": "B24KIT_TEST_AMOCRM"}  # an access, or a file that holds it
WRITES = "B24KIT_TEST_WRITES"  # 1: cards of our own may be made, changed and removed
CLOCK = "B24KIT_CLOCK"  # as on the command line: the portal is a sandbox and this is its clock
ROWS = 300  # of a list that are looked at
CREATIONS = 120  # in a session, of everything together
ABSENT = "2000000000"  # a number that no card has yet
MARK = "b24kit: проверка, можно удалить"
_HUNG = (Kind.ACTIVITY, Kind.COMMENT, Kind.TASK, Kind.TODO, Kind.PRODUCT)
_NAMES = {Kind.CONTACT: {"name": {"first": "b24kit", "last": "проверка"}}}
Row = TypeVar("Row")


def told_of(vendor: str) -> str | None:
    """The access that the environment holds for a vendor's portal; it is a password."""
    told = os.environ.get(VARIABLES[vendor], "").strip()
    if told and "://" not in told and Path(told).is_file():
        return Path(told).read_text(encoding="utf-8").strip()
    return told or None


@dataclass(slots=True)
class Stay:
    """A session on one real portal: what may be written, what was made, and how all of it goes again."""

    vendor: str
    portal: Portal
    clock: Clock
    may_write: bool
    began: int  # unix time; tells marks of one session from those of another
    made: dict[Ref, Create] = field(default_factory=dict)
    unknown: list[Create] = field(default_factory=list)  # sent, and the answer never came
    sent: int = 0
    tests: int = 0

    def allow(self, writes: Iterable[Write]) -> None:
        """Skip the test unless every write is one that may be sent here; nothing of it has left yet."""
        for write in writes:
            if not self.may_write:
                pytest.skip(f"nothing is written on a real portal unless {WRITES}=1")
            if reason := self._refused(write):
                pytest.skip(reason)
            self.sent += isinstance(write, Create)
        if self.sent > CREATIONS:
            pytest.fail(f"more than {CREATIONS} creations on a real portal: the suite is not bounded any more")

    def _refused(self, write: Write) -> str:
        if isinstance(write, Create):
            if write.kind in CARDS:
                return ""
            hung = write.kind in _HUNG and self._is_ours(Ref.parse(str(write.values.get("card") or "lead:0")))
            return "" if hung else f"no {write.kind.value} is made on a real portal"
        touched: tuple[Ref, ...]
        if isinstance(write, Bind | Unbind):
            touched = (write.activity, write.card)
        elif isinstance(write, Change | Delete):
            touched = (write.ref,)
        else:
            return "nobody's incoming leads are taken in and no cards are merged on a real portal"
        strange = [ref for ref in touched if not self._is_ours(ref)]
        return f"what others made on a real portal is left alone: {strange[0].kind.value}" if strange else ""

    def _is_ours(self, ref: Ref) -> bool:
        return ref in self.made or (ref.kind in CARDS and ref.id == ABSENT)

    def heard(self, write: Write, result: Result) -> None:
        """Keep in mind what a write made or removed, and what may have been made by a write without an answer."""
        if isinstance(write, Create) and result.settled is Settled.UNKNOWN:
            self.unknown.append(write)
        elif isinstance(write, Create) and result.new_id:
            self.made[Ref(write.kind, result.new_id)] = write
        elif isinstance(write, Delete) and result.settled is Settled.DONE:
            with_it = [ref for ref, made in self.made.items() if made.values.get("card") == str(write.ref)]
            for ref in (write.ref, *with_it):  # what hung on a card went with it
                self.made.pop(ref, None)

    def cards(self, kind: Kind, count: int) -> list[Any]:
        """So many cards of ours as they stand now, made where they are missing."""
        fenced = Fenced(self.portal, self)
        missing = count - len([ref for ref in self.made if ref.kind is kind])
        if missing > 0:
            values = _NAMES.get(kind, {"title": MARK})
            list(fenced.perform([Create(f"own {kind}{n}", kind, values) for n in range(missing)], lambda batch: None))
        refs = [ref for ref in self.made if ref.kind is kind][:count]
        found = self.portal.read(refs)
        return [found[ref] for ref in refs]

    def prepare_marks(self) -> None:
        """The fields in which origins are kept, where this vendor needs them and they are missing."""
        if not (self.may_write and self.portal.capabilities.marks_need_field):
            return
        values = {"code": "B24KIT_ID", "label": "b24kit", "type": "string"}
        wanted = [
            Create(kind.value, Kind.FIELD, {**values, "card_kind": kind.value})
            for kind in CARDS
            if kind is not Kind.DEAL
        ]
        there = self.portal.settle(wanted)
        missing = [write for write in wanted if there[write.key].settled is not Settled.DONE]
        for result in self.portal.perform(missing, lambda batch: None):
            assert result.new_id, result
            self.made[Ref(Kind.FIELD, result.new_id)] = next(one for one in missing if one.key == result.key)

    def tidy(self) -> list[str]:
        """Remove what the vendor lets go and close the rest; tells what is left on the portal."""
        looked = self.portal.settle(self.unknown)
        left = [f"{one.kind.value} ({one.key})" for one in self.unknown if looked[one.key].settled is Settled.UNKNOWN]
        for one in self.unknown:
            if looked[one.key].new_id:
                self.heard(one, looked[one.key])
        for ref, write in reversed(self.made.items()):
            try:
                gone = self._gone(ref, write)
            except B24kitError as error:  # the others are tidied all the same
                left.append(f"{ref} ({error.code})")
            else:
                left += [] if gone else [str(ref)]
        self.portal.close()
        return left

    def _gone(self, ref: Ref, write: Create) -> bool:
        """Remove it, or close it where this vendor removes none of its kind: whether nothing of it is left."""
        if ref.kind in self.portal.capabilities.deletes:
            return self._remove(Delete(f"tidy {ref}", ref, {**write.values}))
        self._archive(ref)
        return False

    def _remove(self, removal: Delete) -> bool:
        """Whether it is gone now; a card takes along what hangs on it."""
        [result] = self.portal.perform([removal], lambda batch: None)
        return result.settled is Settled.DONE or self.portal.settle([removal])[removal.key].settled is Settled.DONE

    def _archive(self, ref: Ref) -> None:
        closing = self._archiving(ref)
        if closing is not None:
            list(self.portal.perform([closing], lambda batch: None))

    def _archiving(self, ref: Ref) -> Change | None:
        """What marks a card of ours as nobody's any more where it cannot be removed."""
        if ref.kind in (Kind.TASK, Kind.TODO, Kind.ACTIVITY):
            return Change(f"tidy {ref}", ref, {"done": True})
        if ref.kind not in CARDS:
            return None
        before = self.portal.read([ref])[ref]
        values = dict(_NAMES.get(ref.kind, {"title": MARK}))
        if ref.kind in (Kind.LEAD, Kind.DEAL):
            stages = self.portal.stages()
            own = {stage.ladder for stage in stages if stage.code == values_of(before)["stage"]}
            values["stage"] = next(s.code for s in stages if s.ladder in own and s.outcome is Outcome.LOST)
        return Change(f"tidy {ref}", ref, values, values_of(before))


class Fenced:
    """The portal of a stay as tests see it: lists end after `ROWS` rows, and writes go through the fence."""

    def __init__(self, portal: Portal, stay: Stay) -> None:
        self._portal, self._stay = portal, stay
        self.cut = False  # whether a list was longer than what was looked at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._portal, name)

    def leads(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Any]:
        return self._first(self._portal.leads(where, tell))

    def contacts(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Any]:
        return self._first(self._portal.contacts(where, tell))

    def companies(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Any]:
        return self._first(self._portal.companies(where, tell))

    def deals(self, where: Where | None = None, tell: Tell | None = None) -> Iterator[Any]:
        return self._first(self._portal.deals(where, tell))

    def activities(self, *given: Any, **named: Any) -> Iterator[Any]:
        return self._first(self._portal.activities(*given, **named))

    def incoming(self, tell: Tell | None = None, *, remarks: bool = False) -> Iterator[Any]:
        return self._first(self._portal.incoming(tell, remarks=remarks))

    def _first(self, rows: Iterator[Row]) -> Iterator[Row]:
        yield from islice(rows, ROWS)
        self.cut = self.cut or next(rows, None) is not None

    def perform(self, writes: Sequence[Write], intend: Intend, tell: Tell | None = None) -> Iterator[Result]:
        """As the portal's own, behind the fence."""
        self._stay.allow(writes)
        named = {write.key: write for write in writes}
        for result in self._portal.perform(writes, intend, tell):
            self._stay.heard(named[result.key], result)
            yield result

    def carry(self, *given: Any, **named: Any) -> Iterator[Any]:
        """Runs of many kinds of commands side by side are for portals that can be disturbed."""
        pytest.skip("looks and writes side by side are tried on the sandbox only")

    def close(self) -> None:
        """The stay closes its portal itself."""


class OnlyOnTheSandbox:
    """Stands where the sandbox's control would: a test that asks it for anything is not for a real portal."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        pytest.skip("needs a portal that can be disturbed and looked into: the sandbox")


def arrive(vendor: str, say: Callable[[str], None]) -> Stay:
    """Begin a stay and say, before anything is written, what will be."""
    told = told_of(vendor)
    assert told is not None
    credentials = read_credentials(told)
    assert vendor_of(credentials) == vendor, f"{VARIABLES[vendor]} holds an access to another vendor's portal"
    address = os.environ.get(CLOCK)
    clock: Clock = RemoteClock(SandboxControl(address)) if address else SystemClock()
    stay = Stay(
        vendor, open_portal(credentials, clock), clock, os.environ.get(WRITES) == "1", int(clock.now().timestamp())
    )
    host = credentials.host
    if not stay.may_write:
        say(f"{host}: will be read, {ROWS} rows of a list at most; nothing will be written ({WRITES}=1 lets it)")
        return stay
    deletes = stay.portal.capabilities.deletes
    kept = ", ".join(kind.value for kind in CARDS if kind not in deletes)
    end = f"closed and renamed to «{MARK}»: {kept}; this vendor removes none" if kept else "removed at the end"
    say(f"{host}: will be read, and at most {CREATIONS} cards, comments and tasks of its own will be written; {end}")
    if stay.portal.capabilities.marks_need_field:
        say(f"{host}: the field B24KIT_ID is added to cards where it is missing, and removed at the end")
    return stay
