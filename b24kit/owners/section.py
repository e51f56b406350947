"""What the playbook's sections are made of: a strict model, texts and spans of time as people write them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

_SPAN = re.compile(r"(\d+)\s*(m|h|d|w|мин|ч|дн|д|нед)\.?")
_UNITS = {"m": 1, "мин": 1, "h": 60, "ч": 60, "d": 1440, "д": 1440, "дн": 1440, "w": 10080, "нед": 10080}


def one_or_many(value: Any) -> Any:
    """A list of what was written without one."""
    return [value] if isinstance(value, str | int) else value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
Names = Annotated[
    tuple[Text, ...],
    BeforeValidator(one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class Section(BaseModel):
    """What all sections share: unknown keys are mistakes, values do not change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_span(value: Any) -> timedelta:
    """A span as people write it: `0m`, `15m`, `1h`, `14d`, `2w`, `15 мин`, `3 дн`; a bare number is days."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return timedelta(days=value)
    found = _SPAN.fullmatch(str(value).strip().lower())
    if found is None:
        raise no_span(value)
    return timedelta(minutes=int(found[1]) * _UNITS[found[2]])


def no_span(value: Any) -> PydanticCustomError:
    """What is said of a text that is no span of time."""
    return PydanticCustomError("span", "not a span of time: {value}", {"value": str(value)})


def written_span(span: timedelta) -> str:
    """The span back in the largest unit that fits."""
    minutes = int(span.total_seconds() // 60)
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"
