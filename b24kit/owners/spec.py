"""The `owners:` section of a playbook: which seminar, source or client is whose, and who gets the rest.

Descriptions of the fields are in Russian: they become the hints of an editor through the exported JSON Schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from b24kit.owners.section import Names, Section, Text


class SignsSpec(Section):
    """Where else than in a subject an event of ours shows itself."""

    fields: Mapping[Text, Names] = Field(
        default_factory=dict, description="Поле карточки и его значения: UF_CRM_EVENT: Охрана труда"
    )
    forms: Names = Field(default=(), description="Формы: номер или название")
    utm: Names = Field(default=(), description="Метки UTM, любой из пяти: ot-2026")
    lines: Names = Field(default=(), description="Номера телефонов, на которые звонят об этом мероприятии")
    mailboxes: Names = Field(default=(), description="Наши адреса, на которые о нём пишут")


class SeminarSpec(Section):
    """An event of ours (a seminar, a course, an exhibition) and who leads it."""

    name: Text = Field(description="Название мероприятия, как его видят люди")
    words: Names = Field(
        default=(), description="По каким словам темы его узнать; склонения учтутся; пусто: по названию"
    )
    manager: Text = Field(description="Кто ведёт: номер, e-mail, имя или должность сотрудника")
    deputy: Text | None = Field(default=None, description="Кто замещает, если ведущий уволен или отсутствует")
    away_from: date | None = Field(default=None, description="С какого дня ведущий отсутствует")
    away_until: date | None = Field(default=None, description="По какой день ведущий отсутствует")
    since: date | None = Field(default=None, description="Письма не раньше этого дня")
    until: date | None = Field(default=None, description="Письма не позже этого дня")
    signs: SignsSpec = Field(default=SignsSpec(), description="По чему ещё узнать мероприятие, кроме темы письма")

    @property
    def phrases(self) -> tuple[str, ...]:
        return self.words or (self.name,)


class SourceRule(Section):
    """Leads of a source go to a person or, in turn, to the people of a team."""

    source: Text = Field(description="Источник: код или название")
    to: Text | None = Field(default=None, description="Кому: номер, e-mail, имя или должность сотрудника")
    team: Text | None = Field(default=None, description="Отдел, сотрудникам которого раздавать по очереди")
    reserve: Text | None = Field(default=None, description="Отдел, которому раздавать, если в первом все заняты")
    spare: tuple[Text, ...] = Field(
        default=(),
        description="Кому из отдела не раздавать: руководитель там, где портал его не называет (amoCRM)",
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> SourceRule:
        if (self.to is None) == (self.team is None):
            raise PydanticCustomError("one_of", "give either to or team", {"source": self.source})
        if self.reserve is not None and self.team is None:
            raise PydanticCustomError("reserve_of_team", "only a team has a reserve", {"source": self.source})
        if self.spare and self.team is None:
            raise PydanticCustomError("spare_of_team", "only of a team somebody can be spared", {"source": self.source})
        return self


class FallbackSpec(Section):
    """Who gets what no rule took: a named person, else the head of a team, else the first administrator."""

    to: Text | None = Field(default=None, description="Кому: номер, e-mail, имя или должность сотрудника")
    head_of: Text | None = Field(default=None, description="Руководителю какого отдела")


Rule = Literal["known_client", "seminars", "sources"]


class OwnersSpec(Section):
    """Who becomes responsible; rules are tried in `order`, the fallback comes last."""

    order: tuple[Rule, ...] = Field(
        default=("known_client", "seminars", "sources"), description="В каком порядке пробовать правила"
    )
    seminars: tuple[SeminarSpec, ...] = Field(default=(), description="Мероприятия и их менеджеры")
    sources: tuple[SourceRule, ...] = Field(default=(), description="Источники и кому они достаются")
    known_client: Literal["his_manager", "off"] = Field(
        default="his_manager", description="his_manager: известный клиент остаётся за своим менеджером"
    )
    fallback: FallbackSpec = Field(default=FallbackSpec(), description="Кому достаётся остальное")
