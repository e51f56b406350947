"""Employees and departments of a fake portal: user.*, department.*, and who may administer it.

A user row holds classic names with native values: ACTIVE and ADMIN are "Y"/"N", UF_DEPARTMENT is a list of ints.
"""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.bitrix24 import moments, tablelist
from b24kit.sandbox.bitrix24.conditions import Field
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.values import flag, whole
from b24kit.sandbox.store import Row

_TEXT_COLUMNS = """
NAME LAST_NAME SECOND_NAME TITLE EMAIL TIME_ZONE PERSONAL_GENDER PERSONAL_PROFESSION PERSONAL_WWW PERSONAL_PHONE
PERSONAL_FAX PERSONAL_MOBILE PERSONAL_STREET PERSONAL_CITY PERSONAL_STATE PERSONAL_ZIP PERSONAL_COUNTRY
PERSONAL_NOTES WORK_COMPANY WORK_POSITION WORK_PHONE WORK_FAX WORK_DEPARTMENT WORK_WWW WORK_STREET WORK_CITY
WORK_STATE WORK_ZIP WORK_COUNTRY WORK_PROFILE WORK_NOTES UF_SKYPE UF_INTERESTS UF_SKILLS UF_WEB_SITES
UF_DISTRICT UF_PHONE_INNER UF_FACEBOOK UF_TWITTER UF_LINKEDIN UF_XING USER_TYPE
"""
_TEXT = _TEXT_COLUMNS.split()
_TIMES = ["LAST_LOGIN", "DATE_REGISTER", "PERSONAL_BIRTHDAY", "UF_EMPLOYMENT_DATE"]
_KINDS = {
    **dict.fromkeys(_TEXT, "string"),
    **dict.fromkeys(_TIMES, "datetime"),
    "ID": "integer",
    "ACTIVE": "char",
    "UF_DEPARTMENT": "integer",
    "IS_ONLINE": "string",
}
_FIELDS = tablelist.fields_of(_KINDS, {"ACTIVE": "Y", "USER_TYPE": "employee", "IS_ONLINE": "N"})
_SHOWN_COLUMNS = """
NAME LAST_NAME SECOND_NAME EMAIL TIME_ZONE PERSONAL_GENDER PERSONAL_WWW PERSONAL_MOBILE PERSONAL_CITY WORK_PHONE
WORK_POSITION UF_PHONE_INNER
"""
_SHOWN = _SHOWN_COLUMNS.split()
_CONTACT_DATA = {"EMAIL", "PERSONAL_MOBILE", "PERSONAL_WWW", "WORK_PHONE", "UF_PHONE_INNER"}
_SEARCHED = ("NAME", "LAST_NAME", "SECOND_NAME", "EMAIL", "WORK_POSITION")
_NOT_A_FILTER = {"filter", "sort", "order", "select", "start", "admin_mode", "image_resize", "auth", "bx24_request_id"}


def is_admin(portal: FakePortal, user_id: int) -> bool:
    """Whether this employee administers the portal (and so may change CRM settings)."""
    row = portal.store["user"].get(user_id)
    return row is not None and row.get("ADMIN") == "Y"


def is_active(portal: FakePortal, user_id: int) -> bool:
    """Whether this employee exists and was not dismissed."""
    row = portal.store["user"].get(user_id)
    return row is not None and row.get("ACTIVE", "Y") == "Y"


def full_name(portal: FakePortal, user_id: int) -> str:
    """Name and surname as task and comment answers print them; empty for nobody."""
    row = portal.store["user"].get(user_id) or {}
    return " ".join(part for part in (row.get("NAME"), row.get("LAST_NAME")) if part)


@method("user.get", scope="user")
def user_get(call: Call) -> Answer:
    """user.get: employees by FILTER (or by top-level fields, as older clients send them), 50 a page, with total."""
    wanted = dict(call.param("FILTER", default=None) or {})
    wanted.update({k: v for k, v in call.params.items() if str(k).lower() not in _NOT_A_FILTER})
    return _user_page(call, wanted, find="")


@method("user.search", scope="user")
def user_search(call: Call) -> Answer:
    """user.search: FIND looks into names, e-mail and position, and finds the deactivated as well."""
    wanted = dict(call.param("FILTER", default=None) or {})
    wanted.update({k: v for k, v in call.params.items() if str(k).lower() not in _NOT_A_FILTER})
    find = str(next((wanted.pop(k) for k in list(wanted) if k.upper() == "FIND"), ""))
    department = next((wanted.pop(k) for k in list(wanted) if k.upper() == "UF_DEPARTMENT_NAME"), None)
    if department:
        wanted["@UF_DEPARTMENT"] = [
            i for i, row in call.portal.store["department"] if row.get("NAME") == department
        ] or [0]
    # Names in user.search are compared by their beginning, unlike user.get.
    named = {f"%{k}" if k.upper() in _SEARCHED else k: v for k, v in wanted.items()}
    return _user_page(call, named, find)


@method("user.current", scope="user")
def user_current(call: Call) -> Answer:
    """user.current: the webhook's own employee; LAST_ACTIVITY_DATE is not ISO here, as on a real portal."""
    row = call.portal.store["user"].get(call.user_id)
    if row is None:
        raise Fault("", "User not found")
    shown = _user(call, call.user_id, row)
    shown["LAST_ACTIVITY_DATE"] = moments.shown(call.portal, moments.now(call.portal))[:19].replace("T", " ")
    shown["TIMESTAMP_X"] = shown["LAST_ACTIVITY_DATE"]
    return Answer(shown)


