"""Rows that are surely one person, grouped; rows that only might be are set aside, each with the reason.

This is tier A as the clean-up uses it: a value held by people whose names disagree joins nobody, whole addresses are
set aside for a person to decide. The outcome does not depend on the order of the rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from b24kit.matching import addresses, domains, names
from b24kit.matching.certain import HUB_NAMES, shared_addresses
from b24kit.matching.joining import Rule
from b24kit.matching.keys import Keys, read_keys
from b24kit.matching.records import UNKNOWN_TIME, Pile
from b24kit.matching.standing import NOTHING_KNOWN, Known, SetAside, natural, personal_address
from b24kit.matching.tiers import Automatic, automatic

__all__ = [
    "HUB_NAMES", "NOTHING_KNOWN", "Group", "Grouping", "Known", "Row", "SetAside", "group_rows", "natural",
    "personal_address",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One letter or card as it came: any id, the address and the name as written, when in seconds since 1970."""

    id: str
    address: str
    name: str = ""
    when: float = UNKNOWN_TIME


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one person, in order of id; `addresses` are canonical, `rules` say what joined them."""

    ids: tuple[str, ...]
    addresses: tuple[str, ...]
    names: tuple[str, ...]
    rules: tuple[Rule, ...]

    @property
    def key(self) -> str:
        """The smallest id: the same group keeps its key while its first row stays."""
        return self.ids[0]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Every row is in one group or set aside."""

    groups: tuple[Group, ...]
    aside: Mapping[str, SetAside]


def group_rows(rows: Iterable[Row], known: Known = NOTHING_KNOWN) -> Grouping:
    """Group rows by what surely is one person; the rest is set aside with its reason."""
    aside: dict[str, SetAside] = {}
    kept, roles = [], defaultdict[str, list[Row]](list)
    for row in rows:
        address, trouble = personal_address(row.address, known)
        if trouble is SetAside.ROLE:
            roles[address].append(row)
        elif trouble is not None:
            aside[row.id] = trouble
        else:
            kept.append(row)
    own = {address for address, several in roles.items() if all(_owns_domain(row.name, address) for row in several)}
    for address, several in roles.items():
        if address in own:
            kept += several
        else:
            aside.update((row.id, _why_role(several)) for row in several)
    known = replace(known, persons=known.persons | own)
    kept = _without_shared(kept, known, aside)
    groups = _groups(kept, automatic(_keys(kept, known))) if kept else []
    return Grouping(tuple(sorted(groups, key=lambda group: natural(group.key))), aside)


def _keys(rows: Sequence[Row], known: Known) -> Keys:
    columns = [row.id for row in rows], [row.name for row in rows], [row.address for row in rows]
    return read_keys(Pile(*columns, moments=[row.when for row in rows]), known)


def _why_role(several: Sequence[Row]) -> SetAside:
    return SetAside.HUB if any(names.is_via(row.name) for row in several) else SetAside.ROLE


def _without_shared(rows: Sequence[Row], known: Known, aside: dict[str, SetAside]) -> list[Row]:
    """The rows on addresses of one person each, in order of address; the others are set aside."""
    ordered = sorted(rows, key=lambda row: natural(row.id))
    keys = _keys(ordered, known)
    shared = shared_addresses(keys)
    address_of = keys.card_address[keys.row_card].tolist()
    aside.update((row.id, shared[at]) for row, at in zip(ordered, address_of, strict=True) if at in shared)
    return [row for row, at in zip(ordered, address_of, strict=True) if at not in shared]


def _groups(rows: Sequence[Row], found: Automatic) -> list[Group]:
    together: dict[int, list[int]] = defaultdict(list)
    for place, number in enumerate(found.of_row.tolist()):
        together[number].append(place)
    return [_group(rows, places, found, number) for number, places in together.items()]


def _group(rows: Sequence[Row], places: Sequence[int], found: Automatic, number: int) -> Group:
    cards = {int(found.keys.row_card[place]) for place in places}
    held = {address.text for card in cards if (address := found.keys.address(card))}
    spelled = {name for place in places if (name := names.clean_name(rows[place].name))}
    rules = sorted({Rule.ADDRESS, *found.clusters.rules(number)})
    ids = sorted((rows[place].id for place in places), key=natural)
    return Group(tuple(ids), tuple(sorted(held)), tuple(sorted(spelled)), tuple(rules))


def _owns_domain(name: str, address: str) -> bool:
    """info@ivan-petrov.example of Иван Петров is no department: the firm's name is the person's."""
    owner = domains.registrable(addresses.split_address(address)[1]) or ""
    label = names.fold(owner.partition(".")[0])
    words = names.full_words(name)
    spelled = all(len(word) >= 3 and word in label for word in words)
    return spelled and names.is_full(name) and any(names.is_given(word) for word in names.clean_name(name).split())
