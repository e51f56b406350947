"""What commands and their options are for, said in the language of the screen when help is asked for."""

from __future__ import annotations

from typing import Any

from b24kit.i18n import Language, has, say

ROOT = "app"


def speak(command: Any, lang: Language, path: str = ROOT) -> None:
    """Put the words of `lang` into a command, its options and arguments, and all commands below it."""
    if has(code := f"help.{path}", lang):
        command.help = command.short_help = say(code, lang)
    for one in command.params:
        words = option_code(path, str(one.name), lang)
        if words is not None:
            one.help = say(words, lang)
    for name, below in getattr(command, "commands", {}).items():
        speak(below, lang, path_below(path, name))


def option_code(path: str, name: str, lang: Language) -> str | None:
    """The entry that tells of an option: the command's own words, else those shared by all."""
    return next((code for code in (f"option_of.{path}.{name}", f"option.{name}") if has(code, lang)), None)


def path_below(path: str, name: str) -> str:
    """How the catalogues call a command: its full name with dashes, such as `runs-purge`."""
    return name if path == ROOT else f"{path}-{name}"
