"""What a person is told when a command fails: what happened, on which object, what is done already, what to type next.

One place turns every way to fail into a sentence of the chosen language, or into one JSON document, and an exit code.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from b24kit.errors import B24kitError, UsageError
from b24kit.i18n import LANGUAGES, Language, has, say

USAGE, INTERRUPTED = 64, 130
# typer carries click inside or beside itself, by its version: its own names lead to the classes that are raised.
CommandLineError: type[Exception] = typer.BadParameter.__bases__[0]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a failure is told: in which language, as JSON, with the vendor's raw answer and the traceback."""

    lang: Language = "ru"
    as_json: bool = False
    debug: bool = False


def manner_of(pulled: list[str]) -> Manner:
    """From the global options as typed, since a failure may come before they are read."""
    return Manner(_language(pulled), "--json" in pulled, "--debug" in pulled)


def tell_error(error: B24kitError, manner: Manner) -> int:
    """An error of ours, told; its exit code."""
    if manner.debug:
        _traceback()
    _tell(error.code, error_text(error, manner.lang, debug=manner.debug), manner, error.facts)
    return error.exit_code


def tell_command_line(error: Exception, manner: Manner) -> int:
    """A mistake in what was typed: which command and what it wants."""
    context: Any = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stdout.write(str(error) + "\n")
        return USAGE
    path = str(getattr(context, "command_path", "") or "b24kit")
    text = _command_line_text(error, manner.lang)
    hint = say("next.command_line", manner.lang, command=path)
    _tell("command_line", f"{text}\n→ {hint}", manner, {"command": path})
    return USAGE


def tell_interrupted(manner: Manner) -> int:
    """Ctrl+C outside of a run; a run that is interrupted ends in order and tells its own recap."""
    _tell("interrupted", say("error.interrupted", manner.lang), manner, {})
    return INTERRUPTED


def tell_machine(error: OSError | sqlite3.Error, manner: Manner) -> int:
    """The machine refused: a folder that cannot be written, a full disk."""
    if manner.debug:
        _traceback()
    place = getattr(error, "filename", None) or ""
    why = getattr(error, "strerror", None) or str(error)
    code = "machine" if place else "machine_somewhere"
    text = say(f"error.{code}", manner.lang, place=str(place), why=why)
    _tell(code, f"{text}\n→ {say('next.machine', manner.lang)}", manner, {"place": str(place), "why": why})
    return 1


def tell_unexpected(error: Exception, manner: Manner) -> int:
    """The last door: a person never sees a bare traceback."""
    if manner.debug:
        _traceback()
    _tell("unexpected", say("error.unexpected", manner.lang, kind=type(error).__name__), manner, {})
    return 1


def error_text(error: B24kitError, lang: Language, *, debug: bool = False) -> str:
    """What happened, on which object, and what to type next."""
    from b24kit.reports.wording import worded

    facts = worded(error.facts, lang)
    key = f"error.{error.code}" if has(f"error.{error.code}", lang) else "error.other"
    # A file may have many mistakes: such an error tells each of them on its own line.
    told = getattr(error, "lines", None)
    lines = list(told(lang)) if told is not None else []
    lines.append(say(key, lang, **{"code": error.code, "told": str(error), **facts}))
    if has(f"next.{error.code}", lang):
        lines.append("→ " + say(f"next.{error.code}", lang, **facts))
    if debug and "body" in error.facts:
        lines.append(str(error.facts["body"]))
    return "\n".join(lines)


def _command_line_text(error: Exception, lang: Language) -> str:
    """The parser's own complaint in the chosen language, as far as its parts are known."""
    parameter = getattr(error, "param", None)
    shown = str(getattr(parameter, "human_readable_name", "") or getattr(error, "option_name", "") or "")
    option = getattr(parameter, "opts", None)
    if option and str(option[0]).startswith("-"):
        shown = str(option[-1])
    kind = type(error).__name__
    said = str(getattr(error, "message", "") or error)
    if lang == "en" or not has(f"command_line.{kind}", lang) or not (shown or kind == "UsageError"):
        return say("command_line.other", lang, said=_plain(error, said))
    near = ", ".join(getattr(error, "possibilities", None) or ())
    text = say(f"command_line.{kind}", lang, what=shown, said=said)
    return text + (" " + say("command_line.near", lang, near=near) if near else "")


def _plain(error: Exception, said: str) -> str:
    formatted = getattr(error, "format_message", None)
    return str(formatted()) if formatted is not None else said


def _language(pulled: list[str]) -> Language:
    """The language that was asked for: option, environment, the folder's file, Russian."""
    wanted = _given(pulled, "--lang") or os.environ.get("B24KIT_LANG")
    if not wanted:
        from b24kit.config.settings import load_settings

        try:
            folder = _given(pulled, "--dir") or _given(pulled, "-C") or os.environ.get("B24KIT_DIR") or "."
            return load_settings(Path(folder)).lang
        except (UsageError, OSError):
            return "ru"
    return next((lang for lang in LANGUAGES if lang == wanted), "ru")


def _given(pulled: list[str], option: str) -> str:
    for index, argument in enumerate(pulled):
        if argument == option and index + 1 < len(pulled):
            return pulled[index + 1]
        if argument.startswith(f"{option}="):
            return argument.partition("=")[2]
    return ""


def _tell(code: str, text: str, manner: Manner, facts: Any) -> None:
    """The sentence to stderr; in JSON mode a document to stdout too, so that a machine finds it where it reads."""
    if hasattr(sys.stderr, "reconfigure"):
        sys.stderr.reconfigure(errors="replace")
    sys.stderr.write(text + "\n")
    if manner.as_json:
        document = {"format": "b24kit-json/1", "kind": "error", "code": code, "facts": dict(facts), "text": text}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str) + "\n")


def _traceback() -> None:
    import traceback

    traceback.print_exc()
