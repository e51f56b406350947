"""Notes: of one card and of all, kinds that are written and kinds that are only read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.amocrm.wire import Wire


@pytest.fixture
def lead(wire: Wire) -> int:
    return wire.add("leads", {"name": "a"})[0]


def text(lead: int, words: str) -> dict[str, Any]:
    return {"entity_id": lead, "note_type": "common", "params": {"text": words}}


def test_notes_are_added_changed_and_never_deleted(wire: Wire, lead: int) -> None:
    answer = wire.good("POST", "/leads/notes", [text(lead, "раз")])["_embedded"]["notes"][0]
    assert (answer["entity_id"], answer["request_id"]) == (lead, "0")
    note = answer["id"]
    assert wire.call("DELETE", f"/leads/notes/{note}") == (405, None)
    wire.good("PATCH", f"/leads/{lead}/notes/{note}", {"params": {"text": "два"}})
    row = wire.row(f"/leads/notes/{note}")
    assert (row["note_type"], row["params"], row["created_by"]) == ("common", {"text": "два"}, 1)
    assert wire.call("GET", "/leads/notes/99") == (204, None)
    assert wire.call("GET", f"/contacts/notes/{note}") == (204, None)


def test_notes_of_one_card_and_of_several_by_kind(wire: Wire, lead: int) -> None:
    (other,) = wire.add("leads", {"name": "b"})
    call = {"entity_id": other, "note_type": "call_in", "params": {"phone": "+79123456789", "duration": 60}}
    wire.good("POST", "/leads/notes", [text(lead, "раз"), text(other, "два"), call])
    assert len(wire.rows(f"/leads/{other}/notes")) == 2
    assert [row["entity_id"] for row in wire.rows("/leads/notes", **{"filter[note_type]": "call_in"})] == [other]
    query = {"filter[entity_id][]": [lead, other], "filter[note_type][]": ["common"], "order[id]": "desc"}
    assert [row["entity_id"] for row in wire.rows("/leads/notes", **query)] == [other, lead]


def test_a_letter_is_read_but_neither_written_nor_changed(wire: Wire, lead: int) -> None:
    assert wire.wrongs(
        "POST", "/leads/notes", [{"entity_id": lead, "note_type": "amomail_message", "params": {"x": 1}}]
    ) == [("0", "note_type", "NotSupportedChoice")]
    letter = {"entity": "leads", "entity_id": lead, "owner": f"leads:{lead}", "note_type": "amomail_message"}
    moment = {"created_at": 1, "updated_at": 1, "params": {"subject": "Цена"}}
    note = wire.box.site.portal.store["note"].add(letter | moment)
    assert wire.rows(f"/leads/{lead}/notes")[0]["params"] == {"subject": "Цена"}
    assert wire.call("PATCH", f"/leads/notes/{note}", {"params": {"text": "x"}})[0] == 400


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"note_type": None}, "note_type", "FieldMissing"),
        ({"entity_id": 99}, "entity_id", "NotSupportedChoice"),
        ({"params": None}, "params", "FieldMissing"),
        ({"params": {"words": "x"}}, "params.words", "FieldNotExpected"),
        ({"responsible_user_id": 99}, "responsible_user_id", "NotSupportedChoice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_note_is_refused_for(wire: Wire, lead: int, change: dict[str, Any], path: str, code: str) -> None:
    assert wire.wrongs("POST", "/leads/notes", [text(lead, "x") | change]) == [("0", path, code)]
