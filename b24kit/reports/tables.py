"""Lists of rows to a terminal, JSON, CSV for Russian Excel and a workbook; what strangers wrote stays inert."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from b24kit.change.operation import Reason
from b24kit.i18n import Language, number, say

Row = Sequence[Any]


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
    """A cell as people read it."""
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
    if hasattr(value, "strftime"):
        return str(value.strftime("%d.%m.%Y" if lang == "ru" else "%Y-%m-%d"))
    return inert(str(value))


def inert(text: str) -> str:
    """Text of strangers without control characters that could move a terminal's cursor or break a line."""
    return "".join(" " if ord(sign) < 32 or 127 <= ord(sign) < 160 else sign for sign in text)


def harmless(value: Any) -> Any:
    """A cell that Excel will not take for a formula."""
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
    """One sheet a table, headers frozen and filtered; formulas and links are off, so titles stay text."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), {**options, "remove_timezone": True}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#E8EEF4"})
        dated = book.add_format({"num_format": "dd.mm.yyyy" if lang == "ru" else "yyyy-mm-dd"})
        for table in tables:
            sheet = book.add_worksheet(_sheet_name(table.heading(lang)))
            sheet.write_row(0, 0, table.headers(lang), bold)
            for index, row in enumerate(table.rows, 1):
                for column, value in enumerate(row):
                    _write_cell(sheet, index, column, value, dated, lang)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.columns) - 1)
            sheet.autofit()


def _write_cell(sheet: Any, row: int, column: int, value: Any, dated: Any, lang: Language) -> None:
    if hasattr(value, "strftime"):
        sheet.write_datetime(row, column, value, dated)
    elif isinstance(value, bool) or value is None:
        sheet.write_string(row, column, shown_cell(value, lang))
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    else:
        text = shown_cell(value, lang) if isinstance(value, Reason) else str(value)
        sheet.write_string(row, column, str(harmless(text)))


def _csv_cell(value: Any, lang: Language) -> Any:
    if isinstance(value, float):
        return str(value).replace(".", ",") if lang == "ru" else value
    if value is None:
        return ""
    if isinstance(value, Reason):
        return harmless(shown_cell(value, lang))
    return harmless(json_cell(value))


def _sheet_name(text: str) -> str:
    """Excel takes 31 characters and none of []:*?/\\ in the name of a sheet."""
    return "".join(" " if sign in "[]:*?/\\" else sign for sign in text)[:31]
