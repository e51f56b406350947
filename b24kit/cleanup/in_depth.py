"""Clients met in depth: what the automatic tier knows beyond one address joins letters to contacts and to each other.

Letters and contacts are compared as one pile, so a firm's domain under one name, a mobile number, an unusual mailbox
name tell a known client who writes from an address that no card has. What only may be a known client is asked about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from b24kit.change.operation import Reason
from b24kit.cleanup.answers import NOBODY_ASKED, Answers
from b24kit.cleanup.clients import KnownClients
from b24kit.cleanup.one_client import Cluster
from b24kit.cleanup.one_mobile import LARGEST
from b24kit.cleanup.pile import Item
from b24kit.crm.cards import Contact
from b24kit.crm.refs import Ref
from b24kit.i18n import LANGUAGES
from b24kit.matching import addresses, names
from b24kit.matching.cluster import components
from b24kit.matching.explain import Why, why_asked
from b24kit.matching.groups import Known, SetAside, natural
from b24kit.matching.keys import read_keys
from b24kit.matching.records import UNKNOWN_TIME, Pile
from b24kit.matching.review import review
from b24kit.matching.tiers import Automatic, automatic

# Why a letter joined nobody by its address alone, where another sign may still tell whose it is.
_OPEN = frozenset({SetAside.ROLE, SetAside.HUB, SetAside.NAMES_DIFFER, SetAside.NO_ADDRESS})


@dataclass(frozen=True, slots=True)
class Met:
    """Clusters after the deeper look, and clusters of new people who may be known ones, with the question."""

    clusters: tuple[Cluster, ...]
    doubtful: tuple[tuple[Cluster, Reason], ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """One row of the common pile: whose it is (a place among the parties), and what it says."""

    party: int
    name: str
    email: str
    phone: str = ""
    company: str = ""
    subject: str = ""
    when: float = UNKNOWN_TIME


_Party = Cluster | Item | Contact


def meet_in_depth(
    clusters: Sequence[Cluster],
    aside: Iterable[tuple[Item, SetAside]],
    index: KnownClients,
    known: Known,
    said: Answers = NOBODY_ASKED,
    heard: Sequence[Item] = (),
) -> Met:
    """Join what surely is one client; of new people who may be known, say so. A company's clusters stay as they are.

    Whom people told apart (`said`) is no question any more; leads that are only `heard` speak against joining.
    """
    persons = [one for one in clusters if not one.of_company]
    loose = [item for item, why in aside if why in _OPEN and item.names and not item.lead.contact]
    if not any(one.contact is None for one in persons) and not loose:
        return Met(tuple(clusters), ())
    parties: list[_Party] = [*persons, *loose, *index.contacts.values(), *heard]
    lines = [line for place, party in enumerate(parties) for line in _lines(place, party, index)]
    found = automatic(read_keys(_pile(lines), known))
    group = _together(parties, lines, found)
    joined, alone, torn = _joined(parties, group, frozenset(item.lead.id for item in heard))
    doubtful = [*torn, *_asked(alone, index, known, said)]
    asked = {id(cluster) for cluster, _ in doubtful}
    kept = [known_company(one, index) for one in joined if id(one) not in asked]
    return Met((*kept, *(one for one in clusters if one.of_company)), tuple(doubtful))


def _lines(place: int, party: _Party, index: KnownClients) -> Iterator[_Line]:
    if isinstance(party, Contact):
        firm = index.companies.get(party.company or "")
        written = [text for value in party.emails for text in addresses.addresses_in(value)] or [""]
        for number, address in enumerate(dict.fromkeys(written)):
            phone = "; ".join(party.phones) if number == 0 else ""
            yield _Line(place, str(party.name), address, phone, firm.title if firm else "")
        if party.name.middle:  # people sign without their patronymic
            yield _Line(place, str(replace(party.name, middle="")), next(iter(written)))
        return
    for item in party.items if isinstance(party, Cluster) else (party,):
        sender = item.verdict.sender
        name = sender.raw_name or next(iter(item.names), "")
        firm_name = item.told.company or item.lead.company_title
        when = item.when.timestamp() if item.when else UNKNOWN_TIME
        yield _Line(place, name, sender.address, "; ".join(item.phones), firm_name, item.missive.subject, when)


def _pile(lines: Sequence[_Line]) -> Pile:
    return Pile(
        [str(number) for number in range(len(lines))],
        names=[line.name for line in lines],
        emails=[line.email for line in lines],
        phones=[line.phone for line in lines],
        companies=[line.company for line in lines],
        moments=[line.when for line in lines],
        subjects=[line.subject for line in lines],
    )


def _together(parties: Sequence[_Party], lines: Sequence[_Line], found: Automatic) -> list[int]:
    """The number of each party's group: joined by the rows that surely are one person, and by the known contact."""
    first: dict[int, int] = {}
    rows = zip(lines, found.of_row.tolist(), strict=True)
    links = [(first.setdefault(cluster, line.party), line.party) for line, cluster in rows]
    place_of = {party.id: place for place, party in enumerate(parties) if isinstance(party, Contact)}
    for place, party in enumerate(parties):
        if isinstance(party, Cluster) and party.contact is not None and party.contact.id in place_of:
            links.append((place, place_of[party.contact.id]))
    return [int(one) for one in components(len(parties), [one for one, _ in links], [other for _, other in links])]


