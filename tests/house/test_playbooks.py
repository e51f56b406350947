"""Shipped playbooks: each loads, reads well, and travels with the wheel."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from b24kit.migrate.lint import lint_design
from b24kit.playbook.loader import load_playbook
from b24kit.playbook.schema import json_schema
from b24kit.playbook.shipped import Shipped, shipped

ROOT = Path(__file__).parent.parent.parent
ALL = shipped()


def test_there_are_playbooks_and_every_file_of_the_folder_is_offered() -> None:
    assert {one.path.name for one in ALL} == {path.name for path in (ROOT / "playbooks").glob("*.yaml")}
    assert "talking-leads" in {one.name for one in ALL}


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_a_shipped_playbook_loads_and_is_named_after_its_file(one: Shipped) -> None:
    assert load_playbook(one.path).name == one.name


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_its_first_line_says_whom_it_is_for(one: Shipped) -> None:
    first = one.path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert len(one.for_whom) > 20


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_its_ladder_is_lint_clean(one: Shipped) -> None:
    section = load_playbook(one.path).stages
    assert section is None or lint_design(section) == []


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_every_text_of_it_stands_in_both_languages(one: Shipped) -> None:
    book = load_playbook(one.path)
    sections = [*([book.stages] if book.stages is not None else []), *book.pipelines]
    assert sections
    for spec in (stage for section in sections for stage in section.ladder):
        told = [spec.name, spec.goal, spec.client_action, spec.our_job, spec.exit_when, spec.owner, *spec.prompts]
        assert all(text.en for text in told if text is not None), spec.code


def test_the_schema_is_json_and_describes_every_section() -> None:
    schema = json.loads(json.dumps(json_schema(), ensure_ascii=False))
    assert set(schema["properties"]) >= {"stages", "pipelines", "sources", "owners", "clean", "robots"}
    assert all("description" in field for field in schema["properties"].values())
    assert schema["additionalProperties"] is False


def test_the_wheel_is_told_to_carry_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert (
        project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]["playbooks"] == "b24kit/playbook/shipped"
    )
