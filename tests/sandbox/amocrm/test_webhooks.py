"""Webhooks of the account: subscribe, list, change, unsubscribe."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.amocrm.desk import Desk

URL = "http://127.0.0.1:8025/hook?k=1"


@pytest.fixture
def desk() -> Desk:
    return Desk().built()


def subscribe(desk: Desk, *settings: str, url: str = URL) -> dict[str, Any]:
    answer = desk.answer("POST", "/webhooks", {"destination": url, "settings": list(settings), "sort": 10})
    assert answer.status == 201
    body: dict[str, Any] = answer.body
    return body


def test_a_subscription_is_a_row_that_the_same_address_changes(desk: Desk) -> None:
    assert desk.answer("GET", "/webhooks").status == 204
    made = subscribe(desk, "add_lead", "status_lead")
    assert set(made) == {
        "id", "destination", "created_at", "updated_at", "account_id", "created_by", "sort", "disabled", "settings"
    }  # fmt: skip
    assert (made["sort"], made["disabled"], made["created_by"]) == (1, False, 1)
    desk.wait(minutes=1)
    again = subscribe(desk, "add_contact")
    assert (again["id"], again["settings"]) == (made["id"], ["add_contact"])
    assert (again["created_at"], again["updated_at"]) == (made["created_at"], made["updated_at"] + 60)


def test_subscribing_again_switches_a_disabled_one_on(desk: Desk) -> None:
    made = subscribe(desk, "add_lead")
    desk.portal.store["webhook"].change(made["id"], {"disabled": True})
    assert desk.ask("GET", "/webhooks")["_embedded"]["webhooks"][0]["disabled"] is True
    assert subscribe(desk, "add_lead")["disabled"] is False


def test_the_list_tells_a_total_and_is_filtered_by_the_exact_address(desk: Desk) -> None:
    subscribe(desk, "add_lead")
    subscribe(desk, "add_lead", url="http://127.0.0.1:8025/other")
    listed = desk.ask("GET", "/webhooks")
    assert (listed["_total_items"], len(listed["_embedded"]["webhooks"])) == (2, 2)
    found = desk.ask("GET", "/webhooks?filter[destination]=http://127.0.0.1:8025/other")
    assert [row["id"] for row in found["_embedded"]["webhooks"]] == [2]
    assert desk.answer("GET", "/webhooks?filter[destination]=http://127.0.0.1:8025").status == 204


def test_deletion_goes_by_the_address_in_the_body(desk: Desk) -> None:
    subscribe(desk, "add_lead")
    assert desk.answer("DELETE", "/webhooks", {"destination": URL}).status == 204
    assert desk.refusal("DELETE", "/webhooks", {"destination": URL}).status == 404
    assert desk.places("DELETE", "/webhooks", {"url": URL}) == ["destination"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"settings": ["add_lead"]}, "destination"),
        ({"destination": URL}, "settings"),
        ({"destination": URL, "settings": "add_lead"}, "settings"),
        ({"destination": URL, "settings": ["add_lead", "add_leads"]}, "settings.1"),
        ({"destination": URL, "settings": ["add_unsorted"]}, "settings.0"),
        ({"destination": "http://пример.рф/", "settings": ["add_lead"]}, "destination"),
        ({"destination": "ftp://a.example/", "settings": ["add_lead"]}, "destination"),
        ({"destination": "http://[broken", "settings": ["add_lead"]}, "destination"),
        ({"destination": 5, "settings": ["add_lead"]}, "destination"),
    ],
)
def test_a_wrong_subscription_names_the_place(desk: Desk, body: dict[str, Any], path: str) -> None:
    assert desk.places("POST", "/webhooks", body) == [path]


def test_incoming_leads_can_be_asked_for_where_the_account_allows_it(desk: Desk) -> None:
    desk.settings["unsorted_hooks"] = True
    assert subscribe(desk, "add_unsorted")["settings"] == ["add_unsorted"]


def test_only_administrators_may_and_only_a_hundred(desk: Desk) -> None:
    assert desk.refusal("GET", "/webhooks", user=2).status == 403
    assert desk.refusal("POST", "/webhooks", {"destination": URL, "settings": []}, user=2).status == 403
    assert desk.refusal("DELETE", "/webhooks", {"destination": URL}, user=2).status == 403
    for number in range(100):
        subscribe(desk, "add_lead", url=f"{URL}&n={number}")
    one_more = {"destination": URL, "settings": ["add_lead"]}
    assert desk.refusal("POST", "/webhooks", one_more).status == 422
    assert subscribe(desk, "add_task", url=f"{URL}&n=7")["id"] == 8


def test_settings_may_come_back_as_an_object(desk: Desk) -> None:
    desk.settings["hook_settings_as_object"] = True
    assert subscribe(desk, "add_lead")["settings"] == {"add_lead": 1}
    assert desk.ask("GET", "/webhooks")["_embedded"]["webhooks"][0]["settings"] == ["add_lead"]
