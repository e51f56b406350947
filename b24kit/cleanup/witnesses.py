"""Leads outside the work of a clean-up that still tell whose an address is: closed ones, fresh ones, on other stages.

Two unlike names on one address are a fact of the address, not of the pile: the doubt stays while the letters stand
anywhere, though the leads of one name were settled and closed meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from b24kit.cleanup.pile import Item
from b24kit.crm.cards import Contact
from b24kit.matching import addresses, names
from b24kit.matching.groups import Known, natural
from b24kit.matching.joining import holders


def heard_at(items: Iterable[Item], others: Iterable[Item], known: Known) -> dict[str, list[Item]]:
    """Of `others` those that somebody wrote under a name from an address of the pile, by that canonical address."""
    wanted = {_writer(item, known) for item in items} - {""}
    found: dict[str, list[Item]] = defaultdict(list)
    for other in sorted(others, key=lambda one: natural(one.lead.id)):
        address = _writer(other, known)
        if address in wanted and other.names and other.verdict.is_clients and not other.doubt:
            found[address].append(other)
    return dict(found)


def contradicting(
    items: Iterable[Item], heard: Mapping[str, Sequence[Item]], known: Known, name_of: Callable[[Item], str]
) -> list[Item]:
    """Leads on addresses where the names of the pile and theirs are more than one person's; one lead a name."""
    seen: dict[str, set[str]] = defaultdict(set)
    for item in items:
        seen[_writer(item, known)].add(name_of(item))
    found: list[Item] = []
    for address, there in heard.items():
        named = {name_of(other): other for other in reversed(there)}
        if holders({*seen[address], *named}) > 1:
            found += named.values()
    return found


def speaks_against(contact: Contact, addresses_of: Iterable[str], heard: Mapping[str, Sequence[Item]]) -> bool:
    """Whether somebody of another name wrote from these addresses, in a lead that nobody has given to this contact."""
    there = (other for address in addresses_of for other in heard.get(address, ()) if other.lead.contact != contact.id)
    return any(names.unlike(name, str(contact.name)) for other in there for name in other.names)


def _writer(item: Item, known: Known) -> str:
    return addresses.canonical(item.verdict.sender.address, known.aliases) or ""
