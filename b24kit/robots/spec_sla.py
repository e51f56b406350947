"""The `sla:` section of a playbook: how soon something must happen to a card, and who hears of it when it does not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from b24kit.owners.section import Names, Section, Text
from b24kit.robots.spec_words import Scope, Span

Awaited = Literal["answer", "call", "message", "email", "meeting", "leave", "fill"]


class SlaRule(Scope):
    """One deadline; it is counted in the working time of whoever owns the card, whole days as working days."""

    name: Text = Field(pattern=r"^[a-z0-9-]+$", description="Имя правила латиницей: под ним его увидят в объяснениях")
    action: Awaited = Field(
        default="answer",
        description="Чего ждём: answer любого ответа клиенту, call звонка, message сообщения, email письма, "
        "meeting встречи, leave ухода со стадии, fill заполненных данных",
    )
    data: Names = Field(default=(), description="Для fill: какие данные должны появиться")
    since: Literal["entry", "inquiry"] = Field(
        default="entry",
        description="entry: от прихода на стадию; inquiry: от первого обращения клиента, на которое ещё не ответили",
    )
    within: Span = Field(description="За сколько рабочего времени: 15m, 1h, 1d")
    faster: Mapping[Text, Span] = Field(
        default_factory=dict, description="Свой срок для источников: {OPENLINE: 15m, WEBFORM: 15m}"
    )
    warn_before: Span | None = Field(default=None, description="За сколько до срока напомнить ответственному")
    head_after: Span | None = Field(
        default=timedelta(minutes=30), description="Через сколько после срока узнает руководитель; null: не узнает"
    )
    pass_after: Span | None = Field(
        default=None, description="Через сколько после срока карточка уйдёт другому, чтобы больше не вернуться"
    )
    pass_to: Text | None = Field(default=None, description="Отдел, которому передать; пусто: отдел ответственного")
    pause_stages: Names = Field(default=(), description="Стадии, на которых часы стоят")
    pause_until: Text | None = Field(default=None, description="Данные с датой, до которой часы стоят")
    wait_for_task: bool = Field(
        default=False, description="true: пока у человека своя задача на будущее, срок переносится на её время"
    )

    @model_validator(mode="after")
    def _in_order(self) -> SlaRule:
        if self.action == "fill" and not self.data:
            raise PydanticCustomError("sla_no_data", "fill needs data", {"name": self.name})
        if any(not span for span in (self.within, *self.faster.values())):
            raise PydanticCustomError("sla_at_once", "within must be longer than nothing", {"name": self.name})
        if self.pass_after is not None and self.head_after is not None and self.pass_after < self.head_after:
            raise PydanticCustomError("sla_order", "the head hears before the card is passed on", {"name": self.name})
        if self.warn_before is not None and self.warn_before >= min([self.within, *self.faster.values()]):
            raise PydanticCustomError("sla_warning", "warned before the clock starts", {"name": self.name})
        return self

    def span(self, source: str | None) -> timedelta:
        """How long a card of this source may wait."""
        return self.faster.get(source or "", self.within)


class SlaSpec(Section):
    """All deadlines; every rule whose ladder, stage and source fit a card holds for it."""

    rules: tuple[SlaRule, ...] = Field(default=(), description="Сроки")

    @model_validator(mode="after")
    def _one_name_each(self) -> SlaSpec:
        names = [rule.name for rule in self.rules]
        twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
        if twice is not None:
            raise PydanticCustomError("rule_twice", "two rules are called {name}", {"name": twice})
        return self
