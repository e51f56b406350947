"""What is known about a client by the playbook's names of data: from the card, its contact and company, or its way.

A datum is a record's own field (`full_name`, `phone`...), a fact of the way (`attempt`, `reply`), or the vendor's
fields that the playbook lists under `gates.fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from b24kit.crm.activity import Direction
from b24kit.crm.cards import Contact, Lead, PersonName
from b24kit.robots.facts import CardFacts
from b24kit.robots.history import is_reply
from b24kit.robots.moments import day_start
from b24kit.robots.people import Hours

Fields = Mapping[str, tuple[str, ...]]
_EMPTY: tuple[Any, ...] = (None, "", [], (), {}, False)
_SECONDS = 10**9  # a bare number above it is a moment in seconds, as amoCRM stores dates


def name_of(facts: CardFacts) -> PersonName:
    """The client's name: the contact's, else the lead's own."""
    if facts.contact is not None and str(facts.contact.name):
        return facts.contact.name
    return facts.card.name if isinstance(facts.card, Lead) else PersonName()


def company_of(facts: CardFacts) -> str:
    """What the client's company is called, empty when unknown."""
    if facts.company is not None:
        return facts.company.title
    return facts.card.company_title if isinstance(facts.card, Lead) else ""


def phones_of(facts: CardFacts) -> tuple[str, ...]:
    return tuple(phone for record in _records(facts) for phone in record.phones)


def emails_of(facts: CardFacts) -> tuple[str, ...]:
    return tuple(email for record in _records(facts) for email in record.emails)


def value(facts: CardFacts, fields: Fields, datum: str) -> Any:
    """The value of a datum, None when nothing is known."""
    for code in (*fields.get(datum, ()), datum):
        for record in (*_records(facts), facts.company):
            found = None if record is None else record.extra.get(code)
            if found not in _EMPTY:
                return found
    return _own(facts, datum)


def known(facts: CardFacts, fields: Fields, datum: str) -> bool:
    """Whether there is anything under this name."""
    if facts.filled & {datum, *fields.get(datum, ())}:
        return True
    return value(facts, fields, datum) not in _EMPTY


def missing(facts: CardFacts, fields: Fields, data: Iterable[str]) -> tuple[str, ...]:
    """Which of these data are not there, in their order, each once."""
    return tuple(datum for datum in dict.fromkeys(data) if not known(facts, fields, datum))


def answered(facts: CardFacts, fields: Fields, wanted: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether every datum has one of the wanted answers; case and the letter ё do not matter."""
    for datum, answers in wanted.items():
        given = value(facts, fields, datum)
        values = given if isinstance(given, list | tuple) else [given]
        if not {_folded(one) for one in values} & {_folded(one) for one in answers}:
            return False
    return True


def moment(facts: CardFacts, fields: Fields, datum: str | None, hours: Hours) -> datetime | None:
    """The moment a datum names; a bare date is the start of that person's working day. None when it names none."""
    found = None if datum is None else value(facts, fields, datum)
    if isinstance(found, int | float) and not isinstance(found, bool) and found > _SECONDS:
        return datetime.fromtimestamp(found, UTC)
    if not isinstance(found, str):
        return None
    text = found.strip()
    parsed = _read_day(text)
    if parsed is not None:
        return day_start(hours, datetime(parsed.year, parsed.month, parsed.day, 12, tzinfo=hours.zone))
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=hours.zone)


def reason_of(facts: CardFacts, fields: Fields) -> str:
    """Why the card was lost: the datum `loss_reason`, else the failure stage itself."""
    found = value(facts, fields, "loss_reason")
    return str(found) if found else facts.card.stage


def same_words(left: str, right: str) -> bool:
    return _folded(left) == _folded(right)


def _records(facts: CardFacts) -> tuple[Any, ...]:
    return tuple(record for record in (facts.card, facts.contact) if record is not None)


def _own(facts: CardFacts, datum: str) -> Any:
    name = name_of(facts)
    own: dict[str, Callable[[], Any]] = {
        "first_name": lambda: name.first,
        "last_name": lambda: name.last,
        "full_name": lambda: str(name) if name.first and name.last else "",
        "phone": lambda: next(iter(phones_of(facts)), ""),
        "email": lambda: next(iter(emails_of(facts)), ""),
        "company": lambda: company_of(facts),
        "contact": lambda: facts.contact.id if isinstance(facts.contact, Contact) else "",
        "owner": lambda: facts.card.owner,
        "source": lambda: getattr(facts.card, "source", None),
        "amount": lambda: getattr(facts.card, "amount", ""),
        "comment": lambda: facts.card.comment,
        "attempt": lambda: any(touch.direction is Direction.OUT for touch in facts.touches),
        "reply": lambda: any(is_reply(touch) for touch in facts.touches),
    }
    found = own.get(datum)
    return None if found is None else found()


def _read_day(text: str) -> date | None:
    for shape in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, shape).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    # Bitrix24 gives a field of type date as midnight of the portal's zone: 2026-03-05T00:00:00+03:00.
    return date.fromisoformat(text[:10]) if text[10:19] == "T00:00:00" and text[:4].isdigit() else None


def _folded(one: Any) -> str:
    return " ".join(str(one).casefold().replace("ё", "е").split())
