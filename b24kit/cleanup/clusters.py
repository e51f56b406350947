"""Letters of people into clients: rows grouped by the surely-one-person rules, then met with the cards already known.

Nothing is merged on a guess: a value on two cards, a name that contradicts, a lead tied to another card leave the whole
group alone with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from b24kit.change.operation import Reason
from b24kit.cleanup.answers import NOBODY_ASKED, Answers
from b24kit.cleanup.clients import KnownClients
from b24kit.cleanup.in_depth import meet_in_depth
from b24kit.cleanup.one_client import Cluster, in_time
from b24kit.cleanup.one_mobile import joined_by_mobile
from b24kit.cleanup.pile import Item
from b24kit.cleanup.witnesses import contradicting, heard_at, speaks_against
from b24kit.crm.cards import Company, Contact
from b24kit.matching import addresses, names
from b24kit.matching.groups import Grouping, Known, Row, SetAside, group_rows, natural
from b24kit.matching.records import UNKNOWN_TIME


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clients in order of key, and the leads that are left with their reason."""

    clusters: tuple[Cluster, ...]
    left: Mapping[str, Reason]
    doubtful: tuple[Cluster, ...] = ()  # left too: each is one client, perhaps a known one


def find_clusters(
    items: Sequence[Item],
    index: KnownClients,
    known: Known,
    *,
    ask: bool = True,
    said: Answers = NOBODY_ASKED,
    others: Iterable[Item] = (),
) -> Clusters:
    """Group the convertible items into clients; every item is in a cluster or left.

    `others` are leads that nothing is done with here: where their names contradict those on an address, they are heard.
    `ask`: people who may be known clients are left with that question, else they are taken as new; `said` are the
    answers that need no second asking.
    """
    by_id = {item.lead.id: item for item in items}
    left: dict[str, Reason] = {}
    there = heard_at(items, others, known)
    heard = contradicting(items, there, known, lambda item: _row(item).name)
    grouping = group_rows(map(_row, (*items, *heard)), _with_persons(items, index, known))
    grouping = _without(grouping, {item.lead.id for item in heard})
    matched: list[Cluster] = []
    for group in grouping.groups:
        cluster = Cluster(tuple(by_id[lead] for lead in group.ids), group.addresses)
        found = _meet(cluster, index, there)
        if isinstance(found, Reason):
            left.update(dict.fromkeys(group.ids, found))
        else:
            matched.append(found)
    matched += _companies(grouping, by_id, index, known)
    matched += _callers(grouping, by_id, index)
    taken = {item.lead.id for cluster in matched for item in cluster.items}
    loose = [(by_id[lead], why) for lead, why in grouping.aside.items() if lead not in taken]
    met = meet_in_depth(matched, loose, index, _with_persons(items, index, known), said, heard)
    matched = list(met.clusters)
    for doubtful, question in met.doubtful if ask else ():
        left.update(dict.fromkeys((item.lead.id for item in doubtful.items), question))
    matched += [] if ask else [doubtful for doubtful, _ in met.doubtful]
    taken = {item.lead.id for cluster in matched for item in cluster.items}
    for lead, why in grouping.aside.items():
        if lead not in taken:
            left[lead] = Reason(f"clean.left.{why.value}", {"address": by_id[lead].verdict.sender.address})
    whole = joined_by_mobile(
        sorted(_by_contact(matched), key=lambda one: natural(one.key)), frozenset(index.contacts_by_mobile)
    )
    united = (in_time(cluster) for cluster in whole)
    asked = tuple(in_time(doubtful) for doubtful, _ in met.doubtful) if ask else ()
    return Clusters(tuple(sorted(united, key=lambda cluster: natural(cluster.key))), left, asked)


def _without(grouping: Grouping, heard: Collection[str]) -> Grouping:
    """The grouping without leads that were only heard."""
    if not heard:
        return grouping
    kept = (replace(one, ids=tuple(lead for lead in one.ids if lead not in heard)) for one in grouping.groups)
    aside = {lead: why for lead, why in grouping.aside.items() if lead not in heard}
    return Grouping(tuple(one for one in kept if one.ids), aside)


def _row(item: Item) -> Row:
    sender = item.verdict.sender
    when = item.when.timestamp() if item.when else UNKNOWN_TIME
    return Row(item.lead.id, sender.address, sender.raw_name or next(iter(item.names), ""), when)


