"""Which cards a list gives and in what order: `filter`, `order`, `query` of leads, contacts and companies.

Rests on the vendor's page "Filters" and on what lists were measured to do: a filter or an order that the account does
not know is no error, it is ignored, and the whole collection comes with 200.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from b24kit.sandbox.amocrm import field_values
from b24kit.sandbox.amocrm.registry import Call, FakePortal
from b24kit.sandbox.store import Row

Test = Callable[[int, Row], bool]
ORDERS = {
    "leads": ("id", "created_at", "updated_at"), "contacts": ("id", "updated_at", "name"),
    "companies": ("id", "updated_at", "name"),
}  # fmt: skip
_IDS = ("responsible_user_id", "created_by", "updated_by")
_RANGES = ("created_at", "updated_at")
_LEAD_RANGES = ("price", "closed_at")


def listed(value: Any) -> list[str]:
    """A filter's value as a list of texts: one value, `[]=`, or numbered ones."""
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in listed(item)]
    if isinstance(value, list):
        return [text for item in value for text in listed(item)]
    return [] if value is None else [str(value)]


def numbers(value: Any) -> set[int]:
    """The same as whole numbers; other texts are left out."""
    return {int(text) for text in listed(value) if re.fullmatch(r"-?\d{1,18}", text)}


def within(value: Any, wanted: Any) -> bool:
    """Whether a number lies in `[from]`..`[to]`, both included, or equals a single value."""
    if not isinstance(wanted, Mapping):
        return value in numbers(wanted)
    if value is None:
        return False
    low, high = numbers(wanted.get("from")), numbers(wanted.get("to"))
    return (not low or value >= min(low)) and (not high or value <= max(high))


def since(value: Any, wanted: Any) -> bool:
    """Whether a moment lies in `[from]`..`[to]`; a single value is where to begin ("changed after the value given")."""
    return within(value, wanted if isinstance(wanted, Mapping) else {"from": wanted})


def tests(call: Call, entity: str, due: Callable[[int], int | None]) -> list[Test]:
    """The conditions of a request; `due` gives a card's nearest open task."""
    wanted = call.query.get("filter")
    if not isinstance(wanted, Mapping) or not call.portal.settings.get("is_api_filter_enabled", True):
        return []
    found: list[Test] = []
    if "id" in wanted:
        found.append(_member(numbers(wanted["id"])))
    if "name" in wanted:
        names = set(listed(wanted["name"]))
        found.append(lambda _, row: row.get("name") in names)
    lead = entity == "leads"
    known = [column for column in (*_IDS, *(("pipeline_id",) if lead else ())) if column in wanted]
    found += [_one_of(column, numbers(wanted[column])) for column in known]
    known = [column for column in (*_RANGES, *(_LEAD_RANGES if lead else ())) if column in wanted]
    found += [_range(column, wanted[column]) for column in known]
    if "closest_task_at" in wanted:
        found.append(lambda row_id, _: within(due(row_id), wanted["closest_task_at"]))
    if lead and "statuses" in wanted:
        found.append(_statuses(wanted["statuses"]))
    if isinstance(wanted.get("custom_fields_values"), Mapping):
        found += [_field(call.portal, key, value) for key, value in wanted["custom_fields_values"].items()]
    return found


def ordered(call: Call, ids: Iterable[int], rows: Mapping[int, Row], known: tuple[str, ...]) -> list[int]:
    """Ids in the order asked for; anything that is not known means the oldest change first."""
    given = call.query.get("order")
    column, way = next(iter(given.items()), ("", "")) if isinstance(given, Mapping) else ("", "")
    if column not in known:
        column, way = "updated_at", "asc"
    backwards = str(way).lower() == "desc"
    if column == "id":
        return sorted(ids, reverse=backwards)
    blank: Any = "" if column == "name" else 0
    return sorted(ids, key=lambda i: (rows[i].get(column) or blank, i), reverse=backwards)


def search(portal: FakePortal, text: str, row: Row, more: Iterable[str] = ()) -> bool:
    """Whether `query` finds a card: a part of any filled field, or of a phone's digits."""
    text = text.strip().lower()
    digits = re.sub(r"\D", "", text)
    phone = len(digits) >= 4 and not re.search(r"[^\d\s()+-]", text)
    for one in [str(row.get("name") or ""), *field_values.texts(portal, row.get("custom_fields")), *more]:
        if text in one.lower() or (phone and digits in re.sub(r"\D", "", one)):
            return True
    return False


def _member(ids: set[int]) -> Test:
    return lambda row_id, _: row_id in ids


def _one_of(column: str, values: set[int]) -> Test:
    return lambda _, row: row.get(column) in values


def _range(column: str, wanted: Any) -> Test:
    return lambda _, row: within(row.get(column), wanted)


def _statuses(wanted: Any) -> Test:
    """Pairs of pipeline and status; one without a pipeline is only good for 142 and 143, then it means every one."""
    pairs = wanted.values() if isinstance(wanted, Mapping) else wanted if isinstance(wanted, list) else []
    known: set[tuple[int | None, int]] = set()
    for pair in pairs:
        if isinstance(pair, Mapping):
            pipelines: set[int | None] = {*numbers(pair.get("pipeline_id"))} or {None}
            known |= {(one, status) for one in pipelines for status in numbers(pair.get("status_id"))}
    closed = {status for pipeline, status in known if pipeline is None and status in (142, 143)}
    return lambda _, row: (row.get("pipeline_id"), row.get("status_id")) in known or row.get("status_id") in closed


def _field(portal: FakePortal, key: str, wanted: Any) -> Test:
    """One custom field: an enum's id for choices, 1 or 0 for a checkbox, from and to for numbers and dates."""
    field = portal.store["custom_field"].get(int(key)) if str(key).isdecimal() else None
    if field is None:
        return lambda _i, _row: True
    if isinstance(wanted, Mapping) and wanted.keys() & {"from", "to"}:
        return lambda _, row: any(within(_number(value.get("value")), wanted) for value in _values(row, key))
    texts = set(listed(wanted))
    if field["type"] in field_values.CHOICES:
        return lambda _, row: any(str(value.get("enum_id")) in texts for value in _values(row, key))
    if field["type"] == "checkbox":
        return lambda _, row: str(int(any(value.get("value") for value in _values(row, key)))) in texts
    return lambda _, row: any(str(value.get("value")) in texts for value in _values(row, key))


def _values(row: Row, key: str) -> list[dict[str, Any]]:
    return (row.get("custom_fields") or {}).get(str(key)) or []


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
