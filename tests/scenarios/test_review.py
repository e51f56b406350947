"""A consultant asks about doubtful clients, fills in the workbook, and the next plan goes by the answers."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl

from b24kit.cli.app import run_command
from tests.scenarios.job import Job, difference, job, people_see

QUESTIONS, SAMPLE, JOINED = "Вопросы", "Выборка", "Уже объединены"


def rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    """The rows of a sheet by header."""
    book = openpyxl.load_workbook(path)
    if sheet not in book.sheetnames:
        return []
    header, *found = book[sheet].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in found]  # type: ignore[arg-type]


def fill(path: Path, answers: Mapping[str, str]) -> None:
    """Choose the answers of these keys and save, as a person would."""
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        header = [cell.value for cell in sheet[1]]
        if "#key" in header:
            for row in sheet.iter_rows(min_row=2):
                key = str(row[header.index("#key")].value)
                if key in answers:
                    row[0].value = answers[key]
    book.save(path)


def keys(path: Path, sheet: str = QUESTIONS) -> list[str]:
    return [str(row["#key"]) for row in rows(path, sheet)]


def joined(here: Job, key: str) -> bool:
    """Whether the plan gives the leads of both sides of a question to one client."""
    clusters = here.folder / "clusters.csv"
    answer = here.types("export", "clusters", "-o", str(clusters), "--plan", str(here.plan_file))
    assert answer.exit == 0, answer.err
    with clusters.open(encoding="utf-8") as stream:
        client = {row["id"]: row["cluster"] for row in csv.DictReader(stream)}
    one, other = (side.removeprefix("lead:") for side in key.split("~"))
    return one in client and client.get(one) == client.get(other)


def test_answers_decide_the_next_plan_which_is_applied_and_taken_back(tmp_path: Path) -> None:
    with job(tmp_path, leads=300, seed=11) as here:
        book = here.folder / "client" / "review.xlsx"
        before = people_see(here.state())
        here.plans()
        told = here.json("review", "export", "--plan", str(here.plan_file), "-o", str(book), "--sample", "20")
        assert told.exit == 0, told.err
        between_leads = [key for key in keys(book) if "contact:" not in key]
        assert told.document["questions"] == len(keys(book)) >= 4 and told.document["sample"] == 20
        yes, no, protect = between_leads[:3]
        assert not joined(here, yes)
        fill(book, {yes: "один клиент", no: "разные люди", protect: "не трогать"})
        fill(book, dict.fromkeys(keys(book, SAMPLE), "верно"))
        here.control.advance(60)
        kept = here.json("review", "import", str(book)).document
        assert kept["new"] == 23 and kept["sample"] == {"right": 20, "looked_at": 20, "percent": 86}
        assert here.json("review", "import", str(book)).document["new"] == 0

        stale = here.applies()
        assert stale.exit == 4 and stale.document["code"] == "review.decided_since"
        here.plans()
        assert joined(here, yes) and not joined(here, no) and not joined(here, protect)
        text = here.types("plan", "talking-leads").out
        assert "верны не меньше 86 %" in text and "Под защитой" in text
        again = here.json("review", "export", "-o", str(book)).document
        # An answer may answer other questions too.
        assert 0 < again["questions"] <= told.document["questions"] - 3
        assert set(keys(book, "Решено")) == {yes, no}

        protected = {card.partition("=")[0] for card in _sealed(here, protect)}
        untouched = {card: row for card, row in here.table("lead").items() if f"lead:{card}" in protected}
        run = here.applies()
        assert run.exit == 0, run.err
        assert {card: here.table("lead")[card] for card in untouched} == untouched and untouched
        assert here.plans()["empty"] is True
        here.undoes()
        assert difference(before, people_see(here.state())) == []


def _sealed(here: Job, key: str) -> list[str]:
    listed = here.json("review", "list").document["tables"][0]["rows"]
    assert key in [row["key"] for row in listed]
    return [f"{side}=" for side in key.split("~")]


def test_contradicting_answers_are_named_and_nothing_is_kept(tmp_path: Path) -> None:
    with job(tmp_path, leads=300, seed=11) as here:
        book = here.folder / "client" / "review.xlsx"
        assert here.types("review", "export", "-o", str(book)).exit == 0
        first = keys(book)[0]
        file = openpyxl.load_workbook(book)
        sheet = file[QUESTIONS]
        copied = [cell.value for cell in sheet[2]]
        sheet.append(copied)
        sheet.cell(2, 1).value, sheet.cell(sheet.max_row, 1).value = "один клиент", "разные люди"
        last = sheet.max_row
        file.save(book)
        answer = here.types("review", "import", str(book))
        assert answer.exit == 64 and f"{QUESTIONS}:2 + {QUESTIONS}:{last}" in answer.err
        assert here.json("review", "list").document["tables"][0]["rows"] == []

        sheet.delete_rows(last)
        file.save(book)
        assert here.json("review", "import", str(book)).document["new"] == 1
        assert here.json("review", "forget", first).document["verdict"] == "same"
        assert here.types("review", "forget", first).exit == 64


def test_a_half_filled_workbook_goes_on_where_it_was_left(tmp_path: Path) -> None:
    with job(tmp_path, leads=300, seed=11) as here:
        book, second = here.folder / "client" / "review.xlsx", here.folder / "client" / "second.xlsx"
        assert here.types("review", "export", "-o", str(book)).exit == 0
        first, unsure, *rest = keys(book)
        fill(book, {first: "один клиент", unsure: "не уверен"})
        again = here.json("review", "export", "-o", str(book)).document
        assert again["answered"] == 2 and keys(book) == [first, unsure, *rest]
        assert rows(book, QUESTIONS)[0]["Решение"] == "один клиент"
        assert here.json("review", "import", str(book)).document["new"] == 2
        here.types("review", "export", "-o", str(second))
        assert first not in keys(second) and rows(second, QUESTIONS)[0]["Решение"] == "не уверен"
        since = here.json("review", "export", "-o", str(book), "--since", "last").document
        assert since["questions"] == 0


def test_a_file_of_leads_is_reviewed_without_a_portal(tmp_path: Path) -> None:
    leads, book, out = tmp_path / "leads.csv", tmp_path / "review.xlsx", tmp_path / "clusters.csv"
    leads.write_text(
        "id,name,email\nL1,Евстафий Хворостухин,eh@one.example\nL2,Хворостухин Евстафий,hvor@two.example\n"
        "L3,=cmd|' /C calc'!A0,dom@three.example\nL4,Е. Хворостухин,eh@one.example\n",
        encoding="utf-8",
    )
    where = ["--dir", str(tmp_path)]
    assert run_command([*where, "review", "export", "--leads", str(leads), "-o", str(book)]) == 0
    fill(book, dict.fromkeys(keys(book), "один клиент"))
    assert run_command([*where, "match", str(leads), "-o", str(out), "--answers", str(book)]) == 0
    with out.open(encoding="utf-8") as stream:
        assert {row["id"]: row["cluster"] for row in csv.DictReader(stream)} == {
            "L1": "L1", "L2": "L1", "L3": "L3", "L4": "L1",
        }  # fmt: skip
    fill(book, dict.fromkeys(keys(book), "разные люди"))
    wanted = ["--tier", "suggested", "--answers", str(book)]
    assert run_command([*where, "match", str(leads), "-o", str(out), *wanted]) == 0
    with out.open(encoding="utf-8") as stream:
        assert {row["id"]: row["cluster"] for row in csv.DictReader(stream)}["L2"] == "L2"
