"""What happened between people: letters, calls, meetings, to-dos; each hangs on one or more cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from b24kit.crm.refs import Kind, Ref


class Channel(StrEnum):
    EMAIL = "email"
    CALL = "call"
    MESSAGE = "message"  # a chat of a messenger, an SMS
    MEETING = "meeting"
    TASK = "task"
    TODO = "todo"
    OTHER = "other"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Letter:
    """The envelope of an e-mail activity, as the mailbox saw it; addresses are raw header text."""

    sender: str = ""
    to: str = ""
    cc: str = ""
    reply_to: str = ""
    mailbox: str = ""  # the portal's own address that received or sent it
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """`card` is the owner; `bindings` are all cards it hangs on, None when they were not asked for."""

    id: str
    channel: Channel
    direction: Direction
    subject: str
    card: Ref
    done: bool
    created: datetime | None = None
    start: datetime | None = None
    deadline: datetime | None = None
    responsible: str | None = None
    text: str | None = None
    letter: Letter | None = None
    bindings: tuple[Ref, ...] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        return Ref(Kind.ACTIVITY, self.id)
