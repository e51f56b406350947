"""Finding playbooks by name and by path."""

from __future__ import annotations

from pathlib import Path

import pytest

from b24kit.errors import UsageError
from b24kit.playbook.shipped import find_playbook


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
