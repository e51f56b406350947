"""The envelope of answers: `_links`, `_embedded`, `_page` or `_total_items`, and 204 without a body for nothing.

Rests on the vendor's pages of every method; big lists tell no total, dictionaries do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any
from urllib.parse import quote_plus

from b24kit.sandbox.amocrm.registry import API, NOTHING, Answer, Call

LONGEST = 250
DEFAULT = 50


def href(address: str) -> dict[str, str]:
    """One link."""
    return {"href": address}


def self_link(call: Call, path: str) -> dict[str, Any]:
    """`_links` of one thing, by its path below /api/v4."""
    return {"self": href(f"{call.base}{API}{path}")}


def window(call: Call, longest: int = LONGEST, default: int = DEFAULT) -> tuple[int, int]:
    """(page, limit) of a list; a limit above the longest is cut silently, what is no number means the default."""
    return max(1, _whole(call.query.get("page"), 1)), min(longest, max(1, _whole(call.query.get("limit"), default)))


def page(
    call: Call,
    collection: str,
    ids: Sequence[Any],
    show: Callable[[Any], dict[str, Any]],
    *,
    longest: int = LONGEST,
    default: int = DEFAULT,
) -> Answer:
    """A page of a big list: `_page`, links, no total; 204 when the page holds nothing."""
    number, limit = window(call, longest, default)
    shown = ids[(number - 1) * limit : number * limit]
    if not shown:
        return NOTHING
    links = {"self": href(paged(call, number, limit))}
    if number * limit < len(ids):
        links["next"] = href(paged(call, number + 1, limit))
    if number > 1:
        links |= {"first": href(paged(call, 1, limit)), "prev": href(paged(call, number - 1, limit))}
    body = {"_page": number, "_links": links, "_embedded": {collection: [show(one) for one in shown]}}
    return Answer(body, items=len(shown))


def dictionary(
    call: Call, collection: str, ids: Sequence[Any], show: Callable[[Any], dict[str, Any]], *, paging: bool = False
) -> Answer:
    """A small list with `_total_items`; with `paging` also `_page`, `_page_count` and the link to the last page."""
    if not paging:
        body: dict[str, Any] = {"_total_items": len(ids), "_links": {"self": href(call.base + call.path)}}
        return Answer(body | {"_embedded": {collection: [show(one) for one in ids]}}, items=len(ids))
    number, limit = window(call)
    count = max(1, ceil(len(ids) / limit))
    answer = page(call, collection, ids, show)
    if answer.body is None:
        return answer
    links = answer.body["_links"] | {"last": href(paged(call, count, limit))}
    body = {"_total_items": len(ids), "_page": number, "_page_count": count, "_links": links}
    return Answer(body | {"_embedded": answer.body["_embedded"]}, items=answer.items)


def embedded(call: Call, collection: str, rows: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    """The answer to a write of several."""
    return {**more, "_links": {"self": href(call.base + call.path)}, "_embedded": {collection: list(rows)}}


def paged(call: Call, number: int, limit: int) -> str:
    """The request's own address with another page."""
    query = {**call.query, "page": str(number), "limit": str(limit)}
    return f"{call.base}{call.path}?{flattened(query)}"


def flattened(query: Mapping[str, Any]) -> str:
    """Nested arguments as a query string with brackets."""
    return "&".join(_pairs(query, ""))


def _pairs(value: Any, name: str) -> list[str]:
    if isinstance(value, Mapping):
        return [pair for key, item in value.items() for pair in _pairs(item, f"{name}[{key}]" if name else str(key))]
    if isinstance(value, list):
        return [pair for number, item in enumerate(value) for pair in _pairs(item, f"{name}[{number}]")]
    return [f"{quote_plus(name, safe='[]')}={quote_plus(str(value), safe=',')}"]


def _whole(value: Any, default: int) -> int:
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 10 else default
