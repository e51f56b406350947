"""Tables as files: what strangers wrote stays text, dates stay dates, Russian Excel opens the CSV."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from b24kit.change.operation import Reason
from b24kit.reports.tables import Table, inert, shown_cell, write_csv, write_workbook

EVIL = ["=1+1", "+7 495 000-00-00", "-2+3", "@SUM(A1)", "\t=1+1", "https://example.com", "1e5", "007"]
COLUMNS = ("audit.column.title", "audit.column.days", "audit.column.last")


def stuck(title: str, days: float | None = 3, last: datetime | None = None) -> Table:
    return Table("audit.sheet.stuck_list", COLUMNS, [(title, days, last)])


@pytest.mark.parametrize("title", EVIL)
def test_a_title_from_a_stranger_stays_text_in_a_workbook(tmp_path: Path, title: str) -> None:
    write_workbook([stuck(title)], tmp_path / "audit.xlsx", "ru")
    sheet = load_workbook(tmp_path / "audit.xlsx").worksheets[0]
    cell = sheet["A2"]
    assert (cell.data_type, cell.value) == ("s", inert(title))
    assert cell.hyperlink is None


def test_dates_and_numbers_of_a_workbook_are_dates_and_numbers(tmp_path: Path) -> None:
    moment = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
    write_workbook([stuck("a", 3.5, moment)], tmp_path / "audit.xlsx", "ru")
    sheet = load_workbook(tmp_path / "audit.xlsx").worksheets[0]
    assert sheet["B2"].value == 3.5
    assert sheet["C2"].is_date and sheet["C2"].value == moment.astimezone().replace(tzinfo=None)


def test_columns_are_wide_enough_and_not_endless(tmp_path: Path) -> None:
    write_workbook([stuck("x" * 40), stuck("y" * 500)], tmp_path / "audit.xlsx", "ru")
    short, long = load_workbook(tmp_path / "audit.xlsx").worksheets
    assert short.column_dimensions["A"].width >= 40
    assert long.column_dimensions["A"].width < 100
    assert short.freeze_panes == "A2" and short.auto_filter.ref


def test_sheets_have_names_that_excel_takes(tmp_path: Path) -> None:
    tables = [Table("no such/heading: but [a] very long one indeed?", ("column.stage",), []) for _ in range(3)]
    write_workbook(tables, tmp_path / "audit.xlsx", "ru")
    names = load_workbook(tmp_path / "audit.xlsx").sheetnames
    assert len(set(names)) == 3 and all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_russian_csv_opens_in_russian_excel(tmp_path: Path) -> None:
    write_csv(stuck("=1+1", 3.5, datetime(2026, 1, 12, tzinfo=UTC)), tmp_path / "a.csv", "ru")
    body = (tmp_path / "a.csv").read_bytes()
    assert body.startswith(b"\xef\xbb\xbf")
    assert body.decode("utf-8-sig").splitlines()[1].startswith("'=1+1;3,5;")


@pytest.mark.parametrize(
    ("text", "cell"),
    [("+79161234567", "+79161234567"), ("+7 (495) 1-2, +79161234567", "+7 (495) 1-2, +79161234567"), ("+A1", "'+A1")],
    ids=["number", "two_numbers", "formula"],
)
def test_a_phone_number_keeps_its_plus_in_csv_and_a_formula_stays_text(tmp_path: Path, text: str, cell: str) -> None:
    write_csv(stuck(text, 3.5), tmp_path / "a.csv", "ru")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()[1] == f"{cell};3,5;"


def test_english_csv_has_commas_and_points(tmp_path: Path) -> None:
    write_csv(stuck("a", 3.5), tmp_path / "a.csv", "en")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()[1] == "a,3.5,"


def test_signs_that_move_a_cursor_never_reach_a_screen() -> None:
    assert shown_cell("a\x1b[2Jb\r\nc\u0085", "ru") == "a [2Jb  c "


def test_a_sentence_is_said_for_people_and_named_for_machines() -> None:
    table = Table("table.losses", ("column.check", "column.count"), [(Reason("proof.lost_records"), 0)])
    assert table.as_json()["rows"] == [{"check": {"code": "proof.lost_records"}, "count": 0}]
    assert shown_cell(table.rows[0][0], "ru") != "proof.lost_records"
