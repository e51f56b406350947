"""The portal's people: who can own a card, and the teams they stand in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: str
    name: str
    email: str = ""
    active: bool = True
    admin: bool | None = None  # None: this access cannot tell
    teams: tuple[str, ...] = ()
    position: str = ""
    zone: str = ""  # his own time zone where the portal tells it, by its IANA name


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    id: str
    name: str
    parent: str | None = None
    head: str | None = None
