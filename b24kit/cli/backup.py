"""`backup list`, `show` and `verify`: the whole copies that were taken before cards were removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from b24kit.cli.context import Desk, desk
from b24kit.cli.runs import ALL, newest_run
from b24kit.errors import UsageError

if TYPE_CHECKING:
    from b24kit.change.backup import Backup, Manifest, Verified
    from b24kit.change.operation import Reason
    from b24kit.reports.tables import Table

app = typer.Typer(help="Whole copies of removed cards.", no_args_is_help=True)
RunName = Annotated[str | None, typer.Argument(help="A run; default: the newest.")]


@app.command("list")
def list_backups(context: typer.Context) -> None:
    """Which copies there are in this folder, and of which runs."""
    with desk(context) as at:
        from b24kit.reports.tables import Table

        rows = []
        for info in at.runs.list():
            backup = at.runs.backups.find(info.plan_id)
            if backup is not None:
                rows.append((info.id, backup.manifest().cards, str(backup.path)))
                backup.close()
        if not rows and not at.screen.as_json:
            at.screen.say("backup.none")
            return
        at.screen.tables([Table("table.parts", ("column.run", "column.items", "column.what"), rows)], "backups")


@app.command("show")
def show(context: typer.Context, run: RunName = None) -> None:
    """What the copy of a run holds, and what making again cannot bring back."""
    with desk(context) as at:
        from b24kit.change.recreation import losses
        from b24kit.reports.wording import reason_text

        backup = backup_of(at, run)
        manifest = backup.manifest()
        backup.close()
        table = parts_table(manifest)
        if at.screen.as_json:
            at.screen.document("backup", **manifest_document(manifest), file=str(backup.path))
            return
        at.screen.say("backup.heading", file=str(backup.path))
        at.screen.tables([table], "backup", limit=ALL)
        at.screen.say("backup.loses")
        at.screen.lines(reason_text(one, at.lang) for one in losses(manifest))


@app.command("verify")
def verify(context: typer.Context, run: RunName = None) -> None:
    """Hash the whole copy again; exit code 1 when something does not agree."""
    with desk(context) as at:
        backup = backup_of(at, run)
        verified = backup.verify()
        backup.close()
        say_verified(at, verified, str(backup.path))
        if verified.flaws:
            raise typer.Exit(1)


def backup_of(at: Desk, run: str | None) -> Backup:
    """The copy that belongs to a run, or to the newest one; UsageError when that run removed nothing."""
    found = at.runs.open(run) if run else newest_run(at)
    info = found.info
    found.close()
    backup = at.runs.backups.find(info.plan_id)
    if backup is None:
        raise UsageError("backup.absent", run=info.id)
    return backup


def say_verified(at: Desk, verified: Verified, file: str) -> None:
    """Every flaw, and one line that sums it up."""
    counts = {"cards": verified.cards, "items": verified.items, "files": verified.files}
    if at.screen.as_json:
        flaws = [{"what": one.what, "id": one.id} for one in verified.flaws]
        at.screen.document("backup_verify", file=file, **counts, flaws=flaws)
        return
    for flaw in verified.flaws:
        at.screen.sign("-", at.screen.text("backup.flaw", what=flaw.what, id=flaw.id))
    at.screen.say("backup.bad" if verified.flaws else "backup.good", n=len(verified.flaws), **counts)


def say_copied(at: Desk, manifest: Manifest, file: str) -> None:
    """Before the start: what was copied, and what undoing cannot bring back, with counts."""
    from b24kit.change.recreation import losses
    from b24kit.reports.wording import reason_text

    if at.screen.as_json:
        return
    items, files = sum(manifest.parts.values()), manifest.parts.get("files", 0) - len(manifest.unread_files)
    size = f"{manifest.bytes / 2**20:.1f} MB"
    at.screen.say("backup.heading", file=file)
    at.screen.say("backup.holds", cards=manifest.cards, size=size, items=items, files=files)
    at.screen.say("backup.loses")
    lines: list[Reason] = losses(manifest)
    at.screen.lines(reason_text(one, at.lang) for one in lines)


def parts_table(manifest: Manifest) -> Table:
    """Items by part."""
    from b24kit.change.operation import Reason
    from b24kit.crm.dossier import Part
    from b24kit.reports.tables import Table

    rows = [(Reason(f"part.{part.value}"), manifest.count(part)) for part in Part if manifest.count(part)]
    return Table("table.parts", ("column.what", "column.items"), rows)


def manifest_document(manifest: Manifest) -> dict[str, object]:
    """A manifest as a machine reads it."""
    unread = {"unread_files": list(manifest.unread_files), "unread_parts": list(manifest.unread_parts)}
    return {"cards": manifest.cards, "parts": dict(manifest.parts), "bytes": manifest.bytes, **unread}
