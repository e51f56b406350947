"""calendar.accessibility.get: when employees are busy or away. Events are planted by tests and by the company's story.

A row holds OWNER_ID, NAME, DATE_FROM and DATE_TO (ISO dates, or UTC moments for events with a time), ACCESSIBILITY.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from b24kit.sandbox.bitrix24.arguments import listed
from b24kit.sandbox.bitrix24.registry import Answer, Call, Fault, method
from b24kit.sandbox.bitrix24.values import offset_of, whole, zone
from b24kit.sandbox.store import Row


@method("calendar.accessibility.get", scope="calendar")
def accessibility(call: Call) -> Answer:
    """Events by user id; every user asked for has a list, and a day or parameter that is missing is refused."""
    for name in ("from", "to", "users"):
        if not call.param(name):
            raise Fault("", f'The required parameter "{name}" for the method "calendar.accessibility.get" is not set')
    first, last = (date.fromisoformat(str(call.param(name))[:10]) for name in ("from", "to"))
    local = zone(offset_of(call.portal))
    found: dict[str, list[dict[str, Any]]] = {str(whole(user)): [] for user in listed(call.param("users"))}
    for number, row in call.portal.store["calendar_event"]:
        begun, ended = _moment(row["DATE_FROM"], local), _moment(row["DATE_TO"], local)
        rows = found.get(str(row["OWNER_ID"]))
        if rows is not None and begun.date() <= last and first <= ended.date():
            rows.append(_shown(number, row, begun, ended))
    return Answer(found)


def _shown(number: int, row: Row, begun: datetime, ended: datetime) -> dict[str, Any]:
    shift = int((begun.utcoffset() or timedelta()).total_seconds())
    return {
        "ID": str(number),
        "NAME": row.get("NAME", ""),
        "DATE_FROM": begun.strftime("%d.%m.%Y %H:%M:%S"),
        "DATE_TO": ended.strftime("%d.%m.%Y %H:%M:%S"),
        "DATE_FROM_TS_UTC": str(int(begun.timestamp())),
        "DATE_TO_TS_UTC": str(int(ended.timestamp())),
        "~USER_OFFSET_FROM": shift,
        "~USER_OFFSET_TO": shift,
        "DT_SKIP_TIME": "Y" if len(row["DATE_FROM"]) == len("2026-01-12") else "N",
        "ACCESSIBILITY": row.get("ACCESSIBILITY", "busy"),
        "IMPORTANCE": "normal",
    }


def _moment(stored: str, local: Any) -> datetime:
    if len(stored) == len("2026-01-12"):
        return datetime.combine(date.fromisoformat(stored), time(), local)
    at = datetime.fromisoformat(stored)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(local)
