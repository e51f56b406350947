"""A CSV of letters as a portal's stuck e-mail leads: `lead_id|id, name, email, date, subject`, plain or gzip.

Each row becomes a lead in the E-mail stage with an incoming letter; the CSV's id stands in ORIGIN_ID.
"""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from b24kit.sandbox.bitrix24 import moments
from b24kit.sandbox.seeds import organiser, writing
from b24kit.sandbox.seeds.letters import Letter
from b24kit.sandbox.seeds.planter import Planter

ORIGINATOR = "csv"
_WANTED = ("name", "email", "date", "subject")
_ENCODINGS = ("utf-8-sig", "cp1251")  # a file saved by Russian Excel is the second


@dataclass(frozen=True, slots=True)
class CsvLetter:
    """One row of the file."""

    line: int
    id: str
    name: str
    email: str
    moment: datetime
    subject: str


def plant_csv(planter: Planter, path: Path) -> dict[str, Any]:
    """Plant the file's letters, oldest first, into the stages of the generated company; its people own them in turn."""
    found = read_letters(path)
    planter.walls()
    ids: dict[str, int] = {}
    boxes = list(organiser.SHARED_MAILBOXES.items())
    for number, one in enumerate(sorted(found, key=lambda row: (row.moment, row.line))):
        mailbox, owner = boxes[number % len(boxes)]
        letter = Letter("human", mailbox, owner, one.name, one.email, one.subject, one.subject)
        inquiry = writing.of_letter(letter, root=-number - 1)
        inquiry.fields |= {"ORIGINATOR_ID": ORIGINATOR, "ORIGIN_ID": one.id}
        ids[one.id] = planter.lead(inquiry, moments.stored(one.moment), {})
    return {"kind": "leads", "path": str(path), **planter.summary(), "truth": {"ids": ids}}


def read_letters(path: Path) -> list[CsvLetter]:
    """The rows of the file; ValueError names the line and the trouble (encoding, columns, ids twice, dates)."""
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), delimiter=_delimiter(path))
    columns = {name.strip().lower(): name for name in reader.fieldnames or ()}
    id_column = columns.get("lead_id") or columns.get("id")
    missing = [name for name in _WANTED if name not in columns] + ([] if id_column else ["lead_id"])
    if missing:
        raise ValueError(f"{path.name}: no column {', '.join(missing)}; found {', '.join(columns) or 'nothing'}")
    found: list[CsvLetter] = []
    seen: set[str] = set()
    for row in reader:
        one = _letter(
            path, reader.line_num, row, {name: columns[name] for name in _WANTED}, str(row[id_column or ""] or "")
        )
        if one.id in seen:
            raise ValueError(f"{path.name}, line {reader.line_num}: id {one.id} stands twice")
        seen.add(one.id)
        found.append(one)
    return found


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError) as trouble:
            raise ValueError(f"{path.name}: damaged gzip ({trouble})") from trouble
    for encoding in _ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as trouble:
            place = trouble.start
    raise ValueError(f"{path.name}: neither UTF-8 nor Windows-1251, byte {place} of {len(raw)}")


def _delimiter(path: Path) -> str:
    head = _text(path).partition("\n")[0]
    return ";" if head.count(";") > head.count(",") else ","


def _letter(path: Path, line: int, row: dict[str, Any], columns: dict[str, str], row_id: str) -> CsvLetter:
    value = {name: str(row[column] or "").strip() for name, column in columns.items()}
    if not row_id.strip():
        raise ValueError(f"{path.name}, line {line}: no id")
    try:
        moment = datetime.fromisoformat(value["date"])
    except ValueError:
        raise ValueError(f"{path.name}, line {line}: {value['date']!r} is no ISO 8601 date") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return CsvLetter(line, row_id.strip(), value["name"], value["email"], moment, value["subject"])
