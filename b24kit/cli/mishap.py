"""What a person is told when a command fails: what happened, on which object, what is done already, what to type next.

One place turns every way to fail into a sentence of the chosen language, or into one JSON document, and an exit code.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from b24kit.cli.encoding import prepare_streams, speaks_unicode
from b24kit.errors import B24kitError, UsageError
from b24kit.i18n import LANGUAGES, Language, has, say

USAGE, INTERRUPTED = 64, 130
# typer carries click inside or beside itself, by its version: its own names lead to the classes that are raised.
CommandLineError: type[Exception] = typer.BadParameter.__bases__[0]
_SAID = {
    re.compile(r"No such command '([^']*)'\.?(.*)"): "no_command",
    re.compile(r"Got unexpected extra arguments? ?(?:\(s\) )?\((.*)\)()"): "extra",
}


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
    told = getattr(error, "lines", None)
    facts = error.facts if told is None else {**error.facts, "lines": list(told(manner.lang))}
    _tell(error.code, error_text(error, manner.lang, debug=manner.debug), manner, facts)
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
    """The parser's complaint in the chosen language; one that is not known here comes in the parser's own words."""
    said = str(getattr(error, "message", "") or "")
    for pattern, code in _SAID.items():
        if found := pattern.match(said):
            return say(f"command_line.{code}", lang, what=found[1]) + _near(re.findall(r"'([^']+)'", found[2]), lang)
    code, what = f"command_line.{type(error).__name__}", _about(error)
    if what and has(code, lang):
        return say(code, lang, what=what, said=said) + _near(getattr(error, "possibilities", None) or (), lang)
    formatted = getattr(error, "format_message", None)
    return say("command_line.other", lang, said=said if formatted is None else str(formatted()))


def _about(error: Exception) -> str:
    """The option or argument that a complaint is about."""
    parameter = getattr(error, "param", None)
    options = [str(option) for option in getattr(parameter, "opts", ()) if str(option).startswith("-")]
    name = str(getattr(parameter, "name", "") or "").upper()
    return str(getattr(error, "option_name", "") or (options[-1] if options else name))


def _near(names: Sequence[str], lang: Language) -> str:
    return " " + say("command_line.near", lang, near=", ".join(names)) if names else ""


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
    prepare_streams()
    sys.stderr.write(text + "\n")
    if manner.as_json:
        document = {"format": "b24kit-json/1", "kind": "error", "code": code, "facts": dict(facts), "text": text}
        ascii_only = not speaks_unicode(sys.stdout)
        sys.stdout.write(json.dumps(document, ensure_ascii=ascii_only, default=str) + "\n")


def _traceback() -> None:
    import traceback

    traceback.print_exc()
