"""The six things that can be done to a portal, in no vendor's words. Only `change/executor` hands them to a portal.

`values` and `before` are JSON values by the field names of the records (`crm.records`). Kinds without a record class:
COMMENT {card, text, files}, PRODUCT {card, name, product, price, quantity, ...}, TODO and TASK {card, title, text,
owner, deadline}, NOTICE {user, text, tag}, FIELD {card_kind, code, label, type, options, required_on}, LETTER {card,
client, address, sender, owner, subject, text}. `files` are [{name, content}], the content in base64. A new
SUBSCRIPTION may carry a `label`; its secret address is the connector's. A Create of a card may carry `origin`, by
which a lost answer is settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from b24kit.crm.refs import Kind, Ref


@dataclass(frozen=True, slots=True)
class Create:
    """Make a new object. `quiet` asks for a way that fires no robots, where the vendor has one."""

    key: str
    kind: Kind
    values: Mapping[str, Any]
    quiet: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """Write some fields of an object; `before` holds their present values as just read (multi-values need them)."""

    key: str
    ref: Ref
    values: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an object for good (as far as the vendor's API goes). `before` is its last known state."""

    key: str
    ref: Ref
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bind:
    """Let an activity hang on a card too."""

    key: str
    activity: Ref
    card: Ref


@dataclass(frozen=True, slots=True)
class Unbind:
    """Take an activity off a card; the vendor refuses to take off the last one."""

    key: str
    activity: Ref
    card: Ref


@dataclass(frozen=True, slots=True)
class Merge:
    """Let one card swallow others of its kind: what hangs on them comes to hang on it, and they are gone.

    `before` holds by reference what each card was like just before. Nothing of theirs may differ from the survivor's:
    where two values stand against each other the vendor leaves it to a person, and nothing is merged.
    """

    key: str
    survivor: Ref
    losers: tuple[Ref, ...]
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accept:
    """Take an incoming lead in: its card moves to `stage`, what came with it can be seen from now on. For good."""

    key: str
    incoming: Ref
    stage: str
    owner: str
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decline:
    """Turn an incoming lead down: its card and the fresh contact go to the bin. For good, as far as the API goes."""

    key: str
    incoming: Ref
    by: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LinkIncoming:
    """Let the message of an incoming lead join a card that is there; `contact` is who is taken for its sender."""

    key: str
    incoming: Ref
    card: Ref
    contact: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)


TakeIn = Accept | Decline | LinkIncoming  # what becomes of an incoming lead
Write = Create | Change | Delete | Bind | Unbind | Merge | Accept | Decline | LinkIncoming
_TAKES_IN = {Accept: "accept", Decline: "decline", LinkIncoming: "link"}


def write_name(write: Write) -> str:
    """How a write is named in prices and statistics: `change lead`, `create contact`, `bind activity`."""
    if isinstance(write, Merge):
        return f"merge {write.survivor.kind.value}"
    if isinstance(write, Accept | Decline | LinkIncoming):
        return f"{_TAKES_IN[type(write)]} {write.incoming.kind.value}"
    kind = (
        write.kind
        if isinstance(write, Create)
        else write.activity.kind
        if isinstance(write, Bind | Unbind)
        else write.ref.kind
    )
    return f"{type(write).__name__.lower()} {kind.value}"


class Settled(StrEnum):
    """What became of one write. UNKNOWN means: sent, and no answer that can be trusted."""

    DONE = "done"
    REFUSED = "refused"
    NOT_EXECUTED = "not_executed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one write: `new_id` of what was created, or the portal's refusal as code and words."""

    key: str
    settled: Settled
    new_id: str | None = None
    code: str = ""
    said: str = ""
