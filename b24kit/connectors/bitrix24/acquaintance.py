"""Which contacts and companies have one of these phones or addresses (crm.duplicate.findbycomm), many cards at a time.

The answer does not tell which value found what, and takes twenty values: so twenty are asked together, and only when
anything was found each card's own ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from b24kit.connectors.bitrix24.asking import answers
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.wirevalues import ident
from b24kit.connectors.commands import Command
from b24kit.crm.points import Point, PointKind
from b24kit.crm.refs import Kind, Ref

VALUES = 20  # a call; further ones are ignored without a word
_TYPES = {PointKind.PHONE: "PHONE", PointKind.EMAIL: "EMAIL"}
_FOUND = {Kind.CONTACT: "CONTACT", Kind.COMPANY: "COMPANY"}
_Group = tuple[PointKind, list[tuple[Ref, str]]]


def known_by(client: RestClient, cards: Mapping[Ref, Sequence[Point]]) -> dict[Ref, tuple[Ref, ...]]:
    """Contacts, then companies, that share a phone or an address with each card, by id; cards nobody knows are left
    out."""
    hits = list(_hits(client, list(_together(cards))))
    own = [group for group in _own(cards) if any(kind is group[0] and group[1][0][0] in refs for kind, refs in hits)]
    found: dict[Ref, set[Ref]] = defaultdict(set)
    for (_, values), told in zip(own, _asked(client, own), strict=True):
        found[values[0][0]].update(told)
    order = list(_FOUND)
    return {
        card: tuple(sorted(refs, key=lambda one: (order.index(one.kind), int(one.id))))
        for card, refs in found.items()
        if refs
    }


def _hits(client: RestClient, groups: Sequence[_Group]) -> Iterator[tuple[PointKind, frozenset[Ref]]]:
    for (kind, values), told in zip(groups, _asked(client, groups), strict=True):
        if told:
            yield kind, frozenset(card for card, _ in values)


def _asked(client: RestClient, groups: Sequence[_Group]) -> list[list[Ref]]:
    """For each group the clients found; contacts and companies are asked apart, since leads come first of all."""
    commands = {
        (place, kind): Command(f"k{place:05d}{kind.value}", "crm.duplicate.findbycomm", _params(group, name))
        for place, group in enumerate(groups)
        for kind, name in _FOUND.items()
    }
    told = answers(client, list(commands.values()))
    return [
        [ref for kind in _FOUND for ref in _refs(kind, told[commands[place, kind].key])] for place in range(len(groups))
    ]


def _params(group: _Group, entity: str) -> dict[str, Any]:
    kind, values = group
    return {"type": _TYPES[kind], "values": [value for _, value in values], "entity_type": entity}


def _refs(kind: Kind, result: Any) -> list[Ref]:
    ids = result.get(_FOUND[kind]) if isinstance(result, Mapping) else None
    return [Ref(kind, found) for one in ids or () if (found := ident(one))]


def _together(cards: Mapping[Ref, Sequence[Point]]) -> Iterator[_Group]:
    for kind in _TYPES:
        values = [(card, point.value) for card, points in cards.items() for point in points if point.kind is kind]
        for at in range(0, len(values), VALUES):
            yield kind, values[at : at + VALUES]


def _own(cards: Mapping[Ref, Sequence[Point]]) -> Iterator[_Group]:
    for card, points in cards.items():
        for kind in _TYPES:
            values = [(card, point.value) for point in points if point.kind is kind][:VALUES]
            if values:
                yield kind, values
