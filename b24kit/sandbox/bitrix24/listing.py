"""List methods of cards: filters in both dialects, order, and the two ways of paging, each as cheap as its answer.

Classic lists (crm.lead.list) drop what they do not know and round `start` down to a page; universal ones
(crm.item.list) refuse it with INVALID_ARG_VALUE and take `start` as an offset. Keyset walks by ID touch one page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from b24kit.sandbox.bitrix24 import conditions
from b24kit.sandbox.bitrix24.conditions import Condition, Field, Test
from b24kit.sandbox.bitrix24.registry import FakePortal, Fault
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row, Table

PAGE = 50
_DENSE = 4  # an index holding more than a quarter of the table is walked by id and not sorted


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list knows of its rows: fields by the caller's names, and whether the unknown is refused."""

    portal: FakePortal
    table: Table
    fields: Mapping[str, Field]
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of ids; `total` is 0 when nobody counted, `next` is None on the last page."""

    ids: list[int]
    total: int
    next: int | None
    counted: bool


@dataclass(slots=True)
class _Search:
    """A filter taken apart: bounds of id, sets of ids that indexes gave, and tests for what is left."""

    above: int | None = None
    below: int | None = None
    pools: list[Set[int]] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)


def read_page(listing: Listing, wanted: Any, order: Any, start: Any) -> Page:
    """The page of ids that a filter, an order and a `start` name; -1 skips counting.

    Raises Fault INVALID_ARG_VALUE in a strict listing for a field, a value or a direction that is not allowed.
    """
    search = _take_apart(listing, wanted)
    keys = _order(listing, order)
    first = whole(start)
    if first < 0:
        return Page(list(islice(_ordered(listing, search, keys, hurried=True), PAGE)), 0, None, counted=False)
    offset = first if listing.strict else first // PAGE * PAGE
    found = list(_ordered(listing, search, keys, hurried=False))
    ids = found[offset : offset + PAGE]
    more = offset + PAGE < len(found)
    return Page(ids, len(found), offset + PAGE if more else None, counted=True)


def find_ordered(listing: Listing, wanted: Any, order: Any) -> list[int]:
    """Every id that satisfies a filter in the asked order; for the lists that the vendor never pages."""
    return list(_ordered(listing, _take_apart(listing, wanted), _order(listing, order), hurried=False))


def _take_apart(listing: Listing, wanted: Any) -> _Search:
    search = _Search()
    for key, value in wanted.items() if isinstance(wanted, Mapping) else ():
        name = str(key)
        if listing.strict and isinstance(value, (Mapping, list)) and name.isdigit():
            search.tests.append(_group(listing, value))
        elif listing.strict and name.lower() == "logic":
            if str(value).upper() == "OR":
                return _Search(tests=[_group(listing, wanted)])
        else:
            condition = _condition(listing, name, value)
            if condition is not None:
                _narrow(listing, search, condition)
    return search


def _group(listing: Listing, group: Mapping[Any, Any] | list[Any]) -> Test:
    """A nested group of crm.item.list: AND by default, OR when `logic` says so."""
    pairs = list(group.items()) if isinstance(group, Mapping) else list(enumerate(group))
    either = any(str(key).lower() == "logic" and str(value).upper() == "OR" for key, value in pairs)
    tests: list[Test] = []
    for key, value in pairs:
        name = str(key)
        if name.lower() == "logic":
            continue
        if name.isdigit() and isinstance(value, (Mapping, list)):
            tests.append(_group(listing, value))
            continue
        condition = _condition(listing, name, value)
        if condition is not None:
            tests.append(condition.test())
    joined = any if either else all
    return lambda row_id, row: joined(test(row_id, row) for test in tests)


def _condition(listing: Listing, key: str, value: Any) -> Condition | None:
    operator, name = conditions.split(key)
    known = listing.fields.get(name)
    if known is None:
        if listing.strict:
            raise Fault("INVALID_ARG_VALUE", f"Invalid filter: field '{name}' is not allowed in filter")
        return None
    try:
        return conditions.compile_condition(listing.portal, known, operator, value, strict=listing.strict)
    except ValueError:
        if listing.strict:
            raise Fault("INVALID_ARG_VALUE", f"Invalid filter: field '{name}' has invalid value") from None
        return None


def _narrow(listing: Listing, search: _Search, condition: Condition) -> None:
    """Use bounds and indexes where the condition allows it, else leave a test."""
    column, operator = condition.field.column, condition.operator
    if column == "ID" and operator in (">", ">=", "<", "<="):
        _bound(search, operator, condition.value)
    elif column == "ID" and operator == "=":
        search.pools.append({row_id for row_id in condition.wanted if row_id in listing.table.rows})
    elif condition.field.pool is not None and operator == "=":
        search.pools.append(condition.field.pool(condition.wanted))
    elif operator == "=" and condition.field.plain and listing.table.is_indexed(column):
        held = [listing.table.holding(column, value) for value in conditions.stored_spellings(condition.wanted)]
        held = [ids for ids in held if ids]
        search.pools.append(held[0] if len(held) == 1 else set().union(*held))
    else:
        search.tests.append(condition.test())


def _bound(search: _Search, operator: str, value: int) -> None:
    if operator.startswith(">"):
        above = value if operator == ">" else value - 1
        search.above = above if search.above is None else max(above, search.above)
    else:
        below = value if operator == "<" else value + 1
        search.below = below if search.below is None else min(below, search.below)


def _matching(listing: Listing, search: _Search, *, descending: bool, hurried: bool) -> Iterator[int]:
    """Ids that satisfy a search, by id; lazily, so that a hurried reader pays only for the rows he takes."""
    for row_id in _candidates(listing, search, descending=descending, hurried=hurried):
        row = listing.table.rows[row_id]
        if all(test(row_id, row) for test in search.tests):
            yield row_id


def _candidates(listing: Listing, search: _Search, *, descending: bool, hurried: bool) -> Iterable[int]:
    if not search.pools:
        ids = listing.table.ids(search.above, search.below)
        return reversed(ids) if descending else ids
    pool = search.pools[0] if len(search.pools) == 1 else set(search.pools[0]).intersection(*search.pools[1:])
    if hurried and len(pool) * _DENSE > len(listing.table):
        ids = listing.table.ids(search.above, search.below)
        return (row_id for row_id in (reversed(ids) if descending else ids) if row_id in pool)
    above, below = search.above, search.below
    inside = (i for i in pool if (above is None or i > above) and (below is None or i < below))
    return sorted(inside, reverse=descending)


def _order(listing: Listing, order: Any) -> list[tuple[Field, bool]]:
    keys: list[tuple[Field, bool]] = []
    for name, direction in order.items() if isinstance(order, Mapping) else ():
        known, way = listing.fields.get(str(name)), str(direction).upper()
        if listing.strict and known is None:
            raise Fault("INVALID_ARG_VALUE", f"Invalid order: field '{name}' is not allowed in order")
        if listing.strict and way not in ("ASC", "DESC"):
            text = f"Invalid order: allowed sort directions are ASC, DESC. But got '{direction}' for field '{name}'"
            raise Fault("INVALID_ARG_VALUE", text)
        if known is not None:
            keys.append((known, way.startswith("DESC")))
    return keys


def _ordered(listing: Listing, search: _Search, keys: list[tuple[Field, bool]], *, hurried: bool) -> Iterable[int]:
    """Matching ids in the asked order; by id when nothing was asked."""
    if not keys or keys[0][0].column == "ID":
        return _matching(listing, search, descending=bool(keys) and keys[0][1], hurried=hurried)
    found = list(_matching(listing, search, descending=False, hurried=False))
    for known, descending in reversed(keys):
        found.sort(key=_sort_key(listing, known), reverse=descending)
    return found


def _sort_key(listing: Listing, known: Field) -> Callable[[int], Any]:
    rows = listing.table.rows
    if known.column == "ID":
        return lambda row_id: row_id
    ranks = known.ranks() if known.ranks else None
    if ranks is not None:
        return lambda row_id: ranks.get(rows[row_id].get(known.column), 0)
    return lambda row_id: conditions.sortable(known, rows[row_id])


def rows_of(listing: Listing, ids: Iterable[int]) -> list[tuple[int, Row]]:
    """(id, row) of a page."""
    return [(row_id, listing.table.rows[row_id]) for row_id in ids]