@method("user.fields", scope="user")
def user_fields(_: Call) -> Answer:
    """user.fields: code -> title, both strings."""
    return Answer({code: code.replace("_", " ").capitalize() for code in _KINDS})


@method("user.add", scope="user", admin=True)
def user_add(call: Call) -> Answer:
    """user.add: invite an employee; EMAIL and a department (unless EXTRANET=Y) are wanted; the id is an int."""
    fields = {str(k).upper(): v for k, v in call.params.items()}
    email = str(fields.get("EMAIL") or "").strip()
    if "@" not in email:
        raise Fault("ERROR_CORE", "Wrong email")
    if any(str(row.get("EMAIL", "")).casefold() == email.casefold() for _, row in call.portal.store["user"]):
        raise Fault("ERROR_CORE", "User already exists")
    if str(fields.get("EXTRANET", "N")).upper() != "Y" and not fields.get("UF_DEPARTMENT"):
        raise Fault("ERROR_CORE", "UF_DEPARTMENT is required")
    row = _user_changes(call, fields)
    row |= {"ACTIVE": "Y", "ADMIN": "N", "USER_TYPE": "employee", "DATE_REGISTER": moments.now(call.portal)}
    return Answer(call.portal.store["user"].add(row))


@method("user.update", scope="user", admin=True)
def user_update(call: Call) -> Answer:
    """user.update: named fields only; ACTIVE=false dismisses."""
    user_id = whole(call.param("ID"))
    if user_id not in call.portal.store["user"].rows:
        raise Fault("ERROR_CORE", "User not found")
    call.portal.store["user"].change(user_id, _user_changes(call, {str(k).upper(): v for k, v in call.params.items()}))
    return Answer(True)


@method("user.admin", scope=None)
def user_admin(call: Call) -> Answer:
    """user.admin: whether the caller administers the portal."""
    return Answer(is_admin(call.portal, call.user_id))


@method("profile", scope=None)
def profile(call: Call) -> Answer:
    """profile: the cheapest proof that the webhook works; open to every token."""
    row = call.portal.store["user"].get(call.user_id) or {}
    return Answer(
        {
            "ID": str(call.user_id),
            "ADMIN": is_admin(call.portal, call.user_id),
            "NAME": row.get("NAME", ""),
            "LAST_NAME": row.get("LAST_NAME", ""),
            "PERSONAL_GENDER": row.get("PERSONAL_GENDER", ""),
            "TIME_ZONE": row.get("TIME_ZONE", ""),
            "TIME_ZONE_OFFSET": 0,
        }
    )


def _user_page(call: Call, wanted: dict[str, Any], find: str) -> Answer:
    table = call.portal.store["user"]
    wanted = {key: flag(value) if key.upper().endswith("ACTIVE") else value for key, value in wanted.items()}
    fields = dict(_FIELDS)
    if find:
        found = {i for i, row in table if _mentions(row, find)}
        fields["FOUND"], wanted["FOUND"] = Field("FOUND", "integer", pool=lambda _: found), 1
    column, way = str(call.param("sort", default="ID") or "ID"), str(call.param("order", default="ASC"))
    return tablelist.page(
        call, "user", fields, lambda i: _user(call, i, table.rows[i]), wanted=wanted, order={column: way}
    )


def _mentions(row: Row, find: str) -> bool:
    text = " ".join(str(row.get(column, "")) for column in _SEARCHED).casefold()
    return all(word in text for word in find.casefold().split())


def _user(call: Call, user_id: int, row: Row) -> dict[str, Any]:
    portal = call.portal
    brief = "user" not in call.scopes and "user_basic" not in call.scopes and "user_brief" in call.scopes
    shown: dict[str, Any] = {"ID": str(user_id), "ACTIVE": row.get("ACTIVE", "Y") == "Y"}
    shown |= {column: row.get(column, "") for column in _SHOWN if not (brief and column in _CONTACT_DATA)}
    shown |= {column: moments.shown(portal, row.get(column)) for column in _TIMES}
    shown |= {"IS_ONLINE": row.get("IS_ONLINE", "N"), "TIMESTAMP_X": {}, "LAST_ACTIVITY_DATE": {}}
    shown |= {"UF_DEPARTMENT": row.get("UF_DEPARTMENT", []), "USER_TYPE": row.get("USER_TYPE", "employee")}
    return shown


def _user_changes(call: Call, fields: dict[str, Any]) -> Row:
    changes: Row = {column: str(fields[column]) for column in _TEXT if fields.get(column) is not None}
    if "ACTIVE" in fields:
        changes["ACTIVE"] = flag(fields["ACTIVE"])
    if "UF_DEPARTMENT" in fields:
        given = fields["UF_DEPARTMENT"]
        changes["UF_DEPARTMENT"] = [whole(one) for one in (given if isinstance(given, list) else [given])]
    for column in ("PERSONAL_BIRTHDAY", "UF_EMPLOYMENT_DATE"):
        if column in fields:
            changes[column] = moments.read(call.portal, fields[column])
    return changes
