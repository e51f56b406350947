"""Finding playbooks by name and by path, and what every playbook that travels with b24kit keeps to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from b24kit.errors import UsageError
from b24kit.migrate.lint import lint_design
from b24kit.migrate.spec import Wording
from b24kit.playbook.loader import load_playbook
from b24kit.playbook.ruleset import gates_with_ladders
from b24kit.playbook.schema import json_schema
from b24kit.playbook.shipped import find_playbook, shipped
from b24kit.robots.spec_words import Lines


def test_a_shipped_playbook_is_found_by_its_name() -> None:
    assert find_playbook("talking-leads").name == "talking-leads.yaml"


def test_a_file_is_found_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("b24kit: 1\n", encoding="utf-8")
    assert find_playbook(str(path)) == path


@pytest.mark.parametrize("name", ["talking-deals", "nowhere/mine.yaml"])
def test_what_is_not_there_is_an_error_that_lists_what_is(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_playbook(name)
    assert caught.value.code == "playbook.absent"
    assert "talking-leads" in str(caught.value.facts["known"])


NAMES = [one.name for one in shipped()]
EXPECTED = {"courses", "marketing", "messenger", "perspective", "product", "refusals", "talking-leads"}
LIMITS = {"code": 16, "text": 1000, "name": 100}  # codes leave room for a prefix like C1234:, amoCRM takes 1000 a text


def texts(value: Any, path: str = "") -> Iterator[tuple[str, Wording | Lines]]:
    """Every text in two languages, with where it stands."""
    if isinstance(value, Wording | Lines):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from texts(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, tuple):
        for at, one in enumerate(value):
            yield from texts(one, f"{path}[{at}]")


def test_all_playbooks_are_on_offer_and_say_for_whom_they_are() -> None:
    assert set(NAMES) == EXPECTED
    assert all(one.for_whom.startswith("Для тех,") for one in shipped())


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_playbook_sends_nothing_by_itself(name: str) -> None:
    assert load_playbook(find_playbook(name)).send == "off"


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_in_both_languages_and_fits_the_vendors(name: str) -> None:
    found = list(texts(load_playbook(find_playbook(name))))
    assert found
    for where, text in found:
        assert re.search("[а-яё{]", text.ru.lower()), where
        assert text.en, where
        assert not re.search("[а-яё]", text.en.lower()), where
        limit = LIMITS["name"] if where.endswith(".name") else LIMITS["text"]
        assert max(len(text.ru), len(text.en)) <= limit, where


@pytest.mark.parametrize("name", NAMES)
def test_ladders_are_clean_and_their_codes_leave_room_for_a_prefix(name: str) -> None:
    book = load_playbook(find_playbook(name))
    assert book.stages is None or lint_design(book.stages) == []
    for spec in book.pipelines:
        assert all(len(stage.code) <= LIMITS["code"] for stage in spec.ladder)
        if not spec.only_add:
            assert lint_design(spec) == []
            assert sum(stage.key for stage in spec.ladder) <= 1


@pytest.mark.parametrize("name", NAMES)
def test_data_that_rules_ask_for_have_a_place_on_the_portal(name: str) -> None:
    """A datum is one the card itself knows, or one whose field the playbook names."""
    book = load_playbook(find_playbook(name))
    own = {"full_name", "first_name", "phone", "email", "company", "attempt"}
    asked = {datum for gate in gates_with_ladders(book).gates for datum in (*gate.leave, *gate.enter)}
    asked |= {datum for gate in book.gates.gates for one in gate.questions for datum in one.ask}
    asked |= {datum for rule in book.spawn.rules for datum in (*rule.requires, *rule.only_if)}
    asked |= {one.until for one in book.cadence.parked if one.until} | {one.on for one in book.spawn.wakes if one.on}
    assert asked <= own | set(book.gates.fields)


def test_an_editor_knows_the_sections_of_robots() -> None:
    schema = json_schema()
    wanted = {"people", "routing", "sla", "cadence", "gates", "spawn", "send"}
    assert wanted <= set(schema["properties"])
    assert all(schema["properties"][name]["description"] for name in wanted)
