"""The demo on the vendor whose API takes back least: every act ends well, nothing is lost, nothing is left to plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from b24kit.cli.app import run_command
from b24kit.cli.demo import Vendor


@pytest.mark.parametrize("vendor", [Vendor.amocrm.value])
def test_the_demo_goes_from_doctor_to_undo(
    vendor: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("B24KIT_SECRETS_FILE", str(tmp_path / "secrets.json"))
    out = tmp_path / "demo"
    ended = run_command(["--json", "demo", "--vendor", vendor, "--leads", "100", "--out", str(out)])
    said = capfd.readouterr()
    assert ended == 0, said.err
    found = [json.loads(line) for line in said.out.splitlines() if line.startswith("{")]
    acts: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        acts.setdefault(one["kind"], []).append(one)
    first, second, undo = acts["plan"]
    assert first["counts"] and second["empty"] and undo["counts"]
    assert first["final"] > 0, "the phrase for what is final was never asked for"
    assert acts["verify"][0]["differences"] == []
    assert acts["report"][0]["lost"] == 0
    assert {path.name for path in out.iterdir()} >= {"plan.b24", "report.html", "audit-before.xlsx", "audit-after.xlsx"}
