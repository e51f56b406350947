"""Lists of clients by segment as tables: a summary first, then a sheet a segment, and all rows in one for CSV.

Names and addresses are strangers' text; the writers of tables keep formulas in them from running.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from b24kit.change.operation import Reason
from b24kit.cleanup.extract import Client, Extract
from b24kit.cleanup.extract_spec import ExtractSpec, SegmentSpec
from b24kit.crm.cards import Contact
from b24kit.crm.refs import Kind
from b24kit.i18n import Language, number, say
from b24kit.reports.tables import Table
from b24kit.reports.wording import moment_text

_COLUMNS = (
    *("kind", "id", "name", "company", "emails", "phones", "owner", "last", "days"),
    *("letters_in", "letters_out", "running", "won", "won_sums", "link"),
)


class ClientTables:
    """The tables of one extract of one portal; `users` and `companies` are names by id."""

    def __init__(
        self, found: Extract, spec: ExtractSpec, portal: str, users: Mapping[str, str], companies: Mapping[str, str]
    ) -> None:
        self._found, self._spec, self._portal = found, spec, portal
        self._users, self._companies = users, companies

    def summary(self, taken: datetime, lang: Language) -> Table:
        """What the file holds, that it is personal data, and each segment with its rules and counts."""
        facts = {"count": len(self._found.clients), "portal": self._portal, "taken": moment_text(taken, lang)}
        rows: list[tuple[Any, ...]] = [
            (name, Reason("extract.money", {"sums": self._rules(name, lang)}), *counts(self._found.of(name)))
            for name in self._spec.names
        ]
        rest = self._found.of("")
        if rest:
            rows.append((Reason("extract.no_segment"), None, *counts(rest)))
        if self._found.strangers:
            rows.append((Reason("extract.strangers", {"count": self._found.strangers}), None, None, None))
        rows.append((Reason("extract.personal", facts), None, None, None))
        columns = ("segment", "rule", "contacts", "companies")
        return Table("extract.summary", tuple(f"extract.column.{name}" for name in columns), rows)

    def segments(self) -> list[Table]:
        """A table for every segment that has anybody, in the playbook's order."""
        columns = tuple(f"extract.column.{name}" for name in _COLUMNS)
        # A sheet is called by the playbook's own word for the segment, which is no catalogue code.
        return [
            Table(name, columns, self._rows(self._found.of(name))) for name in self._spec.names if self._found.of(name)
        ]

    def everybody(self) -> Table:
        """All clients in one table with their segment first."""
        rows = [
            (client.segment or None, *row) for client, row in zip(self._all(), self._rows(self._all()), strict=True)
        ]
        columns = tuple(f"extract.column.{name}" for name in ("segment", *_COLUMNS))
        return Table("extract.title", columns, rows)

    def _all(self) -> list[Client]:
        places = {name: place for place, name in enumerate((*self._spec.names, ""))}
        return sorted(self._found.clients, key=lambda client: places.get(client.segment, len(places)))

    def _rows(self, clients: Iterable[Client]) -> list[tuple[Any, ...]]:
        return [self._row(client) for client in clients]

    def _row(self, client: Client) -> tuple[Any, ...]:
        card, facts, kind = client.card, client.facts, client.ref.kind
        person = isinstance(card, Contact)
        return (
            Reason(f"extract.kind.{kind.value}"),
            client.ref.id,
            str(card.name) if isinstance(card, Contact) else card.title,
            self._companies.get(card.company or "") if isinstance(card, Contact) else None,
            ", ".join(card.emails) or None,
            ", ".join(card.phones) or None,
            self._users.get(card.owner or "", card.owner),
            facts.last,
            client.days,
            *(facts.letters_in, facts.letters_out, facts.running, facts.won),
            ", ".join(_money(facts.won_sums)) or None,
            f"https://{self._portal}/crm/{Kind.CONTACT.value if person else Kind.COMPANY.value}/details/{card.id}/",
        )

    def _rules(self, name: str, lang: Language) -> str:
        """The rules of one segment in words; several are told with a semicolon between them."""
        return "; ".join(_rule(one, lang) for one in self._spec.segments if one.name == name)


def counts(clients: Sequence[Client]) -> tuple[int, int]:
    """How many contacts and how many companies."""
    contacts = sum(client.ref.kind is Kind.CONTACT for client in clients)
    return contacts, len(clients) - contacts


def _rule(segment: SegmentSpec, lang: Language) -> str:
    given = segment.model_dump(exclude={"name"}, exclude_none=True)
    said = [
        say("extract.rule.never_answered" if value is False else f"extract.rule.{name}", lang, n=value)
        for name, value in given.items()
    ]
    return ", ".join(said) or say("extract.rule.rest", lang)


def _money(sums: Mapping[str, int]) -> list[str]:
    return [
        f"{number(cents / 100, 'ru', 2 if cents % 100 else 0)} {currency}".strip() for currency, cents in sums.items()
    ]
