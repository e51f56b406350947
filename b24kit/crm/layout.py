"""What everybody sees on a card by default: its sections, and the fields that stand in each of them.

Only the view for all is a thing of ours; what single people have arranged for themselves is never read or written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from b24kit.crm.refs import Kind, Ref

SIMPLE, REPEAT = "simple", "repeat"  # a lead of a new client, and one of a client who is known already


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The view for all of one sort of cards.

    `sections` in their order, by their names: {title, type, elements: [{name, optionFlags, ...}]} as the vendor keeps
    them. Writing `{name: None}` takes a section away, a new name is put at the end, others stay as they are.
    """

    id: str
    sections: Mapping[str, Mapping[str, Any]] = field(hash=False)


def lead_view(customer: str) -> Ref:
    """The view of leads, of new clients or of known ones (SIMPLE, REPEAT).

    >>> str(lead_view(SIMPLE))
    'layout:lead/simple'
    """
    return Ref(Kind.LAYOUT, f"{Kind.LEAD.value}/{customer}")


def deal_view(pipeline: str) -> Ref:
    """The view of the deals of one pipeline."""
    return Ref(Kind.LAYOUT, f"{Kind.DEAL.value}/{pipeline}")


def standing_fields(sections: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """The names of all fields that stand in some section."""
    return frozenset(str(one.get("name")) for section in sections.values() for one in section.get("elements") or ())
