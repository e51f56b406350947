"""Forms with PHP's keys (`data[FIELDS][ID]=12`), as both vendors post their events, read with everything capped.

A key that is a value and a branch at once, nests too deep or makes the form too large is refused: what comes from
outside must not decide how much work its reading is. The rules are those of PHP's own page on forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from b24kit.errors import UsageError

MAX_BYTES = 256 * 1024
MAX_KEYS = 2000
MAX_DEPTH = 12
MAX_KEY = 400  # characters


class BadForm(UsageError):
    """The form cannot be read; `facts["why"]` names the rule it breaks."""


def parse_form(body: bytes) -> dict[str, Any]:
    """The form as nested dicts with text values; `a[]` counts from 0. BadForm when it breaks a rule.

    >>> parse_form(b"event=ONCRMLEADADD&data%5BFIELDS%5D%5BID%5D=12")
    {'event': 'ONCRMLEADADD', 'data': {'FIELDS': {'ID': '12'}}}
    """
    if len(body) > MAX_BYTES:
        raise BadForm("form.refused", why="size")
    found: dict[str, Any] = {}
    counts: dict[int, int] = {}
    for number, (key, value) in enumerate(_pairs(body)):
        if number >= MAX_KEYS:
            raise BadForm("form.refused", why="keys")
        _put(found, path_of(key), value, counts)
    return found


def path_of(key: str) -> list[str]:
    """The branches that a key names: `a[b][]` is a, b and an empty one.

    Text behind the last bracket is dropped, a bracket that is never closed belongs to the name, both as PHP does it.
    """
    if len(key) > MAX_KEY:
        raise BadForm("form.refused", why="key")
    name, bracket, rest = key.partition("[")
    if not name or not bracket or "]" not in rest:
        return [key] if key else []
    path = [name]
    while bracket:
        part, closed, rest = rest.partition("]")
        if not closed:
            break
        path.append(part)
        if len(path) > MAX_DEPTH:
            raise BadForm("form.refused", why="depth")
        if not rest.startswith("["):
            break
        rest = rest[1:]
    return path


def _pairs(body: bytes) -> Iterator[tuple[str, str]]:
    for piece in body.split(b"&"):
        if piece:
            key, _, value = piece.partition(b"=")
            yield _text(key), _text(value)


def _text(raw: bytes) -> str:
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise BadForm("form.refused", why="utf8") from None


def _put(tree: dict[str, Any], path: list[str], value: str, counts: dict[int, int]) -> None:
    if not path:
        return
    place = tree
    for part in path[:-1]:
        name = _named(place, part, counts)
        branch = place.setdefault(name, {})
        if not isinstance(branch, dict):
            raise BadForm("form.refused", why="clash")
        place = branch
    last = path[-1] if len(path) == 1 else _named(place, path[-1], counts)
    if isinstance(place.get(last), dict):
        raise BadForm("form.refused", why="clash")
    place[last] = value


def _named(place: dict[str, Any], part: str, counts: dict[int, int]) -> str:
    """The key itself, or the next number for an empty one.

    `counts` keeps the next number of each branch: looking every key through for it would let a small form of empty
    brackets hold the receiver up. Branches live as long as the form, so their identity names them.
    """
    following = counts.get(id(place), 0)
    if not part:
        part = str(following)
    if part.isascii() and part.isdigit() and len(part) < 10:
        counts[id(place)] = max(following, int(part) + 1)
    return part
