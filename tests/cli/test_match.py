"""`match`: who is the same in a file, without a portal."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from b24kit.cli.app import run_command

LEADS = """lead_id,name,email,phone,company
L9,Ольга Щукарева,o.shchukareva@gmail.com,,
L10,Olga Shchukareva,oshchukareva+expo@gmail.com,,
L11,Евстафий Хворостухин,eh@one.example,,
L12,Хворостухин Евстафий,hvor@two.example,,
L13,=cmd|' /C calc'!A0,dom@three.example,,
"""


@pytest.fixture
def leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "leads.csv"
    file.write_text(LEADS, encoding="utf-8")
    return file


def _clusters(file: Path) -> dict[str, str]:
    with file.open(encoding="utf-8") as stream:
        return {row["id"]: row["cluster"] for row in csv.DictReader(stream)}


def test_the_automatic_tier_joins_what_is_sure(leads: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["match", str(leads), "-o", "out.csv", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["clusters"]) == (5, 4) and "questions" not in told
    assert _clusters(Path("out.csv")) == {"L9": "L9", "L10": "L9", "L11": "L11", "L12": "L12", "L13": "L13"}


def test_answering_every_question_gives_the_suggested_tier(leads: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["match", str(leads), "-o", "out.csv", "--tier", "suggested", "--review", "q.csv"]) == 0
    assert "1 вопрос" in capsys.readouterr().out
    assert _clusters(Path("out.csv"))["L12"] == "L11"
    with Path("q.csv").open(encoding="utf-8") as stream:
        (question,) = csv.DictReader(stream)
    assert (question["cluster_1"], question["cluster_2"], question["answer"]) == ("L11", "L12", "")


def test_companies_are_matched_by_value(leads: Path) -> None:
    leads.write_text(
        "id,value,kind\n1,ООО «Ромашка»,name\n2,romashka.example,domain\n3,Лютик,alias\n", encoding="utf-8"
    )
    assert run_command(["match", str(leads), "-o", "out.csv", "--kind", "company"]) == 0
    assert _clusters(Path("out.csv")) == {"1": "1", "2": "1", "3": "3"}


def _answers(answer: str, queue: Path = Path("q.csv"), rows: int = 1) -> Path:
    """The queue with one answer in its rows."""
    with queue.open(encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    with queue.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(found[0]))
        writer.writeheader()
        writer.writerows([{**row, "answer": answer} for row in found * rows])
    return queue


@pytest.mark.parametrize(
    ("answer", "auto", "suggested"),
    [("да", "L11", "L11"), ("different people", "L12", "L12"), ("не уверен", "L12", "L12"), ("", "L12", "L11")],
)
def test_answers_decide_the_clusters(leads: Path, answer: str, auto: str, suggested: str) -> None:
    assert run_command(["match", str(leads), "-o", "out.csv", "--review", "q.csv"]) == 0
    queue = str(_answers(answer))
    for tier, wanted in (("auto", auto), ("suggested", suggested)):
        assert run_command(["match", str(leads), "-o", "out.csv", "--tier", tier, "--answers", queue]) == 0
        assert _clusters(Path("out.csv"))["L12"] == wanted


def test_an_answered_question_is_not_in_the_next_queue(leads: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["match", str(leads), "-o", "out.csv", "--review", "q.csv"]) == 0
    queue = str(_answers("same"))
    capsys.readouterr()
    again = ["match", str(leads), "-o", "out.csv", "--answers", queue, "--review", "next.csv", "--json"]
    assert run_command(again) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["answered"], told["questions"], told["clusters"]) == (1, 0, 3)


def test_answers_that_cannot_be_read_or_true_are_named(leads: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["match", str(leads), "-o", "out.csv", "--review", "q.csv"]) == 0
    wanted = ["match", str(leads), "-o", "other.csv", "--answers"]
    assert run_command([*wanted, str(_answers("мб"))]) == 64
    assert "q.csv:2 «мб»" in capsys.readouterr().err
    lines = _answers("same", rows=2).read_text(encoding="utf-8").replace(",same", ",different", 1)
    Path("q.csv").write_text(lines, encoding="utf-8")
    assert run_command([*wanted, "q.csv"]) == 64
    assert "q.csv:2 + q.csv:3" in capsys.readouterr().err
    Path("q.csv").write_text("cluster_1,cluster_2,answer\nL9,L77,yes\n", encoding="utf-8")
    assert run_command([*wanted, "q.csv"]) == 64
    assert "q.csv:2" in capsys.readouterr().err
    Path("q.csv").write_text("id,answer\nL9,yes\n", encoding="utf-8")
    assert run_command([*wanted, "q.csv"]) == 64
    assert not Path("other.csv").exists()


@pytest.mark.parametrize(
    "wrong", [["--tier", "b"], ["--kind", "deal"], ["--kind", "company", "--review", "q.csv"], ["--nothing"]]
)
def test_a_wrong_option_is_a_mistake_of_use(leads: Path, wrong: list[str]) -> None:
    assert run_command(["match", str(leads), "-o", "out.csv", *wrong]) == 64
    assert not Path("out.csv").exists()


def test_a_file_without_ids_is_a_mistake_of_use(leads: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leads.write_text("name,email\nАнна,a@f.example\n", encoding="utf-8")
    assert run_command(["match", str(leads), "-o", "out.csv", "--lang", "en"]) == 64
    assert "no column lead_id or id" in capsys.readouterr().err
