"""The `clean:` section of a playbook: which pile, and what becomes of each kind of letter.

Descriptions of the fields are in Russian: they become the hints of an editor through the exported JSON Schema.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from b24kit.letters.classify import RELAYS, LetterClass
from b24kit.owners.spec import Names, Section, Text

Action = Literal["convert", "archive", "leave"]


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
    limit: int | None = Field(default=None, ge=1, description="Не больше стольких клиентов за один раз")
