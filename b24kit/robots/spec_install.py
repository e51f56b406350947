"""The `robots: install:` section of a playbook: what is put on the portal so that we hear of events.

Descriptions are in Russian, since they become the hints of an editor through the exported JSON Schema.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

CODE = r"^[a-z][a-z0-9_]{2,40}$"


class PaletteSpec(BaseModel):
    """A robot or trigger of ours in the palette of the portal's automation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=CODE, description="Код латиницей, один на портал: b24kit_look")
    name: str = Field(min_length=1, max_length=100, description="Как он называется в списке роботов или триггеров")


class InstallSpec(BaseModel):
    """Everything has a default that installs the least."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    delivery: Literal["auto", "pushed", "queued", "polled"] = Field(
        default="auto",
        description="Как узнаём о событиях: pushed — портал сообщает сам, queued — очередь портала, polled — опрос",
    )
    robots: tuple[PaletteSpec, ...] = Field(
        default=(), description="Роботы, которые человек поставит на этапы: «b24kit: посмотреть карточку»"
    )
    triggers: tuple[PaletteSpec, ...] = Field(default=(), description="Триггеры, которые человек поставит на этапы")
    mailboxes: bool = Field(default=False, description="Напомнить о настройках почтовых ящиков")
