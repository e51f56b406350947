"""Pipelines: what comes by itself, what is refused, what stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.amocrm.wire import LOST, WON, Wire

NEW: dict[str, Any] = {"name": "Продажи", "sort": 2, "is_main": False, "is_unsorted_on": True}


def make(wire: Wire, **more: Any) -> Any:
    (row,) = wire.good("POST", "/leads/pipelines", [NEW | more])["_embedded"]["pipelines"]
    return row


def test_the_list_ignores_pages_and_gives_everything_every_time(wire: Wire) -> None:
    make(wire)
    first, later = wire.good("GET", "/leads/pipelines", limit=1), wire.good("GET", "/leads/pipelines", page=5)
    assert first["_total_items"] == later["_total_items"] == 2
    assert first["_embedded"] == later["_embedded"] and "_page" not in first


def test_a_new_pipeline_has_the_incoming_status_and_the_two_that_close(wire: Wire) -> None:
    own = [
        {"name": "Договор", "sort": 200, "color": "#d6eaff"},
        {"name": "Звонок", "sort": 100},
        {"id": WON, "name": "Ура"},
    ]
    row = make(wire, _embedded={"statuses": own}, request_id="r")
    assert row["request_id"] == "r"
    shown = [(one["name"], one["sort"], one["type"], one["is_editable"]) for one in row["_embedded"]["statuses"]]
    assert shown == [
        ("Неразобранное", 10, 1, False), ("Звонок", 20, 0, True), ("Договор", 30, 0, True),
        ("Ура", 10_000, 0, False), ("Закрыто и не реализовано", 11_000, 0, False),
    ]  # fmt: skip
    assert [one["id"] for one in row["_embedded"]["statuses"][-2:]] == [WON, LOST]


def test_the_incoming_status_disappears_with_its_switch(wire: Wire) -> None:
    row = make(wire)
    changed = wire.good("PATCH", f"/leads/pipelines/{row['id']}", {"is_unsorted_on": False})
    assert changed["request_id"] == "0"
    assert [one["type"] for one in changed["_embedded"]["statuses"]] == [0, 0]
    assert len(wire.rows(f"/leads/pipelines/{row['id']}/statuses")) == 2


def test_a_new_main_pipeline_takes_the_mark_from_the_old_one(wire: Wire) -> None:
    row = make(wire, is_main=True)
    assert [(one["id"], one["is_main"]) for one in wire.rows("/leads/pipelines")] == [(1, False), (row["id"], True)]
    wire.good("PATCH", f"/leads/pipelines/{row['id']}", {"is_main": False})
    assert wire.row(f"/leads/pipelines/{row['id']}")["is_main"] is True


@pytest.mark.parametrize("key", sorted(NEW))
def test_everything_required_must_be_there(wire: Wire, key: str) -> None:
    item = {name: value for name, value in NEW.items() if name != key}
    assert wire.wrongs("POST", "/leads/pipelines", [item]) == [("0", key, "FieldMissing")]


def test_a_colour_outside_the_palette_refuses_the_pipeline(wire: Wire) -> None:
    item = NEW | {"_embedded": {"statuses": [{"name": "A", "sort": 1, "color": "#123456"}]}}
    assert wire.wrongs("POST", "/leads/pipelines", [item]) == [
        ("0", "_embedded.statuses.0.color", "NotSupportedChoice")
    ]


def test_a_pipeline_is_deleted_only_without_leads_and_never_the_last(wire: Wire) -> None:
    row = make(wire)
    (lead,) = wire.add("leads", {"pipeline_id": row["id"]})
    assert wire.call("DELETE", f"/leads/pipelines/{row['id']}")[0] == 422
    wire.good("PATCH", f"/leads/{lead}", {"pipeline_id": 1})
    assert wire.call("DELETE", f"/leads/pipelines/{row['id']}") == (204, None)
    assert wire.call("DELETE", "/leads/pipelines/1")[0] == 422
    assert wire.wrongs("DELETE", "/leads/pipelines/99", None) == [("0", "id", "NotSupportedChoice")]


def test_there_is_room_for_fifty_pipelines(wire: Wire) -> None:
    wire.good("POST", "/leads/pipelines", [NEW] * 49)
    status, body = wire.call("POST", "/leads/pipelines", [NEW])
    assert (status, body["status"]) == (422, 422)


def test_only_an_administrator_changes_the_order(wire: Wire) -> None:
    wire.good("POST", "/users", [{"name": "Пётр", "email": "p@p.example", "password": "x"}])
    wire.box.control.settings(tokens=[{"user_id": 1}, {"user_id": 2}])
    seller = Wire(wire.box, wire.box.tokens[1])
    assert seller.call("POST", "/leads/pipelines", [NEW])[0] == 403
    assert seller.call("GET", "/leads/pipelines")[0] == 200
    assert seller.call("GET", "/users")[0] == 403
    seller.client.close()
