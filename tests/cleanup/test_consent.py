"""Refusals are never lost: the stricter word wins, and what cannot be copied is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from b24kit.change.operation import CreateRecord, UpdateRecord
from b24kit.cleanup.consent import refusals, refuses
from tests.cleanup.portal_of import applied, contact, lead, letter, mail, outcomes, plan, snapshot

FIELD = "UF_CRM_OPT_OUT"
ANNA = "Анна Белова <a.belova@firm.example>"
CLEAN = {"consent": [FIELD]}


def told(number: int, value: Any) -> list[Any]:
    """A letter of Anna's whose lead says so."""
    _, *letters = mail(number, ANNA)
    return [lead(number, "a.belova@firm.example", extra={FIELD: value}), *letters]


@pytest.mark.parametrize("value", ["Y", "1", 1, True, "да", "не писать", "45", ["12"]])
def test_anything_but_an_empty_value_or_a_no_refuses(value: Any) -> None:
    assert refuses(value)


@pytest.mark.parametrize("value", ["N", "0", 0, False, None, "", [], "нет", ["N"]])
def test_a_no_does_not_refuse(value: Any) -> None:
    assert not refuses(value)


def test_switches_and_words_are_copied_a_lists_entry_is_left_to_a_person() -> None:
    said = [lead(1, extra={FIELD: "Y"}), lead(2, extra={"UF_CRM_REASON": "45"}), lead(3, extra={FIELD: "N"})]
    found = refusals(said, (FIELD, "UF_CRM_REASON"))
    assert (found.values, found.by_hand) == ({FIELD: "Y"}, {"UF_CRM_REASON": "45"})


def test_a_new_contact_carries_the_refusal_of_any_of_his_leads() -> None:
    draft = plan(snapshot(told(1, "N"), told(2, "Y"), told(3, None)), clean=CLEAN)
    (create,) = [one for one in draft.operations if isinstance(one, CreateRecord)]
    assert create.values["extra"] == {FIELD: "Y"}
    assert FIELD in create.values["comment"]
    notes = {note.code: note.facts for note in draft.notes}
    assert notes["clean.note.refusals"]["count"] == 1


def test_a_refusal_is_not_lost_even_where_comments_are_switched_off() -> None:
    draft = plan(snapshot(told(1, "45")), clean={**CLEAN, "comment": False})
    (create,) = [one for one in draft.operations if isinstance(one, CreateRecord)]
    assert "extra" not in create.values
    assert f"{FIELD} = 45" in create.values["comment"]
    assert "clean.note.refusals_by_hand" in {note.code for note in draft.notes}


def test_on_a_known_contact_the_stricter_word_wins_both_ways() -> None:
    lenient = contact(7, "Белова Анна", "a.belova@firm.example", extra={FIELD: "N", "POST": "Технолог"})
    draft = plan(snapshot(lenient, told(1, "Y")), clean=CLEAN)
    (update,) = [one for one in draft.operations if isinstance(one, UpdateRecord) and one.ref == lenient.ref]
    assert (update.before, update.after) == ({"extra": {FIELD: "N"}}, {"extra": {FIELD: "Y"}})
    assert update.reason.code == "clean.keep_refusal"
    strict = replace(lenient, extra={FIELD: "Y"})
    draft = plan(snapshot(strict, told(1, "N")), clean=CLEAN)
    assert not [one for one in draft.operations if isinstance(one, UpdateRecord) and one.ref == strict.ref]


def test_an_address_and_a_refusal_are_one_update_and_a_second_plan_repeats_nothing() -> None:
    known = replace(contact(77, "Белова Анна"), points=contact(1, "", "a.belova@firm.example").points)
    other = replace(lead(1, "belka@mail.ru"), contact="77", extra={FIELD: "Y"})
    here = snapshot(known, other, letter(1, "Анна Белова <belka@mail.ru>", 1))
    draft = plan(here, clean=CLEAN)
    (update,) = [one for one in draft.operations if isinstance(one, UpdateRecord) and one.ref == known.ref]
    assert set(update.after) == {"points", "extra"}
    assert plan(applied(here, draft.operations), clean=CLEAN).operations == ()


def test_without_the_playbooks_word_nothing_is_carried() -> None:
    draft = plan(snapshot(told(1, "Y")))
    (create,) = [one for one in draft.operations if isinstance(one, CreateRecord)]
    assert "extra" not in create.values
    assert outcomes(draft) == {"1": "CONVERTED"}
