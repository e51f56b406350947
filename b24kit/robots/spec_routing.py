"""The `routing:` section of a playbook: which arriving cards get an owner, what happens to them, and who gets the rest.

Whose seminar, source or client it is stands in the `owners:` section, hours and shares in `people:`. Descriptions are
in Russian: they become the hints of an editor.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from pydantic import Field

from b24kit.owners.section import Names, Section, Text
from b24kit.robots.spec_words import Span


class QueueSpec(Section):
    """What no rule took: the head assigns it by hand within his own time."""

    within: Span = Field(default=timedelta(hours=1), description="За сколько рабочего времени назначить ответственного")


class RoutingSpec(Section):
    """Cards that arrive on the first stages get an owner at once."""

    pipeline: Text | None = Field(default=None, description="Воронка сделок: название или номер; пусто: лиды")
    intake: Names = Field(default=(), description="На каких стадиях раздавать; пусто: на первой")
    assigned: Text | None = Field(
        default="MGR_ASSIGNED", description="Куда перевести, когда ответственный назначен; null: не переводить"
    )
    since: date | None = Field(default=None, description="Карточки, появившиеся раньше этого дня, не раздавать")
    stay: Names = Field(default=(), description="Источники, карточки которых остаются за тем, кто их завёл")
    sticky: Span = Field(
        default=timedelta(days=90), description="Сколько времени повторное обращение идёт к тому же, кому первое"
    )
    hours: Literal["next_shift", "anyone"] = Field(
        default="next_shift",
        description="Ночью и в выходной: next_shift раздаёт тем, кто раньше выйдет, anyone всем подряд",
    )
    typos: bool = Field(default=True, description="Узнавать мероприятие и с опечатками в теме")
    take_in: bool = Field(
        default=True,
        description="amoCRM: новых из «Неразобранного» принимать, письма известных клиентов копировать и отклонять",
    )
    link: bool = Field(default=True, description="Привязать карточку к известному клиенту")
    comment: bool = Field(default=True, description="Написать в карточку, почему назначен этот человек")
    notify: bool = Field(default=True, description="Сообщить ответственному о новой карточке")
    hand_over: bool = Field(
        default=False, description="Передавать открытые карточки заместителю на время отсутствия и возвращать обратно"
    )
    queue: QueueSpec = Field(default_factory=QueueSpec, description="Что никому не подошло")
