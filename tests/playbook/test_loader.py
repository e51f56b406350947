"""Every mistake of a playbook, as file:line:col with the field and a sentence, all of them at once."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from b24kit.errors import UsageError
from b24kit.playbook.loader import PlaybookInvalid, load_playbook, parse_playbook
from b24kit.playbook.schema import Playbook

SOUND = """
b24kit: 1
name: small
title: Маленький сценарий
stages:
  ladder:
    - {code: NEW, name: Новый ЛИД}
    - {code: TALK, name: {ru: Разговор, en: Talk}, limit: 3d}
    - {code: CONVERTED, name: Клиент, outcome: won}
    - {code: JUNK, name: Мусор, outcome: lost}
"""


def complaints(text: str) -> list[str]:
    with pytest.raises(PlaybookInvalid) as caught:
        parse_playbook(text, "my.yaml")
    return caught.value.lines("en")


def changed(old: str, new: str) -> str:
    assert old in SOUND
    return SOUND.replace(old, new)


def test_a_sound_playbook_loads() -> None:
    playbook = parse_playbook(SOUND, "my.yaml")
    assert isinstance(playbook, Playbook)
    assert playbook.stages is not None
    assert playbook.stages.ladder[1].name.said("en") == "Talk"
    assert playbook.stages.ladder[0].name.said("en") == "Новый ЛИД"


def test_a_complaint_names_file_line_column_and_field() -> None:
    [line] = complaints(changed("outcome: won", "outcome: success"))
    assert line == 'my.yaml:9:48: stages.ladder[2].outcome: "success" will not do; there are: open, won, lost'


def test_the_same_complaint_speaks_russian() -> None:
    with pytest.raises(PlaybookInvalid) as caught:
        parse_playbook(changed("limit: 3d", "limit: скоро"), "my.yaml")
    assert caught.value.lines("ru") == [
        "my.yaml:8:59: stages.ladder[1].limit: «скоро» — не срок; пишите 15m, 1h, 3d или 2w"
    ]


def test_a_misspelt_field_is_shown_at_its_key_with_the_nearest_word() -> None:
    [line] = complaints(changed("limit: 3d", "limt: 3d"))
    assert line == "my.yaml:8:52: stages.ladder[1].limt: there is no field limt here; perhaps limit?"


def test_a_misspelt_field_of_the_clean_up_is_helped_too() -> None:
    [line] = complaints(SOUND + "clean:\n  pile:\n    stuk_after: 14\n")
    assert line.startswith("my.yaml:13:5: ")
    assert line.endswith("perhaps stuck_after?")


def test_an_unknown_field_of_survivorship_is_shown_at_its_key() -> None:
    [line] = complaints(SOUND + "clean:\n  merge: off\n  survive:\n    ownr: oldest\n")
    assert line.startswith("my.yaml:14:5: clean.survive.ownr: ") and line.endswith("perhaps owner?")


def test_a_missing_field_is_shown_where_it_belongs() -> None:
    [line] = complaints(changed("{code: NEW, name: Новый ЛИД}", "{code: NEW}"))
    assert line == "my.yaml:7:7: stages.ladder[0]: field name is missing"


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = changed("limit: 3d", "limit: x").replace("name: small", "name: Big Name") + "clean: {mode: destroy}\n"
    lines = complaints(text)
    assert [int(line.split(":")[1]) for line in lines] == [3, 8, 11]


def test_what_is_wrong_across_stages_is_found_in_its_place() -> None:
    lines = complaints(changed("code: TALK", "code: NEW"))
    assert any(line.startswith('my.yaml:8:14: stages.ladder[1].code: "NEW" stands twice') for line in lines)


def test_a_closing_stage_that_is_no_failure_is_a_mistake() -> None:
    [line] = complaints(SOUND + "clean:\n  close: {linked: TALK}\n")
    assert line.startswith("my.yaml:12:19: clean.close.linked: TALK is no failure stage")


def test_a_stage_code_of_bare_digits_needs_no_quotes() -> None:
    playbook = parse_playbook(SOUND + "  moves:\n    - {stage: 5, to: TALK}\n", "my.yaml")
    assert playbook.stages is not None
    assert playbook.stages.moves[0].stage == "5"


def test_a_file_in_the_wrong_encoding_says_so(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_bytes("b24kit: 1\nname: a\ntitle: Лиды\n".encode("cp1251"))
    with pytest.raises(PlaybookInvalid) as caught:
        load_playbook(path)
    assert caught.value.lines("en")[0].startswith(f"{path}:3:8: the file is not in UTF-8")


def test_a_file_of_windows_with_a_mark_at_its_start_loads(tmp_path: Path) -> None:
    path = tmp_path / "win.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode())
    assert load_playbook(path).name == "small"


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_playbook(tmp_path / "none.yaml")
    assert caught.value.code == "playbook.unreadable"


@pytest.mark.parametrize("text", ["", "- 1\n", "hello\n"])
def test_a_file_without_sections_is_told_so(text: str) -> None:
    assert complaints(text) == ['my.yaml:1:1: expected sections such as "stages:"']


def test_the_error_itself_counts_and_points_to_the_first() -> None:
    with pytest.raises(PlaybookInvalid) as caught:
        parse_playbook(dedent(changed("limit: 3d", "limit: x")), "my.yaml")
    assert caught.value.facts["line"] == 8
    assert caught.value.facts["count"] == 1
    assert caught.value.exit_code == 64
