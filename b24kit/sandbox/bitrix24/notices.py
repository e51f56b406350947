"""Notifications to employees: im.notify.system.add, im.notify.personal.add, im.notify, and reading them back.

The same TAG replaces the previous notification of that employee; from a webhook a TAG needs CLIENT_ID.
"""

from __future__ import annotations

import json
from typing import Any

from b24kit.sandbox.bitrix24 import moments
from b24kit.sandbox.bitrix24.registry import Answer, Call, Fault, method
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row

_LONGEST_ATTACH = 60_000
_SYSTEM, _USER = 4, 2  # notify_type of im.notify.get


@method("im.notify.system.add", scope="im")
def system_add(call: Call) -> Answer:
    """im.notify.system.add: a notice without an author; gives its id."""
    return Answer(_notify(call, "SYSTEM"))


@method("im.notify.personal.add", scope="im")
def personal_add(call: Call) -> Answer:
    """im.notify.personal.add: a notice from the caller."""
    return Answer(_notify(call, "USER"))


@method("im.notify", scope="im")
def notify(call: Call) -> Answer:
    """im.notify: TYPE is USER unless told SYSTEM."""
    kind = str(call.param("TYPE", default="") or "USER").upper()
    return Answer(_notify(call, "SYSTEM" if kind == "SYSTEM" else "USER"))


@method("im.notify.delete", scope="im")
def notify_delete(call: Call) -> Answer:
    """im.notify.delete: by ID, TAG or SUB_TAG."""
    table = call.portal.store["notification"]
    notice_id, tag, sub_tag = whole(call.param("ID")), _tag(call, "TAG"), _tag(call, "SUB_TAG")
    if not notice_id and not tag and not sub_tag:
        raise Fault("PARAMS_ERROR", "Incorrect params")
    by_id = [notice_id] if notice_id in table.rows else []
    by_sub_tag = [i for i, row in table if sub_tag and row.get("SUB_TAG") == sub_tag]
    for found in {*by_id, *(table.find("TAG", tag) if tag else ()), *by_sub_tag}:
        table.remove(found)
    return Answer(True)


@method("im.notify.read", scope="im")
def notify_read(call: Call) -> Answer:
    """im.notify.read: this notice and all before it (unless ONLY_CURRENT=Y) become read, or unread with ACTION=N."""
    last = whole(call.param("ID"))
    only = str(call.param("ONLY_CURRENT", default="N")).upper() == "Y"
    table = call.portal.store["notification"]
    mark = {"READ": "N" if str(call.param("ACTION", default="Y")).upper() == "N" else "Y"}
    for notice_id, row in table:
        if row["USER_ID"] == call.user_id and (notice_id == last or (not only and notice_id < last)):
            table.change(notice_id, mark)
    return Answer(True)


@method("im.notify.get", scope="im")
def notify_get(call: Call) -> Answer:
    """im.notify.get: the caller's own notices, newest first."""
    table = call.portal.store["notification"]
    last, limit = whole(call.param("LAST_ID")), whole(call.param("LIMIT", default=50))
    own = [i for i, row in table if row["USER_ID"] == call.user_id]
    page = [i for i in reversed(own) if not last or i < last][: min(max(limit, 1), 50)]
    unread = sum(table.rows[i].get("READ", "N") == "N" for i in own)
    shown = [_shown(call, i, table.rows[i]) for i in page]
    counts = {"total_count": len(own), "total_unread_count": unread, "chat_id": call.user_id}
    return Answer({**counts, "notifications": shown, "users": []})


def _notify(call: Call, kind: str) -> int:
    user_id, message = whole(call.param("USER_ID", "TO")), str(call.param("MESSAGE", default="") or "")
    if user_id < 1:
        raise Fault("USER_ID_EMPTY", "User ID can't be empty")
    if not message:
        raise Fault("MESSAGE_EMPTY", "Message can't be empty")
    _check_attach(call.param("ATTACH"))
    tag, sub_tag = _tag(call, "TAG"), _tag(call, "SUB_TAG")
    if (tag or sub_tag) and not call.application and not call.param("CLIENT_ID"):
        raise Fault("WRONG_AUTH_TYPE", "Tags by a webhook need CLIENT_ID", 403)
    table = call.portal.store["notification"]
    for previous in table.find("TAG", tag) if tag else ():
        if table.rows[previous]["USER_ID"] == user_id:
            table.remove(previous)
    row: Row = {"USER_ID": user_id, "MESSAGE": message, "TAG": tag, "SUB_TAG": sub_tag, "TYPE": kind, "READ": "N"}
    row |= {"AUTHOR_ID": 0 if kind == "SYSTEM" else call.user_id, "DATE_CREATE": moments.now(call.portal)}
    return table.add(row)


def _check_attach(attach: Any) -> None:
    if attach in (None, "", [], {}):
        return
    if not isinstance(attach, (dict, list)):
        raise Fault("ATTACH_ERROR", "Incorrect attach params")
    if len(json.dumps(attach, ensure_ascii=False)) > _LONGEST_ATTACH:
        raise Fault("ATTACH_OVERSIZE", "You have exceeded the maximum allowable size of attach")


def _tag(call: Call, name: str) -> str:
    """A tag as it is stored: it belongs to one client, so two integrations never replace each other's notices."""
    tag = str(call.param(name, default="") or "")
    client = str(call.param("CLIENT_ID", default="") or "")
    return f"MP|{client}|{tag}" if tag and client else tag


def _shown(call: Call, notice_id: int, row: Row) -> Row:
    return {
        "id": notice_id,
        "chat_id": row["USER_ID"],
        "author_id": row.get("AUTHOR_ID", 0),
        "date": moments.shown(call.portal, row["DATE_CREATE"]),
        "notify_type": _SYSTEM if row["TYPE"] == "SYSTEM" else _USER,
        "notify_module": "rest",
        "notify_event": "rest_notify",
        "notify_tag": row["TAG"],
        "notify_sub_tag": row.get("SUB_TAG", ""),
        "notify_title": "",
        "setting_name": "rest|rest_notify",
        "text": row["MESSAGE"],
        "notify_read": row.get("READ", "N"),
        "params": None,
    }
