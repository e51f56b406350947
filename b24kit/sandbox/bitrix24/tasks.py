"""Tasks of a fake portal: tasks.task.add/get/list/update/delete, the moves between statuses, and comments.

Answers are camelCase with numbers as strings; UF_CRM_TASK links a task to cards (`L_4`, `D_10`, `C_7`, `CO_5`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import moments, tablelist
from b24kit.sandbox.bitrix24.conditions import Field
from b24kit.sandbox.bitrix24.people import full_name
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row

WAITING, RUNNING, CONTROL, DONE, DEFERRED = 2, 3, 4, 5, 6
_OVERDUE = -1  # STATUS of a filter knows this meta status, REAL_STATUS does not
_KINDS = {
    "ID": "integer",
    "PARENT_ID": "integer",
    "GROUP_ID": "integer",
    "CREATED_BY": "integer",
    "RESPONSIBLE_ID": "integer",
    "PRIORITY": "integer",
    "TITLE": "string",
    "MARK": "string",
    "STATUS": "integer",
    "REAL_STATUS": "integer",
    "DEADLINE": "datetime",
    "CREATED_DATE": "datetime",
    "CHANGED_DATE": "datetime",
    "CLOSED_DATE": "datetime",
    "DATE_START": "datetime",
    "UF_CRM_TASK": "string",
}
_FIELDS = tablelist.fields_of(_KINDS, {"PRIORITY": 1, "GROUP_ID": 0, "PARENT_ID": 0})
_WRITABLE_INTS = ("RESPONSIBLE_ID", "CREATED_BY", "GROUP_ID", "PARENT_ID", "PRIORITY", "STAGE_ID")
_WRITABLE_TIMES = ("DEADLINE", "START_DATE_PLAN", "END_DATE_PLAN")
_WRITABLE_TEXTS = ("TITLE", "DESCRIPTION", "MARK", "XML_ID")
_WRITABLE_LISTS = ("UF_CRM_TASK", "AUDITORS", "ACCOMPLICES", "TAGS")
_ON_REQUEST = {"ufCrmTask": "UF_CRM_TASK", "tags": "TAGS", "ufTaskWebdavFiles": "FILES"}
# Which statuses a move may start from, and where it leads.
_MOVES = {
    "start": ((WAITING, DEFERRED, CONTROL), RUNNING),
    "pause": ((RUNNING,), WAITING),
    "defer": ((WAITING, RUNNING), DEFERRED),
    "complete": ((WAITING, RUNNING, DEFERRED), DONE),
    "renew": ((DONE, CONTROL, DEFERRED), WAITING),
    "approve": ((CONTROL, DONE), DONE),
    "disapprove": ((CONTROL,), WAITING),
}
_WORD = re.compile(r"_([a-z0-9])")


@method("tasks.task.add", scope="task")
def task_add(call: Call) -> Answer:
    """tasks.task.add: TITLE and RESPONSIBLE_ID are wanted; gives the whole task."""
    fields = _fields(call)
    if not str(fields.get("TITLE") or "").strip():
        raise Fault("ERROR_CORE", "Не указано название задачи.<br>")
    if not whole(fields.get("RESPONSIBLE_ID")):
        raise Fault("ERROR_CORE", "Не указан исполнитель задачи.<br>")
    moment = moments.now(call.portal)
    row: Row = {"STATUS": WAITING, "PRIORITY": 1, "CREATED_BY": call.user_id, **_native(call.portal, fields)}
    _check_people(call.portal, row)
    row |= {"CREATED_DATE": moment, "CHANGED_DATE": moment, "CHANGED_BY": call.user_id, "STATUS_CHANGED_DATE": moment}
    return Answer({"task": shown(call.portal, call.portal.store["task"].add(row))})


@method("tasks.task.get", scope="task")
def task_get(call: Call) -> Answer:
    """tasks.task.get: `ufCrmTask` only when selected."""
    return Answer({"task": shown(call.portal, _known(call), call.param("select"))})


@method("tasks.task.list", scope="task")
def task_list(call: Call) -> Answer:
    """tasks.task.list: by ID descending unless told; STATUS in a filter also knows -1, overdue."""
    moment, select = moments.now(call.portal), call.param("select")
    tasks = call.portal.store["task"]

    def standing(wanted: frozenset[Any]) -> set[int]:
        late = {i for i, row in tasks if _OVERDUE in wanted and _is_overdue(row, moment)}
        return late | {i for i, row in tasks if row.get("STATUS", WAITING) in wanted}

    fields = {**_FIELDS, "STATUS": Field("STATUS", "integer", WAITING, pool=standing)}
    fields["REAL_STATUS"] = Field("STATUS", "integer", WAITING)
    found = tablelist.page(
        call,
        "task",
        fields,
        lambda task_id: shown(call.portal, task_id, select),
        wanted=call.param("filter"),
        order=call.param("order"),
        default={"ID": "DESC"},
    )
    return Answer({"tasks": found.result}, found.total, found.next, counted=found.counted)


@method("tasks.task.update", scope="task")
def task_update(call: Call) -> Answer:
    """tasks.task.update: named fields; gives the whole task."""
    task_id = _known(call)
    changes = _native(call.portal, _fields(call))
    _check_people(call.portal, changes)
    _change(call, task_id, changes)
    return Answer({"task": shown(call.portal, task_id)})


@method("tasks.task.delete", scope="task")
def task_delete(call: Call) -> Answer:
    """tasks.task.delete: `{"task": true}`."""
    call.portal.store["task"].remove(_known(call))
    return Answer({"task": True})


@method("tasks.task.delegate", scope="task")
def task_delegate(call: Call) -> Answer:
    """tasks.task.delegate: another employee becomes responsible."""
    task_id, user_id = _known(call), whole(call.param("userId"))
    _check_people(call.portal, {"RESPONSIBLE_ID": user_id})
    _change(call, task_id, {"RESPONSIBLE_ID": user_id, "STATUS": WAITING})
    return Answer({"task": shown(call.portal, task_id)})


@method("tasks.task.counters.get", scope="task")
def task_counters(call: Call) -> Answer:
    """tasks.task.counters.get: expired first."""
    user_id, moment = whole(call.param("userId")) or call.user_id, moments.now(call.portal)
    mine = [row for _, row in call.portal.store["task"] if row.get("RESPONSIBLE_ID") == user_id]
    expired = sum(_is_overdue(row, moment) for row in mine)
    counters = {"expired": {"counter": expired, "code": 6291456}, "new_comments": {"counter": 0, "code": 12582912}}
    return Answer(counters, total=expired)


@method("tasks.task.getFields", scope="task")
def task_fields(_: Call) -> Answer:
    """tasks.task.getFields: code -> title and type."""
    required = ("TITLE", "CREATED_BY", "RESPONSIBLE_ID")
    fields = {name: {"title": name, "type": kind} for name, kind in _KINDS.items() if name != "REAL_STATUS"}
    return Answer({"fields": {k: v | ({"required": True} if k in required else {}) for k, v in fields.items()}})


@method("task.commentitem.add", scope="task")
def comment_add(call: Call) -> Answer:
    """task.commentitem.add: TASKID and FIELDS[POST_MESSAGE]; parameters count by position, names help here."""
    table = call.portal.store["task"]
    task_id = whole(call.param("TASKID"))
    fields = call.param("FIELDS")
    text = str(fields.get("POST_MESSAGE") or "") if isinstance(fields, Mapping) else ""
    if task_id not in table.rows or not text:
        raise Fault("ERROR_CORE", "TASKS_ERROR_EXCEPTION_#256; Action failed; 256/TE/ACTION_FAILED_TO_BE_PROCESSED")
    comments = table.rows[task_id].get("COMMENTS", [])
    comment: Row = {
        "ID": len(comments) + 1,
        "AUTHOR_ID": call.user_id,
        "TEXT": text,
        "CREATED": moments.now(call.portal),
    }
    table.change(task_id, {"COMMENTS": [*comments, comment]})
    return Answer(task_id * 1000 + comment["ID"])


def shown(portal: FakePortal, task_id: int, select: Any = None) -> Row:
    """A task as answers show it; `select` narrows it and brings what is there only on request."""
    row = portal.store["task"].rows[task_id]
    whole = _whole(portal, task_id, row)
    if not isinstance(select, list) or not select:
        return whole
    asked = {_camel(str(name)) if str(name).isupper() else str(name) for name in select}
    extra = {name: row.get(column, []) for name, column in _ON_REQUEST.items() if name in asked}
    kept = whole if "*" in asked else {name: whole[name] for name in whole if name in asked or name in ("id", "group")}
    return {**kept, **extra}


def _whole(portal: FakePortal, task_id: int, row: Row) -> Row:
    numbers = {
        _camel(name): str(row.get(name, 0))
        for name in ("PRIORITY", "GROUP_ID", "STAGE_ID", "CREATED_BY", "RESPONSIBLE_ID")
    }
    times = ("CREATED_DATE", "CHANGED_DATE", "STATUS_CHANGED_DATE", "CLOSED_DATE", "DATE_START", "DEADLINE")
    dated = {
        _camel(name): moments.shown(portal, row.get(name)) or None
        for name in (*times, "START_DATE_PLAN", "END_DATE_PLAN")
    }
    people = {
        "creator": _person(portal, row.get("CREATED_BY", 0)),
        "responsible": _person(portal, row.get("RESPONSIBLE_ID", 0)),
    }
    return {
        "id": str(task_id),
        "parentId": str(row["PARENT_ID"]) if row.get("PARENT_ID") else None,
        "title": row.get("TITLE", ""),
        "description": row.get("DESCRIPTION", ""),
        "descriptionInBbcode": "Y",
        "mark": row.get("MARK"),
        "status": str(row.get("STATUS", WAITING)),
        "subStatus": str(_OVERDUE if _is_overdue(row, moments.now(portal)) else row.get("STATUS", WAITING)),
        "changedBy": str(row.get("CHANGED_BY", row.get("CREATED_BY", 0))),
        "closedBy": str(row["CLOSED_BY"]) if row.get("CLOSED_BY") else None,
        "xmlId": row.get("XML_ID"),
        "multitask": "N",
        "replicate": "N",
        "favorite": "N",
        "commentsCount": str(len(row["COMMENTS"])) if row.get("COMMENTS") else None,
        "auditors": [str(one) for one in row.get("AUDITORS", [])],
        "accomplices": [str(one) for one in row.get("ACCOMPLICES", [])],
        "checklist": [],
        "group": [],
        **numbers,
        **dated,
        **people,
    }


def _person(portal: FakePortal, user_id: int) -> Row:
    position = (portal.store["user"].get(user_id) or {}).get("WORK_POSITION", "")
    link = f"/company/personal/user/{user_id}/"
    icon = "/bitrix/images/tasks/default_avatar.png"
    return {
        "id": str(user_id),
        "name": full_name(portal, user_id),
        "link": link,
        "icon": icon,
        "workPosition": position,
    }


def _camel(name: str) -> str:
    return _WORD.sub(lambda found: found[1].upper(), name.lower())


def _fields(call: Call) -> dict[str, Any]:
    fields = call.param("fields")
    if not isinstance(fields, Mapping):
        raise Fault(100, "Could not find value for parameter {fields}")
    return {str(key).upper(): value for key, value in fields.items()}


def _native(portal: FakePortal, fields: dict[str, Any]) -> Row:
    row: Row = {name: whole(fields[name]) for name in _WRITABLE_INTS if name in fields}
    row |= {name: moments.read(portal, fields[name]) for name in _WRITABLE_TIMES if name in fields}
    row |= {name: str(fields[name]) for name in _WRITABLE_TEXTS if fields.get(name) is not None}
    for name in _WRITABLE_LISTS:
        if name in fields:
            given = fields[name]
            row[name] = (
                list(given.values()) if isinstance(given, Mapping) else given if isinstance(given, list) else [given]
            )
    if whole(fields.get("STATUS")) in (WAITING, RUNNING, CONTROL, DONE, DEFERRED):
        row["STATUS"] = whole(fields["STATUS"])
    return row


def _check_people(portal: FakePortal, row: Row) -> None:
    if "RESPONSIBLE_ID" in row and row["RESPONSIBLE_ID"] not in portal.store["user"].rows:
        raise Fault("ERROR_CORE", "Пользователь, указанный в поле «Исполнитель», не найден.<br>")


def _known(call: Call) -> int:
    task_id = whole(call.param("taskId", "id"))
    if not task_id:
        raise Fault(100, "Could not find value for parameter {taskId}")
    if task_id not in call.portal.store["task"].rows:
        raise Fault("ERROR_CORE", "Задача не найдена или доступ запрещён")
    return task_id


def _change(call: Call, task_id: int, changes: Row) -> None:
    moment = moments.now(call.portal)
    marks: Row = {"CHANGED_DATE": moment, "CHANGED_BY": call.user_id}
    if "STATUS" in changes:
        marks["STATUS_CHANGED_DATE"] = moment
        marks["CLOSED_DATE"] = moment if changes["STATUS"] == DONE else None
        marks["CLOSED_BY"] = call.user_id if changes["STATUS"] == DONE else None
    call.portal.store["task"].change(task_id, {**changes, **marks})


def _is_overdue(row: Row, moment: str) -> bool:
    return bool(row.get("DEADLINE")) and row["DEADLINE"] < moment and row.get("STATUS", WAITING) not in (DONE, CONTROL)


def _register_move(name: str, sources: tuple[int, ...], target: int) -> None:
    @method(f"tasks.task.{name}", scope="task")
    def move(call: Call) -> Answer:
        task_id = _known(call)
        if call.portal.store["task"].rows[task_id].get("STATUS", WAITING) not in sources:
            raise Fault("ERROR_CORE", "Действие над задачей не разрешено")
        started: Row = {"DATE_START": moments.now(call.portal)} if target == RUNNING else {}
        _change(call, task_id, {"STATUS": target, **started})
        return Answer({"task": shown(call.portal, task_id)})


for _name, (_sources, _target) in _MOVES.items():
    _register_move(_name, _sources, _target)
