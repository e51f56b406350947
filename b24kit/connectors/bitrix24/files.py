"""Contents of files on letters and comments: asked for by number, fifty addresses a request, each fetched on its own.

Rests on the page disk.file.get (scope `disk`); its DOWNLOAD_URL carries the access, so it is used and never kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from b24kit.connectors.bitrix24.asking import ask, result_of
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.lookup import is_gone
from b24kit.connectors.bitrix24.methods import BATCH_SIZE
from b24kit.connectors.bitrix24.wirevalues import Row, mapping, number, text
from b24kit.connectors.commands import Command
from b24kit.crm.dossier import Attachment
from b24kit.errors import NotAllowed, NotFound, PortalError

MOST = 50 * 2**20  # bytes of one file: what has to fit into memory, and into one request when it is given back


def read_contents(client: RestClient, files: Iterable[Attachment]) -> Iterator[tuple[Attachment, bytes | None]]:
    """Each file with its name, size and content; None for one that is gone, refused or too large."""
    walk = iter(files)
    while part := list(itertools.islice(walk, BATCH_SIZE)):
        described = _described(client, part)
        for file in part:
            row = described.get(file.id)
            yield (file, None) if row is None else _fetched(client, file, row)


def _described(client: RestClient, files: list[Attachment]) -> dict[str, Row]:
    commands = [Command(f"f{one.id}", "disk.file.get", {"id": number(one.id)}) for one in files]
    outcomes = ask(client, commands)
    found: dict[str, Row] = {}
    for file, command in zip(files, commands, strict=True):
        outcome = outcomes.get(command.key)
        if is_gone(outcome):
            continue
        try:
            found[file.id] = mapping(result_of(command, outcome))
        except (NotAllowed, NotFound):
            continue
    return found


def _fetched(client: RestClient, file: Attachment, row: Row) -> tuple[Attachment, bytes | None]:
    size = number(row.get("SIZE"))
    named = Attachment(file.id, text(row.get("NAME")) or file.name, size)
    if size > MOST or not text(row.get("DOWNLOAD_URL")):
        return named, None
    try:
        return named, client.fetch(text(row["DOWNLOAD_URL"]), MOST)
    except PortalError:
        return named, None
