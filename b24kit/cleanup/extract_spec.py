"""The `clean: extract:` section of a playbook: which contacts and companies are active, asleep or lost.

Segments are tried from the top, the first whose every condition holds takes the card; a name may stand twice, which
reads as "or". Descriptions are in Russian: they become the hints of an editor.
"""

from __future__ import annotations

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from b24kit.owners.section import Section, Text

ACTIVE, UNANSWERED, SLEEPING, LOST = "Активные", "Без ответа", "Спящие", "Потерянные"
LONGEST_NAME = 31  # the name of a sheet; Excel takes no more


class SegmentSpec(Section):
    """One segment: its name and what must hold. Conditions that are not given do not narrow."""

    name: Text = Field(max_length=LONGEST_NAME, description="Название сегмента: лист книги и значение поля")
    active_within: int | None = Field(default=None, ge=0, description="Последнее событие не раньше стольких дней")
    quiet_for: int | None = Field(default=None, ge=1, description="Последнее событие раньше, чем столько дней назад")
    running_deals: int | None = Field(default=None, ge=1, description="Открытых сделок не меньше")
    won_deals: int | None = Field(default=None, ge=1, description="Выигранных сделок не меньше")
    letters: int | None = Field(default=None, ge=1, description="Писем от клиента не меньше")
    answered: bool | None = Field(
        default=None, description="false: писал, а ему ни разу не ответили; true: ему отвечали"
    )


def _usual() -> tuple[SegmentSpec, ...]:
    return (
        SegmentSpec(name=ACTIVE, running_deals=1),
        SegmentSpec(name=UNANSWERED, letters=1, answered=False, active_within=365),
        SegmentSpec(name=ACTIVE, active_within=90),
        SegmentSpec(name=SLEEPING, active_within=365),
        SegmentSpec(name=LOST),
    )


class ExtractSpec(Section):
    """Lists of contacts and companies by what really happened with them."""

    segments: tuple[SegmentSpec, ...] = Field(
        default_factory=_usual,
        min_length=1,
        description="Сегменты по порядку, первый подходящий забирает карточку. Пусто: активные (открытая сделка или "
        "событие за 90 дней), без ответа, спящие (за год), потерянные",
    )
    field: Text | None = Field(
        default=None,
        pattern=r"^UF_CRM_[A-Z0-9_]{1,43}$",
        description="Поле контактов и компаний для названия сегмента (UF_CRM_...); его пишет plan --mode extract",
    )
    create_field: bool = Field(
        default=True, description="true: создать поле, если его значения нет ни в одной карточке; false: поле уже есть"
    )

    @model_validator(mode="after")
    def _what_is_first_leaves_something(self) -> ExtractSpec:
        """A segment without conditions takes everything, so nothing may stand below it."""
        for segment in self.segments[:-1]:
            if not segment.model_dump(exclude={"name"}, exclude_none=True):
                raise PydanticCustomError("segment_order", "{name} takes everything", {"name": segment.name})
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The segments' names in their order, each once."""
        return tuple(dict.fromkeys(segment.name for segment in self.segments))
