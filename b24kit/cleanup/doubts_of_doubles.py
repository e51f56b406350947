"""Questions about cards that surely are one client, where a playbook merges only what a person has confirmed."""

from __future__ import annotations

from collections.abc import Iterator

from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.answers import Answers
from b24kit.cleanup.doubles import Client, Double, company_doubles, contact_doubles
from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.standing_decisions import InForce
from b24kit.crm.cards import Contact
from b24kit.matching.groups import Known
from b24kit.matching.sides import SURE, Asked, Side
from b24kit.matching.verdicts import question_key


def sure_doubles(snapshot: Snapshot, spec: CleanSpec, known: Known, force: InForce) -> tuple[Asked, ...]:
    """One question for each card of a group with the group's first one, without what somebody answered already."""
    if spec.merge != "reviewed":
        return ()
    said = Answers.of(force)
    found: list[Double] = []
    if "contact" in spec.merge_kinds:
        found += contact_doubles(list(snapshot.contacts()), known, said=said).groups
    if "company" in spec.merge_kinds:
        found += company_doubles(list(snapshot.companies()), known, said=said).groups
    return tuple(asked for double in found for asked in _asked(double, said))


def _asked(double: Double, said: Answers) -> Iterator[Asked]:
    first, *others = double.cards
    for card in others:
        if said(first.ref, card.ref) is None:
            sides = _side(first), _side(card)
            yield Asked(question_key(sides[0].head, sides[1].head), *sides, SURE, double.why)


def _side(card: Client) -> Side:
    """What a card shows; a company is known by its title."""
    person = isinstance(card, Contact)
    names = (str(card.name),) if isinstance(card, Contact) else ()
    firms = () if person else (card.title,)
    moment = card.created.timestamp() if card.created else None
    return Side((str(card.ref),), names, tuple(card.emails), tuple(card.phones), firms, "", moment, moment)
