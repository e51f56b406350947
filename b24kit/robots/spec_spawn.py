"""The `spawn:` section of a playbook: cards that end here and go on in a funnel of their own, and what wakes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from b24kit.owners.section import Names, Section, Text
from b24kit.robots.spec_words import Days, Scope, Script, Span

Funnel = Literal["perspective", "refusal", "marketing", "deferred", "upsell", "repeat", "reanimation", "linked"]


class EndSpec(Section):
    """A stage that closes a card, and the reason written with it."""

    stage: Text = Field(description="Стадия: код или название")
    reason: Text = Field(description="Причина, которая запишется")


class TargetSpec(Section):
    """Where the new card stands."""

    pipeline: Text = Field(description="Воронка: название или номер")
    stage: Text = Field(description="Стадия: код или название")
    owner: Text = Field(default="keep", description="keep: тот же ответственный; none: ничей; иначе сотрудник")
    team: Text | None = Field(default=None, description="Отдел, в котором взять свободного; важнее owner")


class SpawnRule(Scope):
    """A card that came to these stages goes on as a new linked card in another funnel."""

    name: Text = Field(pattern=r"^[a-z0-9-]+$", description="Имя латиницей")
    kind: Funnel = Field(description="Какая это воронка: для отчётов и объяснений")
    outcome: Literal["open", "won", "lost"] = Field(
        default="lost", description="Каким исходом карточка кончается здесь"
    )
    reasons: Names = Field(default=(), description="Только при этих причинах отказа; пусто: при любой")
    only_if: Mapping[Text, Names] = Field(default_factory=dict, description="Только при таких данных: {target: да}")
    requires: Names = Field(default=(), description="Без этих данных не переносить, а напомнить: return_date")
    close: EndSpec | None = Field(default=None, description="Чем закрыть здесь открытую карточку; нейтральная стадия")
    to: TargetSpec = Field(description="Где продолжить")
    carry: Names = Field(default=("loss_reason", "return_date"), description="Какие данные перенести в новую карточку")

    @model_validator(mode="after")
    def _open_cards_are_closed(self) -> SpawnRule:
        if self.outcome == "open" and (self.close is None or not self.stages):
            raise PydanticCustomError("spawn_open", "an open card needs stages and close", {"name": self.name})
        return self


class WakeRule(Section):
    """A resting card goes on when its date falls: the client's own, else after a time that may depend on the reason."""

    name: Text = Field(pattern=r"^[a-z0-9-]+$", description="Имя латиницей")
    pipeline: Text = Field(description="Воронка: название или номер")
    stage: Text = Field(description="Где карточка отдыхает")
    to: Text = Field(description="Куда она переходит, когда пора")
    on: Text | None = Field(default="return_date", description="Данные с датой, которую назвал клиент")
    after: Span = Field(default=timedelta(days=60), description="Через сколько, если даты нет")
    by_reason: Mapping[Text, Span] = Field(default_factory=dict, description="Свой срок по причине: {дорого: 7d}")
    title: Script = Field(description="Название задачи")
    script: Script = Field(description="Что сказать")
    within: Span = Field(default=timedelta(days=1), description="Срок задачи в рабочих днях")
    team: Text | None = Field(
        default=None, description="Отдел, в котором взять свободного; пусто: прежний ответственный"
    )


class LetterSpec(Section):
    """One letter or message of a marketing funnel: the card stands on its stage until it has left."""

    stage: Text = Field(description="Стадия этого письма")
    after: Span = Field(default=timedelta(days=1), description="Через сколько дней после прихода на стадию, 1d–30d")
    by: Literal["email", "message"] = Field(default="email", description="Письмом или сообщением")
    sender: Text | None = Field(default=None, description="От чьего имени: сотрудник; пусто: ответственный")
    subject: Script | None = Field(default=None, description="Тема письма")
    text: Script = Field(description="Текст с призывом к действию")

    @model_validator(mode="after")
    def _within_a_month(self) -> LetterSpec:
        if self.after > timedelta(days=31):
            raise PydanticCustomError("letter_late", "a letter waits for a month at most", {})
        if self.by == "email" and self.subject is None:
            raise PydanticCustomError("letter_subject", "a letter needs a subject", {})
        return self


class MarketingSpec(Section):
    """Letters that go by themselves; a reply stops them and makes a new request."""

    name: Text = Field(pattern=r"^[a-z0-9-]+$", description="Имя латиницей")
    pipeline: Text = Field(description="Воронка: название или номер")
    letters: tuple[LetterSpec, ...] = Field(min_length=1, description="Письма по порядку")
    days: Days = Field(default="calendar", description="Как считать дни между письмами")
    stop_if: Names = Field(default=(), description="Данные отказа от рассылки: есть хоть одно, и писем не будет")
    stopped: EndSpec | None = Field(default=None, description="Чем закрыть отказавшегося от рассылки")
    on_reply: TargetSpec = Field(description="Где начать новую карточку, когда клиент ответил")
    replied: EndSpec = Field(description="Чем закрыть карточку рассылки, когда клиент ответил")
    exhausted: EndSpec = Field(description="Чем закрыть, когда письма кончились")
    exhausted_after: Span = Field(default=timedelta(days=14), description="Через сколько после последнего письма")
    quiet_for: Span = Field(default=timedelta(days=3), description="Молчать, если человек общался с клиентом недавно")


class SpawnSpec(Section):
    """All funnels that take over where others end."""

    rules: tuple[SpawnRule, ...] = Field(default=(), description="Переходы в другие воронки")
    wakes: tuple[WakeRule, ...] = Field(default=(), description="Когда и куда карточки просыпаются")
    marketing: tuple[MarketingSpec, ...] = Field(default=(), description="Рассылки")

    @model_validator(mode="after")
    def _one_name_each(self) -> SpawnSpec:
        for names in ([r.name for r in self.rules], [w.name for w in self.wakes], [m.name for m in self.marketing]):
            twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
            if twice is not None:
                raise PydanticCustomError("rule_twice", "two rules are called {name}", {"name": twice})
        return self
