"""The words all sections of robots are written in: spans of time, names of stages, texts in two languages with gaps.

Descriptions of fields are in Russian: they become the hints of an editor through the exported JSON Schema.
"""

from __future__ import annotations

import string
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from b24kit.crm.activity import Channel
from b24kit.owners.section import Names, Section, Text, one_or_many, read_span, written_span

Language = Literal["ru", "en"]
Days = Literal["working", "calendar"]
VARIABLES = ("first_name", "seller", "company", "course", "phone")

Span = Annotated[
    timedelta,
    BeforeValidator(read_span),
    PlainSerializer(written_span, return_type=str),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["15m", "1h", "3d", "2w"]}),
]
Spoken = Literal["call", "message", "email", "meeting"]
Channels = Annotated[
    tuple[Spoken, ...],
    BeforeValidator(one_or_many),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
CHANNEL_OF: dict[str, Channel] = {
    "call": Channel.CALL,
    "message": Channel.MESSAGE,
    "email": Channel.EMAIL,
    "meeting": Channel.MEETING,
}


def gaps_of(text: str) -> list[str]:
    """The names of the gaps of a text; PydanticCustomError where braces do not match or ask for more than a name."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise PydanticCustomError("script_braces", "braces do not match", {}) from error
    for _, name, shape, conversion in parts:
        if name is not None and (shape or conversion or not name.isidentifier()):
            raise PydanticCustomError("script_gap", "not a gap: {name}", {"name": name or "{}"})
    return [name for _, name, _, _ in parts if name is not None]


class Lines(Section):
    """A text in both languages of the product, with gaps for data of the card; a plain string serves both."""

    ru: str = Field(min_length=1, description="По-русски")
    en: str = Field(default="", description="По-английски; если пусто, берётся русский текст")

    @model_validator(mode="before")
    @classmethod
    def _plain_text(cls, value: Any) -> Any:
        return {"ru": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _sound_gaps(self) -> Lines:
        gaps_of(self.ru)
        gaps_of(self.en)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "minLength": 1}, handler(core)]}

    def said(self, lang: Language) -> str:
        """The text in a language, its gaps not yet filled."""
        return self.en if lang == "en" and self.en else self.ru


class Script(Lines):
    """What a seller says or a client reads; its gaps are {first_name}, {seller}, {company}, {course} and {phone}."""

    @model_validator(mode="after")
    def _known_gaps(self) -> Script:
        for name in (*gaps_of(self.ru), *gaps_of(self.en)):
            if name not in VARIABLES:
                facts = {"name": name, "known": ", ".join(VARIABLES)}
                raise PydanticCustomError("script_variable", "no such variable: {name}", facts)
        return self


class Scope(Section):
    """Where a rule holds: one ladder, and what narrows it. Empty lists do not narrow."""

    pipeline: Text | None = Field(default=None, description="Воронка сделок: название или номер; пусто: лиды")
    stages: Names = Field(default=(), description="Стадии, где правило действует; пусто: все стадии в работе")
    sources: Names = Field(default=(), description="Коды источников; пусто: любые")
