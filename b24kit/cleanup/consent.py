"""Refusals to be written to: what leads say is carried to the contact, and the stricter word wins.

A promise kept in a user field must not be lost when the card that holds it is closed. Switches and words are copied;
the number of a list's entry means something else on another card and is left to a person, with a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from b24kit.crm.cards import Contact, Lead

_NO = frozenset({"", "n", "no", "0", "false", "нет", "none"})
_YES = frozenset({"y", "yes", "1", "true", "да"})


@dataclass(frozen=True, slots=True)
class Refusals:
    """By field: `values` to write into the contact, `by_hand` what cannot be copied, as the leads have it."""

    values: Mapping[str, Any] = field(default_factory=dict)
    by_hand: Mapping[str, Any] = field(default_factory=dict)

    @property
    def any(self) -> bool:
        return bool(self.values or self.by_hand)


def refusals(leads: Iterable[Lead], fields: Sequence[str], contact: Contact | None = None) -> Refusals:
    """What these leads refuse and the contact (None for a new one) does not refuse yet. The oldest word is kept."""
    values: dict[str, Any] = {}
    by_hand: dict[str, Any] = {}
    for lead in leads:
        for name in fields:
            said = lead.extra.get(name)
            if not refuses(said) or (contact is not None and refuses(contact.extra.get(name))):
                continue
            (values if _copies(said) else by_hand).setdefault(name, said)
    return Refusals(values, {name: said for name, said in by_hand.items() if name not in values})


def refuses(value: Any) -> bool:
    """Whether a field holds a refusal: anything that is not empty and no plain "no"."""
    if isinstance(value, list | tuple):
        return any(refuses(one) for one in value)
    return value is not None and value is not False and str(value).strip().lower() not in _NO


def _copies(value: Any) -> bool:
    """A switch or words; a bare number above one is an entry of a list, which every field numbers for itself."""
    if isinstance(value, list | tuple | Mapping):
        return False
    text = str(value).strip().lower()
    return text in _YES or not text.isdecimal()
