"""The `stages:`, `pipelines:` and `sources:` sections of a playbook: what a consultant writes about a ladder.

Only the shape is checked here; whether the ladder makes sense in itself is `design`'s question. Descriptions of the
fields are in Russian, since they become the hints of an editor through the exported JSON Schema.
"""

from __future__ import annotations

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

from b24kit.crm.pipeline import Outcome
from b24kit.owners import section
from b24kit.owners.section import Section, no_span, written_span

Language = Literal["ru", "en"]
Moment = Literal["request", "qualification", "meeting", "contract"]


def read_span(value: Any) -> timedelta:
    """A span as people write it: `15m`, `1h`, `14d`, `2w`, `15 мин`, `3 дн`, never nothing; a bare number is days."""
    span = section.read_span(value)
    if not span and not isinstance(value, timedelta):
        raise no_span(value)
    return span


Span = Annotated[
    timedelta,
    BeforeValidator(read_span),
    PlainSerializer(written_span, return_type=str),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["15m", "1h", "14d", "2w"]}),
]


class Wording(Section):
    """A text in both languages of the product; a plain string serves both."""

    ru: str = Field(min_length=1, description="По-русски")
    en: str = Field(default="", description="По-английски; если пусто, берётся русский текст")

    @model_validator(mode="before")
    @classmethod
    def _plain_text(cls, value: Any) -> Any:
        return {"ru": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "minLength": 1}, handler(core)]}

    def said(self, lang: Language) -> str:
        """The text in a language."""
        return self.en if lang == "en" and self.en else self.ru


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str | int) else value


def _text(value: Any) -> Any:
    # Codes of stages made by hand are often bare digits, which YAML reads as a number.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Code = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Names = Annotated[
    tuple[Code, ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]


class StageSpec(Section):
    """One stage of the wanted ladder, with what makes it a stage: who does what, until when, and what ends it."""

    code: Code = Field(description="Код стадии латиницей; меняться не будет никогда")
    name: Wording = Field(description="Название, которое видят люди")
    outcome: Outcome = Field(default=Outcome.OPEN, description="open: в работе, won: успех, lost: провал")
    colour: Colour | None = Field(default=None, description="Цвет вида #39A8EF")
    was: Names = Field(default=(), description="Какая стадия портала станет этой: код или нынешнее название")
    key: bool = Field(default=False, description="Ключевая стадия: на ней решается продажа")
    limit: Span | None = Field(default=None, description="Сколько карточка может стоять здесь: 3d, 2w")
    answer_within: Span | None = Field(default=None, description="За сколько нужно ответить клиенту: 15m, 1h")
    goal: Wording | None = Field(default=None, description="Зачем эта стадия")
    client_action: Wording | None = Field(default=None, description="Что делает клиент, чтобы пойти дальше")
    our_job: Wording | None = Field(default=None, description="Что делаем мы")
    exit_when: Wording | None = Field(default=None, description="Когда карточка уходит на следующую стадию")
    owner: Wording | None = Field(default=None, description="Кто отвечает за карточки на этой стадии")
    moment: Moment | None = Field(default=None, description="Какой это момент продажи; без него судим по месту")
    required: Names = Field(default=(), description="Данные, без которых дальше нельзя")
    prompts: tuple[Wording, ...] = Field(default=(), description="Подсказки продавцу на этой стадии")
    on_exit: Literal["convert"] | None = Field(default=None, description="convert: из лида делают клиента")


class MoveSpec(Section):
    """What becomes of the cards of an old stage that is not in the ladder; the stage goes once they are gone."""

    stage: Code = Field(description="Старая стадия портала: код или нынешнее название")
    to: Code | None = Field(default=None, description="Код стадии, на которую перейдут карточки")
    source: Code | None = Field(default=None, description="Источник, которым на деле была эта стадия")
    remove: bool = Field(default=True, description="Убрать старую стадию, когда на ней не останется карточек")


class Ladder(Section):
    """A ladder of stages in their order, and the way from the old one."""

    ladder: tuple[StageSpec, ...] = Field(min_length=1, description="Стадии по порядку")
    moves: tuple[MoveSpec, ...] = Field(default=(), description="Куда уходят карточки старых стадий")
    source_policy: Literal["fill", "overwrite"] = Field(
        default="fill", description="fill: источник ставится только пустым карточкам, overwrite: всем"
    )


class PipelineSpec(Ladder):
    """A pipeline of deals with its own ladder."""

    name: Wording = Field(description="Название воронки")
    was: Names = Field(default=(), description="Какая воронка портала станет этой: номер или нынешнее название")
    sort: int = Field(default=500, ge=0, description="Порядок воронки в списке")
    only_add: bool = Field(
        default=False,
        description="true: воронка уже есть и остаётся как есть; добавить только недостающие стадии провала",
    )


class FieldSpec(Section):
    """The field of a card that holds a datum which stages require; made where the portal has none."""

    datum: Code = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Слово, которым required называет эти данные")
    name: Wording = Field(description="Название поля, которое видят люди")
    card: Literal["lead", "contact", "company"] = Field(default="lead", description="У какой карточки это поле")
    type: Literal["text", "number", "list", "date"] = Field(default="text", description="Вид поля")
    options: tuple[Wording, ...] = Field(default=(), description="Значения списка")
    was: Names = Field(default=(), description="Какое поле портала уже служит для этого: код или название")

    @model_validator(mode="after")
    def _list_has_options(self) -> FieldSpec:
        if (self.type == "list") != bool(self.options):
            raise PydanticCustomError("options", "a list needs options, nothing else has any")
        return self


class SourceSpec(Section):
    """Where leads come from: an attribute of the card, never a stage."""

    code: Code = Field(max_length=50, description="Код источника")
    name: Wording = Field(description="Название источника")
