"""Who is away by the portal's calendar (calendar.accessibility.get): the absence chart and events marked "absent".

Only whole days count: an hour at the dentist's is no reason to hand cards over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from b24kit.connectors.bitrix24.asking import answers
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.methods import PAGE_SIZE
from b24kit.connectors.bitrix24.wirevalues import Row, number, rows_of, text, yes
from b24kit.connectors.commands import Command
from b24kit.crm.absence import Absence
from b24kit.errors import NotAllowed

_DAY = timedelta(days=1)
_LAST_MINUTE = time(23, 59)
_RUSSIAN_DATE = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})")
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def absences(client: RestClient, users: Iterable[str], first: date, last: date) -> list[Absence]:
    """Absences that touch these days; none where this access lacks the scope `calendar`."""
    wanted = list(dict.fromkeys(users))
    groups = [wanted[at : at + PAGE_SIZE] for at in range(0, len(wanted), PAGE_SIZE)]
    period = {"from": first.isoformat(), "to": last.isoformat()}
    commands = [
        Command(f"a{place:04d}", "calendar.accessibility.get", {"users": [int(one) for one in group], **period})
        for place, group in enumerate(groups)
    ]
    try:
        told = answers(client, commands)
    except NotAllowed:
        return []
    found = (one for command in commands for one in _of(told[command.key]))
    return sorted(set(found), key=lambda one: (int(one.user), one.first, one.last))


def _of(result: Any) -> Iterable[Absence]:
    """An empty answer is a list, as everywhere where the vendor's maps are empty."""
    for user, rows in result.items() if isinstance(result, Mapping) else ():
        for row in rows_of(rows):
            days = _days(row) if text(row.get("ACCESSIBILITY")) == "absent" else None
            if days is not None:
                yield Absence(str(user), *days)


def _days(row: Row) -> tuple[date, date] | None:
    """The whole days of an event, None when it fills not one."""
    if yes(row.get("DT_SKIP_TIME")):
        first, last = _day(row, "FROM"), _day(row, "TO")
        return (first, last) if first and last and first <= last else None
    begun, ended = _moment(row, "FROM"), _moment(row, "TO")
    if begun is None or ended is None:
        return None
    first = begun.date() if begun == _midnight(begun) else begun.date() + _DAY
    last = ended.date() - _DAY if ended.time() < _LAST_MINUTE else ended.date()
    return (first, last) if first <= last else None


def _day(row: Row, side: str) -> date | None:
    """The date as the portal writes it; a portal with another way of writing dates tells it in seconds as well."""
    told = text(row.get(f"DATE_{side}"))
    if found := _RUSSIAN_DATE.match(told):
        return date(int(found[3]), int(found[2]), int(found[1]))
    if found := _ISO_DATE.match(told):
        return date(int(found[1]), int(found[2]), int(found[3]))
    at = _moment(row, side)
    return at.date() if at else None


def _moment(row: Row, side: str) -> datetime | None:
    """The moment on the user's own clock."""
    seconds = number(row.get(f"DATE_{side}_TS_UTC"))
    if not seconds:
        return None
    return datetime.fromtimestamp(seconds + number(row.get(f"~USER_OFFSET_{side}")), UTC)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
