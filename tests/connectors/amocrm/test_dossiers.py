"""Cards of amoCRM with everything that hangs on them, in few requests."""

from __future__ import annotations

from b24kit.crm.dossier import Dossier, Part
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Create, Write

from .conftest import Desk


def dossier(desk: Desk, ref: Ref) -> Dossier:
    [found] = desk.portal.dossiers([ref])
    return found


def task(key: str, card: Ref) -> Write:
    values = {"card": str(card), "title": "Позвонить", "owner": "1", "deadline": "2030-01-02T10:00:00+00:00"}
    return Create(key, Kind.TASK, values)


def test_notes_and_tasks_of_a_card_are_told_with_it(desk: Desk) -> None:
    [lead] = desk.plant(1)
    desk.do(Create("c", Kind.COMMENT, {"card": str(lead), "text": "Звонил"}), task("t", lead))
    found = dossier(desk, lead)
    assert [one["text"].partition("\n")[0] for one in found.comments] == ["Звонил"]
    assert [one["title"] for one in found.tasks] == ["Позвонить"]


def test_a_lead_tells_which_contact_it_hangs_on(desk: Desk) -> None:
    made = desk.do(Create("c", Kind.CONTACT, {"name": {"first": "Анна"}}))["c"].new_id
    lead = desk.do(Create("l", Kind.LEAD, {"title": "L", "contact": made}))["l"].new_id
    links = [item["id"] for part, _, item in dossier(desk, Ref(Kind.LEAD, str(lead))).items() if part is Part.LINKS]
    assert links == [f"contact:{made}"]


def test_more_notes_than_a_page_are_read_whole(desk: Desk) -> None:
    first, second = desk.plant(2)
    desk.do(*(Create(f"n{n}", Kind.COMMENT, {"card": str(first), "text": f"{n}"}) for n in range(260)))
    desk.do(Create("other", Kind.COMMENT, {"card": str(second), "text": "x"}))
    counts = {one.ref: len(one.comments) for one in desk.portal.dossiers([first, second])}
    assert counts == {first: 260, second: 1}


def test_hundreds_of_cards_take_few_requests(desk: Desk) -> None:
    leads = desk.plant(200)
    desk.do(*(Create(f"n{lead.id}", Kind.COMMENT, {"card": str(lead), "text": lead.id}) for lead in leads))
    desk.control.forget_metrics()
    found = {one.ref: one.comments[0]["text"].partition("\n")[0] for one in desk.portal.dossiers(leads)}
    assert found == {lead: lead.id for lead in leads}
    assert desk.control.metrics()["requests"] <= 12  # cards, tasks and notes of fifty at a time


def test_cards_that_are_gone_are_absent_and_what_hangs_survives(desk: Desk) -> None:
    [lead] = desk.plant(1)
    note = desk.do(Create("c", Kind.COMMENT, {"card": str(lead), "text": "x"}))["c"].new_id
    assert [one.ref for one in desk.portal.dossiers([lead, Ref(Kind.LEAD, "99999")])] == [lead]
    there = Ref(Kind.COMMENT, f"leads/notes/{note}")
    assert desk.portal.surviving([there, Ref(Kind.COMMENT, "leads/notes/99999")]) == {there}
