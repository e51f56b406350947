"""Records as plain values and back: what snapshots store, plans compare and journals keep.

A record's values are JSON: `{"stage": "NEW", "owner": "5", "points": [{"kind": "email", ...}], ...}`. Field names are
those of the dataclasses, so an operation's before and after speak the same words on every vendor.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from b24kit.crm.activity import Activity, Channel, Direction, Letter
from b24kit.crm.cards import Company, Contact, Deal, Lead, Origin, PersonName
from b24kit.crm.incoming import Category, Incoming
from b24kit.crm.layout import Layout
from b24kit.crm.pipeline import Gate, LossReason, Outcome, Pipeline, Source, Stage
from b24kit.crm.points import Point, PointKind
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.subscription import Subscription
from b24kit.crm.user import Team, User

Cards = Lead | Contact | Company | Deal | Incoming | Activity
Record = Cards | Stage | Pipeline | Source | Gate | LossReason | User | Team | Subscription | Layout
Values = Mapping[str, Any]

# Fields that move by themselves: never a reason to call a card changed by somebody.
VOLATILE = frozenset({"changed", "changed_by", "moved", "last_activity", "repeat"})

_CLASSES: dict[Kind, type[Any]] = {
    Kind.LEAD: Lead,
    Kind.CONTACT: Contact,
    Kind.COMPANY: Company,
    Kind.DEAL: Deal,
    Kind.INCOMING: Incoming,
    Kind.ACTIVITY: Activity,
    Kind.STAGE: Stage,
    Kind.PIPELINE: Pipeline,
    Kind.SOURCE: Source,
    Kind.GATE: Gate,
    Kind.LOSS_REASON: LossReason,
    Kind.USER: User,
    Kind.TEAM: Team,
    Kind.SUBSCRIPTION: Subscription,
    Kind.LAYOUT: Layout,
}
_KINDS = {cls: kind for kind, cls in _CLASSES.items()}
READABLE = frozenset(_CLASSES)  # kinds that have a record; others are only written
_WRAPPINGS = frozenset({"value", "enum_id"})
_DECIMAL = re.compile(r"-?\d{1,18}\.\d{1,9}")
_TIMES = frozenset({"created", "changed", "moved", "last_activity", "start", "deadline"})


def ref_of(record: Record) -> Ref:
    """The reference of any record."""
    return Ref(_KINDS[type(record)], record.id)


def values_of(record: Record) -> dict[str, Any]:
    """A record as JSON values, its id left out (the Ref says it)."""
    return {item.name: _plain(getattr(record, item.name)) for item in dataclasses.fields(record) if item.name != "id"}


def record_from(kind: Kind, record_id: str, values: Values) -> Record:
    """The record that `values_of` took apart."""
    typed = {name: _typed(name, value) for name, value in values.items()}
    record: Record = _CLASSES[kind](id=record_id, **typed)
    return record


def fingerprint(values: Values) -> str:
    """A short hash of what matters in a record: volatile fields and the vendor's ids of points left out."""
    kept = {name: comparable(name, value) for name, value in values.items() if name not in VOLATILE}
    text = json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def comparable(name: str, value: Any) -> Any:
    """A value as it is compared: points without ids and without order, empty text and null alike."""
    if name == "points":
        found = value or []
        return sorted([[p["kind"], p["value"], p.get("use") or "work"] for p in found])
    if name in ("bindings", "required_on") and value is not None:
        return sorted(value)
    value = _bare(value)
    return None if value in ("", [], {}) else value


def _bare(value: Any) -> Any:
    """A vendor's own field comes back in another shape than it was written in: `3` as `[{"value": "3"}]`, as `3.00`."""
    if isinstance(value, list | tuple) and value and all(isinstance(one, Mapping) and len(one) == 1 for one in value):
        inner = [_bare(next(iter(one.values()))) for one in value if not one.keys() - _WRAPPINGS]
        if len(inner) == len(value):
            return inner[0] if len(inner) == 1 else inner
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return value.rstrip("0").rstrip(".")
    return value


def same(name: str, left: Any, right: Any) -> bool:
    """Whether two values of a field mean the same; an amount is a number however a portal spells it.

    >>> same("amount", "1500", "1500.00"), same("amount", "", "0.00"), same("title", "1", "1.0")
    (True, True, False)
    """
    if name == "amount":
        return _amount(left) == _amount(right)
    return bool(comparable(name, left) == comparable(name, right))


def agrees(name: str, present: Any, wrote: Any) -> bool:
    """Whether a field is as it was written; a map may name only some of its parts (a few vendor fields of `extra`)."""
    if isinstance(wrote, Mapping) and isinstance(present, Mapping):
        return all(same(part, present.get(part), value) for part, value in wrote.items())
    return same(name, present, wrote)


def _amount(value: Any) -> Decimal | str:
    try:
        return Decimal(str(value or 0))
    except InvalidOperation:
        return str(value)


def _plain(value: Any) -> Any:
    if value is None or type(value) in (str, int, bool, float):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Ref):
        return str(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return str(value)


def _typed(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _TIMES:
        return datetime.fromisoformat(value)
    if name in _READERS:
        return _READERS[name](value)
    return value


def _name(value: Any) -> Any:
    return PersonName(**value) if isinstance(value, Mapping) else value


_READERS: dict[str, Any] = {
    "points": lambda found: tuple(
        Point(PointKind(p["kind"]), p["value"], p.get("use") or "work", p.get("id")) for p in found
    ),
    "origin": lambda found: Origin(**found),
    "name": _name,
    "outcome": Outcome,
    "companies": tuple,
    "contacts": tuple,
    "category": Category,
    "teams": tuple,
    "required_on": tuple,
    "hears": tuple,
    "card": Ref.parse,
    "bindings": lambda found: tuple(Ref.parse(text) for text in found),
    "channel": Channel,
    "direction": Direction,
    "letter": lambda found: Letter(**found),
}
