"""Lists of rows to a terminal, JSON, CSV for Russian Excel and a workbook; what strangers wrote stays inert."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from b24kit.change.operation import Reason
from b24kit.i18n import Language, number, say

Row = Sequence[Any]
WIDEST = 70  # characters of a column
LONGEST = 32_000  # characters of a cell; Excel refuses a file with more than 32,767


@dataclass(frozen=True, slots=True)
class Table:
    """A named table: `columns` are catalogue codes; a cell is a plain value (text, number, date, None) or a Reason,
    which is a sentence."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Row]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def heading(self, lang: Language) -> str:
        return say(self.name, lang, **self.facts)

    def headers(self, lang: Language) -> list[str]:
        return [say(column, lang) for column in self.columns]

    def as_json(self) -> dict[str, Any]:
        """Column codes are the keys: machine output does not change with the language."""
        keys = [column.rpartition(".")[2] for column in self.columns]
        return {"table": self.name, "rows": [dict(zip(keys, map(json_cell, row), strict=True)) for row in self.rows]}


def json_cell(value: Any) -> Any:
    """A cell as JSON: dates in ISO 8601, a sentence as its code and facts, the rest as it is."""
    if isinstance(value, Reason):
        return {"code": value.code, **value.facts}
    return value.isoformat() if hasattr(value, "isoformat") else value


def shown_cell(value: Any, lang: Language) -> str:
    """A cell as people read it; moments as days of this machine's time zone."""
    if value is None:
        return "—"
    if isinstance(value, Reason):
        return inert(say(value.code, lang, **value.facts))
    if isinstance(value, bool):
        return say("cell.yes" if value else "cell.no", lang)
    if isinstance(value, int):
        return number(value, lang)
    if isinstance(value, float):
        return number(value, lang, 1)
    if isinstance(value, date):
        return f"{_local(value):%d.%m.%Y}" if lang == "ru" else f"{_local(value):%Y-%m-%d}"
    return inert(str(value))


def inert(text: str) -> str:
    """Text of strangers without control characters that could move a terminal's cursor or break a line."""
    if text.isprintable():
        return text
    return "".join(" " if ord(sign) < 32 or 127 <= ord(sign) < 160 else sign for sign in text)


_PHONES = re.compile(r"\+\d[\d ()+,;-]*")  # nothing in it can be a formula, and other programs read it as it is


def harmless(value: Any) -> Any:
    """A CSV cell that Excel will not take for a formula; phone numbers keep their plus."""
    if isinstance(value, str) and _PHONES.fullmatch(value):
        return value
    if isinstance(value, str) and value.lstrip()[:1] in ("=", "+", "-", "@"):
        return "'" + inert(value)
    return inert(value) if isinstance(value, str) else value


def write_csv(table: Table, path: Path, lang: Language) -> None:
    """For Russian Excel: `;`, UTF-8 with BOM, decimal comma; English: `,` and a decimal point."""
    with path.open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.writer(stream, delimiter=";" if lang == "ru" else ",")
        writer.writerow(table.headers(lang))
        for row in table.rows:
            writer.writerow([_csv_cell(value, lang) for value in row])


def write_workbook(tables: Sequence[Table], path: Path, lang: Language) -> None:
    """One sheet a table, headers frozen and filtered, dates as dates; no text ever becomes a formula or a link."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), options) as book:
        day = "dd.mm.yyyy" if lang == "ru" else "yyyy-mm-dd"
        styles = _Styles(
            head=book.add_format({"bold": True, "bg_color": "#E8EEF4", "text_wrap": True, "valign": "top"}),
            day=book.add_format({"num_format": day, "align": "left"}),
            # Excel keeps such a cell a text even when somebody edits it; the text itself stays as it was.
            text=book.add_format({"quote_prefix": True}),
        )
        taken: set[str] = set()
        for table in tables:
            _write_sheet(book.add_worksheet(_sheet_name(table.heading(lang), taken)), table, styles, lang)


@dataclass(frozen=True, slots=True)
class _Styles:
    head: Any
    day: Any
    text: Any


def _write_sheet(sheet: Any, table: Table, styles: _Styles, lang: Language) -> None:
    for index, row in enumerate(table.rows, 1):
        for column, value in enumerate(row):
            _write_cell(sheet, index, column, value, styles, lang)
    for column, header in enumerate(table.headers(lang)):
        cells = (shown_cell(row[column], lang) for row in table.rows)
        longest = max((len(cell) for cell in cells), default=0)
        sheet.set_column(column, column, min(WIDEST, max(longest, len(header)) + 2))
        sheet.write_string(0, column, header, styles.head)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.columns) - 1)


def _write_cell(sheet: Any, row: int, column: int, value: Any, styles: _Styles, lang: Language) -> None:
    if isinstance(value, date):
        sheet.write_datetime(row, column, _local(value), styles.day)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        sheet.write_number(row, column, value)
    elif value is None:
        sheet.write_blank(row, column, None)
    else:
        sheet.write_string(row, column, shown_cell(value, lang)[:LONGEST], styles.text)


def _local(value: date) -> date:
    """A moment without its zone, as this machine's clock shows it: spreadsheets know no zones."""
    return value.astimezone().replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value


def _csv_cell(value: Any, lang: Language) -> Any:
    if isinstance(value, float):
        return str(value).replace(".", ",") if lang == "ru" else value
    if value is None:
        return ""
    if isinstance(value, Reason | date | bool):
        return harmless(shown_cell(value, lang))
    return harmless(value)


def _sheet_name(text: str, taken: set[str]) -> str:
    """Excel takes 31 characters and none of []:*?/\\ in the name of a sheet, and every name once, in any case."""
    plain = "".join(" " if sign in "[]:*?/\\" else sign for sign in text).strip("' ")[:31] or "-"
    name, number_ = plain, 1
    while name.lower() in taken:
        number_ += 1
        name = f"{plain[: 28 - len(str(number_))]} ({number_})"
    taken.add(name.lower())
    return name
