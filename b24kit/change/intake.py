"""Incoming leads that a plan takes in, turns down or links: what is done to them no API takes back, and a plan says so.

Their before-image is what was read of them: the writer, the subject, the summary, the cards that came with them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from b24kit.change.operation import NoWayBack, Operation
from b24kit.change.references import resolved
from b24kit.crm.portal import Capabilities
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Accept, Decline, LinkIncoming, TakeIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake(Operation):
    """What the three have in common: the incoming lead and what it was like."""

    undo_code: ClassVar[str] = ""

    incoming: Ref
    before: Mapping[str, Any]

    @property
    def target(self) -> Ref:
        return self.incoming

    def inverse(self, new_id: str | None, capabilities: Capabilities) -> Operation | NoWayBack:
        return NoWayBack(self.incoming, self.undo_code, {"kind": self.incoming.kind.value, "id": self.incoming.id})


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptIncoming(Intake):
    """Take it in: its card moves to `stage` under `owner`, its fresh contact can be seen."""

    symbol: ClassVar[str] = "+"
    undo_code: ClassVar[str] = "undo.accepted"

    stage: str
    owner: str

    def write(self, ids: Mapping[str, str], now: Mapping[str, Any]) -> TakeIn:
        return Accept(self.key, self.incoming, self.stage, self.owner, self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineIncoming(Intake):
    """Turn it down: its card goes to the bin together with the fresh contact."""

    symbol: ClassVar[str] = "-"
    undo_code: ClassVar[str] = "undo.declined"

    by: str | None = None

    def write(self, ids: Mapping[str, str], now: Mapping[str, Any]) -> TakeIn:
        return Decline(self.key, self.incoming, self.by, self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachIncoming(Intake):
    """Let its message join a lead that is there; its own card goes to the bin."""

    undo_code: ClassVar[str] = "undo.attached"

    card: Ref
    contact: str | None = None

    def write(self, ids: Mapping[str, str], now: Mapping[str, Any]) -> TakeIn:
        return LinkIncoming(self.key, self.incoming, resolved(self.card, ids), self.contact, self.before)


def standing_on(one: Intake) -> Ref:
    """The lead that an incoming one stands on."""
    return Ref(Kind.LEAD, str(one.before["lead"]))


def binned(operations: Iterable[Operation], done: Collection[str]) -> set[Ref]:
    """The cards that these operations sent to the bin, as far as their keys are among those done."""
    gone = [one for one in operations if isinstance(one, DeclineIncoming | AttachIncoming) and one.key in done]
    contacts = {Ref(Kind.CONTACT, str(number)) for one in gone for number in one.before.get("contacts") or ()}
    return contacts | {standing_on(one) for one in gone} | {one.incoming for one in gone}
