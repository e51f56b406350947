"""`runs` and `runs purge`: what was done in this folder; and how other commands find a run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from b24kit.cli.context import Desk, desk
from b24kit.errors import UsageError

if TYPE_CHECKING:
    from b24kit.change.recap import Recap
    from b24kit.change.runs import Run, RunInfo

ALL = 10_000  # rows

app = typer.Typer(help="What was done in this folder.", invoke_without_command=True)


@app.callback()
def list_runs(context: typer.Context) -> None:
    """All runs, oldest first."""
    if context.invoked_subcommand is not None:
        return
    with desk(context) as at:
        from b24kit.reports.tables import Table

        found = at.runs.list()
        if not found and not at.screen.as_json:
            at.screen.say("runs.none")
            return
        columns = tuple(f"column.{name}" for name in ("run", "host", "started", "how", "changes", "failed", "undoes"))
        at.screen.tables([Table("table.runs", columns, [run_row(at, info) for info in found])], "runs", limit=ALL)


def run_row(at: Desk, info: RunInfo) -> tuple[object, ...]:
    """One run of the list: what it changed and what failed are counted from its journal."""
    from b24kit.change.operation import Reason
    from b24kit.reports.wording import moment_text

    run = at.runs.open(info.id)
    done = summed_up(run)
    run.close()
    started = info.started if at.screen.as_json else moment_text(info.started, at.lang)
    how = info.how if at.screen.as_json else Reason(f"how.{info.how or 'running'}")
    return info.id, info.portal_id, started, how, done.changed + done.moved, done.failed, info.undoes


def summed_up(run: Run) -> Recap:
    """What a run came to so far, counted from its journal."""
    from b24kit.change.recap import Ended, recap_of

    return recap_of(run.id, run.plan, run.journal.last(), Ended(run.info.how or "interrupted"))


@app.command("ids")
def ids(
    context: typer.Context,
    run: Annotated[str | None, typer.Argument(help="A run or its undo; default: the newest.")] = None,
) -> None:
    """Old and new ids of the cards that an undo made again."""
    with desk(context) as at:
        from b24kit.change.idmap import id_map
        from b24kit.reports.tables import Table

        found = find_run(at, run)
        runs = [found.id] if found.plan.undoes else [info.id for info in at.runs.undoing(found.id)]
        found.close()
        rows = []
        for name in runs:
            undo = at.runs.open(name)
            rows += [(str(old), str(new), name) for old, new in id_map(undo, at.runs)]
            undo.close()
        if not rows and not at.screen.as_json:
            at.screen.say("runs.no_ids", run=found.id)
            return
        columns = ("column.old", "column.new", "column.run")
        at.screen.tables([Table("table.ids", columns, rows)], "ids", limit=ALL)


@app.command("purge")
def purge(
    context: typer.Context,
    older: Annotated[
        str | None, typer.Option("--older", help="For example 90d; default: retention of b24kit.toml.")
    ] = None,
) -> None:
    """Delete journals, plans and snapshots older than so many days; unfinished runs stay."""
    with desk(context) as at:
        days = parse_days(older) if older else at.settings.retention_days
        before = at.clock.now() - timedelta(days=days)
        gone = at.runs.purge(before)
        for file in sorted(at.snapshots_dir.glob("*.sqlite")):
            if file.stat().st_mtime < before.timestamp():
                file.unlink()
        if at.screen.as_json:
            at.screen.document("purge", runs=gone, days=days)
        else:
            at.screen.say("runs.purged", n=len(gone), days=days)


def parse_days(text: str) -> int:
    """`90d` or `90` as days."""
    number = text.removesuffix("d").removesuffix("д")
    if not number.isdigit() or int(number) < 1:
        raise UsageError("cli.bad_days", text=text)
    return int(number)


ROBOTS = "robots-"  # begins the plan of a run that records what robots did


def find_run(at: Desk, run_id: str | None) -> Run:
    """The named run, or the newest that is no undo."""
    return at.runs.open(run_id) if run_id else newest_run(at)


def newest_run(at: Desk) -> Run:
    # What robots did is recorded only to be taken back, by `robots undo`.
    found = [info for info in at.runs.list() if info.undoes is None and not info.plan_id.startswith(ROBOTS)]
    if not found:
        raise UsageError("cli.no_runs")
    return at.runs.open(found[-1].id)
