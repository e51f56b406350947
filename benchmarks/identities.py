"""Automatic grouping scored on sets of real identities: precision must be 1.000 on each, recall is what it is.

Needs the data and the scorer beside the repository (`../shared`); says so and stops where they are not there.
"""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from b24kit.matching.groups import Grouping, Row, group_rows

SHARED = Path(__file__).resolve().parents[2] / "shared"
SETS = SHARED / "data/identities"
SCORER = SHARED / "tools/er_score.py"


def main() -> None:
    """Print one JSON object."""
    found = sorted(SETS.glob("*.leads.csv.gz")) if SCORER.exists() else []
    named = [path.name.removesuffix(".leads.csv.gz") for path in found]
    people = [name for name in named if "name,email" in _header(SETS / f"{name}.leads.csv.gz")]
    if not people:
        print(json.dumps({"benchmark": "identities", "skipped": "needs ../shared/data/identities"}))
        return
    print(json.dumps({"benchmark": "identities", "sets": {name: measure(name) for name in people}}))


def measure(name: str) -> dict[str, Any]:
    """Group one set, score it, and count what was set aside by reason."""
    rows = list(_rows(SETS / f"{name}.leads.csv.gz"))
    started = time.perf_counter()
    grouping = group_rows(rows)
    seconds = time.perf_counter() - started
    scored = score(grouping, SETS / f"{name}.truth.csv.gz")
    return {
        "rows": len(rows),
        "seconds": round(seconds, 3),
        "precision": scored["pairwise"]["precision"],
        "recall": scored["pairwise"]["recall"],
        "false_merges": scored["false_merges"],
        "missed_merges": scored["missed_merges"],
        "set_aside": dict(Counter(why.value for why in grouping.aside.values())),
    }


def score(grouping: Grouping, truth: Path) -> dict[str, Any]:
    """The scorer's answer; a row that was set aside stands alone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clusters.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(("id", "cluster"))
            out.writerows((row, group.key) for group in grouping.groups for row in group.ids)
            out.writerows((row, f"alone:{row}") for row in grouping.aside)
        command = [sys.executable, str(SCORER), str(truth), str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _header(path: Path) -> str:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.readline()


def _rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Row(row.get("lead_id") or row["id"], row["email"], row["name"])


if __name__ == "__main__":
    main()
