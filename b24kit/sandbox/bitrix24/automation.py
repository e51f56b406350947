"""Robots that stand on stages of a fake portal. No REST method can read or place them, just as on a real one.

They come from `settings["robots"]`: a list of {"entity_type_id", "stage", "action", ...} where action is
mail {"subject"}, todo {"title", "days"}, task {"title", "days"}, notify {"message"}, stage {"to"} or
workflow {"template_id"}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from b24kit.sandbox.bitrix24 import multifields, values
from b24kit.sandbox.bitrix24.registry import FakePortal, Fault
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, owner_key
from b24kit.sandbox.store import Row

_SHORT = {1: "L", 2: "D", 3: "C", 4: "CO"}
Robot = Mapping[str, Any]


def enter_stage(portal: FakePortal, type_id: int, card_id: int, stage: str) -> str | None:
    """Let the robots of a stage act on a card that has just come to stand there.

    Gives the stage into which one of them moves the card on, or None.
    """
    onward: str | None = None
    for robot in portal.settings.get("robots") or ():
        if int(robot["entity_type_id"]) == type_id and robot["stage"] == stage:
            if robot["action"] == "stage":
                onward = str(robot["to"])
            else:
                _ACTIONS[robot["action"]](portal, robot, type_id, card_id)
    return onward


def check_required(portal: FakePortal, type_id: int, stage: str, row: Mapping[str, Any]) -> None:
    """Refuse a move into a stage whose required fields are empty.

    They come from `settings["stage_required"]`: {"1": {"CONVERTED": ["NAME"]}}, by entity type and stage.
    """
    wanted = (portal.settings.get("stage_required") or {}).get(str(type_id), {}).get(stage, ())
    missing = [name for name in wanted if row.get(name) in (None, "", [], "N", "0.00")]
    if missing:
        texts = [f'Поле "{name}" обязательно для заполнения' for name in missing]
        raise Fault("CRM_FIELD_ERROR_REQUIRED", "\n".join(texts))


def _card(portal: FakePortal, type_id: int, card_id: int) -> Row:
    return portal.store[CARD_TABLES[type_id]].rows[card_id]


def _deadline(portal: FakePortal, robot: Robot) -> str:
    moment = portal.now() + timedelta(days=int(robot.get("days", 1)))
    return moment.astimezone(values.zone("+00:00")).isoformat(timespec="seconds")


def _send_mail(portal: FakePortal, robot: Robot, type_id: int, card_id: int) -> None:
    """A letter really goes out when the card has an address; without one the robot fails silently."""
    found = [row for _, row in multifields.values_of(portal, type_id, card_id) if row["TYPE_ID"] == "EMAIL"]
    if found:
        letter = {"TO": found[0]["VALUE"], "SUBJECT": robot.get("subject", ""), "SENT": values.now_text(portal)}
        portal.store["mail"].add(letter | {"OWNER": owner_key(type_id, card_id), "BY": "robot"})


def _add_todo(portal: FakePortal, robot: Robot, type_id: int, card_id: int) -> None:
    now, deadline = values.now_text(portal), _deadline(portal, robot)
    user = _card(portal, type_id, card_id).get("ASSIGNED_BY_ID", 1)
    activity = {
        "OWNER": owner_key(type_id, card_id),
        "OWNER_TYPE_ID": type_id,
        "OWNER_ID": card_id,
        "TYPE_ID": 6,
        "PROVIDER_ID": "CRM_TODO",
        "PROVIDER_TYPE_ID": "TODO",
        "SUBJECT": str(robot.get("title", "")),
        "COMPLETED": "N",
        "STATUS": 1,
        "RESPONSIBLE_ID": user,
        "AUTHOR_ID": user,
        "CREATED": now,
        "LAST_UPDATED": now,
        "START_TIME": deadline,
        "END_TIME": deadline,
        "DEADLINE": deadline,
    }
    activity_id = portal.store["activity"].add(activity)
    portal.store["binding"].add({"ACTIVITY_ID": activity_id, "OWNER": owner_key(type_id, card_id)})


def _add_task(portal: FakePortal, robot: Robot, type_id: int, card_id: int) -> None:
    now = values.now_text(portal)
    user = _card(portal, type_id, card_id).get("ASSIGNED_BY_ID", 1)
    task = {
        "TITLE": str(robot.get("title", "")),
        "RESPONSIBLE_ID": user,
        "CREATED_BY": user,
        "CREATED_DATE": now,
        "CHANGED_DATE": now,
        "DEADLINE": _deadline(portal, robot),
        "STATUS": 2,
        "UF_CRM_TASK": [f"{_SHORT[type_id]}_{card_id}"],
    }
    portal.store["task"].add(task)


def _notify(portal: FakePortal, robot: Robot, type_id: int, card_id: int) -> None:
    user = robot.get("user_id") or _card(portal, type_id, card_id).get("ASSIGNED_BY_ID", 1)
    message = {"USER_ID": user, "MESSAGE": str(robot.get("message", "")), "DATE_CREATE": values.now_text(portal)}
    portal.store["notification"].add(message | {"TAG": "", "TYPE": "SYSTEM"})


def _start_workflow(portal: FakePortal, robot: Robot, type_id: int, card_id: int) -> None:
    started = {
        "OWNER": owner_key(type_id, card_id),
        "OWNER_TYPE_ID": type_id,
        "OWNER_ID": card_id,
        "TEMPLATE_ID": robot.get("template_id"),
        "STARTED": values.now_text(portal),
    }
    portal.store["workflow"].add(started)


_ACTIONS: dict[str, Callable[[FakePortal, Robot, int, int], None]] = {
    "mail": _send_mail,
    "todo": _add_todo,
    "task": _add_task,
    "notify": _notify,
    "workflow": _start_workflow,
}
