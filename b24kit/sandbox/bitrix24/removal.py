"""What goes away with a card: its values, history, product rows, and every letter, comment and task that is its alone.

Rests on the page "crm.lead.delete": tasks, history and timeline links that belong to the lead alone go with it.
"""

from __future__ import annotations

from b24kit.sandbox.bitrix24 import multifields
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import owner_key
from b24kit.sandbox.store import Row

_SHORT = {1: "L", 2: "D", 3: "C", 4: "CO"}


def remove_dependents(portal: FakePortal, type_id: int, card_id: int) -> None:
    """Remove or detach everything that hangs on a card which is being deleted."""
    owner = owner_key(type_id, card_id)
    multifields.remove_all(portal, type_id, card_id)
    for name in ("stagehistory", "productrow", "workflow", "logmessage"):
        _remove(portal, name, portal.store[name].find("OWNER", owner))
    _leave_activities(portal, owner)
    _leave_comments(portal, owner)
    _leave_tasks(portal, f"{_SHORT[type_id]}_{card_id}")


def _remove(portal: FakePortal, name: str, ids: list[int]) -> None:
    for row_id in ids:
        portal.store[name].remove(row_id)


def _leave_activities(portal: FakePortal, owner: str) -> None:
    bindings, activities = portal.store["binding"], portal.store["activity"]
    touched = {bindings.rows[binding]["ACTIVITY_ID"] for binding in bindings.find("OWNER", owner)}
    _remove(portal, "binding", bindings.find("OWNER", owner))
    for activity_id in sorted(touched | set(activities.find("OWNER", owner))):
        if activity_id not in activities.rows:
            continue
        left = bindings.find("ACTIVITY_ID", activity_id)
        if not left:
            activities.remove(activity_id)
        elif activities.rows[activity_id].get("OWNER") == owner:
            activities.change(activity_id, _owner_columns(bindings.rows[left[0]]["OWNER"]))


def _owner_columns(owner: str) -> Row:
    type_id, card_id = owner.split(":")
    return {"OWNER": owner, "OWNER_TYPE_ID": int(type_id), "OWNER_ID": int(card_id)}


def _leave_comments(portal: FakePortal, owner: str) -> None:
    bindings, comments = portal.store["comment_binding"], portal.store["comment"]
    touched = {bindings.rows[binding]["COMMENT_ID"] for binding in bindings.find("OWNER", owner)}
    _remove(portal, "comment_binding", bindings.find("OWNER", owner))
    for comment_id in sorted(touched | set(comments.find("OWNER", owner))):
        if comment_id in comments.rows and not bindings.find("COMMENT_ID", comment_id):
            comments.remove(comment_id)


def _leave_tasks(portal: FakePortal, mark: str) -> None:
    tasks = portal.store["task"]
    for task_id, row in tasks:
        linked = row.get("UF_CRM_TASK") or []
        if mark in linked:
            rest = [other for other in linked if other != mark]
            if rest:
                tasks.change(task_id, {"UF_CRM_TASK": rest})
            else:
                tasks.remove(task_id)
