"""All leads of one client together: the unit that a plan converts, limits and takes back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from b24kit.cleanup.pile import Item
from b24kit.crm.cards import Company, Contact
from b24kit.matching.groups import natural


@dataclass(frozen=True, slots=True)
class Cluster:
    """All leads of one client in order of time. Without contact and company he is new; `addresses` are canonical.

    `of_company`: the letters are a known company's own mailbox's, no person of it can be told.
    """

    items: tuple[Item, ...]
    addresses: tuple[str, ...]
    contact: Contact | None = None
    company: Company | None = None
    of_company: bool = False

    @property
    def key(self) -> str:
        """Stable between plans of the same state: the smallest lead id."""
        return f"c-{min((item.lead.id for item in self.items), key=natural)}"

    @property
    def identity(self) -> str:
        """What tells the client from others on any portal: his least address, else his least phone, else the lead."""
        phones = (phone for item in self.items for phone in item.lead.phones)
        return min(self.addresses, default="") or min(phones, default="") or self.key

    @property
    def names(self) -> tuple[str, ...]:
        """Every spelling of the client's name on letters and leads."""
        return tuple(name for item in self.items for name in item.names)


def in_time(cluster: Cluster) -> Cluster:
    """The cluster with its items in order of time, undated ones last."""

    def moment(item: Item) -> tuple[float, tuple[tuple[int, int | str], ...]]:
        return (item.when.timestamp() if item.when else float("inf"), natural(item.lead.id))

    return replace(cluster, items=tuple(sorted(cluster.items, key=moment)))
