"""What robots are told of an amoCRM account: the way of a card, what was said, what is to be done, who is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from b24kit.crm.activity import Channel, Direction
from b24kit.crm.cards import Lead
from b24kit.crm.points import Point, PointKind
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change, Create

from .conftest import Desk


def post(desk: Desk, path: str, *body: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {desk.sandbox.token}"}
    answer = httpx.post(f"{desk.sandbox.url}/api/v4{path}", json=list(body), headers=headers)
    answer.raise_for_status()
    return answer.json()


def inquiry(desk: Desk, phone: str = "+79160000001") -> tuple[Ref, str]:
    """A lead with a contact of its own; the contact's number."""
    points = [{"field_code": "PHONE", "values": [{"value": phone, "enum_code": "WORK"}]}]
    contact = {"first_name": "Иван", "custom_fields_values": points}
    (row,) = post(desk, "/leads/complex", {"name": "Заявка", "_embedded": {"contacts": [contact]}})
    return Ref(Kind.LEAD, str(row["id"])), str(row["contact_id"])


def working(desk: Desk) -> Sequence[str]:
    return [stage.code for stage in desk.portal.stages() if stage.ladder == "leads" and not stage.system]


def note(entity_id: str, kind: str, **params: Any) -> dict[str, Any]:
    return {"entity_id": int(entity_id), "note_type": kind, "params": params}


CALL = {"uniq": "1", "source": "+74951112233", "link": "https://x.example", "phone": "1"}


def test_the_way_of_a_card_begins_where_it_was_made_and_tells_every_move(desk: Desk) -> None:
    first, second, third, *_ = working(desk)
    (lead,) = desk.plant(1)
    for before, after in ((first, second), (second, third)):
        desk.control.advance(60)
        desk.do(Change(f"m{after}", lead, {"stage": after}, {"stage": before}))
    story = desk.portal.stories([lead])[lead]
    assert [one.stage for one in story.entries] == [first, second, third]
    assert story.entries[1].at - story.entries[0].at >= timedelta(seconds=59)


def test_what_was_said_with_the_contact_since_the_lead_came_belongs_to_the_lead(desk: Desk) -> None:
    lead, contact = inquiry(desk)
    post(desk, "/leads/notes", note(lead.id, "call_out", duration=0, **CALL))
    post(
        desk,
        "/contacts/notes",
        note(contact, "call_in", duration=30, **CALL),
        note(contact, "sms_in", text="да", phone="1"),
    )
    post(desk, "/leads/notes", note(lead.id, "common", text="заметка"))
    story = desk.portal.stories([lead])[lead]
    told = {(one.channel, one.direction): one.id in story.answered for one in story.happened}
    assert told == {
        (Channel.CALL, Direction.OUT): False,
        (Channel.CALL, Direction.IN): True,
        (Channel.MESSAGE, Direction.IN): True,
    }


def test_tasks_come_with_their_marks_and_gone_cards_have_empty_stories(desk: Desk) -> None:
    (lead,) = desk.plant(1)
    due = desk.clock.now() + timedelta(hours=2)
    values = {"card": str(lead), "title": "Позвонить", "text": "", "owner": "1", "deadline": due.isoformat()}
    desk.do(Create("robots.x/lead:1/call", Kind.TODO, values))
    gone = Ref(Kind.LEAD, "404")
    stories = desk.portal.stories([lead, gone])
    (task,) = stories[lead].tasks
    assert (task.title, task.owner, task.done) == ("Позвонить", "1", False)
    assert "[b24kit:robots.x/lead:1/call]" in task.text
    assert stories[gone].entries == ()


@pytest.mark.parametrize("filters", [True, False], ids=["filters", "ignored"])
def test_cards_keep_their_own_rows_whether_the_account_has_filters_or_not(desk: Desk, filters: bool) -> None:
    desk.control.settings(portal={"is_api_filter_enabled": filters})
    first, _ = inquiry(desk)
    second, _ = inquiry(desk, "+79160000002")
    post(desk, "/leads/notes", note(second.id, "call_out", duration=5, **CALL))
    stories = desk.portal.stories([first, second])
    assert [len(stories[one].happened) for one in (first, second)] == [0, 1]


def test_a_letter_or_task_that_does_not_change_its_card_stirs_it(desk: Desk) -> None:
    lead, contact = inquiry(desk)
    desk.control.advance(600)
    since = desk.clock.now()
    assert list(desk.portal.stirred(since)) == []
    post(desk, "/contacts/notes", note(contact, "call_in", duration=30, **CALL))
    assert [ref for ref, at in desk.portal.stirred(since) if at >= since - timedelta(seconds=1)] == [lead]


def test_clients_are_known_by_their_digits_and_addresses_and_never_by_what_is_only_like_them(desk: Desk) -> None:
    _, contact = inquiry(desk, "+7 (916) 000-00-01")
    inquiry(desk, "+79160000012")
    asked = Ref(Kind.LEAD, "77")
    found = desk.portal.known_by({asked: [Point(PointKind.PHONE, "8 916 000 00 01", "work")]})
    assert found == {asked: (Ref(Kind.CONTACT, contact),)}
    assert desk.portal.known_by({asked: [Point(PointKind.PHONE, "00 01", "work")]}) == {}


def test_a_card_of_another_pipeline_is_a_deal_and_runs_for_its_client(desk: Desk) -> None:
    desk.do(Create("pipe", Kind.PIPELINE, {"name": "Сделки", "sort": 20}))
    (pipeline,) = desk.portal.pipelines()
    ladder = f"deals:{pipeline.id}"
    desk.do(Create("stage", Kind.STAGE, {"ladder": ladder, "name": "Договор", "sort": 20, "outcome": "open"}))
    lead, contact = inquiry(desk)
    stage = next(one.code for one in desk.portal.stages() if one.ladder == ladder and not one.system)
    desk.do(Change("away", lead, {"stage": stage}, {"stage": working(desk)[0]}))
    card = desk.portal.read([lead])[lead]
    assert isinstance(card, Lead)
    deal = Ref(Kind.DEAL, lead.id)
    assert desk.portal.right_name(card) == deal
    assert desk.portal.deals_of([Ref(Kind.CONTACT, contact)]) == {Ref(Kind.CONTACT, contact): (deal,)}
