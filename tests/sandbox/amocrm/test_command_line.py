"""`python -m b24kit.sandbox --vendor amocrm`: the switches that concern this vendor, and what is shown at the start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from b24kit.sandbox.__main__ import announcement, options, parser
from b24kit.sandbox.server import Sandbox


def test_a_number_of_leads_is_a_company_and_a_file_a_csv() -> None:
    line = ["--vendor", "amocrm", "--seed-number", "9", "--unsorted", "0.25"]
    assert options(parser().parse_args([*line, "--leads", "40"])).seed == {
        "kind": "company", "leads": 40, "seed": 9, "unsorted": 0.25
    }  # fmt: skip
    assert options(parser().parse_args([*line, "--leads", "letters.csv"])).seed == {
        "kind": "leads", "path": "letters.csv", "unsorted": 0.25
    }  # fmt: skip
    assert options(parser().parse_args([*line, "--seed", "empty"])).seed == {"kind": "empty"}


def test_the_start_keeps_the_truth_and_shows_how_to_get_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = tmp_path / "truth.json"
    given = parser().parse_args(["--vendor", "amocrm", "--port", "0", "--leads", "30", "--truth", str(truth)])
    with Sandbox(options(given)) as box:
        announcement(given)(box)
        shown = capsys.readouterr().out
        assert box.token in shown and f"{box.url}/oauth?client_id=" in shown
    told = json.loads(truth.read_text(encoding="utf-8"))
    assert len(told["leads"]) == 30
    assert told.keys() == {"leads", "persons", "companies"}
