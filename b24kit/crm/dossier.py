"""Everything that a card is and that hangs on it, in no vendor's words: what a backup keeps, a re-creation makes again
and a proof sheet counts.

A dossier is JSON values by part, each item a map with its `id`, so that it is stored, hashed and compared as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from b24kit.crm.activity import Channel
from b24kit.crm.refs import Ref


class Part(StrEnum):
    """The sorts of things that a card holds or that hang on it."""

    CARD = "card"
    LETTERS = "letters"
    CALLS = "calls"
    TODOS = "todos"
    MARKS = "marks"  # other entries of the timeline: meetings, forms, chats
    COMMENTS = "comments"
    TASKS = "tasks"
    FILES = "files"
    PRODUCTS = "products"
    UTM = "utm"
    LINKS = "links"  # contacts, companies, deals, observers
    REQUISITES = "requisites"
    MOVES = "moves"  # stage history


_CHANNELS = {Channel.EMAIL.value: Part.LETTERS, Channel.CALL.value: Part.CALLS, Channel.TODO.value: Part.TODOS}
_LINKED = ("contact", "company", "lead")
# What is said and by whom; ids, owners and the portal's own stamps are left out, so that a thing made again is equal.
_SAID: dict[Part, tuple[str, ...]] = {
    Part.LETTERS: ("direction", "subject", "text", "letter", "files"),
    Part.CALLS: ("direction", "subject", "text", "start", "address", "files"),
    Part.TODOS: ("subject", "text", "deadline", "done"),
    Part.MARKS: ("channel", "subject", "text", "files"),
    Part.COMMENTS: ("text", "files"),
    Part.TASKS: ("title", "text", "owner", "deadline", "done"),
    Part.FILES: ("name", "size"),
    Part.PRODUCTS: ("name", "product", "price", "quantity", "discount_sum", "tax_rate", "tax_included"),
    Part.UTM: ("value",),
    Part.LINKS: ("id",),
    Part.REQUISITES: ("fields", "banks", "addresses"),
    Part.MOVES: ("stage", "at"),
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as a portal names it; `size` in bytes, None where the portal does not tell."""

    id: str
    name: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One card whole. `card` holds the values of its record (`crm.records`), the rest are items by part.

    `unread` names the parts that this access may not see, for example tasks without their scope.
    """

    ref: Ref
    card: Mapping[str, Any]
    activities: tuple[Mapping[str, Any], ...] = ()
    comments: tuple[Mapping[str, Any], ...] = ()
    tasks: tuple[Mapping[str, Any], ...] = ()
    products: tuple[Mapping[str, Any], ...] = ()
    links: tuple[Mapping[str, Any], ...] = ()
    requisites: tuple[Mapping[str, Any], ...] = ()
    moves: tuple[Mapping[str, Any], ...] = ()
    files: tuple[Attachment, ...] = ()
    unread: frozenset[str] = field(default_factory=frozenset)

    def items(self) -> Iterator[tuple[Part, str, Mapping[str, Any]]]:
        """Every part's items with their ids; the card itself is one."""
        yield Part.CARD, self.ref.id, self.card
        for activity in self.activities:
            yield part_of(activity), str(activity["id"]), activity
        named = (
            (Part.COMMENTS, self.comments),
            (Part.TASKS, self.tasks),
            (Part.PRODUCTS, self.products),
            (Part.LINKS, [*self.links, *_card_links(self.card)]),
            (Part.REQUISITES, self.requisites),
            (Part.MOVES, self.moves),
        )
        for part, found in named:
            for item in found:
                # A link has no number of its own: it is this card's link to that one.
                own = f"{self.ref}>{item['id']}" if part is Part.LINKS else str(item["id"])
                yield part, own, item
        for file in self.files:
            yield Part.FILES, file.id, {"id": file.id, "name": file.name, "size": file.size}
        for name, value in (self.card.get("extra") or {}).items():
            if name.startswith("UTM_") and value:
                yield Part.UTM, f"{self.ref}/{name}", {"value": str(value)}

    def body(self) -> dict[str, Any]:
        """The dossier as JSON values."""
        return {
            "ref": str(self.ref),
            "card": dict(self.card),
            **{name: [dict(item) for item in getattr(self, name)] for name in _LISTS},
            "files": [{"id": file.id, "name": file.name, "size": file.size} for file in self.files],
            "unread": sorted(self.unread),
        }


_LISTS = ("activities", "comments", "tasks", "products", "links", "requisites", "moves")


def dossier_of(body: Mapping[str, Any]) -> Dossier:
    """The dossier that `Dossier.body` took apart."""
    return Dossier(
        ref=Ref.parse(body["ref"]),
        card=body["card"],
        files=tuple(Attachment(one["id"], one["name"], one["size"]) for one in body["files"]),
        unread=frozenset(body["unread"]),
        **{name: tuple(body[name]) for name in _LISTS},
    )


def part_of(activity: Mapping[str, Any]) -> Part:
    """Which part an activity belongs to."""
    return _CHANNELS.get(str(activity.get("channel")), Part.MARKS)


def print_of(part: Part, item: Mapping[str, Any]) -> str:
    """A short hash of what an item says; two that say the same have the same print on any card.

    >>> print_of(Part.COMMENTS, {"id": "7", "text": "ok"}) == print_of(Part.COMMENTS, {"id": "8", "text": "ok"})
    True
    """
    said = item if part is Part.CARD else {name: item.get(name) for name in _SAID[part]}
    if "files" in said:
        said = {**said, "files": [one.get("name") or "" for one in said["files"] or ()]}
    return hashlib.sha256(_text(said).encode()).hexdigest()[:16]


def seal_of(item: Mapping[str, Any]) -> str:
    """The hash of an item to the last letter: what a backup is verified by."""
    return hashlib.sha256(_text(item).encode()).hexdigest()


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _card_links(card: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in _LINKED:
        if card.get(name):
            yield {"id": f"{name}:{card[name]}"}
