"""References to what a plan will only create: `new:<operation>` in values, until the real id is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from b24kit.crm.refs import NEW, Kind, Ref

_KIND_NAMES = frozenset(kind.value for kind in Kind)
# Fields that hold people's words: a title that happens to read "new:7" is no reference.
WORDS = frozenset({"title", "comment", "text", "name", "company_title", "subject", "label", "points"})


# Of a map's parts (a card's unnamed fields) only these refer to anything; the others are people's words.
REFERRING = frozenset({"loss_reason_id"})


def resolved(ref: Ref, ids: Mapping[str, str]) -> Ref:
    """The Ref with the real id of what an earlier operation created; KeyError when that was not done."""
    return replace(ref, id=ids[ref.id.removeprefix(NEW)]) if ref.is_new else ref


def settled(values: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """Values with every `new:<key>` replaced by the real id, also inside lists and inside `kind:new:<key>`."""
    return {name: value if name in WORDS else _settled(value, ids) for name, value in values.items()}


def _settled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        prefix, key = _reference(value)
        return prefix + ids[key] if key else value
    if isinstance(value, list | tuple):
        return [_settled(item, ids) for item in value]
    if isinstance(value, Mapping):
        return {name: _settled(part, ids) if name in REFERRING else part for name, part in value.items()}
    return value


def _reference(text: str) -> tuple[str, str]:
    """(`contact:`, key) of `contact:new:<key>`, ("", key) of `new:<key>`, ("", "") of any other text."""
    prefix, found, key = text.partition(NEW)
    if found and key and (not prefix or (prefix.endswith(":") and prefix[:-1] in _KIND_NAMES)):
        return prefix, key
    return "", ""


def mentioned(values: Iterable[Any]) -> set[str]:
    """Keys of the operations whose new ids these values speak of."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, str):
            found.add(_reference(value)[1])
        elif isinstance(value, list | tuple):
            found |= mentioned(list(value))
    return found - {""}
