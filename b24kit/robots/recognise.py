"""Which of our events a card asks about: by field, form, UTM mark, phone line, mailbox, at last by words of a subject.

A person's own choice in a field weighs more than a mark of an advertisement, and that more than words; of two events
recognised alike the one named with more words, then the upper line of the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from b24kit.crm.activity import Activity, Channel
from b24kit.matching.addresses import addresses_in, canonical
from b24kit.matching.phones import phones_in
from b24kit.owners.phrases import mentions, stems
from b24kit.owners.rules import SeminarOwner
from b24kit.owners.typos import mentions_nearly
from b24kit.robots.facts import CardFacts

# Names under which vendors keep these in a card or an activity; compared without case and underscores.
_FORMS = frozenset({"webformid", "formid", "formname", "crmwebformid"})
_UTM = frozenset({"utmsource", "utmmedium", "utmcampaign", "utmcontent", "utmterm"})
_LINES = frozenset({"portalnumber", "portallinenumber", "linenumber", "calledphone", "calledphonenumber"})
_TELEPHONY = frozenset({"source"})  # of a call's note on amoCRM: the line by its number or name
_FORM_PROVIDER = "webform"


class Sign(IntEnum):
    """By what an event was recognised; the smaller, the stronger."""

    FIELD = 1
    FORM = 2
    UTM = 3
    LINE = 4
    MAILBOX = 5
    SUBJECT = 6
    TYPO = 7


@dataclass(frozen=True, slots=True)
class Recognised:
    """An event, by what, and the words or mark that showed it; `runs` tells whether it takes inquiries of that day."""

    seminar: SeminarOwner
    sign: Sign
    said: str
    runs: bool


def recognise(facts: CardFacts, seminars: tuple[SeminarOwner, ...], typos: bool = True) -> tuple[Recognised, ...]:
    """Every event that the card shows, the strongest first; those out of their dates come last."""
    found: list[tuple[tuple[bool, int, int, int], Recognised]] = []
    for place, seminar in enumerate(seminars):
        for one, words in _signs(facts, seminar, typos):
            found.append(((not one.runs, one.sign, -words, place), one))
    return tuple(one for _, one in sorted(found, key=lambda pair: pair[0]))


def _signs(facts: CardFacts, seminar: SeminarOwner, typos: bool) -> Iterator[tuple[Recognised, int]]:
    """The strongest sign of one event in its dates, with the number of words that named it; a stale one otherwise."""
    signs = seminar.spec.signs
    told = (
        (Sign.FIELD, _by_field(facts, signs.fields.items())),
        (Sign.FORM, _by_form(facts, signs.forms)),
        (Sign.UTM, _equal(_values(facts.card.extra, _UTM), signs.utm)),
        (Sign.LINE, _by_line(facts, signs.lines)),
        (Sign.MAILBOX, _by_mailbox(facts, signs.mailboxes)),
    )
    runs = seminar.runs(_day(facts.card.created))
    for sign, said in told:
        if said:
            yield Recognised(seminar, sign, said, runs), 0
            return
    yield from _by_subject(facts, seminar, typos)


def _by_subject(facts: CardFacts, seminar: SeminarOwner, typos: bool) -> Iterator[tuple[Recognised, int]]:
    """The first text that names the event, without slips before with slips."""
    texts = [(facts.card.title, facts.card.created), *((one.subject, one.created) for one in facts.letters)]
    for sign, named in ((Sign.SUBJECT, mentions), (Sign.TYPO, mentions_nearly)):
        if sign is Sign.TYPO and not typos:
            return
        for text, at in texts:
            phrases = [phrase for phrase in seminar.spec.phrases if named(text, phrase)]
            if phrases:
                longest = max(len(stems(phrase)) for phrase in phrases)
                yield Recognised(seminar, sign, text, seminar.runs(_day(at))), longest
                return


def _by_field(facts: CardFacts, wanted: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    for name, values in wanted:
        said = _equal(_values(facts.card.extra, frozenset({_bare(name)})), values)
        if said:
            return said
    return ""


def _by_form(facts: CardFacts, forms: tuple[str, ...]) -> str:
    if not forms:
        return ""
    told = [*_values(facts.card.extra, _FORMS)]
    for one in facts.letters:
        told += _values(one.extra, _FORMS)
        if _FORM_PROVIDER in str(one.extra.get("PROVIDER_ID", "")).lower():
            told.append(one.subject)
    return _equal(told, forms)


def _by_line(facts: CardFacts, lines: tuple[str, ...]) -> str:
    if not lines:
        return ""
    told = [*_values(facts.card.extra, _LINES)]
    for one in facts.letters:
        if one.channel is Channel.CALL:
            told += _values(_flat(one.extra), _LINES | _TELEPHONY)
    wanted = {phone.number for line in lines for phone in phones_in(line)}
    return next((text for text in told for phone in phones_in(text) if phone.number in wanted), "")


def _by_mailbox(facts: CardFacts, mailboxes: tuple[str, ...]) -> str:
    wanted = {canonical(one) for one in mailboxes} - {None}
    if not wanted:
        return ""
    told = (address for one in facts.letters for address in _received_at(one))
    return next((address for address in told if canonical(address) in wanted), "")


def _received_at(one: Activity) -> Iterator[str]:
    if one.letter is not None:
        for text in (one.letter.mailbox, one.letter.to, one.letter.cc):
            yield from addresses_in(text)


def _values(extra: Any, names: frozenset[str]) -> list[str]:
    """What a card says under any of these names, as text; lists are taken apart."""
    found: list[str] = []
    for name, value in extra.items():
        if _bare(name) in names:
            found += [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
    return found


def _flat(extra: Any) -> dict[str, Any]:
    """An activity's own fields and those of its settings side by side."""
    inner = {name: value for part in extra.values() if isinstance(part, dict) for name, value in part.items()}
    return {**inner, **extra}


def _equal(told: Iterable[str], wanted: tuple[str, ...]) -> str:
    """The first value that is one of the wanted ones; case and ё do not matter."""
    keys = {_folded(one) for one in wanted}
    return next((one for one in told if _folded(one) in keys), "")


def _bare(name: str) -> str:
    return name.lower().replace("_", "")


def _folded(text: str) -> str:
    return " ".join(text.lower().replace("ё", "е").split())


def _day(at: datetime | None) -> date | None:
    return at.date() if at else None
