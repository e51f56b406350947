"""Several cards of one client, one value a field: which stays by its rule, whose it was, and what gives way to it.

Nothing here knows a portal: candidates come with the card they stand on, when it was made and changed, how full it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from b24kit.cleanup.survive import worth
from b24kit.crm.cards import PersonName
from b24kit.matching import names
from b24kit.matching.given_names import forms
from b24kit.matching.groups import natural
from b24kit.matching.names import fold

_SHORT = frozenset(fold(word) for word, full in forms().items() if word not in full)  # Саша, Bob
EMPTY: tuple[Any, ...] = (None, "", [], {}, ())


@dataclass(frozen=True, slots=True)
class Held:
    """A value and the card that holds it; `place` 0 is the survivor, the others follow by age."""

    value: Any
    card: str
    place: int = 0
    made: datetime | None = None
    changed: datetime | None = None
    filled: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """One field's outcome: the value, the rule, the card it came from, and the values that gave way by card."""

    field: str
    value: Any
    rule: str
    card: str
    lost: Mapping[str, Any]

    def facts(self) -> dict[str, Any]:
        """How a plan tells of it."""
        return {"field": self.field, "value": self.value, "rule": self.rule, "from": self.card, "lost": dict(self.lost)}


def keep(field: str, rule: str, held: Iterable[Held]) -> Kept | None:
    """The value that stays, None when nobody has one. The outcome does not depend on the order of the cards."""
    filled = sorted((one for one in held if one.value not in EMPTY), key=lambda one: one.place)
    if not filled:
        return None
    if rule == "union" and len(filled) > 1 and all(isinstance(one.value, str | list | tuple) for one in filled):
        return Kept(field, _union(filled), rule, filled[0].card, {})
    best = _RULES.get(rule, _first)(filled)
    lost = {one.card: one.value for one in filled if not _same(one.value, best.value)}
    return Kept(field, best.value, rule if rule != "union" else "first_non_empty", best.card, lost)


def keep_name(rule: str, held: Iterable[Held]) -> Kept | None:
    """A person's name: one spelling is chosen whole, parts it lacks come from spellings that agree with it."""
    filled = [one for one in held if str(one.value)]
    if not filled:
        return None
    counted = Counter(str(one.value) for one in filled)
    if rule == "fullest":
        ordered = sorted(filled, key=lambda one: one.place)
        best = max(ordered, key=lambda one: (*_fullness(one.value), counted[str(one.value)], -one.place))
    else:
        found = keep("name", rule, filled)
        assert found is not None
        best = next(one for one in filled if one.card == found.card)
    value = best.value
    for other in sorted(filled, key=lambda one: (-len(one.value.middle), one.place)):
        value = _completed(value, other.value)
    lost = {one.card: str(one.value) for one in filled if one.value != value}
    return Kept("name", value, rule, best.card, lost)


def _fullness(name: PersonName) -> tuple[Any, ...]:
    """What makes a spelling full, and Александр fuller than Саша."""
    return (*worth(str(name)), fold(name.first) not in _SHORT)


def _completed(name: PersonName, other: PersonName) -> PersonName:
    """A name with the parts it lacks, where the other spelling does not contradict it."""
    if not names.alike(str(name), str(other)):
        return name
    has_both = bool(other.first and other.last)
    return PersonName(
        name.first or (other.first if has_both else ""),
        name.last or (other.last if has_both else ""),
        name.middle or other.middle,
    )


def _same(one: Any, other: Any) -> bool:
    return bool(one == other or str(one).strip() == str(other).strip())


def _union(filled: Sequence[Held]) -> Any:
    """Texts one under the other, lists together; what stands there already is not said twice."""
    if all(isinstance(one.value, str) for one in filled):
        texts: list[str] = []
        for one in filled:
            text = one.value.strip()
            if not any(text in there for there in texts):
                texts.append(text)
        return "\n".join(texts)
    listed = [item for one in filled for item in (one.value if isinstance(one.value, list | tuple) else [one.value])]
    return [item for at, item in enumerate(listed) if item not in listed[:at]]


def _first(filled: Sequence[Held]) -> Held:
    return filled[0]


def _longest(filled: Sequence[Held]) -> Held:
    return max(filled, key=lambda one: (len(str(one.value)), -one.place))


def _most_frequent(filled: Sequence[Held]) -> Held:
    counted = Counter(str(one.value).strip().casefold() for one in filled)
    return max(filled, key=lambda one: (counted[str(one.value).strip().casefold()], -one.place))


def _newest(filled: Sequence[Held]) -> Held:
    return max(filled, key=lambda one: (_moment(one.changed or one.made), -one.place))


def _oldest(filled: Sequence[Held]) -> Held:
    return min(filled, key=lambda one: (one.made is None, _moment(one.made), natural(one.card)))


def _richest(filled: Sequence[Held]) -> Held:
    return max(filled, key=lambda one: (one.filled, -one.place))


def _moment(when: datetime | None) -> float:
    return when.timestamp() if when else 0.0


_RULES: Mapping[str, Callable[[Sequence[Held]], Held]] = {
    "longest": _longest,
    "most_frequent": _most_frequent,
    "newest": _newest,
    "oldest": _oldest,
    "richest": _richest,
    "survivors": _first,
    "first_non_empty": _first,
}
