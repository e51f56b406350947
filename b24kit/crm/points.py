"""Points of contact: the raw text a person wrote and where it belongs. Canonical forms live in `matching`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PointKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    WEB = "web"
    IM = "im"


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a card's phones, e-mails, sites or messengers. `id` is the vendor's, None before it is stored."""

    kind: PointKind
    value: str
    use: str = "work"
    id: str | None = None

    def same_as(self, other: Point) -> bool:
        """Equal but for the vendor's id."""
        return (self.kind, self.value, self.use) == (other.kind, other.value, other.use)
