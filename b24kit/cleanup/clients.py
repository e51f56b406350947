"""Who is known already: contacts and companies by canonical address, phone and safe domain, with their running deals.

A value that stands on two cards names nobody; such a match is reported, never chosen from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from b24kit.cleanup.deals import Running
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.pipeline import Outcome
from b24kit.crm.points import PointKind
from b24kit.crm.refs import Kind, Ref
from b24kit.matching import addresses, domains, names
from b24kit.matching.addresses import ALL_ALIASES, Aliases
from b24kit.matching.groups import natural
from b24kit.matching.phones import phones_in


@dataclass(slots=True)
class KnownClients:
    """The index. Ids are in natural order, so `[0]` is the oldest card."""

    contacts: Mapping[str, Contact] = field(default_factory=dict)
    companies: Mapping[str, Company] = field(default_factory=dict)
    contacts_by_address: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    companies_by_address: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contacts_by_mobile: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contacts_by_name: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    companies_by_domain: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deals_by_contact: Mapping[str, tuple[Deal, ...]] = field(default_factory=dict)
    deals_by_company: Mapping[str, tuple[Deal, ...]] = field(default_factory=dict)
    into: Mapping[Ref, Ref] = field(default_factory=dict)  # cards that this plan merges away, and into which

    def contact_of(self, lead: Lead) -> str | None:
        """The contact that a lead hangs on, or the one that it will be by then."""
        held = Ref(Kind.CONTACT, lead.contact) if lead.contact else None
        return self.into.get(held, held).id if held else None

    def company_at(self, address: str) -> Company | None:
        """The only company whose firm domain this address stands at."""
        domain = domains.corporate_domain(address)
        found = self.companies_by_domain.get(domain, ()) if domain else ()
        return self.companies[found[0]] if len(found) == 1 else None

    def company_of_site(self, address: str) -> Company | None:
        """The only company at this domain, when its own card says so: by a site or an address of its own.

        A company that is still called by its domain was made of letters; no person has looked at it yet.
        """
        company, domain = self.company_at(address), domains.corporate_domain(address)
        if company is None or domain is None or company.title.lower() == domain:
            return None
        return company if domain in own_domains(company, ALL_ALIASES) else None

    def contact_at(self, address: str) -> Contact | None:
        """The only contact with this canonical address."""
        found = self.contacts_by_address.get(address, ())
        return self.contacts[found[0]] if len(found) == 1 else None

    def running_deals(self, contact: Contact | None, company: Company | None) -> tuple[Deal, ...]:
        """Open deals of a contact, else those of a company."""
        own = self.deals_by_contact.get(contact.id, ()) if contact else ()
        return own or (self.deals_by_company.get(company.id, ()) if company else ())

    def running(self, contact: Contact | None, company: Company | None) -> Running:
        """Open deals that a client may write about, his own apart from his company's others."""
        own = self.deals_by_contact.get(contact.id, ()) if contact else ()
        theirs = self.deals_by_company.get(company.id, ()) if company else ()
        return Running(own, tuple(deal for deal in theirs if deal not in own))

    def contact_with_mobile(self, phones: Iterable[str], name: str) -> Contact | None:
        """The only contact with one of these mobile numbers, when both names are known and agree."""
        numbers = {phone.number for text in phones for phone in phones_in(text) if phone.mobile}
        found = {identifier for number in numbers for identifier in self.contacts_by_mobile.get(number, ())}
        if len(found) != 1:
            return None
        contact = self.contacts[found.pop()]
        blank = not names.is_full(name) or not names.is_full(str(contact.name))
        return None if blank or not names.alike(name, str(contact.name)) else contact


def index_clients(
    contacts: Iterable[Contact],
    companies: Iterable[Company],
    deals: Iterable[Deal],
    aliases: Aliases = ALL_ALIASES,
    into: Mapping[Ref, Ref] | None = None,
) -> KnownClients:
    """Index the cards of a portal."""
    people = {contact.id: contact for contact in contacts}
    firms = {company.id: company for company in companies}
    by_address: dict[str, set[str]] = defaultdict(set)
    by_mobile: dict[str, set[str]] = defaultdict(set)
    by_name: dict[str, set[str]] = defaultdict(set)
    for contact in people.values():
        for address in _addresses(contact, aliases):
            by_address[address].add(contact.id)
        for number in _mobiles(contact):
            by_mobile[number].add(contact.id)
        if key := names.name_key(str(contact.name)):
            by_name[key].add(contact.id)
    running = [deal for deal in deals if deal.outcome is Outcome.OPEN]
    return KnownClients(
        contacts=people,
        companies=firms,
        contacts_by_address=_sorted(by_address),
        companies_by_address=_sorted(_company_addresses(firms, aliases)),
        contacts_by_mobile=_sorted(by_mobile),
        contacts_by_name=_sorted(by_name),
        companies_by_domain=_sorted(_company_domains(people, firms, aliases)),
        deals_by_contact=_deals(running, "contact"),
        deals_by_company=_deals(running, "company"),
        into=into or {},
    )


def _addresses(card: Contact | Company, aliases: Aliases) -> set[str]:
    written = (text for value in card.emails for text in addresses.addresses_in(value))
    return {key for text in written if (key := addresses.canonical(text, aliases))}


def _mobiles(contact: Contact) -> set[str]:
    return {phone.number for text in contact.phones for phone in phones_in(text) if phone.mobile}


def _company_addresses(firms: Mapping[str, Company], aliases: Aliases) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for company in firms.values():
        for address in _addresses(company, aliases):
            found[address].add(company.id)
    return found


def _company_domains(
    people: Mapping[str, Contact], firms: Mapping[str, Company], aliases: Aliases
) -> dict[str, set[str]]:
    """Firm domains from companies' addresses and sites, and from the addresses of the people who work there."""
    found: dict[str, set[str]] = defaultdict(set)
    for company in firms.values():
        for host in own_domains(company, aliases):
            found[host].add(company.id)
    for contact in people.values():
        if contact.company is not None and contact.company in firms:
            for address in _addresses(contact, aliases):
                if domain := domains.corporate_domain(address):
                    found[domain].add(contact.company)
    return found


def own_domains(company: Company, aliases: Aliases) -> set[str]:
    """The firm domains that stand on a company's own card."""
    sites = (point.value for point in company.points if point.kind is PointKind.WEB)
    hosts = {domain for site in sites if (domain := _site_domain(site))}
    return hosts | {domain for text in _addresses(company, aliases) if (domain := domains.corporate_domain(text))}


def _site_domain(site: str) -> str | None:
    host = site.lower().strip().partition("://")[2] or site.lower().strip()
    host = host.partition("/")[0].partition(":")[0]
    return domains.corporate_domain(f"site@{host}") if "." in host else None


def _deals(running: Iterable[Deal], side: str) -> dict[str, tuple[Deal, ...]]:
    found: dict[str, list[Deal]] = defaultdict(list)
    for deal in running:
        if holder := getattr(deal, side):
            found[holder].append(deal)
    return {holder: tuple(sorted(deals, key=lambda deal: natural(deal.id))) for holder, deals in found.items()}


def _sorted(index: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {value: tuple(sorted(holders, key=natural)) for value, holders in index.items()}
