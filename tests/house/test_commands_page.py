"""docs/commands.md says what the program can do: every command with its options and exit codes, and none besides."""

from __future__ import annotations

import re

import pytest

from b24kit import errors
from tests.house.commands_page import GLOBAL, PAGE, commands, heads, renewed, sections

TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = sections(TEXT)
CODES = "Exit codes"


def told_codes(text: str) -> set[int]:
    """The codes that a closing line speaks of."""
    return {int(code) for code in re.findall(r"\b\d+\b", text)}


def test_there_is_a_section_for_every_command_and_for_nothing_else() -> None:
    assert len(commands()) > 15
    assert set(SECTIONS) == {"", CODES, GLOBAL, *(f"`{name}`" for name in commands())}


@pytest.mark.parametrize("title", heads())
def test_a_section_begins_as_the_program_has_it(title: str) -> None:
    # After a change of the command line: python -m tests.house.commands_page
    assert SECTIONS[title].startswith(heads()[title].strip()), f"docs/commands.md, {title}: options are out of date"


def test_renewing_the_page_changes_nothing() -> None:
    assert renewed(TEXT) == TEXT


def test_the_table_of_exit_codes_is_that_of_the_errors() -> None:
    table = {int(code) for code in re.findall(r"^\| (\d+) \|", SECTIONS[CODES], re.MULTILINE)}
    raised = {one.exit_code for one in vars(errors).values() if isinstance(one, type) and hasattr(one, "exit_code")}
    assert table == raised | {0, 2, 130}


@pytest.mark.parametrize("name", commands())
def test_every_command_tells_its_exit_codes(name: str) -> None:
    closing = SECTIONS[f"`{name}`"].partition(f"{CODES}: ")[2]
    assert closing.startswith("0")
    assert told_codes(closing) <= {0, 1, 2, 3, 4, 5, 6}
    assert (2 in told_codes(closing)) == ("--detailed-exitcode" in SECTIONS[f"`{name}`"])
