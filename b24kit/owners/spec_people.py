"""The `people:` section of a playbook: when people work, who is away and who stands in, how much each one takes.

Descriptions of the fields are in Russian: they become the hints of an editor through the exported JSON Schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from b24kit.owners.spec import Names, Section, Text

Holidays = Literal["rest", "work"]
Spans = tuple[tuple[int, int], ...]

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RUSSIAN = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
_HOURS = re.compile(r"([01]?\d|2[0-4])[:.]([0-5]\d)\s*[-–—]\s*([01]?\d|2[0-4])[:.]([0-5]\d)")
_REST = (None, False, "off", "выходной", "-")
_FULL = 1440
_LONGEST_ROTA = 366
_MAX_WEIGHT = 100


def read_hours(value: Any) -> Spans:
    """Minutes from midnight of `09:00-18:00`, of several such stretches, or nothing for a day off.

    >>> read_hours("09:00-18:00"), read_hours("20:00-08:00"), read_hours("off")
    (((540, 1080),), ((1200, 1920),), ())
    """
    if isinstance(value, list | tuple):
        if all(isinstance(one, list | tuple) and len(one) == 2 for one in value):
            return tuple((int(begun), int(ended)) for begun, ended in value)
        return _apart(tuple(span for one in value for span in read_hours(one)), value)
    if value in _REST:
        return ()
    found = [_HOURS.fullmatch(part.strip()) for part in str(value).split(",")]
    spans: list[tuple[int, int]] = []
    for one in found:
        if one is None:
            raise PydanticCustomError("hours", "not working hours: {value}", {"value": str(value)})
        begun, ended = int(one[1]) * 60 + int(one[2]), int(one[3]) * 60 + int(one[4])
        if begun >= _FULL or ended > _FULL:
            raise PydanticCustomError("hours", "not working hours: {value}", {"value": str(value)})
        spans.append((begun, ended if ended > begun else ended + _FULL))
    return _apart(tuple(spans), value)


def _apart(spans: Spans, value: Any) -> Spans:
    ordered = tuple(sorted(spans))
    overlap = any(one[1] > following[0] for one, following in pairwise(ordered))
    if overlap or (ordered and ordered[-1][1] - ordered[0][0] > _FULL):
        raise PydanticCustomError("hours_overlap", "hours overlap: {value}", {"value": str(value)})
    return ordered


def written_hours(spans: Spans) -> str:
    """Working hours back as people write them."""
    if not spans:
        return "off"
    return ", ".join(f"{a // 60:02}:{a % 60:02}-{b % _FULL // 60:02}:{b % 60:02}" for a, b in spans)


def read_days(text: str) -> tuple[int, ...]:
    """Numbers of weekdays, Monday is 0: `mon-fri`, `sat, sun`, `пн-чт`."""
    found: list[int] = []
    for part in text.lower().replace(" ", "").split(","):
        ends = [_weekday(word, text) for word in re.split("[-–—]", part)]
        if len(ends) > 2:
            raise PydanticCustomError("weekdays", "not days of the week: {value}", {"value": text})
        found += range(ends[0], ends[-1] + 1) if ends[0] <= ends[-1] else [*range(ends[0], 7), *range(ends[-1] + 1)]
    return tuple(dict.fromkeys(found))


def _weekday(word: str, text: str) -> int:
    for names in (_WEEK, _RUSSIAN):
        if word in names:
            return names.index(word)
    raise PydanticCustomError("weekdays", "not days of the week: {value}", {"value": text})


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise PydanticCustomError("time_zone", "no such time zone: {value}", {"value": name}) from error
    return name


def _week(value: Any) -> Any:
    """Plain hours are those of a five-day week."""
    return {"mon-fri": value} if isinstance(value, str | list) else value


def _worked(week: Mapping[str, Spans]) -> Mapping[str, Spans]:
    days = [day for key in week for day in read_days(key)]
    if len(days) != len(set(days)):
        raise PydanticCustomError("weekdays_twice", "a day of the week is given twice", {})
    if not any(week.values()):
        raise PydanticCustomError("no_hours", "no working hours at all", {})
    return week


_HOURS_SCHEMA = {
    "anyOf": [{"type": ["string", "boolean", "null"]}, {"type": "array", "items": {"type": "string"}}],
    "examples": ["09:00-18:00", ["09:00-13:00", "14:00-18:00"], "off"],
}
Hours = Annotated[
    tuple[tuple[int, int], ...],
    BeforeValidator(read_hours),
    PlainSerializer(written_hours, return_type=str),
    WithJsonSchema(_HOURS_SCHEMA),
]
Zone = Annotated[Text, AfterValidator(_zone)]
WeekHours = Annotated[
    Mapping[str, Hours],
    BeforeValidator(_week),
    AfterValidator(_worked),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array"}, {"type": "object"}]}),
]
_USUAL: dict[str, Spans] = {"mon-fri": ((540, 1080),)}


class RotaSpec(Section):
    """Shifts that repeat: two days on, two off, nights."""

    start: date = Field(description="Первый день круга: любой день, с которого он начинался")
    hours: tuple[Hours, ...] = Field(
        min_length=1, max_length=_LONGEST_ROTA, description="Часы каждого дня круга по порядку; выходной: off"
    )

    @model_validator(mode="after")
    def _somebody_works(self) -> RotaSpec:
        if not any(self.hours):
            raise PydanticCustomError("no_hours", "no working hours at all", {})
        return self


class ScheduleSpec(Section):
    """The hours of some people or teams that differ from the company's."""

    people: Names = Field(default=(), description="Кто: номер, e-mail, имя или должность")
    teams: Names = Field(default=(), description="Отделы: номер или название")
    week: WeekHours | None = Field(default=None, description="Часы по дням недели: mon-thu: 09:00-18:00")
    rota: RotaSpec | None = Field(default=None, description="Сменный график вместо недели")
    zone: Zone | None = Field(default=None, description="Часовой пояс: Asia/Yekaterinburg; пусто: как у компании")
    holidays: Holidays | None = Field(
        default=None,
        description="rest: отдыхают по праздникам, work: работают; у смен без указания work",
    )

    @model_validator(mode="after")
    def _one_schedule_of_somebody(self) -> ScheduleSpec:
        if not self.people and not self.teams:
            raise PydanticCustomError("schedule_of_nobody", "name people or teams", {})
        if self.week is not None and self.rota is not None:
            raise PydanticCustomError("week_or_rota", "give either a week or a rota", {})
        return self


