"""A dossier comes back as it was taken apart, and prints tell what is said from where it hangs."""

from __future__ import annotations

import json

from b24kit.crm.dossier import Attachment, Dossier, Part, dossier_of, part_of, print_of, seal_of
from b24kit.crm.refs import Kind, Ref

LETTER = {"id": "9", "channel": "email", "direction": "in", "subject": "Счёт", "text": "Добрый день", "card": "lead:5"}
WHOLE = Dossier(
    ref=Ref(Kind.LEAD, "5"),
    card={"title": "Заявка", "contact": "7", "extra": {"UTM_SOURCE": "vk", "POST": "директор"}},
    activities=(LETTER,),
    comments=({"id": "3", "text": "перезвонить", "files": [{"id": "1", "name": "a.pdf", "size": 4}]},),
    links=({"id": "observer:2"},),
    files=(Attachment("1", "a.pdf", 4),),
    unread=frozenset({"tasks"}),
)


def test_a_dossier_comes_back_from_json_as_it_was() -> None:
    assert dossier_of(json.loads(json.dumps(WHOLE.body()))) == WHOLE


def test_every_part_is_counted_with_its_own_number() -> None:
    found = {(part, item) for part, item, _ in WHOLE.items()}
    assert found == {
        (Part.CARD, "5"),
        (Part.LETTERS, "9"),
        (Part.COMMENTS, "3"),
        (Part.FILES, "1"),
        (Part.LINKS, "lead:5>observer:2"),
        (Part.LINKS, "lead:5>contact:7"),
        (Part.UTM, "lead:5/UTM_SOURCE"),
    }


def test_a_letter_made_again_on_another_card_has_the_same_print() -> None:
    again = {**LETTER, "id": "77", "card": "lead:61", "created": "2026-01-01T00:00:00+00:00"}
    assert print_of(Part.LETTERS, again) == print_of(Part.LETTERS, LETTER)
    assert print_of(Part.LETTERS, {**LETTER, "text": "Добрый вечер"}) != print_of(Part.LETTERS, LETTER)
    assert seal_of(again) != seal_of(LETTER)


def test_what_is_no_letter_call_or_reminder_is_a_mark() -> None:
    assert part_of({"channel": "todo"}) is Part.TODOS
    assert part_of({"channel": "meeting"}) is Part.MARKS
    assert part_of({}) is Part.MARKS
