"""What rules ask of the staff: when somebody works, who heads whom, who may take a card over. Answered by `owners`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta, tzinfo
from typing import Protocol

from b24kit.crm.refs import Ref


class Hours(Protocol):
    """The working time of one person; all moments are aware."""

    @property
    def zone(self) -> tzinfo: ...

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The moment when so much working time has passed since `start`; a negative duration goes back."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two moments; nothing when `end` is not later."""

    def next_start(self, at: datetime) -> datetime:
        """`at` itself while he works, else the beginning of his next working time."""


class People(Protocol):
    """The portal's people as rules see them. Users are ids; None stands for a card without an owner."""

    def hours(self, user: str | None) -> Hours:
        """His working time; the company's own for None or a user nobody knows."""

    def head(self, user: str | None) -> str | None:
        """Who is told when this person does not act; the head of all for None."""

    def successor(self, card: Ref, pool: str | None, without: Collection[str], at: datetime) -> str | None:
        """Who takes the card next: from the team `pool`, else from the owner's own; never one of `without`.

        Nobody absent or dismissed; None when nobody is left. Same question, same answer.
        """

    def named(self, who: str) -> str | None:
        """The id of the employee that a playbook means, None when there is no such working person."""

    def name(self, user: str | None) -> str:
        """How the person is called in a letter; empty when unknown."""

    def phone(self, user: str | None) -> str:
        """The number a client is given for him; empty when unknown."""
