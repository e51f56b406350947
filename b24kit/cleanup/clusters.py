"""Letters of people into clients: rows grouped by the surely-one-person rules, then met with the cards already known.

Nothing is merged on a guess: a value on two cards, a name that contradicts, a lead tied to another card leave the whole
group alone with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from b24kit.change.operation import Reason
from b24kit.cleanup.clients import KnownClients
from b24kit.cleanup.pile import Item
from b24kit.crm.cards import Company, Contact
from b24kit.matching import addresses, names
from b24kit.matching.groups import Grouping, Known, Row, SetAside, group_rows, natural


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
    def names(self) -> tuple[str, ...]:
        """Every spelling of the client's name on letters and leads."""
        return tuple(name for item in self.items for name in item.names)


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clients in order of key, and the leads that are left with their reason."""

    clusters: tuple[Cluster, ...]
    left: Mapping[str, Reason]


def find_clusters(items: Sequence[Item], index: KnownClients, known: Known) -> Clusters:
    """Group the convertible items into clients; every item is in a cluster or left."""
    by_id = {item.lead.id: item for item in items}
    left: dict[str, Reason] = {}
    grouping = group_rows((_row(item) for item in items), _with_persons(items, index, known))
    matched: list[Cluster] = []
    for group in grouping.groups:
        cluster = Cluster(tuple(by_id[lead] for lead in group.ids), group.addresses)
        found = _meet(cluster, index)
        if isinstance(found, Reason):
            left.update(dict.fromkeys(group.ids, found))
        else:
            matched.append(found)
    matched += _companies(grouping, by_id, index, known)
    matched += _callers(grouping, by_id, index)
    taken = {item.lead.id for cluster in matched for item in cluster.items}
    for lead, why in grouping.aside.items():
        if lead not in taken:
            left[lead] = Reason(f"clean.left.{why.value}", {"address": by_id[lead].verdict.sender.address})
    united = (_in_time(cluster) for cluster in _by_contact(matched))
    return Clusters(tuple(sorted(united, key=lambda cluster: natural(cluster.key))), left)


def _row(item: Item) -> Row:
    sender = item.verdict.sender
    return Row(item.lead.id, sender.address, sender.raw_name or next(iter(item.names), ""))


def _with_persons(items: Iterable[Item], index: KnownClients, known: Known) -> Known:
    """A role-like address that stands on exactly one contact and on no company is that person's."""
    keys = {addresses.canonical(item.verdict.sender.address, known.aliases) for item in items} - {None}
    persons = {
        key
        for key in keys
        if key and len(index.contacts_by_address.get(key, ())) == 1 and key not in index.companies_by_address
    }
    return replace(known, persons=frozenset(persons))


def _meet(cluster: Cluster, index: KnownClients) -> Cluster | Reason:
    """The cluster with the cards that it is known by, or why nobody can tell."""
    found = {contact for address in cluster.addresses for contact in index.contacts_by_address.get(address, ())}
    found |= {item.lead.contact for item in cluster.items if item.lead.contact}
    if len(found) > 1:
        listed = ", ".join(sorted(found, key=natural))
        return Reason("clean.left.several_contacts", {"contacts": listed, "address": cluster.addresses[0]})
    contact = index.contacts.get(found.pop()) if found else _by_mobile(cluster, index)
    if contact is None and any(item.lead.contact for item in cluster.items):
        return Reason("clean.left.unknown_contact", {"address": cluster.addresses[0]})
    if contact is not None and any(names.unlike(name, str(contact.name)) for name in cluster.names):
        facts = {"contact": contact.id, "name": str(contact.name), "address": cluster.addresses[0]}
        return Reason("clean.left.contact_name_differs", facts)
    company = _company(cluster, contact, index)
    return replace(cluster, contact=contact, company=company)


def _by_mobile(cluster: Cluster, index: KnownClients) -> Contact | None:
    """The contact whose mobile number all numbers of the cluster lead to, under an agreeing full name."""
    phones = [phone for item in cluster.items for phone in item.lead.phones]
    if not phones or not cluster.names:
        return None
    found = [index.contact_with_mobile(phones, name) for name in cluster.names if names.is_full(name)]
    same = {contact.id if contact else "" for contact in found}
    return found[0] if len(same) == 1 else None


def _company(cluster: Cluster, contact: Contact | None, index: KnownClients) -> Company | None:
    """The contact's own company; for a new person the only company that holds his address or his firm's domain."""
    if contact is not None:
        return index.companies.get(contact.company or "")
    holders = {one for address in cluster.addresses for one in index.companies_by_address.get(address, ())}
    if holders:
        return index.companies[holders.pop()] if len(holders) == 1 else None
    at = {company.id: company for address in cluster.addresses if (company := index.company_at(address))}
    return next(iter(at.values())) if len(at) == 1 else None


def _companies(grouping: Grouping, by_id: Mapping[str, Item], index: KnownClients, known: Known) -> list[Cluster]:
    """Letters from a department's mailbox that stands on exactly one company's card, and on no contact's."""
    found: dict[str, list[Item]] = defaultdict(list)
    for lead, why in grouping.aside.items():
        address = addresses.canonical(by_id[lead].verdict.sender.address, known.aliases)
        if why is SetAside.ROLE and address and not by_id[lead].lead.contact:
            holders = index.companies_by_address.get(address, ())
            if len(holders) == 1 and address not in index.contacts_by_address:
                found[holders[0]].append(by_id[lead])
    return [
        Cluster(tuple(items), (), company=index.companies[company], of_company=True) for company, items in found.items()
    ]


def _callers(grouping: Grouping, by_id: Mapping[str, Item], index: KnownClients) -> list[Cluster]:
    """Leads without any address whose mobile number and full name are a known contact's."""
    found: list[Cluster] = []
    for lead, why in grouping.aside.items():
        item = by_id[lead]
        if why is SetAside.NO_ADDRESS and not item.lead.contact:
            contact = index.contact_with_mobile(item.lead.phones, str(item.lead.name))
            if contact is not None:
                company = index.companies.get(contact.company or "")
                found.append(Cluster((item,), (), contact=contact, company=company))
    return found


def _by_contact(clusters: Iterable[Cluster]) -> list[Cluster]:
    """Two addresses of one known contact are one client."""
    met: dict[str, Cluster] = {}
    new: list[Cluster] = []
    for cluster in clusters:
        if cluster.contact is None:
            new.append(cluster)
        elif (other := met.get(cluster.contact.id)) is not None:
            both = tuple(sorted({*other.addresses, *cluster.addresses}))
            met[cluster.contact.id] = replace(other, items=other.items + cluster.items, addresses=both)
        else:
            met[cluster.contact.id] = cluster
    return new + list(met.values())


def _in_time(cluster: Cluster) -> Cluster:
    def moment(item: Item) -> tuple[float, tuple[tuple[int, int | str], ...]]:
        return (item.when.timestamp() if item.when else float("inf"), natural(item.lead.id))

    return replace(cluster, items=tuple(sorted(cluster.items, key=moment)))
