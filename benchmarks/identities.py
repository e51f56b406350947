"""`b24kit match` on real records of real people whose identity the people themselves wrote down.

Needs the data and the scorer beside the repository (`../shared`); says so and stops where they are not there.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[2] / "shared"
DATA = SHARED / "data/identities"
SCORER = SHARED / "tools/er_score.py"
PEOPLE = ("dev_mix", "dev_git", "dev_numpy", "dev_astropy", "dev_stream", "dev_openstack")


def main() -> None:
    """One JSON line for each set and tier."""
    if not DATA.exists() or not SCORER.exists():
        print(json.dumps({"benchmark": "identities", "skipped": "needs ../shared/data/identities"}))
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in PEOPLE:
            for tier in ("auto", "suggested"):
                print(json.dumps(measure(name, tier, Path(folder))), flush=True)
        print(json.dumps(measure("dev_companies", "auto", Path(folder), kind="company")))


def measure(name: str, tier: str, folder: Path, kind: str = "person") -> dict[str, Any]:
    """The score of one set in one tier, and how many questions a person would be asked for each 1,000 rows."""
    out, queue = folder / f"{name}.csv", folder / f"{name}.queue.csv"
    leads = DATA / f"{name}.leads.csv.gz"
    options = ["--kind", kind] if kind == "company" else ["--tier", tier]
    options += ["--review", str(queue)] if tier == "suggested" else []
    _run("-m", "b24kit", "match", str(leads), "-o", str(out), "--json", *options)
    score = json.loads(_run(str(SCORER), str(DATA / f"{name}.truth.csv.gz"), str(out)))
    found = {"benchmark": "identities", "set": name, "tier": tier, **score["pairwise"]}
    found |= {key: score[key] for key in ("false_merges", "false_merges_per_1000")}
    if queue.exists() and tier == "suggested":
        with queue.open(encoding="utf-8") as stream:
            questions = sum(1 for _ in csv.DictReader(stream))
        found["questions_per_1000"] = round(1000 * questions / _rows(out), 1)
    return found


def _run(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout


def _rows(path: Path) -> int:
    with path.open(encoding="utf-8") as stream:
        return sum(1 for _ in stream) - 1


if __name__ == "__main__":
    main()
