"""The `cadence:` section of a playbook: arrival, attempts to reach a client, parked clients, tasks, reopening."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from b24kit.owners.section import Names, Section, Text
from b24kit.robots.spec_words import Channels, Days, Scope, Script, Span, Spoken

_AT_ONCE = timedelta()


class StepSpec(Section):
    """One attempt: by which channels, how long after the one before, and what to say."""

    by: Channels = Field(description="Чем связаться: call, message, email, meeting; список: любым из них")
    after: Span = Field(default=_AT_ONCE, description="Через сколько после прошлой попытки; 0m: сразу")
    days: Days = Field(default="working", description="working: рабочее время; calendar: по календарю")
    title: Script = Field(description="Название задачи")
    script: Script = Field(description="Что сказать; можно {first_name}, {seller}, {company}, {course}, {phone}")
    then_stage: Text | None = Field(
        default=None, description="Куда перейдёт карточка, когда попытка была, а ответа нет"
    )
    only_if: Mapping[Text, Names] = Field(
        default_factory=dict, description="Только при таких данных, иначе шаг пропускают: {group: недобор}"
    )


class FarewellSpec(Section):
    """The last word before a card is closed."""

    by: Spoken = Field(default="message", description="Чем попрощаться")
    after: Span = Field(default=timedelta(days=3), description="Через сколько после последней попытки")
    days: Days = Field(default="working", description="working: рабочее время; calendar: по календарю")
    script: Script = Field(description="Прощальный текст")
    sent_by: Literal["robot", "owner"] = Field(
        default="owner", description="robot: сообщение уйдёт само, если отправка разрешена; owner: задача человеку"
    )


class CloseSpec(Section):
    """How a card ends when nobody answers."""

    stage: Text = Field(description="Стадия провала: код или название")
    reason: Text = Field(description="Причина, которая запишется")
    after: Span = Field(default=timedelta(days=1), description="Через сколько после прощания или последней попытки")
    days: Days = Field(default="working", description="working: рабочее время; calendar: по календарю")


class SequenceSpec(Scope):
    """Attempts over several channels while a card stays on these stages; a reply stops them."""

    name: Text = Field(pattern=r"^[a-z0-9-]+$", description="Имя латиницей")
    steps: tuple[StepSpec, ...] = Field(min_length=1, description="Попытки по порядку")
    apart: Span = Field(default=timedelta(hours=1), description="Звонки чаще этого подряд считаются одной попыткой")
    on_reply: Text | None = Field(default=None, description="Стадия, куда карточка перейдёт, когда клиент ответил")
    farewell: FarewellSpec | None = Field(default=None, description="Прощание после последней попытки")
    close: CloseSpec | None = Field(default=None, description="Закрыть, если так и не ответил; пусто: сказать старшему")
    quiet_for: Span = Field(
        default=timedelta(hours=4), description="Робот не пишет и не закрывает, если человек общался с клиентом недавно"
    )


class ParkedSpec(Section):
    """Clients who asked for time: contacted on their own date, else every so often."""

    pipeline: Text | None = Field(default=None, description="Воронка сделок; пусто: лиды")
    stages: Names = Field(min_length=1, description="Стадии, где клиента не торопят")
    until: Text | None = Field(default=None, description="Данные с датой, когда связаться")
    ahead: Span = Field(default=_AT_ONCE, description="За сколько дней до этой даты: 1d накануне")
    every: Span = Field(default=timedelta(days=14), description="Если даты нет: через сколько справляться, как дела")
    days: Days = Field(default="calendar", description="working: рабочее время; calendar: по календарю")
    title: Script = Field(description="Название задачи")
    script: Script = Field(description="Что сказать")


class EntranceSpec(Scope):
    """Cards of some sources skip the first stages: a form with a phone number is a request already."""

    to: Text = Field(description="Куда перейдёт новая карточка, с которой ещё никто не работал")

    @model_validator(mode="after")
    def _from_somewhere(self) -> EntranceSpec:
        if not self.stages or not self.sources:
            raise PydanticCustomError("entrance_open", "give stages and sources", {})
        return self


class HeardSpec(Scope):
    """The owner is told of every new word of a client."""

    fresh: Span = Field(default=timedelta(days=1), description="О сообщениях старше этого не говорить")


class EntryTaskSpec(Scope):
    """A task that a stage brings with it."""

    name: Text = Field(pattern=r"^[a-z0-9-]+$", description="Имя латиницей")
    within: Span = Field(default=timedelta(days=1), description="Срок задачи")
    days: Days = Field(default="working", description="working: рабочее время; calendar: по календарю")
    title: Script = Field(description="Название задачи")
    script: Script = Field(description="Что сделать")


class ReopenSpec(Section):
    """What becomes of a closed card whose client writes again."""

    pipeline: Text | None = Field(default=None, description="Воронка сделок; пусто: лиды")
    stages: Names = Field(min_length=1, description="Стадии провала, с которых карточка возвращается")
    to: Text = Field(description="Стадия, на которой она продолжится")
    window: Span = Field(
        default=timedelta(days=30), description="Сколько дней после закрытия открывается та же карточка"
    )
    later_pipeline: Text | None = Field(
        default=None, description="Воронка новой связанной карточки, если прошло больше; пусто: та же"
    )
    later_stage: Text | None = Field(default=None, description="Стадия новой связанной карточки; пусто: как to")


class CadenceSpec(Section):
    """Everything that leads a client by the hand from one touch to the next."""

    entrance: tuple[EntranceSpec, ...] = Field(default=(), description="С какой стадии начинают карточки источника")
    heard: tuple[HeardSpec, ...] = Field(default=(), description="Где сообщать ответственному о каждом сообщении")
    sequences: tuple[SequenceSpec, ...] = Field(default=(), description="Цепочки попыток")
    parked: tuple[ParkedSpec, ...] = Field(default=(), description="Те, кто просил подождать")
    entry_tasks: tuple[EntryTaskSpec, ...] = Field(default=(), description="Задачи при переходе на стадию")
    reopen: tuple[ReopenSpec, ...] = Field(default=(), description="Ответ после закрытия")

    @model_validator(mode="after")
    def _one_name_each(self) -> CadenceSpec:
        for names in ([one.name for one in self.sequences], [one.name for one in self.entry_tasks]):
            twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
            if twice is not None:
                raise PydanticCustomError("rule_twice", "two rules are called {name}", {"name": twice})
        return self