def _joined(
    parties: Sequence[_Party], group: Sequence[int], heard: Collection[str]
) -> tuple[list[Cluster], list[Cluster], list[tuple[Cluster, Reason]]]:
    """Each group as one cluster where it agrees in itself, those of them that are new, and new ones of two cards."""
    members: dict[int, list[_Party]] = defaultdict(list)
    for party, number in zip(parties, group, strict=True):
        members[number].append(party)
    result: list[Cluster] = []
    torn: list[tuple[Cluster, Reason]] = []
    for theirs in members.values():
        clusters = [one for one in theirs if isinstance(one, Cluster)]
        contacts = [one for one in theirs if isinstance(one, Contact)]
        spoke = [one for one in theirs if isinstance(one, Item)]
        items = [one for one in spoke if one.lead.id not in heard]
        if (clusters or (contacts and items)) and len(contacts) < 2 and _agree(clusters, contacts, spoke):
            result.append(_one(clusters, contacts, items))
        else:
            result += clusters
            fresh = [one for one in clusters if one.contact is None and contacts]
            torn += [(one, _several(one, contacts)) for one in fresh]
    apart = {id(one) for one, _ in torn}
    return result, [one for one in result if one.contact is None and id(one) not in apart], torn


def _several(cluster: Cluster, contacts: Sequence[Contact]) -> Reason:
    listed = ", ".join(sorted((contact.id for contact in contacts), key=natural))
    address = cluster.addresses[0] if cluster.addresses else ""
    return Reason("clean.left.several_contacts", {"contacts": listed, "address": address})


def _agree(clusters: Sequence[Cluster], contacts: Iterable[Contact], items: Iterable[Item]) -> bool:
    """Whether no two names of a group are two people's, and no two clusters of it are known as two."""
    spelled = [name for cluster in clusters for name in cluster.names]
    spelled += [str(contact.name) for contact in contacts] + [name for item in items for name in item.names]
    every = list(dict.fromkeys(spelled))
    firms = {cluster.company.id for cluster in clusters if cluster.company is not None and cluster.contact is None}
    apart = any(names.unlike(one, other) for at, one in enumerate(every) for other in every[:at])
    crowd = sum(cluster.contact is None for cluster in clusters) > LARGEST
    return not apart and len(firms) < 2 and not crowd


def _one(clusters: Sequence[Cluster], contacts: Sequence[Contact], items: Sequence[Item]) -> Cluster:
    """One cluster of them all. Addresses of several people (a department's, a family's) are not its own."""
    if len(clusters) == 1 and not items and (not contacts or clusters[0].contact is not None):
        return clusters[0]
    every = (*(item for cluster in clusters for item in cluster.items), *items)
    own = tuple(sorted({address for cluster in clusters for address in cluster.addresses}))
    contact = contacts[0] if contacts else None
    company = next((one.company for one in clusters if one.company is not None), None)
    return Cluster(every, own, contact=contact, company=company)


def _asked(fresh: Sequence[Cluster], index: KnownClients, known: Known, said: Answers) -> list[tuple[Cluster, Reason]]:
    """New clusters that a question would join to a contact, each with its likeliest question.

    Only they and the contacts' own cards are compared: what is asked today is asked again by the next plan.
    """
    parties: list[_Party] = [*fresh, *index.contacts.values()]
    lines = [line for place, party in enumerate(parties) for line in _lines(place, party, index)]
    found = automatic(read_keys(_pile(lines), known))
    holders: dict[int, set[int]] = defaultdict(set)
    for line, number in zip(lines, found.of_row.tolist(), strict=True):
        holders[int(number)].add(line.party)
    asked: dict[int, Reason] = {}
    for question in review(found, apart=_apart(parties, holders, said)).questions:
        for mine, theirs in ((question.one, question.other), (question.other, question.one)):
            contact = next((one for at in sorted(holders[theirs]) if isinstance(one := parties[at], Contact)), None)
            if contact is not None:
                reason = _question(contact, Why("match.why.asked", why_asked(question.score)))
                for place in holders[mine]:
                    asked.setdefault(place, reason)
    return [(fresh[place], reason) for place, reason in sorted(asked.items()) if place < len(fresh)]


def _apart(parties: Sequence[_Party], holders: Mapping[int, Collection[int]], said: Answers) -> set[tuple[int, int]]:
    """Numbers of groups whose parties are different people, as somebody said."""
    place_of = {ref: place for place, party in enumerate(parties) for ref in _cards(party)}
    groups_of = defaultdict[int, list[int]](list)
    for number, places in holders.items():
        for place in places:
            groups_of[place].append(number)
    return {(a, b) for one, other in said.parted(place_of) for a in groups_of[one] for b in groups_of[other] if a != b}


def _cards(party: _Party) -> tuple[Ref, ...]:
    if isinstance(party, Contact):
        return (party.ref,)
    return tuple(item.lead.ref for item in (party.items if isinstance(party, Cluster) else (party,)))


def _question(contact: Contact, why: Why) -> Reason:
    facts = {f"why_{lang}": why.sentence(lang) for lang in LANGUAGES}
    return Reason("clean.left.maybe_known", {"contact": contact.id, "name": str(contact.name), **facts})


def known_company(cluster: Cluster, index: KnownClients) -> Cluster:
    """A cluster with the company of the contact that it was found to be."""
    if cluster.contact is None:
        return cluster
    return replace(cluster, company=index.companies.get(cluster.contact.company or ""))
