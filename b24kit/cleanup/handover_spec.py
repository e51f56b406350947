"""The `clean: handover:` section of a playbook: who takes over the clients of people who were dismissed.

Descriptions are in Russian: they become the hints of an editor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from b24kit.owners.section import Section, Text

Handed = Literal["contact", "company", "deal", "lead", "activity"]


class HandoverSpec(Section):
    """Who takes over from people who were dismissed."""

    to: Mapping[Text, Text] = Field(
        default_factory=dict,
        description="Кто кому передаёт: «Виктор Панов: Денис Фролов». Уволенный и преемник: номер, e-mail или имя",
    )
    others: Literal["leave", "head", "team"] = Field(
        default="leave",
        description="Клиенты уволенных, не названных в to: leave не трогать, head руководителю их отдела, team "
        "сотрудникам отдела по очереди (клиент с компанией, сделками и лидами остаётся в одних руках)",
    )
    kinds: tuple[Handed, ...] = Field(
        default=("contact", "company", "deal", "lead", "activity"),
        description="Что передавать: contact, company, deal (открытые), lead (открытые), activity (незакрытые звонки, "
        "встречи и дела)",
    )
