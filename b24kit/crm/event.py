"""What a portal tells us of its own accord: a hint which object to look at, and nothing to decide by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from b24kit.crm.refs import Ref


class Happened(StrEnum):
    """What the hint says. STIRRED: something on the card (a letter, a call, a task), not the card itself."""

    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"
    STIRRED = "stirred"


@dataclass(frozen=True, slots=True)
class Event:
    """One hint. `card` may be an activity where the vendor tells only that one's id; `at` is the portal's own time."""

    card: Ref
    kind: Happened
    at: datetime | None = None


class Hears(Protocol):
    """A portal whose messages can be told from others."""

    def hook(self, tokens: Collection[str]) -> Hook:
        """How its messages are proven and read; `tokens` are those it is known to send, where it sends any."""


class Hook(Protocol):
    """What a connector knows of the requests that its vendor sends."""

    def prove(self, form: Mapping[str, Any]) -> bool:
        """Whether the form comes from the portal; compared in constant time."""

    def decode(self, form: Mapping[str, Any]) -> Sequence[Event]:
        """What the form hints at; nothing for what no robot cares about."""
