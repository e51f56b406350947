"""What stands on a portal so that we hear of events: handlers, queues, webhooks, and robots of ours in its palette.

Addresses carry a secret path, so a record never holds one: it says the host and whether the address is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from b24kit.crm.refs import Kind, Ref

HIDDEN = "***"


class Manner(StrEnum):
    """How events reach us. POLLED needs nothing on the portal: our sweep asks what changed."""

    PUSHED = "pushed"
    QUEUED = "queued"
    POLLED = "polled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One thing that stands on the portal. `name` is the vendor's word for it (an event, a robot's code).

    `sort`: event, queue, robot, trigger or webhook. `hears` are the vendor's names of events, `address` says the host.
    """

    id: str
    sort: str
    name: str
    hears: tuple[str, ...] = ()
    address: str = ""
    ours: bool = False

    @property
    def ref(self) -> Ref:
        return Ref(Kind.SUBSCRIPTION, self.id)


@dataclass(frozen=True, slots=True)
class Palette:
    """A robot or trigger of ours that people may place on stages: its code, and what they read in the palette."""

    sort: str  # robot | trigger
    code: str
    label: str


class Subscribing(Protocol):
    """The role of a portal that can tell us of events."""

    def subscriptions(self) -> list[Subscription]:
        """What stands there now, as far as this access may see it."""

    def wanted_subscriptions(self, manner: Manner, palette: Sequence[Palette] = ()) -> list[Subscription]:
        """What has to stand there for leads, deals and what happens on them to be heard of in this manner."""

    def manners(self) -> tuple[Manner, ...]:
        """The manners that this access and the portal's plan allow, the best first."""


def shown_address(address: str) -> str:
    """An address as it may be shown: its path may be a password.

    >>> shown_address("https://robots.example.ru/hooks/secret?k=1")
    'https://robots.example.ru/***'
    """
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}/{HIDDEN}" if host else ""
