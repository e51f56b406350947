"""The command line as a whole: global options, the groups of verbs, and one table from error to exit code.

Exit codes: 0 done, 1 error, 2 changes or findings (only with --detailed-exitcode), 3 partly applied and can be
resumed, 4 plan stale, 5 refused by a guard, 6 stopped by the run window, 64 usage, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from b24kit import __version__
from b24kit.cli import (
    audit,
    backup,
    demo,
    export,
    extract,
    match,
    mishap,
    plan,
    playbook,
    portal,
    report,
    review,
    robots,
    robots_install,
    robots_outbox,
    robots_undo,
    run,
    runs,
    sandbox,
)
from b24kit.cli.context import Interrupted, Options
from b24kit.cli.help_words import speak
from b24kit.errors import B24kitError
from b24kit.i18n import speak_of

HELP = {"-h", "--help"}

app = typer.Typer(
    name="b24kit",
    help="Puts a living Bitrix24 portal in order: audit, plan, apply, verify, undo. Dry by default.",
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(portal.app, name="portal")
app.command("doctor")(portal.doctor)
app.command("pull")(portal.pull)
app.command("audit")(audit.audit)
app.command("lint")(audit.lint)
app.command("plan")(plan.plan)
app.command("show")(plan.show)
app.command("explain")(plan.explain)
app.command("apply")(run.apply)
app.command("verify")(run.verify)
app.command("undo")(run.undo)
app.add_typer(runs.app, name="runs")
app.add_typer(backup.app, name="backup")
app.command("report")(report.report)
app.command("export")(export.export)
app.command("extract")(extract.extract)
app.command("match")(match.match)
app.add_typer(review.app, name="review")
app.add_typer(playbook.app, name="playbook")
robots.app.command("address")(robots_install.address)
robots.app.command("verify")(robots_install.verify)
robots.app.add_typer(robots_outbox.app, name="outbox")
robots.app.command("undo")(robots_undo.undo)
app.add_typer(robots.app, name="robots")
app.command(
    "sandbox",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)(sandbox.sandbox)
app.command("demo")(demo.demo)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"b24kit {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    portal_name: Annotated[
        list[str] | None, typer.Option("--portal", "-p", help="Which portal of b24kit.toml.")
    ] = None,
    folder: Annotated[Path, typer.Option("--dir", "-C", envvar="B24KIT_DIR", help="The client's folder.")] = Path(),
    lang: Annotated[str | None, typer.Option("--lang", help="Language of the screen: ru or en.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine output: one JSON document.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the vendor's raw answer and the traceback.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Signs only, no colours.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="The version.")] = False,
) -> None:
    """Options of every command."""
    del version
    colour = False if no_color or os.environ.get("NO_COLOR") else None
    named = tuple(dict.fromkeys(portal_name or ()))
    context.obj = Options(named[0] if named else None, folder, lang, as_json, debug, colour, named)


def main(arguments: list[str] | None = None) -> None:
    """The console script: runs one command and ends the process with its exit code."""
    sys.exit(run_command(sys.argv[1:] if arguments is None else arguments))


def run_command(arguments: list[str]) -> int:
    """One command line to its exit code; every failure leaves as a sentence, never as a traceback."""
    arguments, pulled = _globals_anywhere(arguments)
    speak_of("")
    try:
        return _run([*pulled, *arguments])
    except mishap.CommandLineError as error:
        return mishap.tell_command_line(error, mishap.manner_of(pulled))
    except (Interrupted, KeyboardInterrupt, typer.Abort):
        return mishap.tell_interrupted(mishap.manner_of(pulled))
    except B24kitError as error:
        return mishap.tell_error(error, mishap.manner_of(pulled))
    except BrokenPipeError:
        return _reader_left()
    except (OSError, sqlite3.Error) as error:
        return mishap.tell_machine(error, mishap.manner_of(pulled))
    except Exception as error:
        return mishap.tell_unexpected(error, mishap.manner_of(pulled))


def _run(arguments: list[str]) -> int:
    command: Any = typer.main.get_command(app)
    if HELP & set(arguments) or not arguments:
        speak(command, mishap.manner_of(arguments).lang)
    try:
        result = command.main(args=arguments, prog_name="b24kit", standalone_mode=False)
        sys.stdout.flush()
    except typer.Exit as leave:
        return leave.exit_code
    return result if isinstance(result, int) else 0


def _reader_left() -> int:
    """`b24kit audit | head`: nobody reads on, which is no mistake; Python must not complain at its end either."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _globals_anywhere(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Let `--json`, `--lang ru`, `--portal x`... stand after the verb too, as people type them."""
    flags, valued = {"--json", "--debug", "--no-color"}, {"--lang", "--portal", "-p", "--dir", "-C"}
    rest: list[str] = []
    pulled: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in flags or ("=" in argument and argument.split("=", 1)[0] in valued):
            pulled.append(argument)
        elif argument in valued:
            pulled += [argument, *([value] if (value := next(waiting, None)) is not None else [])]
        else:
            rest.append(argument)
    return rest, pulled
