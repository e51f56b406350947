"""`report`: the proof sheet of a run, before and after, for the client's signature."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from b24kit.cli.context import Desk, desk
from b24kit.cli.runs import ALL, find_run, summed_up
from b24kit.cli.scope import EVERYTHING
from b24kit.cli.stock import count_after, say_missing
from b24kit.errors import UsageError

if TYPE_CHECKING:
    from b24kit.change.snapshot import Snapshot


def report(
    context: typer.Context,
    run: Annotated[str | None, typer.Argument(help="A run; default: the newest.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write .html or .xlsx.")] = None,
) -> None:
    """What was and what is, and that nothing was lost: read afresh and compared with the snapshot of the plan."""
    with desk(context) as at:
        from b24kit.change.intake import binned
        from b24kit.change.journal import State
        from b24kit.change.merging import MergeRecords
        from b24kit.crm.refs import Kind
        from b24kit.reports.proof import prove, run_table, write_html
        from b24kit.reports.tables import write_workbook

        if out is not None and out.suffix not in (".html", ".xlsx"):
            raise UsageError("cli.report_format", file=str(out))
        found = find_run(at, run)
        backup = at.runs.backups.find(found.plan.id)
        operations = found.plan.operations
        done = {key for key, entry in found.journal.last().items() if entry.state is State.DONE}
        merged = {ref for one in operations if isinstance(one, MergeRecords) for ref in one.losers}
        gone = binned(operations, done)
        proof = prove(snapshot_of(at, found.plan.snapshot_id), at.snapshot(EVERYTHING), backup, merged | gone)
        if backup is not None:
            backup.close()
        hung = count_after(at, found)
        incoming = sum(ref.kind is Kind.INCOMING for ref in gone)
        tables = [run_table(summed_up(found), found.info, at.lang, incoming), *proof.tables()]
        tables += [hung.table()] if hung is not None else []
        lost = proof.lost + (hung.lost + hung.consent_lost if hung is not None else 0)
        heading = at.screen.text("report.heading", portal=proof.portal_id, run=found.id)
        if out is not None and out.suffix == ".html":
            write_html(tables, heading, out, at.lang)
        elif out is not None:
            write_workbook(tables, out, at.lang)
        if not at.screen.as_json:
            at.screen.line(heading)
        at.screen.tables(tables, "report", limit=ALL, run=found.id, lost=lost, undo=f"b24kit undo {found.id}")
        if not at.screen.as_json:
            if hung is not None:
                say_missing(at, hung)
            at.screen.say("report.closing" if out else "report.closing_screen", lost=lost, file=str(out))
            at.screen.say("report.undo", run=found.id)
        if lost:
            raise typer.Exit(1)


def snapshot_of(at: Desk, snapshot_id: str) -> Snapshot:
    """The snapshot a plan was made on, found by its content among those of this folder."""
    from b24kit.change.snapshot import Snapshot

    for file in sorted(at.snapshots_dir.glob("*.sqlite"), reverse=True):
        found = Snapshot.open(file)
        if found.id == snapshot_id:
            return found
        found.close()
    raise UsageError("cli.no_snapshot", snapshot=snapshot_id)
