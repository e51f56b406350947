"""Robots that stand on stages of a fake portal. No REST method can read or place them, just as on a real one.

They come from `settings["robots"]`: a list of {"entity_type_id", "stage", "action", ...} where action is
mail {"subject"}, todo {"title", "days"}, task {"title", "days"}, notify {"message"}, stage {"to"},
workflow {"template_id"} or app {"code", "properties"}: a robot that an application registered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from b24kit.sandbox.bitrix24 import activities, moments, multifields, robots, todos
from b24kit.sandbox.bitrix24.activity_fields import EMAIL
from b24kit.sandbox.bitrix24.registry import FakePortal, Fault
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, owner_key

WAITING = 2  # STATUS of a task that nobody has begun
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


def _deadline(portal: FakePortal, robot: Robot) -> str:
    return moments.stored(portal.now() + timedelta(days=int(robot.get("days", 1))))


def _send_mail(portal: FakePortal, robot: Robot, type_id: int, card_id: int) -> None:
    """A letter really goes out when the card has an address; without one the robot fails silently."""
    found = [row for _, row in multifields.values_of(portal, type_id, card_id) if row["TYPE_ID"] == "EMAIL"]
    if not found:
        return
    subject, user = str(robot.get("subject", "")), _responsible(portal, type_id, card_id)
    activity = {"TYPE_ID": EMAIL, "PROVIDER_ID": "CRM_EMAIL", "PROVIDER_TYPE_ID": "EMAIL", "DIRECTION": 2}
    activity |= {"SUBJECT": subject, "COMPLETED": "Y", "RESPONSIBLE_ID": user, "AUTHOR_ID": user}
    activity_id = activities.create(portal, (type_id, card_id), activity)
    letter = {"TO": found[0]["VALUE"], "SUBJECT": subject, "SENT": moments.now(portal), "ACTIVITY_ID": activity_id}
    portal.store["mail"].add(letter | {"BY": "robot"})


def _responsible(portal: FakePortal, type_id: int, card_id: int) -> int:
    return int(portal.store[CARD_TABLES[type_id]].rows[card_id].get("ASSIGNED_BY_ID") or 1)


def _add_todo(portal: FakePortal, robot: Robot, type_id: int, card_id: int) -> None:
    user = _responsible(portal, type_id, card_id)
    row = {"SUBJECT": str(robot.get("title", "")), "RESPONSIBLE_ID": user, "AUTHOR_ID": user}
    todos.add(portal, (type_id, card_id), _deadline(portal, robot), row)


def _add_task(portal: FakePortal, robot: Robot, type_id: int, card_id: int) -> None:
    now, user = moments.now(portal), _responsible(portal, type_id, card_id)
    task = {"TITLE": str(robot.get("title", "")), "RESPONSIBLE_ID": user, "CREATED_BY": user, "CHANGED_BY": user}
    task |= {"CREATED_DATE": now, "CHANGED_DATE": now, "DEADLINE": _deadline(portal, robot)}
    task |= {"STATUS": WAITING, "PRIORITY": 1, "UF_CRM_TASK": [f"{_SHORT[type_id]}_{card_id}"]}
    portal.store["task"].add(task)


def _notify(portal: FakePortal, robot: Robot, type_id: int, card_id: int) -> None:
    user = robot.get("user_id") or _responsible(portal, type_id, card_id)
    message = {"USER_ID": user, "AUTHOR_ID": 0, "MESSAGE": str(robot.get("message", "")), "TYPE": "SYSTEM"}
    when = {"TAG": "", "SUB_TAG": "", "READ": "N", "DATE_CREATE": moments.now(portal)}
    portal.store["notification"].add(message | when)


def _start_workflow(portal: FakePortal, robot: Robot, type_id: int, card_id: int) -> None:
    started = {"OWNER": owner_key(type_id, card_id), "TEMPLATE_ID": robot.get("template_id"), "STARTED_BY": 0}
    portal.store["workflow"].add(started | {"STARTED": moments.now(portal)})


def _call_application(portal: FakePortal, robot: Robot, type_id: int, card_id: int) -> None:
    """A robot of an application that somebody placed here by hand; one that was removed stays without effect."""
    robots.run(portal, str(robot["code"]), type_id, card_id, dict(robot.get("properties") or {}))


_ACTIONS: dict[str, Callable[[FakePortal, Robot, int, int], None]] = {
    "mail": _send_mail,
    "todo": _add_todo,
    "task": _add_task,
    "notify": _notify,
    "workflow": _start_workflow,
    "app": _call_application,
}
