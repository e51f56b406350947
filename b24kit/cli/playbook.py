"""`playbook new|list|schema`: worked examples to start from, and the schema for an editor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from b24kit.cli.context import desk
from b24kit.errors import UsageError

app = typer.Typer(help="Playbooks: what a portal shall look like.", no_args_is_help=True)


@app.command("list")
def list_playbooks(context: typer.Context) -> None:
    """Shipped playbooks, and whom each is for."""
    with desk(context) as at:
        from b24kit.playbook.shipped import shipped
        from b24kit.reports.tables import Table

        rows = [(found.name, found.for_whom) for found in shipped()]
        at.screen.tables([Table("table.playbooks", ("column.playbook", "column.about"), rows)], "playbooks")


@app.command("new")
def new(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
    like: Annotated[str, typer.Option("--from", help="The shipped playbook to start from.")] = "talking-leads",
) -> None:
    """Copy a shipped playbook into this folder, to be made your own."""
    with desk(context) as at:
        from b24kit.playbook.shipped import find_playbook

        if file.exists():
            raise UsageError("playbook.exists", file=str(file))
        file.write_bytes(find_playbook(like).read_bytes())
        at.screen.say("playbook.written", file=str(file), name=like)


@app.command("schema")
def schema() -> None:
    """The JSON Schema of a playbook, for completion and checks in an editor."""
    from b24kit.playbook.schema import json_schema

    typer.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))
