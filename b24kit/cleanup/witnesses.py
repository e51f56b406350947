"""Leads outside the work of a clean-up that still tell whose an address is: closed ones, fresh ones, on other stages.

Two unlike names on one address are a fact of the address, not of the pile: the doubt stays while the letters stand
anywhere, though the leads of one name were settled and closed meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from b24kit.cleanup.pile import Item
from b24kit.matching import addresses
from b24kit.matching.groups import Known, natural
from b24kit.matching.joining import holders


def contradicting(
    items: Sequence[Item], others: Iterable[Item], known: Known, name_of: Callable[[Item], str]
) -> Iterator[Item]:
    """Of `others` those on an address of the pile where the names, theirs among them, are more than one person's.

    One lead a name is enough; which one does not depend on the order.
    """
    seen: dict[str, set[str]] = defaultdict(set)
    for item in items:
        seen[_writer(item, known)].add(name_of(item))
    there: dict[str, dict[str, Item]] = defaultdict(dict)
    for other in others:
        address, name = _writer(other, known), name_of(other)
        if address in seen and name and other.verdict.is_clients and not other.doubt:
            kept = there[address].setdefault(name, other)
            if natural(other.lead.id) < natural(kept.lead.id):
                there[address][name] = other
    for address, named in there.items():
        if address and holders({*seen[address], *named}) > 1:
            yield from named.values()


def _writer(item: Item, known: Known) -> str:
    return addresses.canonical(item.verdict.sender.address, known.aliases) or ""
