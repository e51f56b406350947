"""`audit` and `lint`: what is wrong with this portal, for a person, for a scheduler and for the first meeting."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from b24kit.cli.context import Desk, desk
from b24kit.cli.leak import leak_test
from b24kit.cli.scope import EVERYTHING, SETTINGS
from b24kit.crm.refs import Kind
from b24kit.i18n import speak_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from b24kit.change.snapshot import Snapshot
    from b24kit.crm.portal import Capabilities
    from b24kit.i18n import Language
    from b24kit.migrate.lint import StageFinding
    from b24kit.reports.tables import Table

FINDINGS = 2
SHOWN_FINDINGS, SHOWN_ROWS = 20, 6  # together a page or two
FINDINGS_TABLE = "audit.sheet.findings"
ONE_BY_ONE = "audit.sheet.stuck_list"  # names every stuck lead: for Excel and JSON, not for a screen

Detailed = Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are findings, 0 when none.")]


def audit(
    context: typer.Context,
    playbook: Annotated[
        str | None, typer.Option("--playbook", help="Use its limits by stage, own domains and proposals.")
    ] = None,
    stuck_days: Annotated[
        int | None, typer.Option("--stuck-days", min=1, help="Idle days after which a lead is stuck (14).")
    ] = None,
    excel: Annotated[Path | None, typer.Option("--excel", help="Write all tables to this workbook too.")] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the findings to this CSV file and the other tables beside it.")
    ] = None,
    leak: Annotated[
        bool,
        typer.Option("--leak", help="Only the leak test: whether letters made new leads since the tap was closed."),
    ] = False,
    since: Annotated[
        str | None, typer.Option("--since", help="Count the leak from here; default: the newest clean-up's plan.")
    ] = None,
    snapshot_file: Annotated[
        Path | None, typer.Option("--snapshot", help="Audit a snapshot instead of reading the portal.")
    ] = None,
    detailed_exitcode: Detailed = False,
) -> None:
    """Stuck leads by stage, age, source, owner and cause; weak stage names; where the letters come from."""
    with desk(context) as at:
        if leak:
            if leak_test(at, since) and detailed_exitcode:
                raise typer.Exit(FINDINGS)
            return
        from b24kit.change.snapshot import Snapshot
        from b24kit.playbook.inspection import run_audit
        from b24kit.playbook.loader import load_playbook
        from b24kit.playbook.shipped import find_playbook
        from b24kit.reports.tables import Table, write_workbook
        from b24kit.reports.wording import moment_text

        chosen = load_playbook(find_playbook(playbook)) if playbook else None
        found = Snapshot.open(snapshot_file) if snapshot_file else at.snapshot(EVERYTHING, bodies=True)
        able = _able_in(at, found) if snapshot_file else at.portal.capabilities
        report = run_audit(found, at.clock.now(), playbook=chosen, stuck_after_days=stuck_days, capabilities=able)
        tables = [Table(sheet.name, sheet.columns, sheet.rows) for sheet in report.tables()]
        if excel is not None:
            write_workbook(tables, excel, at.lang)
        written = write_all_csv(tables, csv, at.lang) if csv is not None else []
        if at.screen.as_json:
            at.screen.tables(tables, "audit", portal=found.portal_id, open=report.open, stuck=report.stuck)
        else:
            at.screen.say("audit.heading", portal=found.portal_id, taken=moment_text(found.taken_at, at.lang))
            for table in tables:
                if table.name != ONE_BY_ONE:
                    at.screen.table(table, SHOWN_FINDINGS if table.name == FINDINGS_TABLE else SHOWN_ROWS)
            if excel is not None:
                at.screen.say("audit.excel", file=str(excel))
            if written:
                at.screen.say("audit.written.csv", files=", ".join(map(str, written)))
            at.screen.say("audit.closing", stuck=report.stuck, open=report.open, findings=len(report.findings))
        if detailed_exitcode and report.has_findings:
            raise typer.Exit(FINDINGS)


def _able_in(at: Desk, snapshot: Snapshot) -> Capabilities | None:
    """What the vendor of a snapshot's portal can do; None when no portal of this folder is it."""
    from b24kit.connectors.factory import capabilities_of

    known = next((one for one in at.settings.portals.values() if one.host == snapshot.portal_id), None)
    if known is None:
        return None
    speak_of(known.vendor)
    return capabilities_of(known.vendor)


def write_all_csv(tables: Sequence[Table], file: Path, lang: Language) -> list[Path]:
    """A CSV file holds one table: the first goes to `file`, each other beside it as `<name>-<table>.csv`."""
    from b24kit.reports.tables import write_csv

    files = [file, *(file.with_stem(f"{file.stem}-{table.name.rpartition('.')[2]}") for table in tables[1:])]
    file.parent.mkdir(parents=True, exist_ok=True)
    for table, place in zip(tables, files, strict=False):
        write_csv(table, place, lang)
    return files[: len(tables)]


def lint(
    context: typer.Context,
    playbook: Annotated[
        str | None, typer.Argument(help="A playbook; without one the portal's stages are read.")
    ] = None,
    detailed_exitcode: Detailed = False,
) -> None:
    """Stage names that say nothing: vague, a source as a stage, no exit, no owner; with a proposal for each."""
    with desk(context) as at:
        from b24kit.i18n import say

        findings = _lint_file(playbook) if playbook else _lint_portal(at)
        if at.screen.as_json:
            rows = [{"code": f.code, "severity": f.severity, "facts": dict(f.facts)} for f in findings]
            at.screen.document("lint", findings=rows)
        else:
            for finding in findings:
                at.screen.sign("!", say(finding.code, at.lang, **finding.facts))
                if finding.proposal is not None:
                    at.screen.line("     " + say(finding.proposal.code, at.lang, **finding.proposal.facts))
                    at.screen.line("       " + finding.proposal.line)
            at.screen.say("lint.closing", n=len(findings))
        if detailed_exitcode and findings:
            raise typer.Exit(FINDINGS)


def _lint_file(playbook: str) -> list[StageFinding]:
    from b24kit.migrate.lint import lint_design
    from b24kit.playbook.gate_lint import gate_findings
    from b24kit.playbook.loader import load_playbook
    from b24kit.playbook.shipped import find_playbook

    found = load_playbook(find_playbook(playbook))
    findings = [] if found.stages is None else lint_design(found.stages, lang=found.language)
    for at, pipeline in enumerate(found.pipelines):
        if not pipeline.only_add:  # a ladder that lives already is judged on the portal
            findings += lint_design(pipeline, ("pipelines", at), found.language)
    return [*findings, *gate_findings(found)]


def _lint_portal(at: Desk) -> list[StageFinding]:
    from b24kit.crm.pipeline import LEADS
    from b24kit.migrate.lint import lint_portal
    from b24kit.migrate.recognise import is_intake

    snapshot = at.snapshot((*SETTINGS, Kind.LEAD))
    holding = Counter(lead.stage for lead in snapshot.leads())
    stages = [one for one in snapshot.stages(LEADS) if not is_intake(one, at.portal.capabilities)]
    return lint_portal(stages, holding)
