"""`extract`: who the active clients are, by segment, into Excel and CSV. Reads the portal and writes files only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from b24kit.cli.context import Desk, desk
from b24kit.cli.scope import EVERYTHING
from b24kit.errors import Refused, UsageError

if TYPE_CHECKING:
    from b24kit.change.snapshot import Snapshot
    from b24kit.cleanup.extract import Extract
    from b24kit.cleanup.extract_spec import ExtractSpec
    from b24kit.playbook.schema import Playbook
    from b24kit.reports.client_lists import ClientTables

PRIVATE = 0o600  # names, telephones and addresses of clients


def extract(
    context: typer.Context,
    playbook: Annotated[
        str | None, typer.Argument(help="A playbook whose clean.extract names the segments; default: the usual ones.")
    ] = None,
    excel: Annotated[Path | None, typer.Option("--excel", help="A workbook: a summary and a sheet a segment.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="All clients in one CSV file for Excel.")] = None,
    segment: Annotated[list[str] | None, typer.Option("--segment", help="Only this segment. May be repeated.")] = None,
    snapshot_file: Annotated[
        Path | None, typer.Option("--snapshot", help="Use a snapshot instead of reading the portal.")
    ] = None,
) -> None:
    """Lists of active contacts and companies by segment, to Excel and CSV. Nothing is written to the portal."""
    with desk(context) as at:
        from b24kit.change.snapshot import Snapshot
        from b24kit.reports.client_lists import ClientTables

        if excel is None and csv is None and not at.screen.as_json:
            raise UsageError("extract.nowhere")
        chosen = loaded(playbook)
        snapshot = Snapshot.open(snapshot_file) if snapshot_file else at.snapshot(EVERYTHING, bodies=True)
        spec, found = measured(at, snapshot, chosen, segment or [])
        users = {user.id: user.name for user in snapshot.users()}
        companies = {company.id: company.title for company in snapshot.companies()}
        tables = ClientTables(found, spec, snapshot.portal_id, users, companies)
        files = write(at, tables, excel, csv)
        tell(at, snapshot, spec, found, files)


def loaded(playbook: str | None) -> Playbook | None:
    """The playbook asked for, if any."""
    from b24kit.playbook.loader import load_playbook
    from b24kit.playbook.shipped import find_playbook

    return load_playbook(find_playbook(playbook)) if playbook else None


def measured(at: Desk, snapshot: Snapshot, playbook: Playbook | None, wanted: list[str]) -> tuple[ExtractSpec, Extract]:
    """The segments as they will be told, and everybody in them; UsageError for a segment that nobody named."""
    from dataclasses import replace

    from b24kit.cleanup.extract import extract_clients
    from b24kit.cleanup.spec import CleanSpec

    clean = playbook.clean if playbook is not None and playbook.clean is not None else CleanSpec()
    topics = [phrase for one in playbook.owners.seminars for phrase in one.phrases] if playbook else []
    found = extract_clients(snapshot, clean, at.clock.now(), topics)
    if not found.clients:
        raise Refused("extract.nobody", portal=snapshot.portal_id)
    unknown = [name for name in wanted if name not in clean.extract.names]
    if unknown:
        known = ", ".join(clean.extract.names)
        raise UsageError("extract.unknown_segment", segment=", ".join(unknown), known=known)
    if not wanted:
        return clean.extract, found
    segments = tuple(one for one in clean.extract.segments if one.name in wanted)
    kept = tuple(client for client in found.clients if client.segment in wanted)
    return clean.extract.model_copy(update={"segments": segments}), replace(found, clients=kept)


def write(at: Desk, tables: ClientTables, excel: Path | None, csv: Path | None) -> list[Path]:
    """The files asked for, readable by this user alone; Excel for people, CSV for other programs."""
    from b24kit.reports.tables import write_csv, write_workbook

    if excel is not None:
        private(excel)
        write_workbook([tables.summary(at.clock.now(), at.lang), *tables.segments()], excel, at.lang)
    if csv is not None:
        private(csv)
        write_csv(tables.everybody(), csv, at.lang)
    return [file for file in (excel, csv) if file is not None]


def private(file: Path) -> None:
    """Make the file before anything stands in it, so that nobody else ever reads it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE))
    file.chmod(PRIVATE)


def tell(at: Desk, snapshot: Snapshot, spec: ExtractSpec, found: Extract, files: list[Path]) -> None:
    """Numbers alone: no name and no address is put on the screen."""
    from b24kit.reports.client_lists import counts

    lines: list[dict[str, Any]] = []
    for name in spec.names:
        contacts, companies = counts(found.of(name))
        lines.append({"segment": name, "contacts": contacts, "companies": companies})
    if at.screen.as_json:
        written = [str(file) for file in files]
        at.screen.document(
            "extract", portal=snapshot.portal_id, segments=lines, strangers=found.strangers, files=written
        )
        return
    for line in lines:
        at.screen.line(at.screen.text("extract.segment_line", **line))
    if found.strangers:
        at.screen.say("extract.strangers", count=found.strangers)
    for file in files:
        at.screen.say("extract.written", file=str(file), count=len(found.clients))
