"""What webhooks say, and that they are said: the vendor's older words, as form keys in brackets."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from b24kit.sandbox.amocrm import opening
from b24kit.sandbox.amocrm.hooks import parcels
from b24kit.sandbox.amocrm.stages import first
from b24kit.sandbox.amocrm.webhooks import SETTINGS, UNSORTED
from b24kit.sandbox.posting import Parcel
from b24kit.sandbox.server import Sandbox
from b24kit.sandbox.wireform import parse_query
from tests.sandbox.amocrm.desk import Desk, form
from tests.sandbox.receiver import Receiver


@pytest.fixture
def desk() -> Desk:
    """An account with a hook that hears everything."""
    desk = Desk({"unsorted_hooks": True}).built()
    everything = sorted(SETTINGS | UNSORTED)
    desk.ask("POST", "/webhooks", {"destination": "http://127.0.0.1:9/", "settings": everything})
    return desk


def sent(desk: Desk, event: str) -> dict[str, Any]:
    """The form of the one parcel of this event among what was announced since the last question."""
    made: list[Parcel] = [one for change in desk.heard for one in parcels(desk.portal, change)]
    desk.heard.clear()
    (found,) = [one for one in made if one.event == event]
    assert found.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert found.headers["User-Agent"] == "amoCRM-WebHook-client/1.0"
    return parse_query(found.body.decode())


def add(desk: Desk, entity: str, **item: Any) -> int:
    return int(desk.ask("POST", f"/{entity}", [item])["_embedded"][entity][0]["id"])


def test_a_new_lead_is_told_whole_and_every_value_is_a_text(desk: Desk) -> None:
    field = opening.add_field(desk.portal, "leads", "Откуда", "select", enums=("Сайт", "Звонок"))
    values = [{"field_id": field, "values": [{"value": "Звонок"}]}]
    lead_id = add(desk, "leads", name="Re: цена", price=7, custom_fields_values=values)
    told = sent(desk, "add_lead")
    assert told["account"]["id"] == str(desk.portal.account_id) and told["account"]["_links"]["self"]
    (lead,) = told["leads"]["add"]
    assert (lead["id"], lead["name"], lead["price"], lead["responsible_user_id"]) == (
        str(lead_id), "Re: цена", "7", "1"
    )  # fmt: skip
    assert lead["date_create"] == lead["last_modified"] == str(desk.portal.unix())
    (shown,) = lead["custom_fields"]
    assert (shown["name"], shown["values"][0]["value"]) == ("Откуда", "Звонок")
    assert shown["values"][0]["enum"].isdecimal()


def test_a_move_is_told_with_the_place_before_and_as_an_update_too(desk: Desk) -> None:
    lead_id = add(desk, "leads", name="Сделка")
    pipeline = desk.row("leads", lead_id)["pipeline_id"]
    begun = first(desk.portal, pipeline)
    desk.heard.clear()
    desk.ask("PATCH", f"/leads/{lead_id}", {"status_id": 142, "responsible_user_id": 2})
    words = [f"{one.action}_lead" for one in desk.heard]
    assert words == ["status_lead", "responsible_lead", "update_lead"]
    heard = list(desk.heard)
    (lead,) = sent(desk, "status_lead")["leads"]["status"]
    assert (lead["status_id"], lead["old_status_id"], lead["old_pipeline_id"]) == ("142", str(begun), str(pipeline))
    desk.heard.extend(heard)
    (lead,) = sent(desk, "responsible_lead")["leads"]["responsible"]
    assert (lead["responsible_user_id"], lead["old_responsible_user_id"]) == ("2", "1")


def test_companies_come_under_contacts_with_a_type(desk: Desk) -> None:
    company_id = add(desk, "companies", name="ООО «Альфа»")
    (company,) = sent(desk, "add_company")["contacts"]["add"]
    assert (company["id"], company["type"]) == (str(company_id), "company")
    phone = {"field_code": "PHONE", "values": [{"value": "+7 912", "enum_code": "WORK"}]}
    tied = {"companies": [{"id": company_id}]}
    add(desk, "contacts", name="Анна", custom_fields_values=[phone], _embedded=tied)
    (contact,) = sent(desk, "add_contact")["contacts"]["add"]
    assert (contact["type"], contact["linked_company_id"]) == ("contact", str(company_id))
    assert contact["company_name"] == "ООО «Альфа»"
    assert contact["custom_fields"][0]["code"] == "PHONE"
    assert contact["custom_fields"][0]["values"][0]["value"] == "+7 912"


def test_a_task_has_numbers_for_kinds_and_local_times(desk: Desk) -> None:
    lead_id = add(desk, "leads", name="Сделка")
    task = {"text": "Позвонить", "complete_till": 1_700_000_000, "entity_id": lead_id, "entity_type": "leads"}
    task_id = add(desk, "tasks", **task)
    (told,) = sent(desk, "add_task")["task"]["add"]
    assert (told["id"], told["element_id"], told["element_type"]) == (str(task_id), str(lead_id), "2")
    assert (told["complete_till"], told["status"]) == ("2023-11-15 01:13:20", "0")
    desk.ask("PATCH", f"/tasks/{task_id}", {"is_completed": True, "result": {"text": "ok"}})
    (told,) = sent(desk, "update_task")["task"]["update"]
    assert (told["status"], told["action_close"], told["result"]["text"]) == ("1", "1", "ok")


def test_a_note_is_told_inside_its_card(desk: Desk) -> None:
    lead_id = add(desk, "leads", name="Сделка")
    note = {"entity_id": lead_id, "note_type": "common", "params": {"text": "Перезвонить"}}
    desk.ask("POST", "/leads/notes", [note])
    (told,) = sent(desk, "note_lead")["leads"]["note"]
    assert (told["note"]["element_id"], told["note"]["note_type"], told["note"]["text"]) == (
        str(lead_id), "4", "Перезвонить"
    )  # fmt: skip


def test_incoming_leads_are_told_when_they_come_and_how_they_went(desk: Desk) -> None:
    one, two = desk.ask("POST", "/leads/unsorted/forms", [form(), form("Вторая")])["_embedded"]["unsorted"]
    desk.heard.pop()
    (told,) = sent(desk, "add_unsorted")["unsorted"]["add"]
    assert (told["uid"], told["category"], told["source"]) == (one["uid"], "forms", "Сайт")
    assert told["data"]["leads"][0]["name"] == "Заявка"
    desk.ask("POST", f"/leads/unsorted/{one['uid']}/accept", {})
    (told,) = sent(desk, "delete_unsorted")["unsorted"]["delete"]
    assert (told["action"], told["uid"]) == ("accept", one["uid"])
    assert told["accept_result"] == {"leads": ["1"], "contacts": ["1"]}
    desk.ask("DELETE", f"/leads/unsorted/{two['uid']}/decline", None)
    heard = list(desk.heard)
    (told,) = sent(desk, "delete_unsorted")["unsorted"]["delete"]
    assert (told["action"], told["decline_result"]) == ("decline", {"leads": ["2"]})
    desk.heard.extend(heard)
    assert sent(desk, "delete_lead")["leads"]["delete"] == [{"id": "2"}]


def test_only_hooks_that_asked_hear_and_none_that_is_switched_off(desk: Desk) -> None:
    other = {"destination": "http://127.0.0.1:9/other", "settings": ["add_contact"]}
    desk.ask("POST", "/webhooks", other)
    add(desk, "leads", name="Сделка")
    (change,) = desk.heard
    assert [one.hook for one in parcels(desk.portal, change)] == [1]
    desk.portal.store["webhook"].change(1, {"disabled": True})
    assert parcels(desk.portal, change) == []


def call(box: Sandbox, verb: str, path: str, body: Any = None) -> Any:
    connection = http.client.HTTPConnection(box.host, box.port, timeout=5)
    headers = {"Authorization": f"Bearer {box.token}", "Content-Type": "application/json"}
    connection.request(verb, f"/api/v4{path}", json.dumps(body) if body is not None else None, headers)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    assert response.status < 300, text
    return json.loads(text) if text else None


def test_a_running_account_posts_hooks_tries_again_and_gives_up() -> None:
    statuses = [500, 200]
    manners = {"rate": None}
    with (
        Receiver(lambda _: statuses.pop(0) if len(statuses) > 1 else statuses[0]) as taker,
        Sandbox(vendor="amocrm", clock="moved", grace=0.002, manners=manners) as box,
    ):
        call(box, "POST", "/webhooks", {"destination": taker.url, "settings": ["add_lead"]})
        call(box, "POST", "/leads", [{"name": "Письмо"}])
        taker.wait(1)
        box.control.advance(299)
        assert len(taker.posts) == 1
        box.control.advance(2)
        assert taker.wait(2)[0].body == taker.posts[1].body
        assert taker.posts[0].form["leads"]["add"][0]["name"] == "Письмо"
        assert [one["status"] for one in box.control.deliveries()["attempts"]] == [500, 200]
        statuses[0] = 404
        call(box, "POST", "/leads", [{"name": f"Письмо {number}"} for number in range(101)])
        taker.wait(103)
        call(box, "GET", "/account")
        for _ in range(200):
            if call(box, "GET", "/webhooks")["_embedded"]["webhooks"][0]["disabled"]:
                break
        else:
            raise AssertionError("the hook was not switched off")


@pytest.mark.parametrize(("status", "minutes"), [(404, [0, 5, 20]), (503, [0, 5, 20, 35, 95])], ids=["404", "503"])
def test_how_often_a_hook_is_sent_again_hangs_on_the_answer(status: int, minutes: list[int]) -> None:
    with (
        Receiver(lambda _: status) as taker,
        Sandbox(vendor="amocrm", clock="moved", grace=0.002, manners={"rate": None}) as box,
    ):
        call(box, "POST", "/webhooks", {"destination": taker.url, "settings": ["add_lead"]})
        begun = box.control.clock()["elapsed"]
        call(box, "POST", "/leads", [{"name": "Письмо"}])
        taker.wait(1)
        for _ in range(5):
            box.control.advance(3600)
        taker.wait(len(minutes))
        attempts = box.control.deliveries()["attempts"]
        assert [round((one["at"] - begun) / 60) for one in attempts] == minutes


def test_a_receiver_may_ask_the_account_before_it_answers() -> None:
    seen: list[int] = []
    manners = {"rate": None, "latency": 0.3}
    with Sandbox(vendor="amocrm", clock="moved", grace=0.002, manners=manners) as box:

        def answer(_: Any) -> int:
            seen.append(call(box, "GET", "/leads/1")["id"])
            return 200

        with Receiver(answer) as taker:
            call(box, "POST", "/webhooks", {"destination": taker.url, "settings": ["add_lead"]})
            call(box, "POST", "/leads", [{"name": "Письмо"}])
            taker.wait(1)
        assert seen == [1]
