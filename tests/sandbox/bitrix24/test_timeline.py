"""crm.timeline.comment.* and crm.timeline.bindings.*."""

from __future__ import annotations

import pytest

from b24kit.sandbox.bitrix24.tables import CONTACT, LEAD
from tests.sandbox.bitrix24.counter import Counter


@pytest.fixture
def desk() -> Counter:
    found = Counter()
    found.planted(kind="empty")
    found.card(LEAD, TITLE="t")
    found.card(CONTACT, NAME="c")
    return found


def comment(desk: Counter, text: str = "hello") -> int:
    return int(desk.ask("crm.timeline.comment.add", fields={"ENTITY_ID": 1, "ENTITY_TYPE": "lead", "COMMENT": text}))


def listed(desk: Counter, kind: str, card: int = 1) -> list[str]:
    rows = desk.ask("crm.timeline.comment.list", filter={"ENTITY_ID": card, "ENTITY_TYPE": kind})
    return [row["COMMENT"] for row in rows]


def test_a_comment_reads_back_with_strings_and_an_empty_map_of_files(desk: Counter) -> None:
    row = desk.ask("crm.timeline.comment.get", id=comment(desk))
    assert row == {
        "ID": "1",
        "ENTITY_ID": "1",
        "ENTITY_TYPE": "lead",
        "CREATED": "2026-11-22T12:00:00+03:00",
        "COMMENT": "hello",
        "AUTHOR_ID": "1",
        "FILES": {},
    }


def test_fields_are_taken_in_lower_case_only(desk: Counter) -> None:
    params = {"FIELDS": {"ENTITY_ID": 1, "ENTITY_TYPE": "lead", "COMMENT": "x"}}
    assert desk.refusal("crm.timeline.comment.add", params)[0] == 100


def test_an_empty_comment_and_an_absent_card_are_refused(desk: Counter) -> None:
    place = {"ENTITY_ID": 1, "ENTITY_TYPE": "lead"}
    assert desk.refusal("crm.timeline.comment.add", fields={**place, "COMMENT": " "})[0] == "INVALID_ARG_VALUE"
    absent = {"ENTITY_ID": 5, "ENTITY_TYPE": "lead", "COMMENT": "x"}
    assert desk.refusal("crm.timeline.comment.add", fields=absent)[0] == "OWNER_NOT_FOUND"


def test_the_list_wants_both_parts_of_the_place(desk: Counter) -> None:
    comment(desk)
    assert desk.refusal("crm.timeline.comment.list", filter={"ENTITY_ID": 1}) == ("", "Access denied.")
    assert listed(desk, "lead") == ["hello"]


def test_comments_of_a_card_come_in_pages_and_in_the_asked_order(desk: Counter) -> None:
    for number in range(55):
        comment(desk, f"c{number}")
    answer = desk.answer(
        "crm.timeline.comment.list", filter={"ENTITY_ID": 1, "ENTITY_TYPE": "lead"}, order={"ID": "DESC"}
    )
    assert (answer.total, answer.next, answer.result[0]["COMMENT"]) == (55, 50, "c54")


def test_a_leads_comment_can_be_bound_to_the_contact_and_outlives_the_lead(desk: Counter) -> None:
    fields = {"OWNER_ID": comment(desk), "ENTITY_ID": 1, "ENTITY_TYPE": "Contact"}
    assert desk.ask("crm.timeline.bindings.bind", fields=fields) is True
    assert desk.ask("crm.timeline.bindings.bind", fields=fields) is True  # a repeated call makes no duplicate
    assert listed(desk, "contact") == ["hello"]
    bound = desk.answer("crm.timeline.bindings.list", filter={"OWNER_ID": 1})
    assert bound.total == 2
    assert bound.result[1] == {"OWNER_ID": "1", "ENTITY_ID": "1", "ENTITY_TYPE": "contact"}
    assert desk.ask("crm.lead.delete", id=1) is True
    assert listed(desk, "contact") == ["hello"]
    assert desk.ask("crm.timeline.bindings.unbind", fields=fields) is True
    assert desk.ask("crm.timeline.bindings.unbind", fields=fields) is False


def test_delete_answers_null_and_can_spare_the_other_cards(desk: Counter) -> None:
    found = comment(desk)
    desk.ask("crm.timeline.bindings.bind", fields={"OWNER_ID": found, "ENTITY_ID": 1, "ENTITY_TYPE": "contact"})
    assert desk.ask("crm.timeline.comment.delete", id=found, ownerTypeId=1, ownerId=1) is None
    assert (listed(desk, "lead"), listed(desk, "contact")) == ([], ["hello"])
    assert desk.ask("crm.timeline.comment.delete", id=found) is None
    assert desk.refusal("crm.timeline.comment.get", id=found)[0] == "NOT_FOUND"


def test_update_gives_the_id_and_changes_the_text(desk: Counter) -> None:
    found = comment(desk)
    assert desk.ask("crm.timeline.comment.update", id=found, fields={"COMMENT": "new"}) == found
    assert listed(desk, "lead") == ["new"]


def test_journal_lines_and_remarks_stand_beside_comments(desk: Counter) -> None:
    line = {"entityTypeId": 1, "entityId": 1, "title": "t", "text": "x", "iconCode": "info"}
    made = desk.ask("crm.timeline.logmessage.add", fields=line)["logMessage"]
    assert (made["id"], made["authorId"], made["text"]) == (1, 1, "x")
    assert desk.answer("crm.timeline.logmessage.list", entityTypeId=1, entityId=1).total == 1
    place = {"ownerTypeId": 1, "ownerId": 1, "itemType": 1, "itemId": comment(desk)}
    assert desk.ask("crm.timeline.note.save", place, text="remark") is True
    assert desk.ask("crm.timeline.note.save", place, text="better") is True
    assert desk.ask("crm.timeline.note.get", place)["text"] == "better"
    assert desk.ask("crm.timeline.note.delete", place) is True
    assert desk.refusal("crm.timeline.note.get", place)[0] == "NOT_FOUND"
    assert desk.ask("crm.timeline.logmessage.delete", id=1) is True
