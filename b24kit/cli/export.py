"""`export`: lists for other programs; at first, which lead belongs to which client."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from b24kit.cli.context import desk
from b24kit.cli.plan import load_plan
from b24kit.cli.report import snapshot_of
from b24kit.cli.runs import newest_run
from b24kit.errors import UsageError

WHAT = ("clusters",)


def export(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="clusters: which lead belongs to which client, as id,cluster.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The CSV file to write.")],
    plan: Annotated[Path | None, typer.Option("--plan", help="A saved plan; default: the newest run's.")] = None,
    origin: Annotated[str | None, typer.Option("--origin", help="Name leads by their ids in this system.")] = None,
) -> None:
    """Write a list as CSV (UTF-8, comma): machine input, the same in every language."""
    with desk(context) as at:
        if what not in WHAT:
            raise UsageError("export.unknown_what", what=what, known=", ".join(WHAT))
        from b24kit.cleanup.export import HEADER, assignment_rows

        found = load_plan(at, plan) if plan else newest_run(at).plan
        leads = snapshot_of(at, found.snapshot_id).leads()
        rows = list(assignment_rows(leads, found.assignment, origin))
        if not rows:
            raise UsageError("export.no_assignment", plan=found.id)
        with out.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([HEADER, *rows])
        if at.screen.as_json:
            at.screen.document("export", what=what, rows=len(rows), file=str(out))
        else:
            at.screen.say("export.done", n=len(rows), file=str(out))
