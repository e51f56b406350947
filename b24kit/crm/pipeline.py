"""Stages and the ladders they stand on (one of leads, one for each pipeline of deals), sources, reasons of a loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    # What the portal tells sellers who work here, by their level (`Capabilities.prompt_levels`).
    prompts: Mapping[str, str] = field(default_factory=dict, hash=False)


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
    """Why a card was closed without success, on portals where a ladder has one stage of failure and reasons beside."""

    id: str
    name: str
    sort: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A field of cards as a demand: without it no card comes to the stages of `required_on` (by code).

    Fields that are required nowhere have a gate too, an open one; `code` is the field's own, "" where it has none.
    """

    id: str
    card_kind: str
    code: str
    name: str
    type: str
    required_on: tuple[str, ...] = ()
