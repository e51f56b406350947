"""Two unlike names on one address are a doubt for as long as both letters stand anywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from b24kit.crm.cards import Lead
from b24kit.crm.pipeline import Outcome
from b24kit.crm.records import Record
from tests.cleanup.portal_of import applied, contact, mail, outcomes, plan, snapshot

HERE = {"pile": {"stages": ["NEW"]}}
ANNA, BORIS = "Анна Белова <dom@mail.ru>", "Борис Жук <dom@mail.ru>"
AWAY: dict[str, dict[str, Any]] = {
    "another stage": {"stage": "UC_WORK"},
    "closed": {"stage": "JUNK", "outcome": Outcome.LOST},
}


def moved(number: int, sender: str, **changes: Any) -> list[Record]:
    """A lead that left the pile, with its letter."""
    made, letter = mail(number, sender)
    assert isinstance(made, Lead)
    return [replace(made, **changes), letter]


@pytest.mark.parametrize("where", AWAY)
def test_a_name_that_left_the_pile_still_speaks_against_another_on_its_address(where: str) -> None:
    assert outcomes(plan(snapshot(mail(1, ANNA), moved(2, BORIS, **AWAY[where])), clean=HERE)) == {"1": "names_differ"}
    together = snapshot(mail(1, ANNA), mail(2, BORIS))
    assert outcomes(plan(together, clean=HERE)) == {"1": "names_differ", "2": "names_differ"}


@pytest.mark.parametrize("where", AWAY)
def test_a_name_unlike_the_contacts_is_heard_from_outside_the_pile(where: str) -> None:
    known = contact(77, "Белова Анна", "dom@mail.ru")
    draft = plan(snapshot(known, mail(1, "dom@mail.ru"), moved(2, BORIS, **AWAY[where])), clean=HERE)
    assert outcomes(draft) == {"1": "contact_name_differs"}


def test_a_lead_that_was_given_to_the_contact_speaks_against_him_no_more() -> None:
    known = contact(77, "Белова Анна", "dom@mail.ru")
    settled = moved(2, BORIS, contact="77", **AWAY["closed"])
    assert outcomes(plan(snapshot(known, mail(1, "dom@mail.ru"), settled), clean=HERE)) == {"1": "B24KIT_LINKED"}


@pytest.mark.parametrize(
    "other",
    [moved(2, ANNA, **AWAY["closed"]), moved(2, "Борис Жук <zhuk@mail.ru>", **AWAY["closed"])],
    ids=["same name", "another address"],
)
def test_leads_that_contradict_nobody_change_nothing(other: list[Record]) -> None:
    assert outcomes(plan(snapshot(mail(1, ANNA), other), clean=HERE)) == {"1": "CONVERTED"}


def test_what_was_left_for_its_name_is_left_by_the_second_plan_too() -> None:
    full = [mail(1, "Анна Белова <a.belova@firm.example>"), mail(2, "Анна Белова <a.belova@firm.example>", days=90)]
    here = snapshot(*full, mail(3, ANNA), mail(4, BORIS), moved(5, "Вера Котова <dom@mail.ru>", **AWAY["closed"]))
    first = plan(here, clean=HERE)
    assert first.operations
    assert plan(applied(here, first.operations), clean=HERE).operations == ()
