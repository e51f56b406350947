"""tasks.task.* and im.notify.*."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bitrix24.counter import Counter


@pytest.fixture
def desk() -> Counter:
    found = Counter()
    found.planted(kind="company", leads=20)
    for task_id in found.portal.store["task"].ids():
        found.portal.store["task"].remove(task_id)
    return found


def task(desk: Counter, **fields: Any) -> int:
    made = desk.ask("tasks.task.add", fields={"TITLE": "t", "RESPONSIBLE_ID": 3, **fields})
    return int(made["task"]["id"])


def test_a_task_answers_in_camel_case_with_numbers_as_strings(desk: Counter) -> None:
    made = desk.ask(
        "tasks.task.add", fields={"TITLE": "t", "RESPONSIBLE_ID": 3, "DEADLINE": "2026-11-25T10:00:00+03:00"}
    )
    shown = made["task"]
    assert (shown["title"], shown["responsibleId"], shown["status"]) == ("t", "3", "2")
    assert shown["deadline"] == "2026-11-25T10:00:00+03:00"
    assert shown["responsible"]["name"] == "Ольга Киселёва"
    assert "ufCrmTask" not in shown


def test_links_to_cards_are_filtered_by_and_shown_on_request(desk: Counter) -> None:
    first = task(desk, UF_CRM_TASK=["L_5", "C_7"])
    task(desk, UF_CRM_TASK=["L_6"])
    answer = desk.answer("tasks.task.list", filter={"UF_CRM_TASK": "L_5"}, select=["ID", "UF_CRM_TASK"])
    assert answer.total == 1
    assert answer.result["tasks"] == [{"id": str(first), "group": [], "ufCrmTask": ["L_5", "C_7"]}]


def test_tasks_go_through_their_statuses_and_refuse_what_is_out_of_turn(desk: Counter) -> None:
    made = task(desk)
    for move in ("start", "pause", "defer", "complete", "renew", "start", "complete", "approve"):
        desk.ask(f"tasks.task.{move}", taskId=made)
    assert desk.ask("tasks.task.get", taskId=made)["task"]["status"] == "5"
    assert desk.refusal("tasks.task.disapprove", taskId=made)[0] == "ERROR_CORE"


def test_overdue_is_a_status_for_the_filter_only(desk: Counter) -> None:
    late = task(desk, DEADLINE="2026-11-01T10:00:00+03:00")
    task(desk, DEADLINE="2026-12-01T10:00:00+03:00")
    found = desk.ask("tasks.task.list", filter={"STATUS": -1})["tasks"]
    assert [int(one["id"]) for one in found] == [late]
    assert desk.answer("tasks.task.list", filter={"REAL_STATUS": 2}).total == 2
    assert desk.ask("tasks.task.counters.get", userId=3)["expired"]["counter"] == 1


def test_title_and_responsible_are_wanted(desk: Counter) -> None:
    assert desk.refusal("tasks.task.add", fields={"RESPONSIBLE_ID": 3})[0] == "ERROR_CORE"
    assert desk.refusal("tasks.task.add", fields={"TITLE": "t", "RESPONSIBLE_ID": 999})[0] == "ERROR_CORE"
    assert desk.refusal("tasks.task.add")[0] == 100


def test_update_delegate_and_delete(desk: Counter) -> None:
    made = task(desk)
    desk.ask("tasks.task.update", taskId=made, fields={"TITLE": "new", "DEADLINE": "2026-12-01T10:00:00+03:00"})
    assert desk.ask("tasks.task.delegate", taskId=made, userId=4)["task"]["responsibleId"] == "4"
    assert desk.ask("tasks.task.delete", taskId=made) == {"task": True}
    assert desk.refusal("tasks.task.get", taskId=made)[0] == "ERROR_CORE"


def test_the_same_tag_replaces_the_previous_notification(desk: Counter) -> None:
    told = {"USER_ID": 1, "TAG": "run-1", "CLIENT_ID": "b24kit"}
    first = desk.ask("im.notify.system.add", told, MESSAGE="10 %")
    second = desk.ask("im.notify.system.add", told, MESSAGE="20 %")
    assert second > first
    shown = desk.ask("im.notify.get")
    assert [one["text"] for one in shown["notifications"]] == ["20 %"]
    assert desk.ask("im.notify.delete", TAG="run-1", CLIENT_ID="b24kit") is True
    assert desk.ask("im.notify.get")["total_count"] == 0


def test_notifications_refuse_with_the_documented_codes(desk: Counter) -> None:
    assert desk.refusal("im.notify.system.add", MESSAGE="m")[0] == "USER_ID_EMPTY"
    assert desk.refusal("im.notify.personal.add", USER_ID=1)[0] == "MESSAGE_EMPTY"
    assert desk.refusal("im.notify", USER_ID=1, MESSAGE="m", TAG="t")[0] == "WRONG_AUTH_TYPE"
    long = {"BLOCKS": ["x" * 60_001]}
    assert desk.refusal("im.notify", USER_ID=1, MESSAGE="m", ATTACH=long)[0] == "ATTACH_OVERSIZE"
