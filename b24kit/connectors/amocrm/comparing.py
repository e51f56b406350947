"""Whether a card stands as a write wanted it, allowing for the spellings that amoCRM gives back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from b24kit.crm.records import Values, same


def as_wanted(present: Values, wanted: Values) -> bool:
    """Whether every wanted value of a record is there; other fields do not matter."""
    return all(_holds(name, present.get(name), value) for name, value in wanted.items())


def _holds(name: str, present: Any, wanted: Any) -> bool:
    if name == "extra":
        stored = present or {}
        return all(_same_field(stored.get(field), value) for field, value in (wanted or {}).items())
    if name == "amount":
        return round(float(present or 0)) == round(float(wanted or 0))
    if name == "name" and isinstance(wanted, Mapping):
        return _full(present or {}) == _full(wanted)
    if name == "deadline" and present and wanted:
        return datetime.fromisoformat(str(present)) == datetime.fromisoformat(str(wanted))
    if name == "companies":
        return set(present or ()) == set(wanted or ())
    return same(name, present, wanted)


def _same_field(stored: Any, wanted: Any) -> bool:
    if not wanted:
        return not stored
    if isinstance(wanted, list | tuple) and not isinstance(stored, list | tuple):
        return False
    if isinstance(wanted, list | tuple):
        return sorted(map(_plain, stored)) == sorted(map(_plain, wanted))
    return _plain(stored[0] if isinstance(stored, list) and len(stored) == 1 else stored) == _plain(wanted)


def _plain(value: Any) -> str:
    """A value of a field as text, whether it was given bare or in its wrapping."""
    if isinstance(value, Mapping):
        return ";".join(f"{name}={item}" for name, item in sorted(value.items()) if name != "value") or str(
            value.get("value")
        )
    return str(value)


def _full(name: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (str(name.get(part) or "") for part in ("first", "middle", "last"))))
