"""A filled workbook read back: every answered row by its hidden key, whatever people did to the order of rows.

Excel, LibreOffice and scripts save differently, so columns are found by their headers and cells are read as texts.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from b24kit.cleanup.decisions import About, Decision
from b24kit.crm.refs import CARDS, Ref
from b24kit.errors import Refused, UsageError
from b24kit.i18n import LANGUAGES, say
from b24kit.matching.verdicts import read_verdict
from b24kit.reports.review_book import ANSWER, CHOICES, HIDDEN, NOTE, WHO, Given

FILE = "file:"  # begins the portal of a workbook about a file of rows
_LARGEST = 100_000_000  # bytes of a workbook
_HEADER_WITHIN = 20  # rows that people may have put above the header
_SEALED = re.compile(r"(\S+)=([0-9a-f]{8}|)")
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a workbook; `where` is its sheet and number, for complaints."""

    where: str
    key: str
    portal: str
    about: str
    one: str
    other: str
    given: Given


@dataclass(frozen=True, slots=True)
class Filled:
    """What a workbook says: answers as decisions, and rows that an answer stands in but no question."""

    decisions: tuple[Decision, ...]
    rows: int
    unanswered: int
    strangers: tuple[str, ...] = ()
    portals: tuple[str, ...] = ()


@dataclass(slots=True)
class _Saved:
    """Who saved the file and when, as the file itself says."""

    who: str = ""
    when: str = ""
    rows: list[Row] = field(default_factory=list)


def read_review(path: Path, portal: str | None = None) -> Filled:
    """The answers of a workbook. UsageError names every row with an unknown answer or a broken key.

    Refused when it is another portal's than `portal`; None takes any.
    """
    saved = _read(path)
    keyed = [row for row in saved.rows if row.key]
    portals = tuple(sorted({row.portal for row in keyed}))
    strange = [one for one in portals if portal is not None and one != portal]
    if strange:
        rows = _listed(row.where for row in keyed if row.portal in strange)
        raise Refused("review.other_portal", file=path.name, theirs=", ".join(strange), ours=portal, rows=rows)
    answered = [row for row in keyed if row.given.answer]
    _check(path, answered)
    decisions = tuple(_decision(row, saved, path.name) for row in answered)
    strangers = tuple(row.where for row in saved.rows if not row.key and row.given.answer)
    return Filled(decisions, len(keyed), len(keyed) - len(answered), strangers, portals)


def given_in(path: Path, portal: str, prints: Mapping[str, str]) -> dict[str, Given]:
    """What people wrote into a workbook of this portal so far, by key: to be carried over into a new one.

    What was answered about cards that have changed since (`prints` are those of now) is asked again.
    """
    rows = [row for row in _read(path).rows if row.key and row.portal == portal and row.given != Given()]
    seen = {row.key: {**_side(row.one), **_side(row.other)} for row in rows}
    return {
        row.key: row.given
        for row in rows
        if all(prints.get(card, seal) == seal for card, seal in seen[row.key].items())
    }


def _check(path: Path, answered: Iterable[Row]) -> None:
    unknown, broken = [], []
    for row in answered:
        verdict = read_verdict(row.given.answer)
        if row.about not in CHOICES or not _sides_sound(row):
            broken.append(row.where)
        elif verdict not in CHOICES[row.about]:
            unknown.append(f"{row.where} «{row.given.answer[:40]}»")
    if broken:
        raise UsageError("review.broken_rows", file=path.name, rows=_listed(broken))
    if unknown:
        raise UsageError("review.unknown_answers", file=path.name, rows=_listed(unknown))


def _sides_sound(row: Row) -> bool:
    one, other = _side(row.one), _side(row.other)
    cards = () if row.portal.startswith(FILE) else (*one, *other)
    return bool(one) and (bool(other) or row.about == About.CLUSTER) and all(map(_is_card, cards))


def _is_card(name: str) -> bool:
    try:
        return Ref.parse(name).kind in CARDS
    except ValueError:
        return False


def _side(text: str) -> Mapping[str, str]:
    parts = [_SEALED.fullmatch(part) for part in text.split()]
    return {} if not all(parts) else {part[1]: part[2] for part in parts if part}


def _decision(row: Row, saved: _Saved, file: str) -> Decision:
    verdict = read_verdict(row.given.answer)
    assert verdict is not None
    return Decision(
        key=row.key,
        about=About(row.about),
        verdict=verdict,
        one=_side(row.one),
        other=_side(row.other),
        who=row.given.who or saved.who,
        answered=saved.when,
        file=file,
        where=row.where,
    )


def _read(path: Path) -> _Saved:
    """Every row of every sheet that has our hidden columns."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    if not path.is_file():
        raise UsageError("review.no_file", file=str(path))
    if path.stat().st_size > _LARGEST:
        raise UsageError("review.unreadable", file=path.name)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        properties = book.properties
        when = properties.modified
        saved = _Saved(properties.lastModifiedBy or "", when.isoformat() if isinstance(when, datetime) else "")
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # some programs write a wrong size of the sheet into the file
            saved.rows += _rows(sheet.title, sheet.iter_rows(values_only=True))
        book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, SyntaxError, OSError) as error:
        raise UsageError("review.unreadable", file=path.name) from error
    if not saved.rows and not _has_headers(path):
        raise UsageError("review.not_a_review", file=path.name)
    return saved


def _has_headers(path: Path) -> bool:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    found = any(
        HIDDEN[0] in [_text(cell) for cell in row]
        for sheet in book.worksheets
        for row in sheet.iter_rows(max_row=_HEADER_WITHIN, values_only=True)
    )
    book.close()
    return found


def _rows(title: str, rows: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
    place: dict[str, int] = {}
    for number, cells in enumerate(rows, 1):
        texts = [_text(cell) for cell in cells]
        if HIDDEN[0] in texts:
            place = _places(texts)
        elif place:
            row = _row(f"{title}:{number}", {name: texts[at] for name, at in place.items() if at < len(texts)})
            if row.key or row.given.answer:
                yield row
        elif number >= _HEADER_WITHIN:
            return


def _row(where: str, said: Mapping[str, str]) -> Row:
    key, portal, about, one, other = (said.get(name, "") for name in HIDDEN)
    return Row(where, key, portal, about, one, other, Given(*(said.get(name, "") for name in (ANSWER, NOTE, WHO))))


def _places(header: list[str]) -> dict[str, int]:
    """By name of ours the column that it stands in."""
    found = {name: header.index(name) for name in HIDDEN if name in header}
    for code in (ANSWER, NOTE, WHO):
        words = {say(code, lang) for lang in LANGUAGES}
        column = next((column for column, text in enumerate(header) if text in words), None)
        if column is not None:
            found[code] = column
    return found


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _listed(rows: Iterable[str]) -> str:
    found = list(rows)
    more = f" (+{len(found) - _SHOWN})" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more
