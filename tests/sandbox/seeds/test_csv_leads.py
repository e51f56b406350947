"""A CSV of letters as a portal: order, ids, encodings, and complaints that say where."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from b24kit.sandbox.seeds import organiser
from tests.sandbox.bitrix24.counter import Counter

ROWS = """lead_id,name,email,date,subject
L2,Ann Lee,ann@acme.example,2024-05-02T10:00:00+03:00,"Price, please"
L1,Bob,BOB@acme.example,2023-01-02T03:04:05-07:00,Re: stand
L3,,noname@acme.example,2024-06-01,
"""


def file(folder: Path, text: str, encoding: str = "utf-8", name: str = "leads.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_letters_become_stuck_email_leads_oldest_first(tmp_path: Path) -> None:
    desk = Counter()
    told = desk.planted(kind="leads", path=str(file(tmp_path, ROWS)))
    assert told["stages"] == {organiser.EMAIL: 3}
    rows = desk.ask("crm.lead.list", order={"ID": "ASC"}, select=["*", "EMAIL"])
    assert [row["ORIGIN_ID"] for row in rows] == ["L1", "L2", "L3"]
    assert {row["ORIGINATOR_ID"] for row in rows} == {"csv"}
    assert rows[0]["TITLE"] == "Re: stand"
    assert rows[0]["DATE_CREATE"] == "2023-01-02T13:04:05+03:00"
    assert rows[0]["EMAIL"][0]["VALUE"] == "BOB@acme.example"
    assert rows[1]["STATUS_ID"] == organiser.EMAIL
    assert told["truth"]["ids"] == {"L1": 1, "L2": 2, "L3": 3}


def test_each_lead_comes_with_its_incoming_letter(tmp_path: Path) -> None:
    desk = Counter()
    desk.planted(kind="leads", path=str(file(tmp_path, ROWS)))
    found = desk.ask("crm.activity.list", order={"ID": "ASC"}, filter={"OWNER_TYPE_ID": 1, "OWNER_ID": 2})
    assert [(row["SUBJECT"], row["DIRECTION"], row["TYPE_ID"]) for row in found] == [("Price, please", "1", "4")]
    assert found[0]["SETTINGS"]["EMAIL_META"]["from"] == "Ann Lee <ann@acme.example>"
    assert found[0]["START_TIME"] == "2024-05-02T10:00:00+03:00"


def test_gzip_semicolons_and_the_encoding_of_russian_excel_are_read(tmp_path: Path) -> None:
    text = "id;name;email;date;subject\n7;Иван Петров;i@a.example;2024-05-02;Заявка; \n".replace("; \n", "\n")
    path = tmp_path / "leads.csv.gz"
    path.write_bytes(gzip.compress(text.encode("cp1251")))
    desk = Counter()
    desk.planted(kind="leads", path=str(path))
    row = desk.ask("crm.lead.get", id=1)
    assert (row["NAME"], row["LAST_NAME"], row["TITLE"], row["ORIGIN_ID"]) == ("Иван", "Петров", "Заявка", "7")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("lead_id,name,email,subject\n1,a,b,c\n", "no column date"),
        ("name,email,date,subject\na,b,2024-01-01,c\n", "no column lead_id"),
        ("lead_id,name,email,date,subject\n1,a,b,yesterday,c\n", "line 2: 'yesterday' is no ISO 8601 date"),
        ("lead_id,name,email,date,subject\n1,a,b,2024-01-01,c\n1,a,b,2024-01-01,c\n", "line 3: id 1 stands twice"),
        ("lead_id,name,email,date,subject\n,a,b,2024-01-01,c\n", "line 2: no id"),
        ("", "no column"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Counter().planted(kind="leads", path=str(file(tmp_path, text)))


def test_a_file_in_no_known_encoding_and_a_damaged_gzip_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"lead_id,name\xff\xfe\x98\n")
    with pytest.raises(ValueError, match=r"broken\.csv: neither UTF-8 nor Windows-1251, byte 14 of 16"):
        Counter().planted(kind="leads", path=str(broken))
    broken.write_bytes(gzip.compress(ROWS.encode())[:40])
    with pytest.raises(ValueError, match="damaged gzip"):
        Counter().planted(kind="leads", path=str(broken))
