"""Per class of letter an action, per mode a default; what goes for good lets go of others' letters first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from b24kit.change.operation import Phase, RemoveRecord, UnbindLetter
from b24kit.cleanup.spec import DEFAULTS, CleanSpec
from b24kit.crm.refs import Kind, Ref
from b24kit.i18n import LANGUAGES, has
from b24kit.letters.classify import LetterClass
from tests.cleanup.portal_of import contact, lead, letter, mail, outcomes, plan, snapshot

ANNA = "Анна Белова <a.belova@firm.example>"
NEWS = "news@shop.example"
FLAG = "UF_CRM_NO_MAIL"


def newsletter(number: int) -> list[Any]:
    return mail(number, NEWS, headers={"List-Unsubscribe": "<https://shop.example/u>"})


def removed(draft: Any) -> set[str]:
    return {one.ref.id for one in draft.operations if isinstance(one, RemoveRecord)}


@pytest.mark.parametrize("mode", ["convert", "archive", "delete", "extract"])
def test_every_class_has_a_default_in_every_mode(mode: Any) -> None:
    spec = CleanSpec(mode=mode)
    assert all(spec.action(kind) in {*DEFAULTS["convert"].values(), "delete", "review"} for kind in LetterClass)


@pytest.mark.parametrize(
    ("mode", "human", "machine", "doubtful"),
    [
        ("convert", "convert", "archive", "leave"),
        ("archive", "archive", "archive", "archive"),
        ("delete", "delete", "delete", "review"),
    ],
)
def test_the_table_of_modes(mode: Any, human: str, machine: str, doubtful: str) -> None:
    spec = CleanSpec(mode=mode)
    found = [spec.action(kind) for kind in (LetterClass.HUMAN, LetterClass.NEWSLETTER, LetterClass.FORWARDED)]
    assert found == [human, machine, doubtful]


def test_what_the_playbook_says_of_a_class_is_stronger_than_the_mode_and_is_told() -> None:
    here = snapshot(mail(1, ANNA), newsletter(2))
    draft = plan(here, clean={"mode": "delete", "classes": {"human": "convert"}})
    assert outcomes(draft) == {"1": "CONVERTED"}
    assert removed(draft) == {"2"}
    (kept,) = [note for note in draft.notes if note.code == "clean.note.classes_kept"]
    assert kept.facts["listed"] == "human: convert"


def test_the_hint_of_a_class_tells_the_whole_row_of_the_table() -> None:
    hint = CleanSpec.model_json_schema()["$defs"]["ClassesSpec"]["properties"]["human"]["description"]
    assert "при mode convert convert, archive archive, delete delete" in hint


def test_removal_takes_off_letters_that_another_card_holds_and_only_those() -> None:
    shared = replace(letter(7, ANNA, 1), bindings=(Ref(Kind.LEAD, "1"), Ref(Kind.CONTACT, "77")))
    here = snapshot(contact(77, "Белова Анна", "a.belova@firm.example"), mail(1, ANNA), shared)
    draft = plan(here, clean={"mode": "delete"})
    (unbind,) = [one for one in draft.operations if isinstance(one, UnbindLetter)]
    (removal,) = [one for one in draft.operations if isinstance(one, RemoveRecord)]
    assert (unbind.activity.id, unbind.card) == ("7", Ref(Kind.LEAD, "1"))
    assert removal.phase is Phase.RETIRE and unbind.key in removal.needs
    assert removal.before["title"] == "Вопрос", "the whole last state is the before-image"


def test_a_letter_of_two_removed_leads_goes_with_them_since_its_last_card_cannot_let_go() -> None:
    shared = replace(letter(7, NEWS, 1), bindings=(Ref(Kind.LEAD, "1"), Ref(Kind.LEAD, "2")))
    draft = plan(snapshot(newsletter(1), newsletter(2), shared), clean={"classes": {"newsletter": "delete"}})
    assert removed(draft) == {"1", "2"}
    assert not [one for one in draft.operations if isinstance(one, UnbindLetter)]


def test_removing_known_clients_letters_is_said_before_anybody_agrees() -> None:
    here = snapshot(contact(77, "Белова Анна", "a.belova@firm.example"), mail(1, ANNA), newsletter(2))
    notes = {note.code: note.facts for note in plan(here, clean={"mode": "delete"}).notes}
    assert notes["clean.note.removes_clients"]["count"] == 1
    assert notes["clean.note.does_delete"]["count"] == 2
    assert notes["clean.note.letters_go"]["count"] == 2


@pytest.mark.parametrize("said", ["Y", "Не писать"])
def test_a_lead_that_holds_a_refusal_is_not_removed_with_it(said: str) -> None:
    refusing = replace(lead(1, "a.belova@firm.example"), extra={FLAG: said})
    draft = plan(snapshot(refusing, letter(1, ANNA, 1)), clean={"mode": "delete", "consent": FLAG})
    assert outcomes(draft) == {"1": "holds_refusal"}
    assert removed(draft) == set()


def test_review_leaves_a_lead_to_a_person_and_counts_it() -> None:
    draft = plan(snapshot(newsletter(1)), clean={"classes": {"newsletter": "review"}})
    assert outcomes(draft) == {"1": "review"}
    assert draft.counters["review"] == 1
    assert draft.actions == {"review": {"newsletter": 1}}


def test_a_plan_counts_leads_by_action_and_class() -> None:
    here = snapshot(mail(1, ANNA), mail(2, ANNA), newsletter(3))
    draft = plan(here, clean={"classes": {"newsletter": "delete"}})
    assert draft.actions == {"convert": {"human": 2}, "delete": {"newsletter": 1}}
    said = {note.code: note.facts for note in draft.notes}
    assert said["clean.note.does_convert"]["classes"] == {"human": 2}
    assert said["clean.note.does_delete"]["classes"] == {"newsletter": 1}
    assert (draft.counters["deleted"], draft.counters["converted"]) == (1, 1)


def test_every_action_has_its_sentence_in_both_languages() -> None:
    actions = {action for row in DEFAULTS.values() for action in row.values()} | {"convert_with_deal"}
    for lang in LANGUAGES:
        assert all(has(f"clean.note.does_{action}", lang) for action in actions - {"leave"})


def test_a_limit_counts_removed_leads_too() -> None:
    draft = plan(snapshot(newsletter(1), newsletter(2)), clean={"mode": "delete"}, limit=1)
    assert removed(draft) == {"1"}
    assert outcomes(draft) == {"2": "limit"}
