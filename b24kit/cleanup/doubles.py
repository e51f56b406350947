"""Cards of one client that stand on the portal twice: contacts and companies that matching's automatic tier joins.

A double is merged for good, so more is asked than of a letter: the whole group must agree, in names, in whatever the
portal cannot unite, and in what people have said of it. What only may be one client is counted, never merged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from b24kit.change.operation import Reason
from b24kit.cleanup.clients import own_domains
from b24kit.crm.cards import Company, Contact
from b24kit.crm.refs import Ref
from b24kit.i18n import LANGUAGES
from b24kit.matching import addresses, names
from b24kit.matching.cluster import components
from b24kit.matching.companies import company_name, domain_label, inn
from b24kit.matching.explain import Why, explain
from b24kit.matching.groups import Known, natural
from b24kit.matching.joining import LARGEST
from b24kit.matching.keys import read_keys
from b24kit.matching.records import Pile
from b24kit.matching.review import review
from b24kit.matching.tiers import Automatic, automatic

Client = Contact | Company
Said = Callable[[Ref, Ref], bool | None]  # what a person has answered of two cards; None where nobody was asked


def nobody_said(one: Ref, other: Ref) -> bool | None:
    """No answers: the seam for a review's remembered decisions."""
    del one, other
    return None


@dataclass(frozen=True, slots=True)
class Double:
    """Cards of one client in order of id, and why they are one."""

    cards: tuple[Client, ...]
    why: Why

    @property
    def facts(self) -> dict[str, str]:
        """The reason in both languages, as a plan keeps it."""
        return {f"why_{lang}": self.why.sentence(lang) for lang in LANGUAGES}


@dataclass(frozen=True, slots=True)
class Doubles:
    """Groups to merge by smallest id, groups that are left with their reason, and how many pairs a person may ask."""

    groups: tuple[Double, ...] = ()
    left: tuple[tuple[Double, Reason], ...] = ()
    doubtful: int = 0


def contact_doubles(
    contacts: Sequence[Contact], known: Known, blockers: frozenset[str] = frozenset(), said: Said = nobody_said
) -> Doubles:
    """Contacts of one person: by what surely joins two cards, each contact being one card however many addresses."""
    rows = [(at, address, first) for at, one in enumerate(contacts) for address, first in _addresses(one)]
    pile = Pile(
        [f"{contacts[at].id}/{number}" for number, (at, _, _) in enumerate(rows)],
        names=[str(contacts[at].name) for at, _, _ in rows],
        emails=[address for _, address, _ in rows],
        phones=["; ".join(contacts[at].phones) if first else "" for at, _, first in rows],
    )
    if not rows:
        return Doubles()
    found = automatic(read_keys(pile, known))
    first_row = {at: number for number, (at, _, _) in reversed(list(enumerate(rows)))}
    joined = _components([at for at, _, _ in rows], found.of_row.tolist(), contacts, said)
    groups, left = [], []
    for places in joined:
        double = Double(tuple(contacts[at] for at in places), _why(places, first_row, rows, found))
        trouble = _trouble(double, blockers, said) or _names_trouble(double)
        if trouble is None:
            groups.append(double)
        else:
            left.append((double, trouble))
    return Doubles(tuple(groups), tuple(left), len(review(found).questions))


def company_doubles(
    companies: Sequence[Company], known: Known, blockers: frozenset[str] = frozenset(), said: Said = nobody_said
) -> Doubles:
    """Companies that are one: by ИНН in the name, else by a domain of their own under one name."""
    by_key: dict[str, list[int]] = defaultdict(list)
    by_name: dict[str, list[int]] = defaultdict(list)
    for at, company in enumerate(companies):
        for key in _company_keys(company, known):
            by_key[key].append(at)
        if name := company_name(company.title):
            by_name[name].append(at)
    labels = list(range(len(companies)))
    links = [(places[0], other) for places in by_key.values() for other in places[1:]]
    of_key = components(len(labels), [one for one, _ in links], [other for _, other in links]).tolist()
    groups, left = [], []
    for places in _components(labels, of_key, companies, said):
        double = Double(tuple(companies[at] for at in places), _why_company([companies[at] for at in places], known))
        trouble = _trouble(double, blockers, said)
        if trouble is None:
            groups.append(double)
        else:
            left.append((double, trouble))
    doubtful = sum(len({of_key[at] for at in places}) - 1 for places in by_name.values())
    return Doubles(tuple(groups), tuple(left), doubtful)


