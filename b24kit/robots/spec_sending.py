"""The `sending:` section of a playbook: what has to be true before a word of robots may leave for a client.

It only matters where `send: armed` stands in the playbook and `--send` in the command.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from b24kit.owners.section import Names, Section, Text
from b24kit.owners.spec_people import Spans, read_hours, written_hours
from b24kit.robots.spec_words import Span

Hours = Annotated[
    Spans,
    BeforeValidator(read_hours),
    PlainSerializer(written_hours, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["10:00-19:00"]}),
]


class SendingSpec(Section):
    """Who lets messages go, how many, when, and to whom never."""

    approve: Literal["person", "rule"] = Field(
        default="person",
        description="person: каждое письмо отпускает человек (robots outbox approve); rule: письма правил уходят сами",
    )
    hours: Hours = Field(
        default=((600, 1140),), description="Когда можно писать клиенту, по времени портала: 10:00-19:00"
    )
    weekdays_only: bool = Field(default=True, description="Не писать в субботу и воскресенье")
    per_day: int = Field(default=50, ge=1, le=1000, description="Не больше стольких писем в день со всего портала")
    every: Span = Field(default=timedelta(days=1), description="Одному адресу не чаще, чем раз в столько")
    needs: Names = Field(default=(), description="Данные-согласия: без любого из них письмо не уйдёт")
    never_if: Names = Field(default=("opt_out",), description="Данные-отказы: есть хоть одно, и письмо не уйдёт")
    mailbox: Text | None = Field(
        default=None, description="С какого адреса писать; пусто: с адреса сотрудника, от чьего имени письмо"
    )

    @field_validator("hours")
    @classmethod
    def _some_time(cls, hours: Spans) -> Spans:
        if not hours:
            raise PydanticCustomError("sending_hours", "messages need some hours to leave in", {})
        return hours

    @field_validator("mailbox")
    @classmethod
    def _an_address(cls, mailbox: str | None) -> str | None:
        if mailbox is not None and (mailbox.count("@") != 1 or any(char in mailbox for char in " <>,;\"'")):
            raise PydanticCustomError("sending_mailbox", "not a mailbox: {value}", {"value": mailbox})
        return mailbox
