"""Lists of clients as files: a sheet a segment, personal data announced, nothing that a stranger wrote runs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from b24kit.cleanup.extract import Client, Extract, Facts
from b24kit.cleanup.extract_spec import ACTIVE, LOST, ExtractSpec
from b24kit.crm.cards import Company, Contact, PersonName
from b24kit.crm.points import Point, PointKind
from b24kit.i18n import LANGUAGES, Language
from b24kit.reports.client_lists import ClientTables
from b24kit.reports.tables import write_csv, write_workbook

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
EVIL = "=cmd|' /C calc'!A0"


def tables(name: str = "Анна") -> ClientTables:
    facts = Facts(letters_in=2, running=1, won=1, won_sums=Counter({"RUB": 1050000}), last=NOW)
    points = (Point(PointKind.EMAIL, "anna@firm.example"), Point(PointKind.PHONE, "+7 916 123-45-67"))
    person = Contact(id="7", name=PersonName(first=name), points=points, company="5", owner="2")
    clients = (
        Client(card=person, segment=ACTIVE, facts=facts, days=0),
        Client(card=Company(id="5", title=EVIL), segment=LOST, facts=Facts(), days=None),
    )
    found = Extract(clients=clients, strangers=3)
    return ClientTables(found, ExtractSpec(), "firm.example", {"2": "Ольга"}, {"5": "Лес"})


def test_a_workbook_has_a_summary_and_a_sheet_for_every_segment_with_clients(tmp_path: Path) -> None:
    made = tables()
    write_workbook([made.summary(NOW, "ru"), *made.segments()], tmp_path / "clients.xlsx", "ru")
    book = load_workbook(tmp_path / "clients.xlsx")
    assert book.sheetnames == ["Сводка", ACTIVE, LOST]
    said = "\n".join(str(cell.value) for row in book["Сводка"] for cell in row)
    assert "Персональные данные" in said and "firm.example" in said
    assert "открытых сделок от 1; событие не раньше 90 дней назад" in said
    assert [cell.value for cell in book[ACTIVE][2]][:6] == [
        *("контакт", "7", "Анна", "Лес", "anna@firm.example", "+7 916 123-45-67")
    ]
    assert book[ACTIVE]["N2"].value == "10\u00a0500 RUB"
    assert book[ACTIVE]["O2"].value == "https://firm.example/crm/contact/details/7/"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_formula_in_a_name_does_not_run(tmp_path: Path, language: Language) -> None:
    made = tables(EVIL)
    write_workbook(made.segments(), tmp_path / "clients.xlsx", language)
    cells = [cell for sheet in load_workbook(tmp_path / "clients.xlsx") for row in sheet for cell in row]
    assert {cell.value for cell in cells} >= {EVIL}
    assert all(cell.data_type != "f" and cell.hyperlink is None for cell in cells)
    write_csv(made.everybody(), tmp_path / "clients.csv", language)
    text = (tmp_path / "clients.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    assert b"'=cmd" in text and b";=cmd" not in text and b",=cmd" not in text


def test_the_csv_holds_everybody_with_the_segment_first(tmp_path: Path) -> None:
    write_csv(tables().everybody(), tmp_path / "clients.csv", "ru")
    lines = (tmp_path / "clients.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("Сегмент;Что;Номер;")
    assert [line.split(";")[:3] for line in lines[1:]] == [[ACTIVE, "контакт", "7"], [LOST, "компания", "5"]]