def _addresses(contact: Contact) -> Iterator[tuple[str, bool]]:
    """Each address of a contact, the first one marked; an empty one where it has none."""
    written = list(dict.fromkeys(text for value in contact.emails for text in addresses.addresses_in(value)))
    yield from ((address, at == 0) for at, address in enumerate(written or [""]))


def _components(
    of_card: Sequence[int], clusters: Sequence[int], cards: Sequence[Client], said: Said
) -> Iterator[list[int]]:
    """Places of cards that hang together, by clusters of their rows and by what people said; two or more each."""
    first: dict[int, int] = {}
    links = []
    for at, cluster in zip(of_card, clusters, strict=True):
        links.append((first.setdefault(cluster, at), at))
    if said is not nobody_said:
        pairs = combinations(range(len(cards)), 2)
        links += [(one, other) for one, other in pairs if said(cards[one].ref, cards[other].ref)]
    labels = components(len(cards), [one for one, _ in links], [other for _, other in links]).tolist()
    together: dict[int, list[int]] = defaultdict(list)
    for at, label in enumerate(labels):
        together[label].append(at)
    for places in together.values():
        if len(places) > 1:
            yield sorted(places, key=lambda at: natural(cards[at].id))


def _trouble(double: Double, blockers: frozenset[str], said: Said) -> Reason | None:
    """Why a group is not merged all the same."""
    facts = {**double.facts, "cards": ", ".join(card.id for card in double.cards)}
    if len(double.cards) > LARGEST:
        return Reason("clean.left.double_large", facts)
    if any(said(one.ref, other.ref) is False for one, other in combinations(double.cards, 2)):
        return Reason("clean.left.double_told_apart", facts)
    stands = sorted(name for name in blockers | _files(double.cards) if _different(double.cards, name))
    return Reason("clean.left.double_blocked", {**facts, "fields": stands}) if stands else None


def _names_trouble(double: Double) -> Reason | None:
    spelled = [str(card.name) for card in double.cards if isinstance(card, Contact)]
    if not any(names.unlike(one, other) for one, other in combinations(spelled, 2)):
        return None
    return Reason("clean.left.double_names", {"cards": ", ".join(card.id for card in double.cards)})


def _files(cards: Iterable[Client]) -> set[str]:
    """Fields that hold files: they can be shown, not written, so two different ones stand against each other."""
    return {name for card in cards for name, value in card.extra.items() if _is_file(value)}


def _is_file(value: object) -> bool:
    rows = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(row, Mapping) for row in rows)


def _different(cards: Iterable[Client], name: str) -> bool:
    return len({repr(card.extra[name]) for card in cards if card.extra.get(name)}) > 1


def _why(
    places: Sequence[int], first_row: Mapping[int, int], rows: Sequence[tuple[int, str, bool]], found: Automatic
) -> Why:
    """The strongest word on the first card and another one of the group."""
    one = first_row[places[0]]
    for number in _rows_of(places[1:], first_row, rows):
        for own in _rows_of(places[:1], first_row, rows):
            if found.of_row[own] == found.of_row[number]:
                return explain(own, number, found)
    return explain(one, first_row[places[1]], found)


def _rows_of(
    places: Sequence[int], first_row: Mapping[int, int], rows: Sequence[tuple[int, str, bool]]
) -> Iterator[int]:
    """The rows of some cards; a card's rows stand together."""
    for at in places:
        number = first_row[at]
        while number < len(rows) and rows[number][0] == at:
            yield number
            number += 1


def _company_keys(company: Company, known: Known) -> Iterator[str]:
    if number := inn(company.title):
        yield f"inn {number}"
    name = company_name(company.title)
    for domain in sorted(own_domains(company, known.aliases)):
        if domain in known.domains:
            continue
        if name:
            yield f"{name} {domain}"
        if company.title.strip().lower() == domain or name == domain_label(domain):
            yield f"{domain_label(domain)} {domain}"


def _why_company(group: Sequence[Company], known: Known) -> Why:
    shared = set.intersection(*({*_company_keys(company, known)} for company in group[:2]))
    key = min(shared, default="")
    if key.startswith("inn "):
        return Why("match.why.joined", (("match.rule.inn", {"inn": key.partition(" ")[2]}),))
    domain = key.rpartition(" ")[2]
    return Why("match.why.joined", (("match.rule.company_domain", {"domain": domain, "name": group[0].title}),))