def _with_persons(items: Iterable[Item], index: KnownClients, known: Known) -> Known:
    """A role-like address that stands on exactly one contact and on no company is that person's."""
    keys = {addresses.canonical(item.verdict.sender.address, known.aliases) for item in items} - {None}
    persons = {
        key
        for key in keys
        if key and len(index.contacts_by_address.get(key, ())) == 1 and key not in index.companies_by_address
    }
    return replace(known, persons=frozenset(persons))


def _meet(cluster: Cluster, index: KnownClients, heard: Mapping[str, Sequence[Item]]) -> Cluster | Reason:
    """The cluster with the cards that it is known by, or why nobody can tell."""
    found = {contact for address in cluster.addresses for contact in index.contacts_by_address.get(address, ())}
    found |= {held for item in cluster.items if (held := index.contact_of(item.lead))}
    if len(found) > 1:
        listed = ", ".join(sorted(found, key=natural))
        return Reason("clean.left.several_contacts", {"contacts": listed, "address": cluster.addresses[0]})
    contact = index.contacts.get(found.pop()) if found else _by_mobile(cluster, index)
    if contact is None and any(item.lead.contact for item in cluster.items):
        return Reason("clean.left.unknown_contact", {"address": cluster.addresses[0]})
    if contact is not None and (
        any(names.unlike(name, str(contact.name)) for name in cluster.names)
        or speaks_against(contact, cluster.addresses, heard)
    ):
        facts = {"contact": contact.id, "name": str(contact.name), "address": cluster.addresses[0]}
        return Reason("clean.left.contact_name_differs", facts)
    company = company_of(cluster, contact, index)
    return replace(cluster, contact=contact, company=company)


def _by_mobile(cluster: Cluster, index: KnownClients) -> Contact | None:
    """The contact whose mobile number all numbers of the cluster lead to, under an agreeing full name."""
    phones = [phone for item in cluster.items for phone in item.phones]
    if not phones or not cluster.names:
        return None
    found = [index.contact_with_mobile(phones, name) for name in cluster.names if names.is_full(name)]
    same = {contact.id if contact else "" for contact in found}
    return found[0] if len(same) == 1 else None


def company_of(cluster: Cluster, contact: Contact | None, index: KnownClients) -> Company | None:
    """The contact's own company; for a new person the only company that holds his address or his firm's domain."""
    if contact is not None:
        return index.companies.get(contact.company or "")
    holders = {one for address in cluster.addresses for one in index.companies_by_address.get(address, ())}
    if holders:
        return index.companies[holders.pop()] if len(holders) == 1 else None
    at = {company.id: company for address in cluster.addresses if (company := index.company_at(address))}
    return next(iter(at.values())) if len(at) == 1 else None


def _companies(grouping: Grouping, by_id: Mapping[str, Item], index: KnownClients, known: Known) -> list[Cluster]:
    """Letters from a department's mailbox: on exactly one company's card and no contact's, else at its domain alone."""
    found: dict[str, list[Item]] = defaultdict(list)
    for lead, why in grouping.aside.items():
        address = addresses.canonical(by_id[lead].verdict.sender.address, known.aliases)
        free = why is SetAside.ROLE and not by_id[lead].lead.contact
        company = _department_of(address, index) if free and address else None
        if company is not None:
            found[company].append(by_id[lead])
    return [
        Cluster(tuple(items), (), company=index.companies[company], of_company=True) for company, items in found.items()
    ]


def _department_of(address: str, index: KnownClients) -> str | None:
    """The only company whose mailbox this is: by its card, or by a firm domain that no other company shares."""
    holders = index.companies_by_address.get(address, ())
    if address in index.contacts_by_address or len(holders) > 1:
        return None
    at = None if holders else index.company_of_site(address)
    return holders[0] if holders else at.id if at else None


def _callers(grouping: Grouping, by_id: Mapping[str, Item], index: KnownClients) -> list[Cluster]:
    """Leads without any address whose mobile number and full name are a known contact's."""
    found: list[Cluster] = []
    for lead, why in grouping.aside.items():
        item = by_id[lead]
        if why is SetAside.NO_ADDRESS and not item.lead.contact:
            name = next((name for name in item.names if names.is_full(name)), "")
            contact = index.contact_with_mobile(item.phones, name)
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
