"""Rows from a CSV file (plain or .gz) into a pile, and clusters back out: matching without a portal."""

from __future__ import annotations

import csv
import gzip
import itertools
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from b24kit.errors import UsageError
from b24kit.matching.records import FIELDS, Columns, Pile

IDS = ("lead_id", "id")
_LONGEST_FIELD = 1_000_000  # characters; a mail body in a cell is no mistake
_END = "\x1e"  # a line of ours after the last one: a quote that nobody closed swallows it


def read_pile(path: Path) -> Pile:
    """The leads of a file: a column `lead_id` or `id`, and any of name, email, phone, company, date, subject."""
    with _rows(path) as (header, rows):
        place = _id_place(header, path)
        fields = {name: header.index(name) for name in FIELDS if name in header}
        if not fields:
            raise UsageError("match.no_columns", file=str(path), wanted=", ".join(FIELDS))
        columns = Columns(fields={name: [] for name in fields})
        for row in rows:
            columns.ids.append(row[place])
            for name, at in fields.items():
                columns.fields[name].append(row[at])
    _check_ids(columns.ids, path)
    return columns.pile()


def read_values(path: Path) -> list[tuple[str, str, str]]:
    """The companies of a file as (id, value, kind): columns `id` and `value`, and `kind` (name, alias, domain)."""
    with _rows(path) as (header, rows):
        place = _id_place(header, path)
        if "value" not in header:
            raise UsageError("match.no_columns", file=str(path), wanted="value")
        value, kind = header.index("value"), header.index("kind") if "kind" in header else None
        found = [(row[place], row[value], row[kind].strip().lower() if kind is not None else "") for row in rows]
    _check_ids([one[0] for one in found], path)
    return found


def read_answers(path: Path) -> list[tuple[str, str, str, str]]:
    """Answered rows of a queue as (where, cluster, cluster, answer); rows without an answer are left out."""
    with _rows(path) as (header, rows):
        if not {"cluster_1", "cluster_2", "answer"} <= set(header):
            raise UsageError("review.no_answer_column", file=path.name)
        at = [header.index(name) for name in ("cluster_1", "cluster_2", "answer")]
        told = [(str(number), *(row[place].strip() for place in at)) for number, row in enumerate(rows, 2)]
    return [(f"{path.name}:{where}", one, other, answer) for where, one, other, answer in told if answer]


def write_clusters(path: Path, ids: Sequence[str], labels: Sequence[str]) -> None:
    """`id,cluster`, one line a row of the input, in its order."""
    write_rows(path, ("id", "cluster"), zip(ids, labels, strict=True))


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A plain CSV file (`,`, UTF-8), gzipped when its name ends in .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    open_file = gzip.open if path.suffix == ".gz" else open
    with open_file(path, "wt", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _id_place(header: Sequence[str], path: Path) -> int:
    for name in IDS:
        if name in header:
            return header.index(name)
    raise UsageError("match.no_id", file=str(path), found=", ".join(header)[:200])


def _check_ids(ids: Sequence[str], path: Path) -> None:
    seen: set[str] = set()
    for line, identifier in enumerate(ids, 2):
        if not identifier.strip():
            raise UsageError("match.empty_id", file=str(path), row=line)
        if identifier in seen:
            raise UsageError("match.same_id", file=str(path), id=identifier, row=line)
        seen.add(identifier)


@contextmanager
def _rows(path: Path) -> Iterator[tuple[list[str], Iterator[list[str]]]]:
    """The header and the rows, every row as long as the header; whatever cannot be read is a clear error."""
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        with _open(path) as stream:
            first = stream.readline()
            delimiter = max(",;\t", key=first.count)
            header = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
            twice = [name for name in header if name and header.count(name) > 1]
            if twice:
                raise UsageError("match.same_column", file=str(path), column=twice[0])
            lines = itertools.chain(stream, [_END])
            yield header, _even(csv.reader(lines, delimiter=delimiter), len(header), path)
    except UnicodeDecodeError as error:
        raise UsageError("match.encoding", file=str(path), at=error.start) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UsageError("match.broken_gzip", file=str(path)) from error
    except csv.Error as error:
        raise UsageError("match.not_csv", file=str(path), why=str(error)) from error
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UsageError("match.no_file", file=str(path)) from error


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", newline="", encoding="utf-8-sig")
    return path.open(newline="", encoding="utf-8-sig")


def _even(rows: Iterator[list[str]], width: int, path: Path) -> Iterator[list[str]]:
    """Blank lines left out, short rows filled up; a row with more cells than the header has lost a quote somewhere."""
    for number, row in enumerate(rows, 2):
        if row and row[-1].endswith(_END):
            if row != [_END]:
                raise UsageError("match.open_quote", file=str(path), row=number)
        elif len(row) == width:
            yield row
        elif len(row) > width and any(row[width:]):
            raise UsageError("match.long_row", file=str(path), row=number, cells=len(row), width=width)
        elif any(row):
            yield (row + [""] * width)[:width]
