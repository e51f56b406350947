"""A small staff for tests of rules: three people in Moscow, one in Yekaterinburg, one in Vladivostok, a head."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from b24kit.crm.refs import Ref
from b24kit.owners.worktime import Day, Week, Worktime

MOSCOW = ZoneInfo("Europe/Moscow")
OFFICE: Day = ((9 * 60, 18 * 60),)
WEEK = Week((OFFICE, OFFICE, OFFICE, OFFICE, OFFICE, (), ()))
ZONES = {"5": "Europe/Moscow", "6": "Europe/Moscow", "7": "Asia/Yekaterinburg", "8": "Asia/Vladivostok"}
NAMES = {"1": "Ольга Главная", "5": "Анна Ким", "6": "Борис Ли", "7": "Вера Цой", "8": "Глеб Пак"}
TRAINEES = ("7", "8")
HOURS = {user: Worktime(WEEK, ZoneInfo(zone)) for user, zone in ZONES.items()}
COMPANY = Worktime(WEEK, MOSCOW)


@dataclass(frozen=True)
class Staff:
    """`away`: from and until which day a user is absent, both included."""

    away: Mapping[str, tuple[date, date]] = field(default_factory=dict)

    def hours(self, user: str | None) -> Worktime:
        return HOURS.get(user or "", COMPANY)

    def head(self, user: str | None) -> str | None:
        return "1"

    def successor(self, card: Ref, pool: str | None, without: Collection[str], at: datetime) -> str | None:
        team = TRAINEES if pool == "Стажёры" else ("5", "6")
        return next((user for user in team if user not in without and not self._away(user, at)), None)

    def named(self, who: str) -> str | None:
        return next((user for user, name in NAMES.items() if who in (user, name)), None)

    def name(self, user: str | None) -> str:
        return NAMES.get(user or "", "")

    def phone(self, user: str | None) -> str:
        return "+7 495 000-00-00" if user else ""

    def _away(self, user: str, at: datetime) -> bool:
        since, until = self.away.get(user, (date.max, date.max))
        return since <= at.astimezone(MOSCOW).date() <= until


def at(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    """A moment of 2026 as `09.02 10:15`, Moscow time, in UTC."""
    return datetime.strptime(f"{text} 2026", "%d.%m %H:%M %Y").replace(tzinfo=zone).astimezone(UTC)


def shown(moment: datetime) -> str:
    """A moment back as `09.02 10:15`, Moscow time."""
    return moment.astimezone(MOSCOW).strftime("%d.%m %H:%M")
