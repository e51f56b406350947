"""One condition of a filter: its operator taken off the key, its value read by the field's type, and the test it makes.

Operators of both dialects: none `=` `!` `!=` `>` `>=` `<` `<=` `@` `!@` `%` `!%` `=%` `%=` `!=%` `!%=`
(crm.lead.list and crm.item.list, sections on filters).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from b24kit.sandbox.bitrix24 import values
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.store import Row

Test = Callable[[int, Row], bool]

_KEY = re.compile(r"(!=%|!%=|!@|!%|!=|>=|<=|=%|%=|[!><=@%]?)(.*)", re.DOTALL)
_SAME = {"": "=", "@": "=", "!@": "!", "!=": "!", "%=": "=%", "!%=": "!=%"}
_NO_LIKE = frozenset({"crm_status", "crm_company", "crm_contact"})


@dataclass(frozen=True, slots=True)
class Field:
    """A field as a list sees it.

    `default` is what an absent column counts as; `read` gets the value where it is not simply the column;
    `pool` gives the ids that hold one of the wanted values, where an index knows; `ranks` orders by something
    else than the value (stages by their SORT).
    """

    column: str
    kind: str
    default: Any = None
    read: Callable[[Row], Any] | None = None
    pool: Callable[[frozenset[Any]], set[int]] | None = None
    ranks: Callable[[], Mapping[Any, int]] | None = None

    @property
    def plain(self) -> bool:
        """Whether the value is the column itself, so that an index over the column answers for it."""
        return self.read is None and self.kind in values.NUMBERS | {"string", "crm_status", "crm_currency", "text"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition with its value already in the field's own terms; `wanted` for equality, `value` for the rest."""

    field: Field
    operator: str
    value: Any
    wanted: frozenset[Any]

    def test(self) -> Test:
        """The condition as a predicate over (id, row)."""
        get = _getter(self.field)
        if self.operator in ("=", "!"):
            return _membership(self, get)
        if self.operator in ("%", "!%", "=%", "!=%"):
            return _likeness(self, get)
        return _comparison(self, get)


def split(key: str) -> tuple[str, str]:
    """Operator in its plainest spelling (`@` and none are `=`) and name of a filter key."""
    match = _KEY.fullmatch(key)
    sign, name = match.groups() if match else ("", key)
    return _SAME.get(sign, sign), name


def compile_condition(portal: FakePortal, known: Field, operator: str, value: Any, *, strict: bool) -> Condition:
    """A condition over a field; ValueError when the value is no time where one is needed."""
    if operator in ("%", "!%", "=%", "!=%"):
        if strict or known.kind not in _NO_LIKE:
            return Condition(known, operator, "" if value is None else str(value), frozenset())
        operator = "!" if operator.startswith("!") else "="  # classic lists cannot search inside these
    offset = values.offset_of(portal)
    if operator in ("=", "!"):
        listed = _listed(value)
        return Condition(known, operator, None, frozenset(comparable(known.kind, one, offset) for one in listed))
    one = comparable(known.kind, value, offset)
    if one is None:
        one = 0 if known.kind in values.NUMBERS else 0.0 if known.kind in values.MONEY else ""
    return Condition(known, operator, one, frozenset())


def comparable(kind: str, value: Any, offset: str) -> Any:
    """A sent value in the terms in which stored ones are compared; None for an empty one.

    Raises ValueError for a text that is no time where the field is one.
    """
    if value is None or value == "" or value is False:
        return None
    if kind in values.NUMBERS:
        number = values.whole(value)
        return None if number == 0 and kind in values.LINKS else number
    if kind in values.MONEY:
        return float(values.money(value))
    if kind in ("char", "boolean"):
        return values.flag(value)
    if kind in ("datetime", "date"):
        moment = (values.to_utc if kind == "datetime" else values.to_day)(str(value), offset)
        if moment is None:
            raise ValueError(value)
        return moment
    if kind == "multifield":
        return str(value)
    return str(value) if not isinstance(value, (dict, list)) else ""


def stored_spellings(wanted: frozenset[Any]) -> set[Any]:
    """Wanted values as an index may hold them: an empty one is stored as nothing, as 0 or as an empty text."""
    return set(wanted) | ({None, "", 0} if None in wanted else set())


def sortable(known: Field, row: Row) -> tuple[bool, Any]:
    """A row's value for sorting: empty ones first, texts without regard to case."""
    value = _getter(known)(0, row)
    if value is None or isinstance(value, list):
        return (False, 0)
    return (True, value.casefold() if isinstance(value, str) else value)


def _listed(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else [value]


def _getter(known: Field) -> Callable[[int, Row], Any]:
    column, default, read, kind = known.column, known.default, known.read, known.kind
    if column == "ID":
        return lambda row_id, _row: row_id
    if read is not None:
        return lambda _id, row: read(row)
    if kind in values.MONEY:
        return lambda _id, row: float(row.get(column, default) or 0)
    if kind in values.LINKS:
        return lambda _id, row: row.get(column, default) or None
    if kind in values.NUMBERS:
        return lambda _id, row: row.get(column, default)
    return lambda _id, row: None if (value := row.get(column, default)) == "" else value


def _membership(condition: Condition, get: Callable[[int, Row], Any]) -> Test:
    wanted, outside = condition.wanted, condition.operator == "!"
    pool = condition.field.pool
    if pool is not None:
        held = pool(wanted)
        return lambda row_id, _row: (row_id in held) is not outside

    def test(row_id: int, row: Row) -> bool:
        value = get(row_id, row)
        if isinstance(value, list):
            return (not wanted.isdisjoint(value) if value else None in wanted) is not outside
        return (value in wanted) is not outside

    return test


def _likeness(condition: Condition, get: Callable[[int, Row], Any]) -> Test:
    outside = condition.operator.startswith("!")
    if condition.operator in ("%", "!%"):
        needle = condition.value.casefold()
        return lambda row_id, row: (needle in _text(get(row_id, row)).casefold()) is not outside
    pattern = ".*".join(re.escape(part) for part in condition.value.split("%"))
    like = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return lambda row_id, row: bool(like.fullmatch(_text(get(row_id, row)))) is not outside


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _comparison(condition: Condition, get: Callable[[int, Row], Any]) -> Test:
    bound, operator = condition.value, condition.operator

    def test(row_id: int, row: Row) -> bool:
        value = get(row_id, row)
        if value is None or isinstance(value, list):
            return False
        if operator == ">":
            return bool(value > bound)
        if operator == ">=":
            return bool(value >= bound)
        return bool(value < bound) if operator == "<" else bool(value <= bound)

    return test
