"""Whether a card stands as a write wanted it, allowing for the spellings that the vendor gives back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from b24kit.connectors.bitrix24.wirevalues import filled
from b24kit.crm.records import Values, agrees, same


def as_wanted(present: Values, wanted: Values) -> bool:
    """Whether every wanted value of a record is there; other fields do not matter."""
    return all(_holds(name, present, value) for name, value in wanted.items())


def _holds(name: str, present: Values, wanted: Any) -> bool:
    if name == "extra":
        stored = present.get("extra") or {}
        return all(_same_field(stored.get(field), value) for field, value in (wanted or {}).items())
    if name == "lead" and "lead" not in present:  # contacts and companies carry their lead among the unnamed fields
        return _same_field((present.get("extra") or {}).get("LEAD_ID"), wanted)
    if name == "amount":
        return _amount(present.get(name)) == _amount(wanted)
    if name == "companies":
        return set(present.get(name) or ()) == set(wanted or ())
    if name == "name" and isinstance(wanted, Mapping):
        parts = present.get(name) or {}
        return all((parts.get(part) or "") == (wanted.get(part) or "") for part in ("first", "last", "middle"))
    if name == "sections":  # of a view only those that were written
        return agrees(name, present.get(name), wanted)
    return same(name, present.get(name), wanted)


def _same_field(stored: Any, wanted: Any) -> bool:
    """Unnamed fields come back as text, and the empty ones not at all."""
    if not filled(wanted) or wanted in (0, "0"):
        return not filled(stored) or stored in (0, "0")
    if isinstance(wanted, list | tuple):
        return isinstance(stored, list | tuple) and sorted(map(str, stored)) == sorted(map(str, wanted))
    return str(stored) == str(wanted) or _amount(stored) == _amount(wanted) is not None


def _amount(value: Any) -> Decimal | None:
    """Money and numbers compare by value: "100" is stored as "100.00"."""
    try:
        return Decimal(str(value)) if filled(value) else Decimal(0)
    except InvalidOperation:
        return None
