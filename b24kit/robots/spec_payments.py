"""The `payments:` section of a playbook: where a card goes when a bank or 1C says that its money has come."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from b24kit.owners.section import Section, Text
from b24kit.robots.spec_words import Scope


class PaymentRule(Scope):
    """Cards of these stages whose money has come go to another stage; gates hold there as they always do."""

    name: Text = Field(pattern=r"^[a-z0-9-]+$", description="Имя латиницей")
    to: Text = Field(description="Стадия для оплаченных: код или название")
    need: Literal["full", "any"] = Field(
        default="full", description="full: пришла вся сумма карточки; any: довольно любого платежа"
    )


class PaymentsSpec(Section):
    """What is made of payments that the receiver was told of."""

    rules: tuple[PaymentRule, ...] = Field(default=(), description="Куда уходят оплаченные карточки")
    number: Text | None = Field(
        default=None, description="Данные карточки с номером счёта или договора, по которому ищут карточку платежа"
    )

    @model_validator(mode="after")
    def _one_name_each(self) -> PaymentsSpec:
        names = [one.name for one in self.rules]
        twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
        if twice is not None:
            raise PydanticCustomError("rule_twice", "two rules are called {name}", {"name": twice})
        return self
