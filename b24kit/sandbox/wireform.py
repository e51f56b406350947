"""The arguments of a call out of its query string and body, in every form that the vendor's PHP server takes.

Rests on the vendor's pages "General Principles of REST API Calls" and "Data Encoding": JSON, forms with brackets
(`filter[>ID]=5&select[]=ID`) and multipart; query and body are merged, the body wins.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from starlette.datastructures import UploadFile
from starlette.requests import Request

MAX_DEPTH = 64  # PHP: max_input_nesting_level
MAX_VALUES = 10_000  # PHP: max_input_vars, as the vendor's environment sets it
MAX_BODY = 64 * 1024 * 1024


class BadForm(Exception):
    """The arguments cannot be read; the text says why."""


def parse_query(text: str) -> dict[str, Any]:
    """What PHP's parse_str makes of a query string: nested dictionaries and lists of strings."""
    pairs = [part.partition("=") for part in text.split("&") if part]
    return parse_pairs((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)


def parse_pairs(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Names with brackets made into nested arrays; raises BadForm past the caps or where two names clash."""
    root: dict[str, Any] = {}
    for number, (name, value) in enumerate(pairs, 1):
        if number > MAX_VALUES:
            raise BadForm(f"more than {MAX_VALUES} values")
        path = split_name(name)
        if path:
            _put(root, path, value)
    return {name: _listed(value) for name, value in root.items()}


def pairs(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested data as form fields: `a[b][0]`, true as 1, null as nothing; what is empty is not there."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from pairs(item, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from pairs(item, f"{name}[{place}]")
    else:
        yield name, "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)


def split_name(name: str) -> list[str]:
    """`a[b][]` -> ["a", "b", ""]. PHP drops leading spaces, and dots and spaces of the first part become `_`."""
    name = name.lstrip(" ")
    head, bracket, rest = name.partition("[")
    if not head:
        return [name.replace("[", "_", 1)] if name else []
    first = head.replace(".", "_").replace(" ", "_")
    if not bracket:
        return [first]
    if "]" not in rest:
        return [f"{first}_{rest}"]
    path = [first]
    while bracket and "]" in rest:
        part, _, rest = rest.partition("]")
        path.append(part)
        bracket, rest = rest[:1] == "[", rest[1:]  # type: ignore[assignment]
    if len(path) > MAX_DEPTH:
        raise BadForm(f"a name is nested deeper than {MAX_DEPTH}")
    return path


def _put(root: dict[str, Any], path: list[str], value: Any) -> None:
    here = root
    for part, following in zip(path, [*path[1:], None], strict=True):
        key = _next_index(here) if part == "" and here is not root else part
        if following is None:
            if isinstance(here.get(key), dict):
                raise BadForm(f"{path[0]!r} is given as a value and as an array")
            here[key] = value
            return
        deeper = here.setdefault(key, {})
        if not isinstance(deeper, dict):
            raise BadForm(f"{path[0]!r} is given as a value and as an array")
        here = deeper


def _next_index(array: Mapping[str, Any]) -> str:
    # Appending is the common case, so the count is tried before the search for the greatest number.
    if (guess := str(len(array))) not in array and (not array or str(len(array) - 1) in array):
        return guess
    return str(max((int(key) for key in array if key.isdecimal()), default=-1) + 1)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    values = [_listed(item) for item in value.values()]
    if all(key == str(i) for i, key in enumerate(value)):
        return values
    return dict(zip(value, values, strict=True))


async def arguments(request: Request) -> dict[str, Any]:
    """All arguments of a request; raises BadForm."""
    query = parse_query(request.url.query) if request.url.query else {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return query | parse_pairs(await _parts(request))
    body = await _body(request)
    if kind == "application/x-www-form-urlencoded":
        return query | parse_query(body.decode("utf-8", "replace"))
    if kind.endswith("json"):
        return query | _from_json(body)
    return query  # PHP looks at no other kind of body


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise BadForm(f"the body is larger than {MAX_BODY} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


async def _parts(request: Request) -> list[tuple[str, Any]]:
    async with request.form(max_fields=MAX_VALUES) as form:
        found: list[tuple[str, Any]] = []
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                # The vendor's file fields take [name, content in base64], whatever way the file came.
                found.append((name, [value.filename or "", b64encode(await value.read()).decode()]))
            else:
                found.append((name, value))
        return found


def _from_json(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadForm("the body is not JSON") from error
    if isinstance(given, list):  # arguments by position
        return {str(number): value for number, value in enumerate(given)}
    if not isinstance(given, dict):
        raise BadForm("the body is not a JSON object")
    return given
