"""What a plan is made of: frozen facts with their before-image, a way to be said, and a way back.

An operation never performs itself: `write()` turns it into a `crm.writes.Write` for the executor once the ids of what
earlier operations created are known, and `inverse()` gives the operation that takes it back, or says why none does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, ClassVar

from b24kit.change.references import WORDS, mentioned, resolved, settled
from b24kit.crm.portal import Capabilities
from b24kit.crm.records import agrees
from b24kit.crm.refs import Kind, Ref, new_ref
from b24kit.crm.writes import Bind, Change, Create, Delete, Unbind, Write

TALK = "_talk"  # ends the code of a reason that speaks of a call, a meeting or a chat instead of a letter


class Phase(IntEnum):
    """The order of a run. A card is closed last, so a half-done conversion still looks unconverted."""

    SETTINGS = 10
    COMPANIES = 20
    CONTACTS = 30
    MERGES = 35
    DEALS = 40
    LINKS = 50
    CARDS = 60
    NOTES = 70
    RETIRE = 90


_PHASES = {
    Kind.COMPANY: Phase.COMPANIES,
    Kind.CONTACT: Phase.CONTACTS,
    Kind.DEAL: Phase.DEALS,
    Kind.LEAD: Phase.CARDS,
    Kind.ACTIVITY: Phase.NOTES,
    Kind.PRODUCT: Phase.NOTES,
    Kind.COMMENT: Phase.NOTES,
    Kind.TODO: Phase.NOTES,
    Kind.TASK: Phase.NOTES,
    Kind.NOTICE: Phase.NOTES,
    Kind.LETTER: Phase.NOTES,
}


def making_phase(kind: Kind) -> Phase:
    """The phase in which a thing of this kind is made: stages and the like before any card."""
    return _PHASES.get(kind, Phase.SETTINGS)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is planned, or left out: a catalogue code and its facts."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoWayBack:
    """What cannot be undone on this vendor, said before the start: code and facts for the catalogue."""

    ref: Ref
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(ABC):
    """`key` is unique in its plan, stable between plans of the same state; a failed operation stops its `cluster`."""

    symbol: ClassVar[str] = "~"

    key: str
    phase: Phase
    reason: Reason
    cluster: str = ""
    needs: tuple[str, ...] = ()

    @property
    @abstractmethod
    def target(self) -> Ref:
        """The object it acts on; `new:<key>` when it makes one."""

    @abstractmethod
    def write(self, ids: Mapping[str, str], now: Mapping[str, Any]) -> Write:
        """The write to send. `ids` maps operation keys to created ids, `now` is the target's state as just read."""

    @abstractmethod
    def inverse(self, new_id: str | None, capabilities: Capabilities) -> Operation | NoWayBack:
        """The way back after it was done; `new_id` is what it created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRecord(Operation):
    """Make a card, a stage, a source, a comment... Its before-image is that nothing is there."""

    symbol: ClassVar[str] = "+"

    kind: Kind
    values: Mapping[str, Any]
    quiet: bool = True

    @property
    def target(self) -> Ref:
        return new_ref(self.kind, self.key)

    def write(self, ids: Mapping[str, str], now: Mapping[str, Any]) -> Write:
        return Create(self.key, self.kind, settled(self.values, ids), self.quiet)

    def inverse(self, new_id: str | None, capabilities: Capabilities) -> Operation | NoWayBack:
        if new_id is None or self.kind not in capabilities.deletes:
            return NoWayBack(self.target, "undo.cannot_remove", {"kind": self.kind.value, "id": new_id or "?"})
        return RemoveRecord(
            key=f"undo-{self.key}",
            cluster=self.cluster,
            phase=Phase.RETIRE,
            reason=Reason("undo.created", {"key": self.key}),
            ref=Ref(self.kind, new_id),
            before=self.values,
            remake=self.values,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRecord(Operation):
    """Write some fields. `before` holds every field of `after`, and may hold more that the decision rested on."""

    ref: Ref
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    # The card can be seen only once an earlier operation of this run has revealed it: `before` holds nothing but names,
    # what stands there then is journalled and put back by undoing; points are added to its own.
    revealed: bool = False

    def __post_init__(self) -> None:
        missing = self.after.keys() - self.before.keys()
        if missing:
            raise ValueError(f"{self.key}: no before-image of {', '.join(sorted(missing))}")

    @property
    def target(self) -> Ref:
        return self.ref

    @property
    def moves(self) -> bool:
        """Whether it moves a card to another stage."""
        return "stage" in self.after and self.ref.kind in (Kind.LEAD, Kind.DEAL)

    def is_done(self, now: Mapping[str, Any]) -> bool:
        """Whether the object already is as wanted."""
        return all(agrees(name, now.get(name), value) for name, value in self.after.items())

    def moved_on(self, now: Mapping[str, Any]) -> tuple[str, ...]:
        """Fields that somebody changed since they were read."""
        return tuple(name for name, value in self.before.items() if not agrees(name, now.get(name), value))

    def write(self, ids: Mapping[str, str], now: Mapping[str, Any]) -> Write:
        wanted = settled(self.after, ids)
        values = {name: value for name, value in wanted.items() if not agrees(name, now.get(name), value)}
        return Change(self.key, resolved(self.ref, ids), values, dict(now))

    def inverse(self, new_id: str | None, capabilities: Capabilities) -> Operation | NoWayBack:
        return UpdateRecord(
            key=f"undo-{self.key}",
            cluster=self.cluster,
            phase=self.phase,
            reason=Reason("undo.changed", {"key": self.key}),
            ref=self.ref,
            before=self.after,
            after={name: self.before[name] for name in self.after},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRecord(Operation):
    """Remove an object whose whole last state is `before`.

    `remake`: a run of b24kit made it from these values and nobody touched it, so making it again brings it back whole.
    `kept`: the card goes only after a whole copy of it was taken and verified (`backup`); undoing makes it again from
    that copy, as a new card, and needs the same consent as what is final.
    """

    symbol: ClassVar[str] = "-"

    ref: Ref
    before: Mapping[str, Any]
    remake: Mapping[str, Any] | None = None
    kept: bool = False

    @property
    def target(self) -> Ref:
        return self.ref

    def write(self, ids: Mapping[str, str], now: Mapping[str, Any]) -> Write:
        return Delete(self.key, self.ref, dict(now) or dict(self.before))

    def inverse(self, new_id: str | None, capabilities: Capabilities) -> Operation | NoWayBack:
        if self.kept:
            return NoWayBack(self.ref, "undo.made_again", {"kind": self.ref.kind.value, "id": self.ref.id})
        restorable = self.ref.kind in (Kind.STAGE, Kind.SOURCE) and capabilities.restores_stage_code
        restorable = restorable or (self.ref.kind is Kind.STAGE and capabilities.remakes_stages)
        again = self.remake if self.ref.kind is not Kind.PIPELINE else None  # its stages would be lost
        if not restorable and again is None:
            return NoWayBack(self.ref, "undo.removed_for_good", {"kind": self.ref.kind.value, "id": self.ref.id})
        return CreateRecord(
            key=f"undo-{self.key}",
            cluster=self.cluster,
            phase=making_phase(self.ref.kind),
            reason=Reason("undo.removed", {"key": self.key}),
            kind=self.ref.kind,
            values=self.before if again is None else again,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BindLetter(Operation):
    """Let an activity hang on a card too; the binding it had stays."""

    symbol: ClassVar[str] = "+"

    activity: Ref
    card: Ref

    @property
    def target(self) -> Ref:
        return self.activity

    def write(self, ids: Mapping[str, str], now: Mapping[str, Any]) -> Write:
        return Bind(self.key, self.activity, resolved(self.card, ids))

    def inverse(self, new_id: str | None, capabilities: Capabilities) -> Operation | NoWayBack:
        return UnbindLetter(
            key=f"undo-{self.key}",
            cluster=self.cluster,
            phase=Phase.LINKS,
            reason=Reason(_of_talk("undo.bound", self.reason), {"key": self.key}),
            activity=self.activity,
            card=self.card,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbindLetter(Operation):
    """Take an activity off a card; never its last one. `unless_last`: then it is left as it is, and that is fine."""

    symbol: ClassVar[str] = "-"

    activity: Ref
    card: Ref
    unless_last: bool = False

    @property
    def target(self) -> Ref:
        return self.activity

    def write(self, ids: Mapping[str, str], now: Mapping[str, Any]) -> Write:
        return Unbind(self.key, self.activity, resolved(self.card, ids))

    def inverse(self, new_id: str | None, capabilities: Capabilities) -> Operation | NoWayBack:
        return BindLetter(
            key=f"undo-{self.key}",
            cluster=self.cluster,
            phase=Phase.LINKS,
            reason=Reason(_of_talk("undo.unbound", self.reason), {"key": self.key}),
            activity=self.activity,
            card=self.card,
        )


def _of_talk(code: str, done: Reason) -> str:
    """The code of a way back: what was planned of a call or a meeting is no letter on its way back either."""
    return f"{code}{TALK}" if done.code.endswith(TALK) else code


def prerequisites(operation: Operation) -> frozenset[str]:
    """Keys of the operations that must be done before: those named in `needs` and those whose new ids it speaks of."""
    found = set(operation.needs)
    match operation:
        case CreateRecord():
            found |= mentioned([value for name, value in operation.values.items() if name not in WORDS])
        case UpdateRecord():
            found |= mentioned([value for name, value in operation.after.items() if name not in WORDS])
            found |= mentioned([operation.ref.id])
        case BindLetter() | UnbindLetter():
            found |= mentioned([operation.card.id])
    return frozenset(found)
