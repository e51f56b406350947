"""Why two cards of a portal are one client, might be, or are two: the question a manager asks about a single pair."""

from __future__ import annotations

from b24kit.cleanup.clients import own_domains
from b24kit.crm.cards import Company, Contact, Lead
from b24kit.crm.records import Record
from b24kit.errors import UsageError
from b24kit.matching import addresses
from b24kit.matching.addresses import ALL_ALIASES
from b24kit.matching.companies import company_keys
from b24kit.matching.explain import Why, explain
from b24kit.matching.keys import read_keys
from b24kit.matching.records import Pile
from b24kit.matching.review import review
from b24kit.matching.tiers import automatic


def why_one_client(one: Record, other: Record) -> Why:
    """The best reason over every address of both cards; two companies are compared by name and domain.

    UsageError for what is neither a person's card nor a company's.
    """
    if isinstance(one, Company) and isinstance(other, Company):
        return _companies(one, other)
    mine, theirs = _lines(one), _lines(other)
    lines = [*mine, *theirs]
    pile = Pile(
        [str(number) for number in range(len(lines))],
        names=[line[0] for line in lines],
        emails=[line[1] for line in lines],
        phones=[line[2] for line in lines],
        companies=[line[3] for line in lines],
    )
    found = automatic(read_keys(pile))
    pairs = [(at, len(mine) + to) for at in range(len(mine)) for to in range(len(theirs))]
    joined = next((pair for pair in pairs if found.of_row[pair[0]] == found.of_row[pair[1]]), None)
    if joined is not None:
        return explain(*joined, found)
    asked = review(found)
    every = [explain(*pair, found, asked) for pair in pairs]
    return next((why for why in every if why.code == "match.why.asked"), every[0])


def _lines(card: Record) -> list[tuple[str, str, str, str]]:
    """Name, address, phones and company of a card, once for each address."""
    if not isinstance(card, Lead | Contact | Company):
        raise UsageError("cli.bad_card", card=type(card).__name__.lower())
    name = card.title if isinstance(card, Company) else str(card.name)
    firm = card.company_title if isinstance(card, Lead) else card.title if isinstance(card, Company) else ""
    written = list(dict.fromkeys(text for value in card.emails for text in addresses.addresses_in(value)))
    return [(name, address, "; ".join(card.phones), firm) for address in written or [""]]


def _companies(one: Company, other: Company) -> Why:
    shared = set(company_keys(one.title)) & set(company_keys(other.title))
    number = next((key.partition(" ")[2] for key in shared if key.startswith("inn ")), "")
    if number:
        return Why("match.why.joined", (("match.rule.inn", {"inn": number}),))
    common = sorted(own_domains(one, ALL_ALIASES) & own_domains(other, ALL_ALIASES))
    if shared and common:
        return Why("match.why.joined", (("match.rule.company_domain", {"domain": common[0], "name": one.title}),))
    if shared:
        return Why("match.why.asked", (("match.part.and_company", {"company": one.title}),))
    return Why("match.why.no_sign")
