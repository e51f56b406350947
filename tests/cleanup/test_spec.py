"""The sections of a playbook: what a consultant may write, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from b24kit.cleanup.spec import CleanSpec
from b24kit.owners.spec import OwnersSpec


def test_an_empty_section_is_the_careful_default() -> None:
    spec = CleanSpec.model_validate({})
    assert (spec.mode, spec.company_by_domain, spec.move_letters) == ("convert", "link", False)
    assert (spec.close.linked, spec.close.archive) == ("B24KIT_LINKED", "B24KIT_ARCHIVE")


def test_one_name_may_stand_for_a_list_and_a_number_for_a_name() -> None:
    spec = CleanSpec.model_validate({"pile": {"stages": "E-mail", "sources": [5]}})
    assert (spec.pile.stages, spec.pile.sources) == (("E-mail",), ("5",))


@pytest.mark.parametrize(
    "wrong",
    [
        {"classes": {"newsletter": "convert"}},
        {"classes": {"spam": "archive"}},
        {"mode": "delete"},
        {"limit": 0},
        {"pile": {"stuck_after": -1}},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CleanSpec.model_validate(wrong)


@pytest.mark.parametrize("rule", [{"source": "CALL"}, {"source": "CALL", "to": "5", "team": "Продажи"}])
def test_a_source_goes_to_one_person_or_one_team(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OwnersSpec.model_validate({"sources": [rule]})


def test_every_field_of_the_schema_has_a_hint_in_russian() -> None:
    bare = [
        f"{title}.{name}"
        for model in (CleanSpec, OwnersSpec)
        for title, part in {"": model.model_json_schema(), **model.model_json_schema()["$defs"]}.items()
        for name, field in part.get("properties", {}).items()
        if not any("а" <= char <= "я" for char in field.get("description", "").lower())
    ]
    assert bare == []
