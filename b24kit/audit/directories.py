"""Contacts and companies as a directory: whose clients have nobody, what is there twice, what is empty or misspelled.

What surely is there twice is for the clean-up to say; here it is only counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from b24kit.audit.findings import Finding, Severity, Sheet
from b24kit.audit.stuck_report import Names
from b24kit.change.operation import Reason
from b24kit.crm.cards import Company, Contact, Deal
from b24kit.crm.pipeline import Outcome
from b24kit.crm.points import PointKind
from b24kit.crm.refs import Kind, Ref
from b24kit.i18n import has
from b24kit.matching import addresses
from b24kit.matching.phones import phones_in
from b24kit.matching.spelling import spellings

FEW = 3  # cards in other spellings below which a field is no matter
_SHOWN = 3
_FIELDS = 12  # of each directory, the fullest first
_TIDY = Reason("audit.advice.tidy")


@dataclass(frozen=True, slots=True)
class Doubled:
    """Groups of cards that surely are one client, and pairs that a person would be asked about."""

    sure: int = 0
    doubtful: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """All contacts, companies and deals of a portal; `doubled` by kind of card."""

    contacts: Sequence[Contact]
    companies: Sequence[Company]
    deals: Sequence[Deal]
    names: Names
    inactive: Collection[str] = ()
    doubled: Mapping[Kind, Doubled] = field(default_factory=dict)


def directory_findings(found: Directory) -> list[Finding]:
    """Everything that is wrong with the directory."""
    return [*_left_behind(found), *_doubled(found), *_unreachable(found), *_bad_points(found), *_spelled(found)]


def directory_sheet(found: Directory) -> Sheet:
    """How full each field is, and in how many forms one value is written."""
    rows = [
        (Reason(f"audit.kind.{kind.value}"), Reason(f"audit.filled.{name}") if known else _called(name), *counted)
        for kind, cards in ((Kind.CONTACT, found.contacts), (Kind.COMPANY, found.companies))
        for known, name, *counted in _filled(cards)
    ]
    columns = ("kind", "field", "cards", "filled", "share", "values", "spelled")
    return Sheet("audit.sheet.directories", tuple(f"audit.column.{name}" for name in columns), rows)


def _left_behind(found: Directory) -> Iterator[Finding]:
    """Clients and running deals of people who work here no longer."""
    running = [deal for deal in found.deals if deal.outcome is Outcome.OPEN]
    counts = {
        name: Counter(card.owner for card in cards if card.owner in found.inactive)
        for name, cards in (("contacts", found.contacts), ("companies", found.companies), ("deals", running))
    }
    for owner in sorted({owner for counted in counts.values() for owner in counted if owner}):
        facts = {"user": found.names.users.get(owner, owner)} | {name: one[owner] for name, one in counts.items()}
        yield Finding(
            code="audit.dismissed_clients",
            severity="high",
            facts=facts,
            ref=Ref(Kind.USER, owner),
            advice=Reason("audit.advice.handover"),
        )


def _doubled(found: Directory) -> Iterator[Finding]:
    for kind, doubled in found.doubled.items():
        if doubled.sure or doubled.doubtful:
            facts = {"sure": doubled.sure, "doubtful": doubled.doubtful}
            severity: Severity = "high" if doubled.sure else "medium"
            yield Finding(
                code=f"audit.doubles_{kind.value}",
                severity=severity,
                facts=facts,
                advice=Reason("audit.advice.merge"),
            )


def _unreachable(found: Directory) -> Iterator[Finding]:
    """Contacts nobody can write to or call."""
    count = sum(not card.emails and not card.phones for card in found.contacts)
    if count:
        share = round(100 * count / len(found.contacts))
        yield Finding(code="audit.unreachable", severity="medium", facts={"count": count, "share": share})


def _bad_points(found: Directory) -> Iterator[Finding]:
    """Phones and addresses that are none, and such as are written otherwise than they are dialled."""
    cards: list[Contact | Company] = [*found.contacts, *found.companies]
    broken = [point.value for card in cards for point in card.points if not _is_good(point.kind, point.value)]
    if broken:
        facts = {"count": len(broken), "examples": ", ".join(sorted(set(broken))[:_SHOWN])}
        yield Finding(code="audit.bad_points", severity="medium", facts=facts)
    loose = sum(_is_loose(point.kind, point.value) for card in cards for point in card.points)
    if loose:
        yield Finding(code="audit.loose_points", severity="low", facts={"count": loose}, advice=_TIDY)


def _spelled(found: Directory) -> Iterator[Finding]:
    """Fields where one value stands in several spellings: reports count it as several."""
    for kind, cards in ((Kind.CONTACT, found.contacts), (Kind.COMPANY, found.companies)):
        for name, values in _texts(cards).items():
            forms = spellings(values)
            other = sum(sum(one.values()) - max(one.values()) for one in forms.values())
            if other >= FEW:
                widest = max(forms.values(), key=lambda one: (len(one), sum(one.values())))
                facts = {"field": name, "count": other, "values": len(forms)}
                facts |= {"examples": ", ".join(form for form, _ in widest.most_common(_SHOWN))}
                yield Finding(code=f"audit.spelled_{kind.value}", severity="medium", facts=facts, advice=_TIDY)


def _filled(cards: Sequence[Contact | Company]) -> Iterator[tuple[bool, str, int, int, int, int | None, int | None]]:
    """(our own field?, name, cards, filled, per cent, different values, values in several spellings)."""
    total = len(cards)
    if not total:
        return
    for name, count in (("phone", sum(bool(c.phones) for c in cards)), ("email", sum(bool(c.emails) for c in cards))):
        yield True, name, total, count, round(100 * count / total), None, None
    texts = _texts(cards)
    for name in sorted(texts, key=lambda one: (-len(texts[one]), one))[:_FIELDS]:
        values = texts[name]
        share = round(100 * len(values) / total)
        yield False, name, total, len(values), share, len(set(values)), len(spellings(values))


def _called(name: str) -> Reason | str:
    return Reason(f"field.{name}") if has(f"field.{name}") else name


def _texts(cards: Sequence[Contact | Company]) -> dict[str, list[str]]:
    """Fields that people fill in with words, by name; numbers, dates and marks are no words."""
    found: dict[str, list[str]] = {}
    for card in cards:
        for name, value in card.extra.items():
            if isinstance(value, str) and len(value) > 1 and any(map(str.isalpha, value)) and ":" not in value:
                found.setdefault(name, []).append(value)
    return found


def _is_good(kind: PointKind, value: str) -> bool:
    if kind is PointKind.PHONE:
        return bool(phones_in(value)) or sum(map(str.isdigit, value)) in range(5, 10)  # a local number is one
    if kind is PointKind.EMAIL:
        return any(addresses.canonical(one) for one in addresses.addresses_in(value))
    return True


def _is_loose(kind: PointKind, value: str) -> bool:
    if kind is PointKind.PHONE:
        numbers = phones_in(value)
        return len(numbers) == 1 and value.strip() != numbers[0].number and not numbers[0].extension
    return kind is PointKind.EMAIL and (value != value.strip() or value != value.lower())
