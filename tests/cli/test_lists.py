"""Lists into files: tables of the audit as CSV, clients by segment; nothing personal on the screen."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

from openpyxl import load_workbook

from tests.cli.conftest import Consultant


def rows(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream, delimiter=";"))


def test_the_audit_writes_every_table_as_csv_for_excel(at_work: Consultant) -> None:
    file = at_work.folder / "audit.csv"
    answer = at_work.types("audit", "--csv", str(file))
    assert answer.exit == 0 and str(file) in answer.out
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert rows(file)[0] == ["Важность", "Замечание", "Что сделать"]
    stuck = rows(at_work.folder / "audit-stuck_list.csv")
    assert len(stuck) - 1 == at_work.json("audit").document["stuck"]


def test_clients_go_to_excel_and_csv_that_only_their_owner_reads(at_work: Consultant) -> None:
    excel, table = at_work.folder / "out" / "clients.xlsx", at_work.folder / "clients.csv"
    answer = at_work.types("extract", "--excel", str(excel), "--csv", str(table))
    assert answer.exit == 0, answer.err
    assert "персональные данные" in answer.out
    people = [row for row in rows(table)[1:] if row[1] == "контакт"]
    assert people and {stat.S_IMODE(file.stat().st_mode) for file in (excel, table)} == {0o600}
    assert not any(address in answer.out + answer.err for row in people for address in row[5].split(", ") if address)
    assert not any(row[3] in answer.out for row in people)
    book = load_workbook(excel)
    assert book.sheetnames[0] == "Сводка"
    assert sum(sheet.max_row - 1 for sheet in book.worksheets[1:]) == len(rows(table)) - 1


def test_one_segment_alone(at_work: Consultant) -> None:
    file = at_work.folder / "active.csv"
    told = at_work.json("extract", "talking-leads", "--segment", "Активные", "--csv", str(file)).document
    (only,) = told["segments"]
    assert only["segment"] == "Активные"
    assert len(rows(file)) - 1 == only["contacts"] + only["companies"]
    assert {row[0] for row in rows(file)[1:]} == {"Активные"}


def test_an_extract_without_a_file_or_of_an_unknown_segment_is_a_usage_error(at_work: Consultant) -> None:
    assert at_work.types("extract").exit == 64
    assert at_work.json("extract", "--segment", "Богатые").document["code"] == "extract.unknown_segment"
    assert at_work.json("extract").exit == 0, "a machine may want the numbers alone"


def test_a_plan_of_segments_without_a_field_names_the_command_for_lists(at_work: Consultant) -> None:
    answer = at_work.types("plan", "talking-leads", "--mode", "extract")
    assert answer.exit == 64 and "b24kit extract" in answer.err


def test_an_unknown_mode_is_a_usage_error(at_work: Consultant) -> None:
    answer = at_work.json("plan", "talking-leads", "--mode", "burn")
    assert (answer.exit, answer.document["code"]) == (64, "playbook.mode_unknown")
