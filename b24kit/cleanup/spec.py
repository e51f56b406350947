"""The `clean:` and `owners:` sections of a playbook: which pile, what becomes of each kind of letter, who gets whom.

Descriptions of the fields are in Russian: they become the hints of an editor through the exported JSON Schema.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from b24kit.cleanup.survive_spec import SurviveSpec
from b24kit.letters.classify import RELAYS, LetterClass

Action = Literal["convert", "archive", "leave"]


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str | int) else value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Names = Annotated[
    tuple[Text, ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class Section(BaseModel):
    """What all sections share: unknown keys are mistakes, values do not change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PileSpec(Section):
    """Which open leads are the pile; an empty list does not narrow."""

    stages: Names = Field(default=(), description="Стадии с залежами: код или название; пусто: все стадии в работе")
    sources: Names = Field(default=(), description="Источники: код или название; пусто: любые")
    stuck_after: int = Field(default=14, ge=0, description="Через сколько дней на стадии лид считается застрявшим")


class ClassesSpec(Section):
    """What to do with each kind of letter."""

    human: Action = Field(default="convert", description="Письмо человека: convert делает из него клиента")
    newsletter: Action = Field(default="archive", description="Рассылка")
    notification: Action = Field(default="archive", description="Уведомление робота")
    auto_reply: Action = Field(default="archive", description="Автоответ")
    bounce: Action = Field(default="archive", description="Отчёт о недоставке")
    employee: Action = Field(default="archive", description="Письмо своего сотрудника")
    forwarded: Action = Field(default="leave", description="Пересланное сотрудником, где адреса клиента не видно")
    relay: Action = Field(
        default="leave", description="Заявка через форму, площадку или телефонию, где клиента не видно"
    )
    unclear: Action = Field(default="leave", description="Непонятно, от кого письмо")

    @model_validator(mode="after")
    def _only_people_become_clients(self) -> ClassesSpec:
        for kind in LetterClass:
            if kind is not LetterClass.HUMAN and self.action(kind) == "convert":
                raise PydanticCustomError("convert_people", "{kind} cannot be converted", {"kind": kind.value})
        return self

    def action(self, kind: LetterClass) -> Action:
        """What to do with a letter of this kind when no client is certain; all services that write for others alike."""
        found: Action = self.relay if kind in RELAYS else getattr(self, kind.value)
        return found


class CloseSpec(Section):
    """Where cleaned leads go; the stages must be in the design or on the portal."""

    new_client: Text | None = Field(default=None, description="Первый лид нового клиента; пусто: стадия успеха")
    linked: Text = Field(default="B24KIT_LINKED", description="Повторное письмо или письмо известного клиента")
    archive: Text = Field(default="B24KIT_ARCHIVE", description="Архив: рассылки, автоответы и прочее")


class OwnSpec(Section):
    """What is ours besides employees' addresses and connected mailboxes, which are read from the portal."""

    domains: Names = Field(default=(), description="Свои домены: письма с них не делают клиентов")
    addresses: Names = Field(default=(), description="Свои адреса на чужих доменах")
    relays: Names = Field(default=(), description="Домены форм и площадок, которые пишут за клиентов")
    roles: Names = Field(default=(), description="Ещё имена общих ящиков, кроме info, sales и подобных")


class CleanSpec(Section):
    """The clean-up of a pile."""

    mode: Literal["convert", "archive"] = Field(
        default="convert", description="convert: сделать клиентов без сделок; archive: всё в архив"
    )
    pile: PileSpec = Field(default=PileSpec(), description="Что разбираем")
    classes: ClassesSpec = Field(default=ClassesSpec(), description="Что делать с каждым видом писем")
    close: CloseSpec = Field(default=CloseSpec(), description="На какие стадии уходят разобранные лиды")
    own: OwnSpec = Field(default=OwnSpec(), description="Что считать своим")
    company_by_domain: Literal["link", "create", "off"] = Field(
        default="link",
        description="Компания по домену почты: link привязывает имеющуюся, create ещё и создаёт, off не трогает",
    )
    add_addresses: bool = Field(default=True, description="Новый адрес известного клиента добавить в его карточку")
    move_letters: bool = Field(default=False, description="true: письма уходят из лида к контакту, а не висят на обоих")
    comment: bool = Field(
        default=True, description="Записать в новый контакт, из каких лидов он собран и за какие даты"
    )
    signatures: bool = Field(
        default=True,
        description="Дополнить новый контакт из подписи: телефоны в карточку, должность и фирму в комментарий",
    )
    consent: Names = Field(
        default=(),
        description="Поля отказов (UF_CRM_...): отказ из лида попадёт в контакт, более строгий побеждает. "
        "Поле с тем же кодом должно быть у контактов",
    )
    maybe_known: Literal["leave", "new"] = Field(
        default="leave",
        description="Кто похож на известного клиента, но не наверняка: leave оставляет лид человеку с вопросом, "
        "new делает новый контакт",
    )
    merge: Literal["off", "auto", "reviewed"] = Field(
        default="off",
        description="Имеющиеся двойники контактов и компаний: off не трогать, auto объединять несомненных, "
        "reviewed только подтверждённых человеком. Объединение необратимо, нужна фраза подтверждения",
    )
    merge_kinds: tuple[Literal["contact", "company"], ...] = Field(
        default=("contact", "company"), description="Что объединять: contact, company"
    )
    survive: SurviveSpec = Field(
        default=SurviveSpec(), description="Какая карточка остаётся и чьё значение берёт каждое поле"
    )
    limit: int | None = Field(default=None, ge=1, description="Не больше стольких клиентов за один раз")


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

    @property
    def phrases(self) -> tuple[str, ...]:
        return self.words or (self.name,)


class SourceRule(Section):
    """Leads of a source go to a person or, in turn, to the people of a team."""

    source: Text = Field(description="Источник: код или название")
    to: Text | None = Field(default=None, description="Кому: номер, e-mail, имя или должность сотрудника")
    team: Text | None = Field(default=None, description="Отдел, сотрудникам которого раздавать по очереди")

    @model_validator(mode="after")
    def _one_of_two(self) -> SourceRule:
        if (self.to is None) == (self.team is None):
            raise PydanticCustomError("one_of", "give either to or team", {"source": self.source})
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
