"""Statuses of a pipeline: the palette, the numbering, hints, and where leads go when one is deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.amocrm.wire import FIRST, LOST, WON, Wire

BOARD = "/leads/pipelines/1/statuses"


def make(wire: Wire, **more: Any) -> Any:
    (row,) = wire.good("POST", BOARD, [{"name": "Звонок", "sort": 25} | more])["_embedded"]["statuses"]
    return row


def board(wire: Wire) -> list[tuple[str, int]]:
    return [(row["name"], row["sort"]) for row in wire.rows(BOARD)]


def test_the_board_is_numbered_anew_after_every_write(wire: Wire) -> None:
    row = make(wire)
    assert row["sort"] == 30 and row["request_id"] == "0"
    assert [sort for _, sort in board(wire)] == [10, 20, 30, 40, 50, 60, 10_000, 11_000]
    wire.good("PATCH", f"{BOARD}/{row['id']}", {"sort": 100})
    assert board(wire)[5] == ("Звонок", 60)
    wire.good("DELETE", f"{BOARD}/{row['id']}")
    assert [sort for _, sort in board(wire)] == [10, 20, 30, 40, 50, 10_000, 11_000]


def test_colours_are_of_the_palette(wire: Wire) -> None:
    assert make(wire, color="#87f2c0")["color"] == "#87f2c0"
    assert make(wire)["color"] == "#fffeb2"
    assert wire.wrongs("POST", BOARD, [{"name": "x", "sort": 1, "color": "#99ccff"}]) == [
        ("0", "color", "NotSupportedChoice")
    ]


@pytest.mark.parametrize("status", [WON, LOST, 9001])
def test_the_accounts_own_statuses_are_renamed_only(wire: Wire, status: int) -> None:
    assert wire.good("PATCH", f"{BOARD}/{status}", {"name": "Иначе"})["name"] == "Иначе"
    assert wire.wrongs("PATCH", f"{BOARD}/{status}", {"color": "#87f2c0"}) == [("0", "color", "FieldNotExpected")]
    assert wire.wrongs("DELETE", f"{BOARD}/{status}", None) == [("0", "id", "NotSupportedChoice")]


def test_a_name_of_a_closing_status_is_the_pipelines_own(wire: Wire) -> None:
    new = {"name": "P", "sort": 2, "is_main": False, "is_unsorted_on": True}
    (other,) = wire.good("POST", "/leads/pipelines", [new])["_embedded"]["pipelines"]
    wire.good("PATCH", f"{BOARD}/{WON}", {"name": "Оплачено"})
    assert wire.row(f"/leads/pipelines/{other['id']}/statuses/{WON}")["name"] == "Успешно реализовано"


def test_leads_of_a_deleted_status_move_to_the_first_without_a_word(wire: Wire) -> None:
    row = make(wire)
    (lead,) = wire.add("leads", {"status_id": row["id"]})
    events = len(wire.rows("/events"))
    wire.good("DELETE", f"{BOARD}/{row['id']}")
    assert wire.row(f"/leads/{lead}")["status_id"] == FIRST
    assert len(wire.rows("/events")) == events


def test_the_last_ordinary_status_stays(wire: Wire) -> None:
    ordinary = [row["id"] for row in wire.rows(BOARD) if row["is_editable"]]
    for status_id in ordinary[1:]:
        wire.good("DELETE", f"{BOARD}/{status_id}")
    assert wire.call("DELETE", f"{BOARD}/{ordinary[0]}")[0] == 422


def test_hints_are_one_a_level_with_dates_as_texts(wire: Wire) -> None:
    row = make(wire, descriptions=[{"level": "newbie", "description": "Позвони 🙂"}])
    assert "descriptions" not in wire.row(f"{BOARD}/{row['id']}")
    changed = [{"level": "newbie", "description": "Напиши"}, {"level": "master", "description": "Сам знаешь"}]
    wire.good("PATCH", f"{BOARD}/{row['id']}", {"descriptions": changed})
    (shown,) = [one for one in wire.rows(BOARD, **{"with": "descriptions"}) if one["id"] == row["id"]]
    assert [(one["level"], one["description"]) for one in shown["descriptions"]] == [
        ("newbie", "Напиши"), ("master", "Сам знаешь"),
    ]  # fmt: skip
    assert isinstance(shown["descriptions"][0]["created_at"], str)
    gone = [{"id": shown["descriptions"][0]["id"], "level": "newbie"}]
    wire.good("PATCH", f"{BOARD}/{row['id']}", {"descriptions": gone})
    assert len(wire.row(f"{BOARD}/{row['id']}", **{"with": "descriptions"})["descriptions"]) == 1


@pytest.mark.parametrize(
    ("hint", "path"),
    [({"level": "boss", "description": "x"}, "level"), ({"level": "master", "description": "x" * 1001}, "description")],
    ids=["level", "length"],
)
def test_a_wrong_hint_is_refused(wire: Wire, hint: dict[str, str], path: str) -> None:
    assert (
        wire.wrongs("POST", BOARD, [{"name": "x", "sort": 1, "descriptions": [hint]}])[0][1] == f"descriptions.0.{path}"
    )


def test_a_board_holds_a_hundred_statuses(wire: Wire) -> None:
    wire.good("POST", BOARD, [{"name": str(number), "sort": number} for number in range(93)])
    assert len(wire.rows(BOARD)) == 100
    assert wire.call("POST", BOARD, [{"name": "x", "sort": 1}])[0] == 422


def test_an_unknown_pipeline_or_status_is_not_found(wire: Wire) -> None:
    assert wire.call("GET", "/leads/pipelines/9/statuses")[0] == 404
    assert wire.call("GET", f"{BOARD}/5")[0] == 404
    assert wire.wrongs("PATCH", f"{BOARD}/5", {"name": "x"}) == [("0", "id", "NotSupportedChoice")]


def test_many_statuses_change_at_once_or_none_does(wire: Wire) -> None:
    one, other = make(wire), make(wire, name="Встреча")
    items = [{"id": one["id"], "name": "Ж"}, {"id": WON, "color": "#87f2c0"}, {"id": 5}]
    assert wire.wrongs("PATCH", BOARD, items) == [
        ("1", "color", "FieldNotExpected"), ("2", "id", "NotSupportedChoice"),
    ]  # fmt: skip
    assert wire.row(f"{BOARD}/{one['id']}")["name"] == "Звонок"
    rows = wire.good("PATCH", BOARD, [{"id": other["id"], "sort": 1}, {"id": WON, "name": "Да"}])
    assert [(row["name"], row["sort"]) for row in rows["_embedded"]["statuses"]] == [("Встреча", 20), ("Да", 10_000)]
