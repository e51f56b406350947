"""docs/commands.md beside the command tree: what of it follows from the code, and how to write that afresh.

`python -m tests.house.commands_page` renews the generated part of every section (heading, sentence, usage, table of
options) and leaves what stands below it as it is.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from b24kit.cli.app import app
from b24kit.sandbox.__main__ import parser

PAGE = Path(__file__).parent.parent.parent / "docs" / "commands.md"
GLOBAL = "Options of every command"
_HEADING = "\n## "
_OWN = {"install_completion", "show_completion", "help"}  # typer's own options


def commands() -> dict[str, Any]:
    """Every command that does something by itself, by its full name, in the order of `b24kit --help`."""
    return dict(_walk("b24kit", typer.main.get_command(app)))


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    nested = getattr(command, "commands", {})
    if not nested or (getattr(command, "invoke_without_command", False) and name != "b24kit"):
        yield name, command
    for word, inner in nested.items():
        yield from _walk(f"{name} {word}", inner)


def heads() -> dict[str, str]:
    """The generated beginning of every section, by its heading."""
    root = typer.main.get_command(app)
    made = {GLOBAL: _table([_row(one) for one in root.params if one.name not in _OWN])}
    for name, command in commands().items():
        rows = [_row(one) for one in command.params]
        usage = " ".join([name, *(_argument(one) for one in command.params if one.param_type_name == "argument")])
        if name == "b24kit sandbox":
            rows = [_switch(one) for one in parser()._actions if one.dest != "help"]
        sentence = " ".join(str(command.callback.__doc__).split("\n\n")[0].split())
        usage += " [OPTIONS]" if any(row.startswith("| `-") for row in rows) else ""
        made[f"`{name}`"] = f"{sentence}\n\n```\n{usage}\n```\n" + ("\n" + _table(rows) if rows else "")
    return made


def sections(page: str) -> dict[str, str]:
    """The page cut at its headings; what stands before the first has the empty name."""
    preface, *rest = page.split(_HEADING)
    named = (text.partition("\n") for text in rest)
    return {"": preface} | {title.strip(): body.strip() + "\n" for title, _, body in named}


def renewed(page: str) -> str:
    """The page with every generated beginning as the code has it; texts below and other sections stay."""
    old, fresh = sections(page), heads()
    kept = {title: body for title, body in old.items() if title and not title.startswith("`") and title != GLOBAL}
    parts = [old[""].rstrip() + "\n"]
    now = {title: _with_tail(head, old.get(title, "")) for title, head in fresh.items()}
    parts += [f"{_HEADING}{title}\n\n{body.strip()}\n" for title, body in (kept | now).items()]
    return "".join(parts)


def _with_tail(head: str, before: str) -> str:
    lines = before.splitlines()
    ends = [number for number, line in enumerate(lines) if line.startswith(("|", "```"))]
    tail = "\n".join(lines[max(ends) + 1 :]).strip() if ends else ""
    return f"{head.strip()}\n\n{tail}"


def _table(rows: list[str]) -> str:
    return "\n".join(["| Argument or option | Meaning |", "|---|---|", *rows]) + "\n"


def _row(one: Any) -> str:
    if one.param_type_name == "argument":
        return f"| {_argument(one)} | {_cell(one.help)} |"
    value = "" if one.is_flag else f" {str(one.name).upper()}"
    default = None if one.is_flag or one.default in ("", Path()) else one.default
    names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
    environment = f"Or `{one.envvar}`." if one.envvar else ""
    return f"| {names}{value} | {_cell(one.help, default, environment)} |"


def _argument(one: Any) -> str:
    name = str(one.name).upper()
    return name if one.required else f"[{name}]"


def _switch(one: argparse.Action) -> str:
    value = "" if one.nargs == 0 else f" {'/'.join(map(str, one.choices)) if one.choices else str(one.dest).upper()}"
    default = None if one.default is False or isinstance(one.default, tuple) else one.default
    return f"| {', '.join(f'`{name}`' for name in one.option_strings)}{value} | {_cell(one.help, default)} |"


def _cell(text: object, default: object = None, more: str = "") -> str:
    sentence = str(text or "").replace("|", "\\|")
    if sentence and not sentence.endswith("."):
        sentence = sentence[0].upper() + sentence[1:] + "."
    told = "" if default is None else f"Default: `{default}`."
    return " ".join(part for part in (sentence, told, more) if part)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
