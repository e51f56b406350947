"""Incoming leads: made, listed, accepted, declined, linked, and the change that throws one out of its place."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.sandbox.amocrm import card_writes, incoming, opening
from b24kit.sandbox.amocrm.opening import incoming_status, main_pipeline
from b24kit.sandbox.amocrm.stages import first
from tests.sandbox.amocrm.desk import NOON, Desk, form

LETTER = {
    "from": {"email": "ann@alfa.example", "name": "Анна"},
    "received_at": 1_700_000_000,
    "subject": "Счёт",
    "thread_id": 11,
    "message_id": 12,
    "content_summary": "Добрый день!",
}


@pytest.fixture
def desk() -> Desk:
    return Desk().built()


def letter(desk: Desk, name: str = "Счёт") -> str:
    """An incoming letter with a fresh contact; its uid."""
    pipeline = main_pipeline(desk.portal)
    place = {"name": name, "pipeline_id": pipeline, "status_id": incoming_status(desk.portal, pipeline)}
    lead_id = card_writes.make(desk.portal, "leads", place, 1, hidden=True)
    contact_id = card_writes.make(desk.portal, "contacts", {"name": "Анна"}, 1, hidden=True)
    row_id = incoming.enter(
        desk.portal, "mail", lead_id, LETTER, contact_id=contact_id, source_name="info@firma.example"
    )
    return str(desk.row("unsorted", row_id)["uid"])


def listed(desk: Desk, query: str = "") -> list[dict[str, Any]]:
    body = desk.ask("GET", f"/leads/unsorted{query}")
    return [] if body is None else list(body["_embedded"]["unsorted"])


def ids(desk: Desk, entity: str, query: str = "") -> list[int]:
    body = desk.ask("GET", f"/{entity}{query}")
    return [] if body is None else [row["id"] for row in body["_embedded"][entity]]


def test_forms_and_calls_are_made_with_their_cards_and_answer_ids_only(desk: Desk) -> None:
    call = {
        "source_name": "АТС", "source_uid": "c", "request_id": "mine",
        "metadata": {"phone": "7912", "duration": 54, "is_call_event_needed": True},
    }  # fmt: skip
    made = desk.ask("POST", "/leads/unsorted/forms", [form(), form("Вторая")])
    assert made["_total_items"] == 2
    assert [one["request_id"] for one in made["_embedded"]["unsorted"]] == ["0", "1"]
    assert set(made["_embedded"]["unsorted"][0]) == {"uid", "account_id", "request_id", "_links", "_embedded"}
    (one,) = desk.ask("POST", "/leads/unsorted/sip", [call])["_embedded"]["unsorted"]
    assert (one["request_id"], one["_embedded"]["contacts"]) == ("mine", [])
    assert [row["category"] for row in listed(desk)] == ["sip", "forms", "forms"]


def test_some_numbers_of_forms_and_calls_are_read_as_texts(desk: Desk) -> None:
    desk.ask("POST", "/leads/unsorted/forms", [form()])
    metadata = {"duration": 54, "phone": 7912, "is_call_event_needed": True}
    desk.ask("POST", "/leads/unsorted/sip", [{"source_name": "АТС", "source_uid": "c", "metadata": metadata}])
    by_kind = {row["category"]: row for row in listed(desk)}
    assert by_kind["forms"]["metadata"]["form_sent_at"] == "1700000000"
    assert by_kind["forms"]["metadata"]["visitor_uid"] is None
    assert by_kind["sip"]["metadata"] == {"duration": "54", "phone": 7912}
    one = desk.ask("GET", f"/leads/unsorted/{by_kind['sip']['uid']}")
    assert one["metadata"] == {"duration": 54, "phone": "7912"}


def test_the_list_is_newest_first_whatever_order_is_asked_and_empty_is_204(desk: Desk) -> None:
    assert desk.answer("GET", "/leads/unsorted").status == 204
    for number in range(3):
        desk.ask("POST", "/leads/unsorted/forms", [form(f"Заявка {number}")])
        desk.wait(minutes=1)
    names = [row["metadata"]["form_name"] for row in listed(desk, "?order[created_at]=asc")]
    assert names == ["Заявка 2", "Заявка 1", "Заявка 0"]
    assert len(listed(desk, "?limit=2&page=2")) == 1


def test_the_list_is_filtered_by_uid_category_and_pipeline(desk: Desk) -> None:
    uid = letter(desk)
    desk.ask("POST", "/leads/unsorted/forms", [form()])
    assert [row["uid"] for row in listed(desk, f"?filter[uid]={uid}")] == [uid]
    assert [row["uid"] for row in listed(desk, f"?filter[uid][]={uid}&filter[uid][]=x")] == [uid]
    assert [row["category"] for row in listed(desk, "?filter[category][]=forms")] == ["forms"]
    assert listed(desk, "?filter[pipeline_id]=99") == []
    assert len(listed(desk, "?filter[nonsense]=1")) == 2


def test_the_lead_is_real_and_its_contact_hidden(desk: Desk) -> None:
    desk.ask("POST", "/leads/unsorted/forms", [form()])
    (row,) = listed(desk)
    (lead,) = row["_embedded"]["leads"]
    shown = desk.ask("GET", f"/leads/{lead['id']}?with=contacts")
    assert shown["status_id"] == incoming_status(desk.portal, row["pipeline_id"])
    assert ids(desk, "leads") == [lead["id"]]
    assert ids(desk, "contacts") == []
    assert desk.told() == ["add unsorted"]


def test_accepting_moves_the_lead_shows_the_contact_and_keeps_the_letter(desk: Desk) -> None:
    uid = letter(desk)
    desk.told()
    answer = desk.ask("POST", f"/leads/unsorted/{uid}/accept", {"user_id": 2})
    lead_id, contact_id = (answer["_embedded"][kind][0]["id"] for kind in ("leads", "contacts"))
    assert set(answer) == {"uid", "pipeline_id", "category", "created_at", "_embedded"}
    lead = desk.row("leads", lead_id)
    assert (lead["status_id"], lead["responsible_user_id"]) == (first(desk.portal, lead["pipeline_id"]), 2)
    assert ids(desk, "contacts") == [contact_id]
    (note,) = desk.ask("GET", f"/leads/{lead_id}/notes")["_embedded"]["notes"]
    assert note["note_type"] == "amomail_message"
    assert (note["params"]["subject"], note["params"]["income"]) == ("Счёт", True)
    assert note["params"]["to"]["email"] == "info@firma.example"
    assert desk.told() == ["add contacts", "add leads", "delete unsorted"]
    assert desk.refusal("POST", f"/leads/unsorted/{uid}/accept", {}).status == 404
    assert desk.refusal("GET", f"/leads/unsorted/{uid}").status == 404
    assert listed(desk) == []


def test_accepting_takes_a_status_of_any_pipeline_but_no_incoming_one(desk: Desk) -> None:
    other = desk.ask("POST", "/leads/pipelines", [
        {"name": "Другая", "sort": 2, "is_main": False, "is_unsorted_on": True,
         "_embedded": {"statuses": [{"name": "Раз", "sort": 10, "color": "#fffeb2"}]}}
    ])["_embedded"]["pipelines"][0]  # fmt: skip
    wanted = first(desk.portal, other["id"])
    uid = letter(desk)
    mine = desk.row("unsorted", 1)["pipeline_id"]
    for wrong in (incoming_status(desk.portal, mine), 7, "x"):
        assert desk.places("POST", f"/leads/unsorted/{uid}/accept", {"status_id": wrong}) == ["status_id"]
    assert desk.places("POST", f"/leads/unsorted/{uid}/accept", {"user_id": 99}) == ["user_id"]
    answer = desk.ask("POST", f"/leads/unsorted/{uid}/accept", {"status_id": wanted})
    lead = desk.row("leads", answer["_embedded"]["leads"][0]["id"])
    assert (lead["pipeline_id"], lead["status_id"]) == (other["id"], wanted)


def test_declining_answers_200_and_bins_the_lead_with_its_fresh_contact(desk: Desk) -> None:
    uid = letter(desk)
    desk.told()
    answer = desk.answer("DELETE", f"/leads/unsorted/{uid}/decline", None)
    assert answer.status == 200
    assert set(answer.body["_embedded"]) == {"leads", "contacts"}
    lead_id, contact_id = (answer.body["_embedded"][kind][0]["id"] for kind in ("leads", "contacts"))
    assert desk.answer("GET", f"/leads/{lead_id}").status == 204
    assert ids(desk, "leads", "?with=only_deleted") == [lead_id]
    assert ids(desk, "contacts", "?with=only_deleted") == [contact_id]
    assert desk.told() == ["delete leads", "delete contacts", "delete unsorted"]
    assert desk.refusal("DELETE", f"/leads/unsorted/{uid}/decline").status == 404


def test_linking_a_letter_to_a_lead_takes_the_message_there_and_the_fresh_contact_away(desk: Desk) -> None:
    target = card_writes.make(desk.portal, "leads", {"name": "Сделка"}, 1)
    known = card_writes.make(desk.portal, "contacts", {"name": "Известная Анна"}, 1)
    uid = letter(desk)
    wanted = {"entity_id": target, "entity_type": "leads", "metadata": {"contact_id": known}}
    answer = desk.ask("POST", f"/leads/unsorted/{uid}/link", {"link": wanted})
    assert [one["id"] for one in answer["_embedded"]["leads"]] == [target]
    assert ids(desk, "leads") == [target]
    assert ids(desk, "contacts") == [known]
    (note,) = desk.ask("GET", f"/leads/{target}/notes")["_embedded"]["notes"]
    assert note["params"]["content_summary"] == "Добрый день!"
    assert [one["id"] for one in desk.ask("GET", f"/leads/{target}?with=contacts")["_embedded"]["contacts"]] == [known]


def test_linking_without_a_contact_ties_the_fresh_one_to_the_lead(desk: Desk) -> None:
    target = card_writes.make(desk.portal, "leads", {"name": "Сделка"}, 1)
    uid = letter(desk)
    fresh = desk.row("unsorted", 1)["contact_id"]
    desk.ask("POST", f"/leads/unsorted/{uid}/link", {"link": {"entity_id": target, "entity_type": "leads"}})
    assert ids(desk, "contacts") == [fresh]
    assert [one["id"] for one in desk.ask("GET", f"/leads/{target}?with=contacts")["_embedded"]["contacts"]] == [fresh]


def test_what_cannot_be_linked_is_refused_and_stays(desk: Desk) -> None:
    target = card_writes.make(desk.portal, "leads", {"name": "Сделка"}, 1)
    uid = letter(desk)
    address, good = f"/leads/unsorted/{uid}/link", {"entity_id": target, "entity_type": "leads"}
    own = desk.row("unsorted", 1)["lead_id"]
    assert desk.places("POST", address, {"user_id": 1}) == ["link"]
    assert desk.places("POST", address, {"link": good | {"entity_id": 99}}) == ["link.entity_id"]
    assert desk.places("POST", address, {"link": good | {"entity_id": own}}) == ["link.entity_id"]
    assert desk.places("POST", address, {"link": good | {"entity_type": "customers"}}) == ["link.entity_type"]
    assert desk.places("POST", address, {"link": good | {"metadata": {"contact_id": 99}}}) == [
        "link.metadata.contact_id"
    ]
    desk.settings["unsorted_link_mail"] = False
    assert desk.places("POST", address, {"link": good}) == ["uid"]
    (made,) = desk.ask("POST", "/leads/unsorted/forms", [form()])["_embedded"]["unsorted"]
    desk.settings["unsorted_link_mail"] = True
    assert desk.places("POST", f"/leads/unsorted/{made['uid']}/link", {"link": good}) == ["uid"]
    assert len(listed(desk)) == 2


def test_any_change_of_a_waiting_lead_takes_it_out_and_its_own_status_is_refused(desk: Desk) -> None:
    letter(desk)
    row = desk.row("unsorted", 1)
    status = incoming_status(desk.portal, row["pipeline_id"])
    assert desk.places("PATCH", f"/leads/{row['lead_id']}", {"status_id": status}) == ["status_id"]
    assert len(listed(desk)) == 1
    desk.ask("PATCH", f"/leads/{row['lead_id']}", {"responsible_user_id": 2})
    assert listed(desk) == []
    assert ids(desk, "contacts") == [row["contact_id"]]
    assert desk.row("leads", row["lead_id"])["status_id"] == first(desk.portal, row["pipeline_id"])


def test_a_lead_that_was_binned_by_hand_waits_no_more(desk: Desk) -> None:
    uid = letter(desk)
    desk.portal.store["leads"].change(desk.row("unsorted", 1)["lead_id"], {"state": "deleted"})
    assert listed(desk) == []
    assert desk.refusal("POST", f"/leads/unsorted/{uid}/accept", {}).status == 404
    assert desk.ask("GET", "/leads/unsorted/summary")["total"] == 0


def test_one_bad_element_refuses_the_whole_request(desk: Desk) -> None:
    closed = opening.add_pipeline(desk.portal, "Без неразобранного", is_unsorted_on=False)
    for pipeline_id in (77, closed, "1"):
        assert desk.places("POST", "/leads/unsorted/forms", [form(pipeline_id=pipeline_id)]) == ["pipeline_id"]
    bad = form() | {"metadata": None, "pipeline_id": 77}
    assert desk.places("POST", "/leads/unsorted/forms", [form(), bad]) == ["metadata", "pipeline_id"]
    worse = form()
    worse["_embedded"]["contacts"][0]["custom_fields_values"] = [{"field_id": 999, "values": [{"value": "x"}]}]
    assert desk.places("POST", "/leads/unsorted/forms", [worse]) == [
        "_embedded.contacts.0.custom_fields_values.0.field_id"
    ]
    assert desk.refusal("POST", "/leads/unsorted/forms", [form()] * 251).status == 422
    assert listed(desk) == [] and ids(desk, "leads") == []


def test_the_same_data_twice_is_taken_unless_the_account_minds(desk: Desk) -> None:
    desk.ask("POST", "/leads/unsorted/forms", [form()])
    desk.ask("POST", "/leads/unsorted/forms", [form()])
    desk.settings["unsorted_refuses_same"] = True
    assert desk.places("POST", "/leads/unsorted/forms", [form()]) == ["source_uid"]


def test_the_summary_counts_what_waits_and_what_was_done(desk: Desk) -> None:
    uids = [letter(desk, f"Письмо {number}") for number in range(3)]
    desk.ask("POST", "/leads/unsorted/forms", [form()])
    desk.wait(hours=1)
    desk.ask("POST", f"/leads/unsorted/{uids[0]}/accept", {})
    desk.wait(hours=1)
    desk.ask("DELETE", f"/leads/unsorted/{uids[1]}/decline")
    told = desk.ask("GET", "/leads/unsorted/summary")
    assert (told["total"], told["accepted"], told["declined"]) == (2, 1, 1)
    assert told["average_sort_time"] == 5400
    assert {kind: one["total"] for kind, one in told["categories"].items()} == {
        "sip": 0, "mail": 1, "forms": 1, "chats": 0
    }  # fmt: skip
    since = int(NOON.timestamp()) + 5000
    assert desk.ask("GET", f"/leads/unsorted/summary?filter[created_at][from]={since}")["declined"] == 1
    assert desk.ask("GET", f"/leads/unsorted/summary?filter[created_at]={since}")["total"] == 0


def test_of_what_was_declined_only_the_lead_says_that_it_is_deleted(desk: Desk) -> None:
    desk.ask("DELETE", f"/leads/unsorted/{letter(desk)}/decline", None)
    told = {}
    for entity in ("leads", "contacts"):
        (row,) = desk.ask("GET", f"/{entity}?with=only_deleted")["_embedded"][entity]
        told[entity] = row["is_deleted"]
        assert set(row) == {"id", "is_deleted", "updated_at", "updated_by", "account_id", "_links"}
    assert told == {"leads": True, "contacts": False}
