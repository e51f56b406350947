"""However a command fails: a sentence in the chosen language, the right exit code, no traceback, nothing lost."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ANSWER, Answer, Consultant

BROKEN = """\
b24kit: 1
name: broken
language: ru
stages:
  ladder:
    - code: NEW
      name: Новый
      colour: 5
    - code: ПЛОХОЙ
      name: Плохой
    - code: CONVERTED
      name: Клиент
      outcome: win
"""


def cyrillic(text: str) -> bool:
    return any("а" <= sign <= "я" for sign in text)


@pytest.mark.parametrize(
    "line",
    [
        ("plan",),
        ("plann",),
        ("plan", "a", "b"),
        ("plan", "a", "--limit", "many"),
        ("plan", "a", "--limit"),
        ("audit", "--stuck-days", "0"),
        ("audit", "--jsno"),
        ("plan", "talking-leads", "--only", "windows"),
        ("plan", "talking-leads", "--answer", "robots"),
        ("apply",),
        ("apply", "nothing.b24"),
        ("explain", "sky:1"),
        ("undo", "../../etc"),
        ("runs", "purge", "--older", "soon"),
        ("report", "-o", "report.pdf"),
        ("export", "everything", "-o", "x.csv"),
        ("lint", "nothing.yaml"),
        ("--lang", "fr", "portal", "list"),
        ("--portal", "other", "doctor"),
        ("apply", "x.b24", "--until", "25:99"),
    ],
)
def test_what_was_typed_wrong_ends_with_64_and_says_what_to_type(at_work: Consultant, line: tuple[str, ...]) -> None:
    answer = at_work.types(*line)
    assert (answer.exit, answer.out) == (64, "")
    assert cyrillic(answer.err) and "→" in answer.err


@pytest.mark.parametrize("line", [("plan",), ("apply", "nothing.b24"), ("explain", "sky:1"), ("plann",)])
def test_errors_come_in_english_when_asked(at_work: Consultant, line: tuple[str, ...]) -> None:
    answer = at_work.types(*line, "--lang", "en")
    assert answer.exit == 64 and answer.err and not cyrillic(answer.err)


def test_errors_come_in_the_language_of_the_folders_file(consultant: Consultant) -> None:
    (consultant.folder / "b24kit.toml").write_text('lang = "en"\n', encoding="utf-8")
    assert not cyrillic(consultant.types("doctor").err)
    assert cyrillic(consultant.types("doctor", "--lang", "ru").err)


def test_a_failure_is_a_document_for_a_machine(consultant: Consultant) -> None:
    answer = consultant.json("doctor")
    assert answer.exit == 64
    assert (answer.document["kind"], answer.document["code"]) == ("error", "config.no_portal")
    assert answer.document["text"].strip() == answer.err.strip()


def test_global_options_stand_before_or_after_the_verb(at_work: Consultant) -> None:
    before, after = at_work.types("--json", "portal", "list"), at_work.types("portal", "list", "--json")
    assert before.document == after.document


def test_every_mistake_of_a_playbook_is_told_with_its_place(consultant: Consultant) -> None:
    file = consultant.folder / "broken.yaml"
    file.write_text(BROKEN, encoding="utf-8")
    answer = consultant.types("lint", str(file))
    places = re.findall(rf"^{re.escape(str(file))}:(\d+):(\d+): ", answer.err, re.MULTILINE)
    assert answer.exit == 64 and {line for line, _ in places} >= {"1", "8", "13"}


def test_a_folder_that_cannot_be_written_is_named(at_work: Consultant) -> None:
    (at_work.folder / ".b24kit").write_text("a file stands where the folder should be", encoding="utf-8")
    answer = at_work.json("audit")
    assert (answer.exit, answer.document["code"]) == (1, "machine")
    assert ".b24kit" in answer.document["facts"]["place"]


def test_a_file_that_cannot_be_written_is_named(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    out = at_work.folder / "no" / "such" / "clusters.csv"
    answer = at_work.json("export", "clusters", "-o", str(out), "--plan", str(at_work.plan_file))
    assert (answer.exit, answer.document["facts"]["place"]) == (1, str(out))


def test_an_inner_mistake_shows_its_traceback_only_under_debug(
    consultant: Consultant, capsys: pytest.CaptureFixture[str]
) -> None:
    from b24kit.cli.app import run_command

    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    consultant.patch.setattr("b24kit.playbook.shipped.shipped", breaks)
    quiet = consultant.types("playbook", "list")
    assert quiet.exit == 1 and "ZeroDivisionError" in quiet.err
    assert run_command(["playbook", "list", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_new_playbook_is_not_written_over_an_old_one(consultant: Consultant) -> None:
    file = consultant.folder / "ours.yaml"
    assert consultant.types("playbook", "new", str(file)).exit == 0
    assert consultant.types("lint", str(file)).exit == 0
    answer = consultant.json("playbook", "new", str(file))
    assert (answer.exit, answer.document["code"]) == (64, "playbook.exists")


def test_the_schema_of_a_playbook_is_json(consultant: Consultant) -> None:
    assert "properties" in json.loads(consultant.types("playbook", "schema").out)


def outside(consultant: Consultant, *arguments: str, encoding: str = "utf-8") -> Answer:
    """The same command in a process of its own, whose streams have another encoding."""
    done = subprocess.run(
        [sys.executable, "-m", "b24kit", *arguments],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
        timeout=120,
    )
    return Answer(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))


@pytest.mark.parametrize("encoding", ["cp866", "cp1251", "ascii"])
def test_no_console_breaks_a_command(at_work: Consultant, encoding: str) -> None:
    people = outside(at_work, "plan", "talking-leads", *ANSWER, encoding=encoding)
    assert people.exit == 0 and "Traceback" not in people.err
    if encoding != "ascii":
        assert "План: создать" in people.out and "Запросов ~" in people.out
    machine = outside(at_work, "plan", "talking-leads", "--json", encoding=encoding)
    assert json.loads(machine.out)["kind"] == "plan"
    assert outside(at_work, "explain", "sky:1", encoding=encoding).exit == 64


def test_a_title_from_a_stranger_is_neither_markup_nor_a_picture(at_work: Consultant, tmp_path: Path) -> None:
    from b24kit.cli.screen import Screen

    at_work.capture.readouterr()
    Screen("ru").line("[red]:smile: [link=http://example.com]x[/link]")
    assert at_work.capture.readouterr().out == "[red]:smile: [link=http://example.com]x[/link]\n"


def test_a_reader_that_stops_reading_is_no_mistake(at_work: Consultant) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "b24kit", "playbook", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    told = process.stderr.read()
    assert process.wait(timeout=60) in (0, 1) and told == b""
    process.stderr.close()


def test_help_comes_at_once_and_loads_nothing_heavy() -> None:
    code = "import sys, b24kit.cli.app; print(*sorted(m.partition('.')[0] for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    heavy = {"httpx", "pydantic", "starlette", "uvicorn", "pandas", "rich", "xlsxwriter", "yaml", "phonenumbers"}
    assert heavy & set(done.stdout.split()) == set()
