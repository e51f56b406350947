"""The help of every command and option in both languages; the English words are those of the code."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from b24kit.cli.app import app
from b24kit.cli.help_words import ROOT, option_code, path_below, speak
from b24kit.i18n import LANGUAGES, Language, has, say


def commands(command: Any, path: str = ROOT) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, path_below(path, name))


EVERY = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("path", "command"), EVERY, ids=[path for path, _ in EVERY])
def test_every_command_says_what_it_is_for(path: str, command: Any, lang: Language) -> None:
    assert has(f"help.{path}", lang)


@pytest.mark.parametrize(("path", "command"), EVERY, ids=[path for path, _ in EVERY])
def test_every_option_is_told_in_both_languages_and_the_english_one_as_in_the_code(path: str, command: Any) -> None:
    for one in command.params:
        words = getattr(one, "help", None)
        if words is None:
            continue
        code = option_code(path, one.name, "en")
        assert code is not None and option_code(path, one.name, "ru") == code, f"{path}: {one.name}"
        assert say(code, "en") == words, f"{path}: {one.name}"


def test_no_words_are_kept_for_options_that_are_gone() -> None:
    from b24kit.i18n import catalogue

    used = {option_code(path, one.name, "en") for path, command in EVERY for one in command.params}
    kept = {code for code in catalogue("en") if code.startswith(("option.", "option_of."))}
    assert kept <= used


def test_help_is_russian_to_the_last_option() -> None:
    made = typer.main.get_command(app)
    speak(made, "ru")
    plan = made.commands["plan"]  # type: ignore[attr-defined]
    told = {one.name: getattr(one, "help", "") for one in plan.params}
    assert told["tap_open"] == "Разбирать, хотя письма продолжают делать лиды."
