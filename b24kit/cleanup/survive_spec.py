"""The `survive:` part of a playbook's clean-up: which card of a client stays, and whose value each of its fields keeps.

Fields go by the names that cards have here; the portal's own fields (POST, UF_CRM_...) stand under `fields`. The same
rules choose between several leads of one client, the earliest lead standing for the survivor; the owner of a card that
the plan makes is not chosen so, but by `owners`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Rule = Literal["longest", "most_frequent", "newest", "oldest", "survivors", "richest", "first_non_empty"]
NameRule = Literal["fullest", "longest", "most_frequent", "newest", "oldest", "survivors", "richest", "first_non_empty"]
TextRule = Literal["union", "longest", "most_frequent", "newest", "oldest", "survivors", "richest", "first_non_empty"]
OtherRule = Literal[
    "union", "longest", "most_frequent", "newest", "oldest", "survivors", "richest", "first_non_empty", "review"
]
Survivor = Literal["client_with_running_deal", "oldest", "richest", "most_active"]
Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=50)]


class SurviveSpec(BaseModel):
    """Safe as it stands: nothing filled is given up for something empty, and what loses is kept in a comment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    survivor: Survivor = Field(
        default="client_with_running_deal",
        description="Какая карточка остаётся; при равенстве решают сделки, дела, затем возраст",
    )
    name: NameRule = Field(
        default="fullest", description="Имя: fullest берёт самое полное написание кириллицей, отчество не теряется"
    )
    title: Rule = Field(default="survivors", description="Название компании")
    owner: Rule = Field(default="survivors", description="Ответственный")
    source: Rule = Field(default="oldest", description="Источник: oldest оставляет тот, что у самой старой карточки")
    company: Rule = Field(default="survivors", description="Основная компания контакта; остальные остаются связями")
    comment: TextRule = Field(default="union", description="Комментарий: union складывает все")
    points: Literal["union"] = Field(
        default="union", description="Телефоны и адреса: остаются все, одно и то же в двух написаниях не двоится"
    )
    fields: Mapping[Code, OtherRule] = Field(
        default={}, description="Поля портала по коду (POST, UF_CRM_...): правило каждого; review отдаёт человеку"
    )
    other: OtherRule = Field(default="survivors", description="Остальные поля портала")

    def rule(self, name: str) -> str:
        """The rule of one of the portal's own fields."""
        return self.fields.get(name, self.other)
