"""Tasks: deadlines that show on cards, completion, and no deletion."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.amocrm.wire import Wire

TASK: dict[str, Any] = {"text": "Позвонить", "complete_till": 1_900_000_000}


def test_the_nearest_open_deadline_shows_on_the_card(wire: Wire) -> None:
    (lead,) = wire.add("leads", {})
    owner = {"entity_id": lead, "entity_type": "leads"}
    near, far = wire.add("tasks", TASK | owner, TASK | owner | {"complete_till": 1_900_000_500})
    assert wire.row(f"/leads/{lead}")["closest_task_at"] == 1_900_000_000
    assert len(wire.rows("/leads", **{"filter[closest_task_at][from]": 1_900_000_000})) == 1
    wire.good("PATCH", f"/tasks/{near}", {"is_completed": True, "result": {"text": "ok"}})
    assert wire.row(f"/leads/{lead}")["closest_task_at"] == 1_900_000_500
    wire.good("PATCH", "/tasks", [{"id": far, "is_completed": True}])
    assert wire.row(f"/leads/{lead}")["closest_task_at"] is None


def test_a_result_is_an_empty_array_until_there_is_one(wire: Wire) -> None:
    (task,) = wire.add("tasks", TASK)
    row = wire.row(f"/tasks/{task}")
    assert (row["result"], row["responsible_user_id"], row["task_type_id"], row["entity_id"]) == ([], 1, 1, None)
    answer = wire.good("PATCH", f"/tasks/{task}", {"is_completed": True, "result": {"text": "ok"}})
    assert sorted(answer) == ["_links", "id", "request_id", "updated_at"]
    assert wire.row(f"/tasks/{task}")["result"] == {"text": "ok"}
    status, body = wire.call("DELETE", f"/tasks/{task}")
    assert (status, body["detail"]) == (403, "Invalid scope")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"filter[is_completed]": 0}, [1, 3]),
        ({"filter[is_completed]": 1}, [2]),
        ({"filter[is_completed][]": [1], "filter[task_type][]": [1]}, [2]),
        ({"filter[task_type]": 2}, [3]),
        ({"filter[task_type_id][]": [2]}, [3]),
        ({"filter[entity_type]": "leads", "filter[entity_id]": 1}, [1]),
        ({"filter[id][]": [1, 2]}, [1, 2]),
        ({"filter[responsible_user_id]": 5}, []),
        ({"order[complete_till]": "desc"}, [3, 2, 1]),
    ],
    ids=lambda value: "&".join(value) if isinstance(value, dict) else "",
)
def test_filters_and_orders(wire: Wire, query: dict[str, Any], expected: list[int]) -> None:
    (lead,) = wire.add("leads", {})
    wire.add(
        "tasks", TASK | {"entity_id": lead, "entity_type": "leads"},
        TASK | {"is_completed": True, "complete_till": 1_900_000_001},
        TASK | {"task_type_id": 2, "complete_till": 1_900_000_002},
    )  # fmt: skip
    order = {} if "order[complete_till]" in query else {"order[id]": "asc"}
    assert [row["id"] for row in wire.rows("/tasks", **query, **order)] == expected


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"text": None}, "text", "FieldMissing"),
        ({"complete_till": None}, "complete_till", "FieldMissing"),
        ({"complete_till": "tomorrow"}, "complete_till", "InvalidType"),
        ({"task_type_id": 9}, "task_type_id", "NotSupportedChoice"),
        ({"entity_id": 99, "entity_type": "leads"}, "entity_id", "NotSupportedChoice"),
        ({"entity_id": 1, "entity_type": "lead"}, "entity_type", "NotSupportedChoice"),
        ({"responsible_user_id": 99}, "responsible_user_id", "NotSupportedChoice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_task_is_refused_for(wire: Wire, change: dict[str, Any], path: str, code: str) -> None:
    assert wire.wrongs("POST", "/tasks", [TASK | change]) == [("0", path, code)]


def test_types_of_tasks_come_from_the_account(wire: Wire) -> None:
    wire.box.control.settings(
        portal={"task_types": [{"id": 7, "name": "КП", "color": None, "icon_id": None, "code": ""}]}
    )
    types = wire.row("/account", **{"with": "task_types"})["_embedded"]["task_types"]
    assert [one["id"] for one in types] == [1, 2, 7]
    (task,) = wire.add("tasks", TASK | {"task_type_id": 7})
    assert wire.row(f"/tasks/{task}")["task_type_id"] == 7