class AbsenceSpec(Section):
    """Somebody is away; both days are included."""

    who: Text = Field(description="Кто: номер, e-mail, имя или должность")
    since: date = Field(description="С какого дня")
    until: date | None = Field(default=None, description="По какой день включительно; пусто: бессрочно")
    deputy: Text | None = Field(default=None, description="Кто замещает; пусто: заместитель из deputies")

    @model_validator(mode="after")
    def _not_backwards(self) -> AbsenceSpec:
        if self.until is not None and self.until < self.since:
            raise PydanticCustomError("absence_backwards", "ends before it begins", {})
        return self


class DeputySpec(Section):
    """Who stands in for somebody whenever he is away or no longer works here."""

    who: Text = Field(description="Кого замещают")
    deputy: Text = Field(description="Кто замещает")


class ShareSpec(Section):
    """How much one person takes when leads are dealt out in turn."""

    who: Text = Field(description="Кто: номер, e-mail, имя или должность")
    weight: int = Field(default=1, ge=0, le=_MAX_WEIGHT, description="Во сколько раз больше других; 0: не раздавать")
    cap: int | None = Field(default=None, ge=0, description="Не больше стольких открытых карточек сразу")


class PeopleSpec(Section):
    """People and their time; everything a portal does not tell."""

    zone: Zone | None = Field(default=None, description="Часовой пояс компании; пусто: как на портале")
    week: WeekHours = Field(default=_USUAL, description="Рабочие часы компании: 09:00-18:00 или по дням недели")
    holidays: Holidays = Field(default="rest", description="rest: отдыхаем по производственному календарю России")
    days_off: tuple[date, ...] = Field(default=(), description="Свои нерабочие дни сверх календаря")
    working_days: tuple[date, ...] = Field(default=(), description="Свои рабочие дни вопреки календарю")
    short_days: tuple[date, ...] = Field(default=(), description="Свои дни короче на час")
    schedules: tuple[ScheduleSpec, ...] = Field(default=(), description="У кого часы другие; верхняя строка важнее")
    absences: tuple[AbsenceSpec, ...] = Field(default=(), description="Отпуска и болезни")
    deputies: tuple[DeputySpec, ...] = Field(default=(), description="Кто кого замещает")
    cap: int | None = Field(default=None, ge=1, description="Не больше стольких открытых карточек на одного человека")
    shares: tuple[ShareSpec, ...] = Field(default=(), description="У кого доля или предел другие")
    phones: Mapping[Text, Text] = Field(
        default_factory=dict, description="Какой телефон сотрудника давать клиентам: Иванова: +7 495 000-00-00"
    )

    @model_validator(mode="after")
    def _a_day_is_one_thing(self) -> PeopleSpec:
        seen: set[date] = set()
        for day in (*self.days_off, *self.working_days, *self.short_days):
            if day in seen:
                raise PydanticCustomError("day_twice", "{day} is listed twice", {"day": day.isoformat()})
            seen.add(day)
        return self
