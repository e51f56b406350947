"""Fields that a portal's people have added to its cards, and what their values stand for.

A role of its own: only rules need it, which speak of data («роль: спонсор») where a card holds the number of a choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from b24kit.crm.refs import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class CardField:
    """`key` is its name among a card's unnamed values (`extra`), `code` what the portal's owner calls it by.

    `options`: the texts of its choices by their ids; `by_id` tells whether a choice is written by its id.
    """

    kind: Kind
    key: str
    code: str
    label: str
    type: str
    multiple: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    by_id: bool = False


@runtime_checkable
class TellsFields(Protocol):
    """A portal that can say which fields its cards have."""

    def card_fields(self) -> list[CardField] | None:
        """All of them; None where this access may not ask."""
