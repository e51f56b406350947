"""Directories in order: names, phones, addresses and stable values of contacts and companies written one way.

A card's tidy form is a function of its values, so that it holds for whatever else the same plan writes on the card.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from b24kit.change.operation import Operation, Phase, Reason, RemoveRecord, UpdateRecord
from b24kit.cleanup.survive import person_name, point_key
from b24kit.cleanup.tidy_spec import TidySpec
from b24kit.crm.cards import Company, Contact
from b24kit.crm.points import Point, PointKind
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.matching import addresses, names
from b24kit.matching.phones import phones_in
from b24kit.matching.spelling import best_form, spelling_key, spellings

_BARE_PHONE = frozenset("0123456789+()-–. \t\u00a0")
_PHASES = {Kind.CONTACT: Phase.CONTACTS, Kind.COMPANY: Phase.COMPANIES}


@dataclass(frozen=True, slots=True)
class Tidy:
    """How values are to be written on this portal: `forms` holds the right form by field and spelling."""

    spec: TidySpec
    forms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def changes(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a card that are written otherwise, as they should be."""
        found: dict[str, Any] = {}
        name = values.get("name")
        if self.spec.names and name and (right := _right_name(name)) != dict(name):
            found["name"] = right
        title = values.get("title")
        if self.spec.names and title and (clean := " ".join(str(title).split())) != title:
            found["title"] = clean
        points = list(values.get("points") or ())
        if points and (written := self._points(points)) != points:
            found["points"] = written
        extra = values.get("extra") or {}
        right_values = {one: form for one in self.forms if (form := self._form(one, extra.get(one))) is not None}
        return found | ({"extra": right_values} if right_values else {})

    def _points(self, points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Each value once, rewritten where it is nothing but a number or an address."""
        kept: dict[tuple[str, str], dict[str, Any]] = {}
        for point in points:
            kind, value = PointKind(point["kind"]), str(point["value"])
            key = (kind.value, point_key(Point(kind, value)))
            kept.setdefault(key, {**point, "value": self._written(kind, value)})
        return list(kept.values())

    def _written(self, kind: PointKind, value: str) -> str:
        if kind is PointKind.PHONE and self.spec.phones and set(value) <= _BARE_PHONE:
            numbers = phones_in(value)
            return numbers[0].number if len(numbers) == 1 else value
        if kind is PointKind.EMAIL and self.spec.emails:
            found = addresses.addresses_in(value)
            return found[0].lower() if len(found) == 1 and addresses.canonical(found[0]) else value
        return value

    def _form(self, name: str, value: Any) -> str | None:
        right = self.forms[name].get(spelling_key(value)) if isinstance(value, str) else None
        return right if right is not None and right != value else None


@dataclass(frozen=True, slots=True)
class TidyPlan:
    """The updates of cards that nothing else in the plan writes, by card, and the rule for the others."""

    tidy: Tidy | None = None
    cards: Mapping[Ref, Contact | Company] = field(default_factory=dict)

    @property
    def changes_any(self) -> bool:
        """Whether any card is written otherwise than it should be."""
        return self.tidy is not None and any(self.tidy.changes(values_of(card)) for card in self.cards.values())

    def joined(self, operations: Sequence[Operation], gone: Collection[Ref], limit: int | None) -> list[Operation]:
        """All operations, one update a card. `gone`, swallowed or merged, have their turn with the next plan."""
        if self.tidy is None:
            return list(operations)
        skip = set(gone) | {one.ref for one in operations if isinstance(one, RemoveRecord)}
        found = [
            self._within(one) if isinstance(one, UpdateRecord) and one.ref not in skip else one for one in operations
        ]
        written = {one.ref for one in operations if isinstance(one, UpdateRecord)}
        alone = [card for ref, card in self.cards.items() if ref not in written | skip]
        own = [update for card in alone if (update := self._own(card)) is not None]
        return [*found, *own[:limit]]

    def _within(self, operation: UpdateRecord) -> UpdateRecord:
        card = self.cards.get(operation.ref)
        if card is None or self.tidy is None:
            return operation
        now = values_of(card)
        will_be = {**now, **operation.after, "extra": {**(now["extra"] or {}), **(operation.after.get("extra") or {})}}
        changed = self.tidy.changes(will_be)
        if not changed:
            return operation
        after = _over(operation.after, changed)
        return replace(
            operation, before={**_held(now, changed), **operation.before, **_extra_held(now, after)}, after=after
        )

    def _own(self, card: Contact | Company) -> UpdateRecord | None:
        assert self.tidy is not None
        now = values_of(card)
        changed = self.tidy.changes(now)
        if not changed:
            return None
        fields = [name for name in changed if name != "extra"] + sorted(changed.get("extra") or {})
        return UpdateRecord(
            key=f"tidy-{card.ref.kind.value}-{card.id}",
            cluster=f"t-{card.ref.kind.value}-{card.id}",
            phase=_PHASES[card.ref.kind],
            reason=Reason("clean.tidy", {"fields": fields}),
            ref=card.ref,
            before={**_held(now, changed), **_extra_held(now, changed)},
            after=changed,
        )


AS_WRITTEN = TidyPlan()


def plan_tidy(
    spec: TidySpec | None, contacts: Iterable[Contact], companies: Iterable[Company], protected: Collection[Ref] = ()
) -> TidyPlan:
    """What is written alike, over the cards as they will be; nothing without the section."""
    if spec is None:
        return AS_WRITTEN
    every: list[Contact | Company] = [*contacts, *companies]
    cards = {one.ref: one for one in every if one.ref not in protected}
    written: dict[str, list[str]] = defaultdict(list)
    for card in cards.values():
        for name in spec.spellings:
            if isinstance(value := card.extra.get(name), str):
                written[name].append(value)
    forms: dict[str, dict[str, str]] = {
        name: {key: best_form(found) for key, found in spellings(values).items()} for name, values in written.items()
    }
    for name, wanted in spec.values.items():
        for right, others in wanted.items():
            forms.setdefault(name, {}).update({spelling_key(one): right for one in (right, *others)})
    return TidyPlan(Tidy(spec, forms), cards)


def _right_name(name: Mapping[str, Any]) -> dict[str, Any]:
    """Parts without stray blanks and in people's case; a whole name in one field is taken apart where a given name
    tells the order."""
    parts = {part: " ".join(str(name.get(part) or "").split()) for part in ("first", "last", "middle")}
    alone = [part for part in ("first", "last") if parts[part]]
    if len(alone) == 1 and not parts["middle"] and _is_whole_name(parts[alone[0]]):
        found = person_name(parts[alone[0]])
        return {"first": found.first, "last": found.last, "middle": found.middle}
    if not _is_person(parts):
        return parts
    return {part: " ".join(_cased(word) for word in text.split()) for part, text in parts.items()}


def _is_whole_name(text: str) -> bool:
    words = text.split()
    return 2 <= len(words) <= 3 and all(word.isalpha() for word in words) and any(map(names.is_given, words))


def _is_person(parts: Mapping[str, str]) -> bool:
    """Departments and logins stand on contacts too: their case is left alone."""
    words = [word for text in parts.values() for word in text.replace("-", " ").split()]
    one_word_each = all(parts[part] and " " not in parts[part] for part in ("first", "last"))
    return one_word_each or any(map(names.is_given, words))


def _cased(word: str) -> str:
    return (
        word.title()
        if len(word) > 2 and word.replace("-", "").isalpha() and (word.isupper() or word.islower())
        else word
    )


def _over(after: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    extra = {**(after.get("extra") or {}), **(changed.get("extra") or {})}
    return {**after, **changed} | ({"extra": extra} if extra else {})


def _held(now: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: now.get(name) for name in changed if name != "extra"}


def _extra_held(now: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    extra = changed.get("extra") or {}
    return {"extra": {name: (now.get("extra") or {}).get(name) for name in extra}} if extra else {}
