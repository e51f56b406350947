"""How people write spans, texts and codes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from b24kit.migrate.spec import MoveSpec, StageSpec, Wording, read_span
from b24kit.owners.section import written_span


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("15m", 15),
        ("15 мин", 15),
        ("1h", 60),
        ("1 ч.", 60),
        ("3d", 4320),
        ("3 дн", 4320),
        ("2w", 20160),
        (14, 20160),
        ("1 нед", 10080),
    ],
)
def test_a_span_is_read_as_people_write_it(written: str | int, minutes: int) -> None:
    assert read_span(written) == timedelta(minutes=minutes)


@pytest.mark.parametrize("written", ["soon", "", "0d", "-3d", "3", True, 0, "1.5h"])
def test_what_is_no_span_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        StageSpec.model_validate({"code": "A", "name": "А", "limit": written})


@given(st.integers(min_value=1, max_value=100_000))
def test_a_span_survives_being_written_and_read_again(minutes: int) -> None:
    span = timedelta(minutes=minutes)
    assert read_span(written_span(span)) == span


def test_a_plain_text_serves_both_languages() -> None:
    assert Wording.model_validate("Новый").said("en") == "Новый"
    assert Wording.model_validate({"ru": "Новый", "en": "New"}).said("en") == "New"
    assert Wording.model_validate({"ru": "Новый"}).said("en") == "Новый"


def test_a_code_of_digits_is_a_text() -> None:
    assert MoveSpec.model_validate({"stage": 5}).stage == "5"
    assert StageSpec.model_validate({"code": "A", "name": "А", "was": 5}).was == ("5",)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError):
        StageSpec.model_validate({"code": "A", "name": "А", "color": "#ffffff"})
