"""crm.activity.todo.*: the vendor's recommended reminder, an activity of provider CRM_TODO with a deadline."""

from __future__ import annotations

from b24kit.sandbox.bitrix24 import activities, moments
from b24kit.sandbox.bitrix24.activity_fields import PROVIDER
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.tablelist import wanted
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row

TODO = "CRM_TODO"
_DEFAULT_SUBJECT = "Задача"


@method("crm.activity.todo.add")
def todo_add(call: Call) -> Answer:
    """crm.activity.todo.add: owner and deadline are wanted; responsible is the caller unless named."""
    owner = _owner(call)
    deadline = _deadline(call, "deadline")
    row = {"AUTHOR_ID": call.user_id, "EDITOR_ID": call.user_id, "RESPONSIBLE_ID": call.user_id, **_texts(call)}
    return Answer({"id": add(call.portal, owner, deadline, row)})


@method("crm.activity.todo.update")
def todo_update(call: Call) -> Answer:
    """crm.activity.todo.update: everything the call names."""
    activity_id = _todo(call)
    _change(call, activity_id, {**_dated(_deadline(call, "deadline")), **_texts(call)})
    return Answer({"id": activity_id})


@method("crm.activity.todo.updateDeadline")
def todo_update_deadline(call: Call) -> Answer:
    """crm.activity.todo.updateDeadline: `value` is the new deadline."""
    activity_id = _todo(call)
    _change(call, activity_id, _dated(_deadline(call, "value")))
    return Answer({"id": activity_id})


@method("crm.activity.todo.updateDescription")
def todo_update_description(call: Call) -> Answer:
    """crm.activity.todo.updateDescription: `value` is the new text."""
    activity_id = _todo(call)
    _change(call, activity_id, {"DESCRIPTION": str(wanted(call, "value"))})
    return Answer({"id": activity_id})


@method("crm.activity.todo.updateResponsibleUser")
def todo_update_responsible(call: Call) -> Answer:
    """crm.activity.todo.updateResponsibleUser: hand the reminder to another employee."""
    activity_id = _todo(call)
    _change(call, activity_id, {"RESPONSIBLE_ID": whole(wanted(call, "responsibleId"))})
    return Answer({"id": activity_id})


@method("crm.activity.todo.updateColor")
def todo_update_color(call: Call) -> Answer:
    """crm.activity.todo.updateColor: one of the seven colours."""
    activity_id = _todo(call)
    settings = call.portal.store["activity"].rows[activity_id].get("SETTINGS") or {}
    _change(call, activity_id, {"SETTINGS": {**settings, "COLOR": str(wanted(call, "colorId"))}})
    return Answer({"id": activity_id})


def add(portal: FakePortal, owner: tuple[int, int], deadline: str, row: Row) -> int:
    """Put a reminder on a card; `deadline` is a stored time. Used by robots and seeds as well."""
    whole = {"SUBJECT": _DEFAULT_SUBJECT, **row, **_dated(deadline)}
    whole |= {"TYPE_ID": PROVIDER, "PROVIDER_ID": TODO, "PROVIDER_TYPE_ID": "TODO"}
    return activities.create(portal, owner, whole)


def _dated(deadline: str) -> Row:
    return {"START_TIME": deadline, "END_TIME": deadline, "DEADLINE": deadline}


def _texts(call: Call) -> Row:
    row: Row = {}
    if call.param("title"):
        row["SUBJECT"] = str(call.param("title"))
    if call.param("description") is not None:
        row["DESCRIPTION"] = str(call.param("description"))
    if call.param("responsibleId"):
        row["RESPONSIBLE_ID"] = whole(call.param("responsibleId"))
    if call.param("parentActivityId"):
        row["ASSOCIATED_ENTITY_ID"] = whole(call.param("parentActivityId"))
    settings = {"PING_OFFSETS": call.param("pingOffsets"), "COLOR": call.param("colorId")}
    kept = {name: value for name, value in settings.items() if value}
    return {**row, **({"SETTINGS": kept} if kept else {})}


def _change(call: Call, activity_id: int, changes: Row) -> None:
    activities.change(call.portal, activity_id, changes, call.user_id)


def _owner(call: Call) -> tuple[int, int]:
    owner = whole(wanted(call, "ownerTypeId")), whole(wanted(call, "ownerId"))
    if not activities.card_exists(call.portal, *owner):
        raise Fault("OWNER_NOT_FOUND", "Owner was not found")
    return owner


def _todo(call: Call) -> int:
    _owner(call)
    activity_id, row = activities.known(call.portal, wanted(call, "id"), code="NOT_FOUND", text="Not found.")
    if row.get("PROVIDER_ID") != TODO:
        raise Fault("NOT_FOUND", "Not found.")
    return activity_id


def _deadline(call: Call, name: str) -> str:
    moment = moments.read(call.portal, wanted(call, name))
    if moment is None:
        raise Fault("WRONG_DATETIME_FORMAT", "Wrong datetime format")
    return moment
