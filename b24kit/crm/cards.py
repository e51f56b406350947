"""Leads, contacts, companies and deals as b24kit speaks of them; unnamed vendor fields ride in `extra`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from b24kit.crm.pipeline import Outcome
from b24kit.crm.points import Point, PointKind
from b24kit.crm.refs import Kind, Ref


@dataclass(frozen=True, slots=True)
class PersonName:
    first: str = ""
    last: str = ""
    middle: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.last, self.first, self.middle) if part)


@dataclass(frozen=True, slots=True)
class Origin:
    """Which system made the card and under which id: how a crashed run finds what it had already created."""

    system: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What every card has. Ids of users, companies and so on are strings, None where nothing is set."""

    id: str
    title: str = ""
    owner: str | None = None
    created: datetime | None = None
    created_by: str | None = None
    changed: datetime | None = None
    changed_by: str | None = None
    last_activity: datetime | None = None
    points: tuple[Point, ...] = ()
    origin: Origin | None = None
    comment: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def emails(self) -> tuple[str, ...]:
        return tuple(point.value for point in self.points if point.kind is PointKind.EMAIL)

    @property
    def phones(self) -> tuple[str, ...]:
        return tuple(point.value for point in self.points if point.kind is PointKind.PHONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead(Card):
    stage: str
    outcome: Outcome = Outcome.OPEN
    moved: datetime | None = None
    source: str | None = None
    name: PersonName = PersonName()
    company_title: str = ""
    contact: str | None = None
    company: str | None = None
    repeat: bool = False  # the portal's own mark of a known client; read-only everywhere

    @property
    def ref(self) -> Ref:
        return Ref(Kind.LEAD, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Card):
    name: PersonName = PersonName()
    company: str | None = None
    companies: tuple[str, ...] = ()
    source: str | None = None

    @property
    def ref(self) -> Ref:
        return Ref(Kind.CONTACT, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company(Card):
    @property
    def ref(self) -> Ref:
        return Ref(Kind.COMPANY, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal(Card):
    pipeline: str
    stage: str
    outcome: Outcome = Outcome.OPEN
    contact: str | None = None
    company: str | None = None
    lead: str | None = None
    amount: str = ""
    currency: str = ""

    @property
    def ref(self) -> Ref:
        return Ref(Kind.DEAL, self.id)
