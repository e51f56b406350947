"""Stages and the ladders they stand on (one of leads, one for each pipeline of deals), sources, reasons of a loss."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LEADS = "leads"  # the ladder of leads; a pipeline of deals is "deals:<pipeline id>"


class Outcome(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


def deals_ladder(pipeline: str) -> str:
    return f"deals:{pipeline}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a ladder. `code` never changes and is what cards carry; `id` is the vendor's row."""

    id: str
    ladder: str
    code: str
    name: str
    sort: int
    colour: str | None
    outcome: Outcome
    system: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A pipeline of deals; its stages stand on the ladder `deals_ladder(id)`."""

    id: str
    name: str
    sort: int
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a lead came from: an attribute of the card, never a stage."""

    id: str
    code: str
    name: str
    sort: int = 0
    system: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LossReason:
    """Why a card was lost, where a vendor keeps such a list; a closed card carries its id."""

    id: str
    name: str
    sort: int = 0
